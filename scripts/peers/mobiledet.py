"""SSDLite MobileDet, the Edge TPU's class of detector: finds faces and labels them in one pass, int8 TFLite.

    python scripts/peers/mobiledet.py DATA_DIR FOLDER

prints one JSON line a picture of FOLDER, as `maskwatch image --json` does. DATA_DIR holds
`peers/ssdlite_mobiledet_mask.tflite`.

It runs as `detector.backend: ssd` does (`edge.ssd`), with the labels that it gives itself. The picture is squeezed to
320×320; the graph gives the ten best boxes of a picture and no more. The threshold 0.5 serves it best: on 50 + 50
pictures of jolignier and adityap27 mean F1 falls with 0.4, for faces from 3 % and from 8 % on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from lines import Look, data_file, make_parser, make_verdicts, run
from numpy.typing import NDArray

from edge.records import WITH_MASK, WITHOUT_MASK, WORN_INCORRECTLY, Frame, Verdict
from edge.ssd import MIN_SCORE, load_ssd

LABELS = (WITH_MASK, WITHOUT_MASK, WORN_INCORRECTLY)  # its classes mask, no_mask, poor_mask


class Mobiledet:
    """Finds and labels faces in one pass."""

    def __init__(self, tflite: Path, min_score: float) -> None:
        """Load the network; a face counts from `min_score` (0..1) on."""
        self._ssd = load_ssd(tflite)
        self._min_score = min_score

    def look(self, frame: Frame) -> tuple[Verdict, ...]:
        """Return the faces of a frame and their labels, best score first."""
        boxes, scores, classes = self._ssd.find(frame.bgr)
        sure = scores >= self._min_score
        return make_verdicts(frame, boxes[sure], label_scores(classes[sure], scores[sure]), LABELS)


def label_scores(classes: NDArray[np.intp], scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n, 3) float32: the score of each box (n,) under its class (n,), 0 under the others."""
    rows = np.zeros((len(classes), len(LABELS)), np.float32)
    rows[np.arange(len(classes)), classes] = scores
    return rows


def open_mobiledet(options: argparse.Namespace) -> Look:
    """Return the detector that the command line asks for."""
    return Mobiledet(data_file(options.data, "peers/ssdlite_mobiledet_mask.tflite"), options.min_score).look


def main(words: Sequence[str] | None = None) -> int:
    """Print a JSON line for each picture."""
    return run(make_parser(__doc__, MIN_SCORE).parse_args(words), open_mobiledet)


if __name__ == "__main__":
    sys.exit(main())

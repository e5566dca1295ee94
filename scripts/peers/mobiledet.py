"""SSDLite MobileDet, the Edge TPU's class of detector: finds faces and labels them in one pass, int8 TFLite.

    python scripts/peers/mobiledet.py DATA_DIR FOLDER

prints one JSON line a picture of FOLDER, as `maskwatch image --json` does. DATA_DIR holds
`peers/ssdlite_mobiledet_mask.tflite`.

The picture is squeezed to 320×320 RGB uint8, averaged where it shrinks. The graph ends in
TFLite_Detection_PostProcess, which gives the ten best boxes of a picture and no more. The threshold 0.5 serves it best:
on 50 + 50 pictures of jolignier and adityap27 mean F1 falls with 0.4, for faces from 3 % and from 8 % on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from lines import Look, data_file, make_parser, make_verdicts, run
from numpy.typing import NDArray

from edge.geometry import Boxes
from edge.preprocess import whole_input
from edge.records import WITH_MASK, WITHOUT_MASK, WORN_INCORRECTLY, Frame, Verdict
from edge.runtime.tflite import open_raw_interpreter

MIN_SCORE = 0.5
LABELS = (WITH_MASK, WITHOUT_MASK, WORN_INCORRECTLY)  # its classes mask, no_mask, poor_mask


class Mobiledet:
    """Finds and labels faces in one pass."""

    def __init__(self, tflite: Path, min_score: float) -> None:
        """Load the network; a face counts from `min_score` (0..1) on."""
        self._interpreter = open_raw_interpreter(tflite.read_bytes())
        self._input = self._interpreter.get_input_details()[0]
        self._outputs = order_outputs(self._interpreter.get_output_details())
        self._min_score = min_score

    def look(self, frame: Frame) -> tuple[Verdict, ...]:
        """Return the faces of a frame and their labels, best score first."""
        rgb = whole_input(frame.bgr, int(self._input["shape"][1]))
        self._interpreter.set_tensor(self._input["index"], rgb[None])
        self._interpreter.invoke()
        boxes, classes, scores, count = (self._interpreter.get_tensor(index)[0] for index in self._outputs)
        found = int(count)
        height, width = frame.bgr.shape[:2]
        rows = label_scores(classes[:found], scores[:found])
        sure = rows.max(axis=1) >= self._min_score
        return make_verdicts(frame, to_pixels(boxes[:found][sure], width, height), rows[sure], LABELS)


def order_outputs(details: Sequence[dict[str, Any]]) -> tuple[int, ...]:
    """Return the tensor indices of boxes (1, n, 4), classes (1, n), scores (1, n) and count (1,).

    The operation numbers its outputs in this order: TFLite_Detection_PostProcess, …:1, …:2, …:3.
    """
    return tuple(int(detail["index"]) for detail in sorted(details, key=lambda detail: str(detail["name"])))


def to_pixels(boxes: Boxes, width: int, height: int) -> Boxes:
    """Return boxes (n, 4) in pixels from its y_min, x_min, y_max, x_max in fractions of the picture."""
    pixels: Boxes = boxes[:, [1, 0, 3, 2]] * np.array([width, height] * 2, np.float32)
    return pixels


def label_scores(classes: NDArray[np.float32], scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n, 3) float32: the score of each box (n,) under its class (n,), 0 under the others."""
    rows = np.zeros((len(classes), len(LABELS)), np.float32)
    rows[np.arange(len(classes)), classes.astype(int)] = scores
    return rows


def open_mobiledet(options: argparse.Namespace) -> Look:
    """Return the detector that the command line asks for."""
    return Mobiledet(data_file(options.data, "peers/ssdlite_mobiledet_mask.tflite"), options.min_score).look


def main(words: Sequence[str] | None = None) -> int:
    """Print a JSON line for each picture."""
    return run(make_parser(__doc__, MIN_SCORE).parse_args(words), open_mobiledet)


if __name__ == "__main__":
    sys.exit(main())

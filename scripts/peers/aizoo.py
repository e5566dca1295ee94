"""AIZOO's face mask detection: one SSD that finds faces and labels them, float TFLite.

    python scripts/peers/aizoo.py DATA_DIR FOLDER

prints one JSON line a picture of FOLDER, as `maskwatch image --json` does. DATA_DIR holds
`peers/aizoo_face_mask_detection.tflite`.

The picture is squeezed to 260×260 RGB in 0…1, averaged where it shrinks. The better of its two classes is a
face's score, and of overlapping boxes the best stays, whatever the class, as in
https://github.com/AIZOOTech/FaceMaskDetection.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from lines import Look, data_file, make_parser, make_verdicts, run
from numpy.typing import NDArray

from edge.decode import non_maximum_suppression
from edge.geometry import Boxes
from edge.preprocess import Picture, whole_input
from edge.records import WITH_MASK, WITHOUT_MASK, Frame, Verdict
from edge.runtime.tflite import open_raw_interpreter

MIN_SCORE = 0.5
MAX_IOU = 0.4
LABELS = (WITH_MASK, WITHOUT_MASK)
_CELLS = (33, 17, 9, 5, 3)
_SIZES = ((0.04, 0.056), (0.08, 0.11), (0.16, 0.22), (0.32, 0.45), (0.64, 0.72))
_RATIOS = (1.0, 0.62, 0.42)
_VARIANCES = np.array([0.1, 0.1, 0.2, 0.2], np.float32)


class Aizoo:
    """Finds and labels faces in one pass."""

    def __init__(self, tflite: Path, min_score: float) -> None:
        """Load the network; a face counts from `min_score` (0..1) on."""
        self._interpreter = open_raw_interpreter(tflite.read_bytes())
        self._input = self._interpreter.get_input_details()[0]
        self._outputs = {int(d["shape"][-1]): d["index"] for d in self._interpreter.get_output_details()}
        self._anchors = make_anchors()
        self._min_score = min_score

    def look(self, frame: Frame) -> tuple[Verdict, ...]:
        """Return the faces of a frame and their labels, best score first."""
        height, width = frame.bgr.shape[:2]
        offsets, scores = self._invoke(frame.bgr)
        best = scores.max(axis=1)
        sure = np.flatnonzero(best >= self._min_score)
        boxes = decode(offsets[sure], self._anchors[sure]) * np.array([width, height] * 2, np.float32)
        kept = non_maximum_suppression(boxes, best[sure], MAX_IOU)
        return make_verdicts(frame, boxes[kept], scores[sure][kept], LABELS)

    def _invoke(self, bgr: Picture) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        rgb = whole_input(bgr, int(self._input["shape"][1]))
        self._interpreter.set_tensor(self._input["index"], rgb[None].astype(np.float32) / np.float32(255))
        self._interpreter.invoke()
        offsets, scores = (self._interpreter.get_tensor(self._outputs[columns])[0] for columns in (4, len(LABELS)))
        return offsets, scores


def make_anchors() -> NDArray[np.float32]:
    """Return the (5972, 4) anchors: center x, center y, width, height as fractions of the picture.

    Grid by grid, finest first; in a grid row by row; in a cell the two sizes as squares, then the smaller size in the
    other two ratios of width to height.
    """
    return np.concatenate([_grid(cells, sizes) for cells, sizes in zip(_CELLS, _SIZES, strict=True)])


def _grid(cells: int, sizes: tuple[float, float]) -> NDArray[np.float32]:
    shapes = [(size, 1.0) for size in sizes] + [(sizes[0], ratio) for ratio in _RATIOS[1:]]
    sides = np.array([(size * ratio**0.5, size / ratio**0.5) for size, ratio in shapes], np.float32)
    y, x = np.divmod(np.arange(cells * cells), cells)
    centers = (np.stack([x, y], axis=1).astype(np.float32) + 0.5) / cells
    return np.concatenate([np.repeat(centers, len(sides), axis=0), np.tile(sides, (cells * cells, 1))], axis=1)


def decode(offsets: NDArray[np.float32], anchors: NDArray[np.float32]) -> Boxes:
    """Return boxes (n, 4), corners as fractions of the picture, from the network's offsets (n, 4) to anchors (n, 4).

    Equation 2 of SSD (Liu et al. 2016, https://arxiv.org/abs/1512.02325) backwards, with variances.
    """
    steps = offsets * _VARIANCES
    centers = anchors[:, :2] + steps[:, :2] * anchors[:, 2:]
    halves = anchors[:, 2:] * np.exp(steps[:, 2:]) / 2
    boxes: Boxes = np.concatenate([centers - halves, centers + halves], axis=1).astype(np.float32)
    return boxes


def open_aizoo(options: argparse.Namespace) -> Look:
    """Return the detector that the command line asks for."""
    return Aizoo(data_file(options.data, "peers/aizoo_face_mask_detection.tflite"), options.min_score).look


def main(words: Sequence[str] | None = None) -> int:
    """Print a JSON line for each picture."""
    return run(make_parser(__doc__, MIN_SCORE).parse_args(words), open_aizoo)


if __name__ == "__main__":
    sys.exit(main())

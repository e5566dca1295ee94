"""YuNet, the face detector that people use today, with our classifier or the tutorial's.

    python scripts/peers/yunet.py [--size 320|640] [--classifier ours|tutorial] DATA_DIR FOLDER

prints one JSON line a picture of FOLDER, as `maskwatch image --json` does. DATA_DIR holds `teachers/yunet_n_*.onnx`
(and what tutorial.py needs for its classifier).

YuNet (Wu et al. 2023, https://doi.org/10.1007/s11633-023-1423-y) runs through OpenCV's own FaceDetectorYN. The picture
is letterboxed: scaled, up or down, by one factor so that its long side fills the square input, laid into the top left
corner, and the rest, right or below, is black.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from classifiers import open_classifier
from lines import Look, data_file, make_faces, make_parser, run

from edge.looker import Looker
from edge.preprocess import Fit, Picture
from edge.records import Face, Frame

MIN_SCORE = 0.6
_MAX_IOU = 0.3  # FaceDetectorYN's own default


class Yunet:
    """Finds faces with YuNet."""

    def __init__(self, onnx: Path, size_px: int, min_score: float) -> None:
        """Load the network; `size_px` is the side of its square input, a face counts from `min_score` (0..1) on."""
        self._detector = cv2.FaceDetectorYN.create(str(onnx), "", (size_px, size_px), min_score, _MAX_IOU)
        self._size_px = size_px

    def detect(self, frame: Frame) -> tuple[Face, ...]:
        """Return the faces of a frame, best score first, boxes inside the picture."""
        square, fit = letterbox(frame.bgr, self._size_px)
        found = self._detector.detect(square)[1]
        if found is None:
            return ()
        rows = np.asarray(found, np.float32)  # x, y, width, height, five landmarks, score
        corners = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], axis=1)
        return make_faces(frame, fit.to_picture(corners), rows[:, -1])


def letterbox(bgr: Picture, size_px: int) -> tuple[Picture, Fit]:
    """Return the picture in a square, (size_px, size_px, 3) uint8 BGR, and how it lies there."""
    height, width = bgr.shape[:2]
    scale = size_px / max(height, width)
    fit_width, fit_height = max(1, round(width * scale)), max(1, round(height * scale))
    square = np.zeros((size_px, size_px, 3), np.uint8)
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    square[:fit_height, :fit_width] = cv2.resize(bgr, (fit_width, fit_height), interpolation=interpolation)
    return square, Fit(fit_width / width, fit_height / height, fit_width, fit_height)


def open_yunet(options: argparse.Namespace) -> Look:
    """Return the detector and classifier that the command line asks for."""
    onnx = data_file(options.data, f"teachers/yunet_n_{options.size}_{options.size}.onnx")
    detector = Yunet(onnx, options.size, options.min_score)
    classifier = open_classifier(options.classifier, options.data, options.min_score)
    return Looker(detector, classifier).look


def main(words: Sequence[str] | None = None) -> int:
    """Print a JSON line for each picture."""
    parser = make_parser(__doc__, MIN_SCORE)
    parser.add_argument("--size", type=int, choices=(320, 640), default=320, help="side of the input, pixels")
    parser.add_argument("--classifier", choices=("ours", "tutorial"), default="ours")
    return run(parser.parse_args(words), open_yunet)


if __name__ == "__main__":
    sys.exit(main())

"""Finds faces with YuNet, whose ONNX file the owner supplies (`detector.backend: yunet`).

YuNet (Wu et al. 2023, https://doi.org/10.1007/s11633-023-1423-y) runs through OpenCV's own FaceDetectorYN, on the
processor.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.detector import make_faces
from edge.errors import ModelError
from edge.geometry import Boxes
from edge.manifest import WIDER_OUTLINE, read_unpromised
from edge.preprocess import Fit, Picture
from edge.records import Face, Frame

MIN_SCORE = 0.6
"""A find counts from here on: at OpenCV's own 0.9 YuNet misses most masked faces."""

SIZE_PX = 320
"""Side of the square that it looks at."""

MAX_IOU = 0.3
"""Finds that overlap more are one face; FaceDetectorYN's own default."""


class Yunet:
    """The network: from a picture to boxes."""

    def __init__(self, onnx: Path, min_score: float, size_px: int = SIZE_PX) -> None:
        """Load the network; it looks at a square of `size_px`, and a find counts from `min_score` (0..1) on.

        Raises ModelError when there is no such file, or when it is not YuNet.
        """
        read_unpromised(onnx)  # OpenCV's own words for a missing file help nobody
        self._size_px = size_px
        try:
            self._network = cv2.FaceDetectorYN.create(str(onnx), "", (size_px, size_px), min_score, MAX_IOU)
            self.find(np.zeros((size_px, size_px, 3), np.uint8))
        except cv2.error as exc:
            reason = " ".join(str(exc.err).split())
            raise ModelError(
                f"{onnx}: OpenCV cannot run it as YuNet ({reason}); take face_detection_yunet_2023mar.onnx"
            ) from exc

    def find(self, bgr: Picture) -> tuple[Boxes, NDArray[np.float32]]:
        """Return boxes (n, 4) in pixels of the picture, which may reach beyond it, and scores (n,), best first."""
        square, fit = letterbox(bgr, self._size_px)
        found = self._network.detect(square)[1]
        if found is None:
            return np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
        rows = np.asarray(found, np.float32)  # x, y, width, height, five landmarks, score
        return fit.to_picture(np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], axis=1)), rows[:, -1]


class YunetDetector:
    """YuNet in the place of our own detector."""

    max_iou = MAX_IOU

    def __init__(self, onnx: Path, min_score: float | None) -> None:
        """Load the network; `min_score` (0..1) overrides MIN_SCORE. Raises ModelError."""
        self.min_score = MIN_SCORE if min_score is None else min_score
        self._yunet = Yunet(onnx, self.min_score)

    def detect(self, frame: Frame) -> tuple[Face, ...]:
        """Return the faces of a frame, best score first, boxes inside the picture."""
        return make_faces(frame, *self._yunet.find(frame.bgr), WIDER_OUTLINE)


def letterbox(bgr: Picture, size_px: int) -> tuple[Picture, Fit]:
    """Return the picture in a square, (size_px, size_px, 3) uint8 BGR, and how it lies there.

    It is scaled, up or down, by one factor so that its long side fills the square, and laid into the top left corner;
    the rest, right or below, is black.
    """
    height, width = bgr.shape[:2]
    scale = size_px / max(height, width)
    fit_width, fit_height = max(1, round(width * scale)), max(1, round(height * scale))
    square = np.zeros((size_px, size_px, 3), np.uint8)
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    square[:fit_height, :fit_width] = cv2.resize(bgr, (fit_width, fit_height), interpolation=interpolation)
    return square, Fit(fit_width / width, fit_height / height, fit_width, fit_height)

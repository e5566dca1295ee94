"""Finds faces in frames."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.decode import MeanOfMirrored, decode_faces
from edge.geometry import Box, Boxes
from edge.manifest import Outline
from edge.preprocess import detector_input, mirror
from edge.records import Face, Frame
from edge.runtime import Model


class Detector(Protocol):
    """Finds faces."""

    def detect(self, frame: Frame) -> tuple[Face, ...]:
        """Return the faces of a frame, best score first, boxes inside the picture."""
        ...


class TfliteDetector:
    """Our own network; see `edge.decode` for its outputs. Not for several threads, as its input is reused."""

    def __init__(self, model: Model, min_score: float | None, twice: bool = False) -> None:
        """Use a loaded model; `min_score` (0..1) overrides its manifest's.

        `twice` is to look at the picture mirrored too, and to take the mean of both looks.
        """
        self._model, self._twice = model, twice
        self.min_score = model.manifest.thresholds.min_score if min_score is None else min_score
        self.max_iou = model.manifest.thresholds.max_iou
        width, height = model.manifest.input_size
        self._rgb = np.empty((height, width, 3), np.uint8)

    def detect(self, frame: Frame) -> tuple[Face, ...]:
        """Return the faces of a frame, best score first, boxes inside the picture."""
        manifest = self._model.manifest
        rgb, fit = detector_input(frame.bgr, *manifest.input_size, into=self._rgb)
        outputs = self._model.invoke(rgb)
        if self._twice:
            outputs = MeanOfMirrored(outputs, self._model.invoke(mirror(rgb)))
        boxes, scores = decode_faces(outputs, self.min_score, self.max_iou)
        return make_faces(frame, fit.to_picture(boxes), scores, manifest.outline)


def make_faces(frame: Frame, boxes: Boxes, scores: NDArray[np.float32], outline: Outline) -> tuple[Face, ...]:
    """Return boxes (n, 4) in pixels and scores (n,) as faces of 1 pixel or more, cut at the picture's edges."""
    height, width = frame.bgr.shape[:2]
    faces = []
    for (x_min, y_min, x_max, y_max), score in zip(boxes.tolist(), scores.tolist(), strict=True):  # few: plain numbers
        box = Box(max(x_min, 0.0), max(y_min, 0.0), min(x_max, float(width)), min(y_max, float(height)))
        if box.width >= 1 and box.height >= 1:
            faces.append(Face(frame.frame_index, box, score, _as_people_draw_it(box, outline, width)))
    return tuple(faces)


def _as_people_draw_it(box: Box, outline: Outline, width: int) -> Box:
    """Return a box as people would draw it, in a picture that is so wide."""
    wider, lower = box.width * outline.widen_frac / 2, box.height * outline.lower_top_frac
    return Box(max(box.x_min - wider, 0.0), box.y_min + lower, min(box.x_max + wider, float(width)), box.y_max)

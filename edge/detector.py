"""Finds faces in frames."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from edge.decode import decode_faces
from edge.geometry import Box, Boxes
from edge.manifest import Outline
from edge.preprocess import detector_input
from edge.records import Face, Frame
from edge.runtime import Model


class Detector(Protocol):
    """Finds faces."""

    def detect(self, frame: Frame) -> tuple[Face, ...]:
        """Return the faces of a frame, best score first, boxes inside the picture."""
        ...


class TfliteDetector:
    """Our own network; see `edge.decode` for its outputs. Not for several threads, as its input is reused."""

    def __init__(self, model: Model, min_score: float | None) -> None:
        """Use a loaded model; `min_score` (0..1) overrides its manifest's."""
        self._model = model
        self.min_score = model.manifest.thresholds.min_score if min_score is None else min_score
        width, height = model.manifest.input_size
        self._rgb = np.empty((height, width, 3), np.uint8)

    def detect(self, frame: Frame) -> tuple[Face, ...]:
        """Return the faces of a frame, best score first, boxes inside the picture."""
        manifest = self._model.manifest
        rgb, fit = detector_input(frame.bgr, *manifest.input_size, into=self._rgb)
        boxes, scores = decode_faces(self._model.invoke(rgb), self.min_score, manifest.thresholds.max_iou)
        height, width = frame.bgr.shape[:2]
        found = fit.to_picture(boxes)
        both = np.concatenate((found, draw_outlines(found, manifest.outline)), axis=1)
        inside = np.minimum(np.maximum(both, 0), (width, height) * 4).tolist()
        return tuple(
            Face(frame.frame_index, Box(*corners[:4]), score, Box(*corners[4:]))
            for corners, score in zip(inside, scores.tolist(), strict=True)
            if corners[2] - corners[0] >= 1 and corners[3] - corners[1] >= 1
        )


def draw_outlines(boxes: Boxes, habit: Outline) -> Boxes:
    """Return boxes (n, 4) as people would draw those faces."""
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    wider, lower = width * np.float32(habit.widen_frac / 2), height * np.float32(habit.lower_top_frac)
    outlines: Boxes = boxes + np.stack((-wider, lower, wider, np.zeros_like(lower)), axis=1)
    return outlines

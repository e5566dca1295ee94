"""Finds faces in frames."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from edge.decode import decode_faces
from edge.geometry import Box
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
        self._min_score = model.manifest.thresholds.min_score if min_score is None else min_score
        width, height = model.manifest.input_size
        self._rgb = np.empty((height, width, 3), np.uint8)

    def detect(self, frame: Frame) -> tuple[Face, ...]:
        """Return the faces of a frame, best score first, boxes inside the picture."""
        rgb, fit = detector_input(frame.bgr, *self._model.manifest.input_size, into=self._rgb)
        boxes, scores = decode_faces(self._model.invoke(rgb), self._min_score, self._model.manifest.thresholds.max_iou)
        height, width = frame.bgr.shape[:2]
        inside = np.minimum(np.maximum(fit.to_picture(boxes), 0), (width, height, width, height)).tolist()
        return tuple(
            Face(frame.frame_index, Box(*corners), score)
            for corners, score in zip(inside, scores.tolist(), strict=True)
            if corners[2] - corners[0] >= 1 and corners[3] - corners[1] >= 1
        )

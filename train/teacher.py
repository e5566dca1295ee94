"""A strong detector that repairs the annotations the detector is trained on.

SCRFD (Guo et al. 2021, https://arxiv.org/abs/2105.04714), run through onnxruntime. People draw boxes by different
habits and leave faces out; the teacher's tight boxes make the targets alike, and what only it sees becomes a `face` or,
where it is not sure, a place to `ignore`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as refusals

from edge.decode import non_maximum_suppression
from edge.errors import ModelError
from edge.geometry import Box, Boxes, iou_matrix
from edge.preprocess import Picture
from edge.records import FACE, IGNORE, NOT_FACE
from train.annotations import AnnotatedPicture, LabeledBox

SIZE_PX = 640
"""Side of the square that it looks at."""
_STRIDES = (8, 16, 32)
_OUTPUTS = (6, 9)
"""Scores and distances of each stride; landmarks too."""
_ANCHORS = 2
_MIN_SCORE = 0.3
_SURE_SCORE = 0.5
_SAME_FACE_IOU = 0.2
_REFUSALS = (
    refusals.Fail,
    refusals.InvalidArgument,
    refusals.InvalidGraph,
    refusals.InvalidProtobuf,
    refusals.NoSuchFile,
)
"""What onnxruntime raises when it loads something else; they have no base but Exception."""


class Teacher:
    """Finds faces with SCRFD, with their landmarks where the model has them (files named `kps`)."""

    def __init__(self, onnx: Path) -> None:
        """Load the network. Raises ModelError when it is no SCRFD model."""
        self._session = _open(onnx)
        self._input = self._session.get_inputs()[0].name

    def detect(self, bgr: Picture) -> tuple[Boxes, NDArray[np.float32]]:
        """Return boxes (n, 4) in pixels of the picture and scores (n,) in 0.3..1, best first."""
        boxes, scores, _ = self.detect_landmarks(bgr)
        return boxes, scores

    def detect_landmarks(self, bgr: Picture) -> tuple[Boxes, NDArray[np.float32], NDArray[np.float32]]:
        """Return boxes and scores as `detect` does, and landmarks (n, 5, 2) in pixels of the picture.

        A face's five: the eye on the left of the picture, the other eye, tip of the nose, left and right corner of the
        mouth, each (x, y); NaN from a model without them.
        """
        scale = SIZE_PX / max(bgr.shape[:2])
        resized = cv2.resize(bgr, None, fx=scale, fy=scale)
        canvas = np.zeros((SIZE_PX, SIZE_PX, 3), np.uint8)
        canvas[: resized.shape[0], : resized.shape[1]] = resized[:SIZE_PX, :SIZE_PX]
        blob = cv2.dnn.blobFromImage(canvas, 1 / 128, mean=(127.5, 127.5, 127.5), swapRB=True)
        levels = list(self._levels(self._session.run(None, {self._input: blob})))
        boxes, scores, landmarks = (np.concatenate(parts) for parts in zip(*levels, strict=True))
        keep = non_maximum_suppression(boxes, scores, 0.4)
        return boxes[keep] / scale, scores[keep], landmarks[keep] / scale

    def _levels(
        self, outputs: list[NDArray[np.float32]]
    ) -> Iterator[tuple[Boxes, NDArray[np.float32], NDArray[np.float32]]]:
        for level, stride in enumerate(_STRIDES):
            scores, distances, offsets = _level_outputs(outputs, level, stride)
            cells = SIZE_PX // stride
            y, x = np.divmod(np.arange(cells * cells), cells)
            centers = np.repeat(np.stack([x, y], 1) * stride, _ANCHORS, axis=0).astype(np.float32)
            sure = scores >= _MIN_SCORE
            boxes = np.concatenate([centers - distances[:, :2], centers + distances[:, 2:]], axis=1)
            yield boxes[sure], scores[sure], (centers[:, None] + offsets)[sure]


def _open(onnx: Path) -> onnxruntime.InferenceSession:
    try:
        session = onnxruntime.InferenceSession(str(onnx))
    except _REFUSALS as exc:
        raise ModelError(f"{onnx}: not a model that onnxruntime can load; give an SCRFD model as .onnx") from exc
    outputs = len(session.get_outputs())
    if outputs not in _OUTPUTS:
        wanted = " or ".join(map(str, _OUTPUTS))
        raise ModelError(f"{onnx}: has {outputs} outputs, SCRFD has {wanted}; give an SCRFD model as .onnx")
    return session


def _level_outputs(outputs: list[NDArray[np.float32]], level: int, stride: int) -> tuple[NDArray[np.float32], ...]:
    """Return scores (n,), distances (n, 4) to the sides and landmark offsets (n, 5, 2), both in input pixels."""
    scores = outputs[level].reshape(-1)
    distances = outputs[level + len(_STRIDES)].reshape(-1, 4) * stride
    if len(outputs) < 3 * len(_STRIDES):
        return scores, distances, np.full((len(scores), 5, 2), np.nan, np.float32)
    return scores, distances, outputs[level + 2 * len(_STRIDES)].reshape(-1, 5, 2) * stride


def repair(picture: AnnotatedPicture, boxes: Boxes, scores: NDArray[np.float32]) -> AnnotatedPicture:
    """Return the picture with the teacher's boxes where both saw a face, and with the faces that only it saw."""
    overlap = iou_matrix(picture.boxes(), boxes)
    overlap[[face.label == NOT_FACE for face in picture.faces]] = 0
    faces = list(picture.faces)
    used: set[int] = set()
    while overlap.size and overlap.max() >= _SAME_FACE_IOU:
        mine, theirs = (int(i) for i in np.unravel_index(overlap.argmax(), overlap.shape))
        faces[mine] = LabeledBox(_box(boxes[theirs]), faces[mine].label)
        used.add(theirs)
        overlap[mine, :] = overlap[:, theirs] = 0
    for index in range(len(boxes)):
        if index not in used:
            faces.append(LabeledBox(_box(boxes[index]), FACE if scores[index] >= _SURE_SCORE else IGNORE))
    return picture.with_faces(faces)


def _box(row: NDArray[np.float32]) -> Box:
    return Box(*(float(value) for value in row))

"""What the detector is taught: which cells answer for a face, and how wrong their answers are.

Cells are assigned by how well they already do (task-aligned assignment, Feng et al. 2021,
https://arxiv.org/abs/2108.07755), scores by quality focal loss (Li et al. 2020, https://arxiv.org/abs/2006.04388),
boxes by generalized IoU (Rezatofighi et al. 2019, https://arxiv.org/abs/1902.09630).
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from edge.decode import STRIDES, cell_centers

FACE_KIND = 1.0
IGNORE_KIND = -1.0

MAX_FACES = 48
"""Faces that a picture can teach: the first rows of its target. Only places to ignore come behind them."""

_SIZE_RANGES_PX = {8: (0.0, 64.0), 16: (24.0, 160.0), 32: (64.0, 1e9)}
_CELLS_PER_FACE = 8
_BOX_WEIGHT = 2.0


def flatten_outputs(network: keras.Model) -> keras.Model:
    """Return a model of the same weights with one output (cells, 5): logit, then four distances in strides."""
    levels = []
    for stride in STRIDES:
        pair = [network.output[f"score_{stride}"], network.output[f"distance_{stride}"]]
        levels.append(keras.layers.Reshape((-1, 5))(keras.layers.Concatenate()(pair)))
    return keras.Model(network.input, keras.layers.Concatenate(axis=1)(levels), name="flat")


def mean_by_face(loss: keras.KerasTensor, target: keras.KerasTensor) -> keras.KerasTensor:
    """Return what a face costs, a scalar; a picture weighs as √n, n being the sum of its `target`, and at least 1.

    `loss` and `target` are (batch, cells): what each cell costs, and how far it stands for a face, 0..1.

    Otherwise one picture of a dense crowd, whose faces are tiny, teaches as much as fifty people at a door.
    """
    faces = ops.maximum(ops.sum(target, axis=1), 1.0)
    return ops.sum(ops.sum(loss, axis=1) / ops.sqrt(faces)) / ops.sum(ops.sqrt(faces))


class DetectorLoss(keras.losses.Loss):  # type: ignore[misc]
    """Loss of a batch of pictures.

    y_true is (batch, boxes, 5): a box in input pixels, and 1 for a face, −1 for a place to ignore, 0 for padding.
    Behind the first `MAX_FACES` boxes there is no face.
    y_pred is (batch, cells, 5), see `flatten_outputs`.
    """

    def __init__(self, width_px: int, height_px: int) -> None:
        """Prepare for an input of that size in pixels."""
        super().__init__(name="detector_loss", reduction=None)
        centers, strides = cell_centers(width_px, height_px)
        self._centers, self._strides = centers, strides
        ranges = np.array([_SIZE_RANGES_PX[int(s)] for s in strides], np.float32)
        self._smallest, self._largest = ranges[:, 0], ranges[:, 1]

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Return the loss of a batch, a scalar."""
        logits, boxes = y_pred[..., 0], self._boxes(y_pred[..., 1:])
        faces = y_true[:, :MAX_FACES, :4]
        is_face = ops.cast(y_true[:, :MAX_FACES, 4] > 0, "float32")
        overlap = _iou(faces[:, :, None], boxes[:, None])
        aligned = ops.sqrt(ops.sigmoid(logits))[:, None] * overlap**4 + 1e-9
        aligned = ops.stop_gradient(aligned * self._candidates(faces) * is_face[..., None])
        assigned = _assign(aligned)
        positive = ops.max(assigned, axis=1)
        quality = assigned * aligned / (ops.max(aligned, axis=2, keepdims=True) + 1e-9)
        best = ops.max(assigned * overlap, axis=2, keepdims=True)
        target = ops.stop_gradient(ops.max(quality * best, axis=1))
        is_ignored = ops.cast(y_true[..., 4] < 0, "float32")[..., None]
        ignored = ops.max(self._inside(y_true[..., :4], 0.0) * is_ignored, axis=1)
        weight = ops.stop_gradient(1 - ignored * (1 - positive))
        wanted = ops.einsum("bmn,bmk->bnk", assigned, faces)
        score_loss = weight * _quality_focal(logits, target)
        box_loss = target * (1 - _generalized_iou(boxes, wanted))
        return mean_by_face(score_loss + _BOX_WEIGHT * box_loss, target)

    def _boxes(self, distances: keras.KerasTensor) -> keras.KerasTensor:
        edges = distances * self._strides[None, :, None]
        return ops.concatenate([self._centers - edges[..., :2], self._centers + edges[..., 2:]], axis=-1)

    def _inside(self, faces: keras.KerasTensor, slack: float) -> keras.KerasTensor:
        x, y = self._centers[:, 0], self._centers[:, 1]
        room = slack * self._strides
        middle_x, middle_y = (faces[..., 0] + faces[..., 2]) / 2, (faces[..., 1] + faces[..., 3]) / 2
        half_x = ops.maximum((faces[..., 2] - faces[..., 0])[..., None] / 2, room)
        half_y = ops.maximum((faces[..., 3] - faces[..., 1])[..., None] / 2, room)
        inside = ops.logical_and(ops.abs(x - middle_x[..., None]) < half_x, ops.abs(y - middle_y[..., None]) < half_y)
        return ops.cast(inside, "float32")

    def _candidates(self, faces: keras.KerasTensor) -> keras.KerasTensor:
        size = ops.maximum(faces[..., 2] - faces[..., 0], faces[..., 3] - faces[..., 1])[..., None]
        fits = ops.logical_and(size >= self._smallest, size < self._largest)
        return self._inside(faces, 0.75) * ops.cast(fits, "float32")


def _assign(aligned: keras.KerasTensor) -> keras.KerasTensor:
    """Return (batch, faces, cells) of 0 and 1: the best cells of each face, no cell for two faces."""
    kth = ops.top_k(aligned, _CELLS_PER_FACE)[0][..., -1:]
    chosen = ops.where(ops.logical_and(aligned >= kth, aligned > 0), aligned, 0.0)
    owner = ops.one_hot(ops.argmax(chosen, axis=1), chosen.shape[1], axis=1)
    return ops.stop_gradient(owner * ops.cast(chosen > 0, "float32"))


def _quality_focal(logits: keras.KerasTensor, target: keras.KerasTensor) -> keras.KerasTensor:
    cross_entropy = ops.maximum(logits, 0) - logits * target + ops.log1p(ops.exp(-ops.abs(logits)))
    return (target - ops.sigmoid(logits)) ** 2 * cross_entropy


def _areas(a: keras.KerasTensor, b: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    width = ops.minimum(a[..., 2], b[..., 2]) - ops.maximum(a[..., 0], b[..., 0])
    height = ops.minimum(a[..., 3], b[..., 3]) - ops.maximum(a[..., 1], b[..., 1])
    both = ops.maximum(width, 0) * ops.maximum(height, 0)
    area_a = ops.maximum(a[..., 2] - a[..., 0], 0) * ops.maximum(a[..., 3] - a[..., 1], 0)
    area_b = ops.maximum(b[..., 2] - b[..., 0], 0) * ops.maximum(b[..., 3] - b[..., 1], 0)
    return both, area_a + area_b - both


def _iou(a: keras.KerasTensor, b: keras.KerasTensor) -> keras.KerasTensor:
    both, union = _areas(a, b)
    return both / ops.maximum(union, 1e-6)


def _generalized_iou(a: keras.KerasTensor, b: keras.KerasTensor) -> keras.KerasTensor:
    both, union = _areas(a, b)
    width = ops.maximum(a[..., 2], b[..., 2]) - ops.minimum(a[..., 0], b[..., 0])
    height = ops.maximum(a[..., 3], b[..., 3]) - ops.minimum(a[..., 1], b[..., 1])
    hull = ops.maximum(width * height, 1e-6)
    return both / ops.maximum(union, 1e-6) - (hull - union) / hull

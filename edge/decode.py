"""From the detector's tensors to boxes: the one place that knows how they are laid out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edge.geometry import Boxes, non_maximum_suppression

STRIDES = (8, 16, 32)
"""Cell sizes of the three levels, in input pixels."""


def cell_centers(width_px: int, height_px: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the middles (n, 2) of all cells in input pixels, level after level, and the stride (n,) of each."""
    centers, strides = [], []
    for stride in STRIDES:
        y, x = np.mgrid[0 : height_px // stride, 0 : width_px // stride]
        centers.append((np.stack([x.ravel(), y.ravel()], axis=1) + 0.5) * stride)
        strides.append(np.full(x.size, stride))
    return np.concatenate(centers).astype(np.float32), np.concatenate(strides).astype(np.float32)


def decode_faces(
    outputs: Mapping[str, NDArray[np.float32]], min_score: float, max_iou: float
) -> tuple[Boxes, NDArray[np.float32]]:
    """Return boxes (n, 4) in input pixels and scores (n,) in min_score..1, best first, duplicates suppressed.

    `outputs` maps `score_8` … `score_32` to logits (h, w, 1) and `distance_8` … `distance_32` to distances (h, w, 4)
    of a face's left, top, right and bottom edge from the middle of the cell, in strides, all float32.
    """
    found = [_decode_level(outputs[f"score_{s}"], outputs[f"distance_{s}"], s, min_score) for s in STRIDES]
    boxes = np.concatenate([boxes for boxes, _ in found])
    scores = np.concatenate([scores for _, scores in found])
    keep = non_maximum_suppression(boxes, scores, max_iou)
    return boxes[keep], scores[keep]


def _decode_level(
    logits: NDArray[np.float32], distances: NDArray[np.float32], stride: int, min_score: float
) -> tuple[Boxes, NDArray[np.float32]]:
    min_logit = np.log(min_score / (1 - min_score))
    y, x = np.nonzero(logits[..., 0] >= min_logit)
    edges = np.clip(distances[y, x], 0, None) * stride
    centers = (np.stack([x, y], axis=1) + 0.5) * stride
    boxes = np.concatenate([centers - edges[:, :2], centers + edges[:, 2:]], axis=1).astype(np.float32)
    scores = 1 / (1 + np.exp(-logits[y, x, 0]))
    return boxes, scores.astype(np.float32)

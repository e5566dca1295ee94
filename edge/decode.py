"""From the detector's tensors to boxes: the one place that knows how they are laid out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import log

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Boxes

STRIDES = (8, 16, 32)
"""Cell sizes of the three levels, in input pixels."""

_LEFT_FOR_RIGHT = (2, 1, 0, 3)
_OUTWARD = np.array((-1, -1, 1, 1), np.float32)
_NO_LOGITS, _NO_BOXES = np.empty(0, np.float32), np.empty((0, 4), np.float32)


def cell_centers(width_px: int, height_px: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the middles (n, 2) of all cells in input pixels, level after level, and the stride (n,) of each."""
    centers, strides = [], []
    for stride in STRIDES:
        y, x = np.mgrid[0 : height_px // stride, 0 : width_px // stride]
        centers.append((np.stack([x.ravel(), y.ravel()], axis=1) + 0.5) * stride)
        strides.append(np.full(x.size, stride))
    return np.concatenate(centers).astype(np.float32), np.concatenate(strides).astype(np.float32)


class MeanOfMirrored(Mapping[str, NDArray[np.float32]]):
    """The mean of what was said of a picture and of the same picture mirrored, cell by cell, as of the picture.

    Both are outputs for `decode_faces`. The mean is taken of what is read: boxes of most levels are not.
    """

    def __init__(self, outputs: Mapping[str, NDArray[np.float32]], mirrored: Mapping[str, NDArray[np.float32]]) -> None:
        """Take the outputs for the picture and for the mirrored one."""
        self._outputs, self._mirrored = outputs, mirrored

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        """Return an output as (height, width, …) float32."""
        back = self._mirrored[name][:, ::-1]
        if name.startswith("distance"):
            back = back[..., _LEFT_FOR_RIGHT]
        mean: NDArray[np.float32] = (self._outputs[name] + back) / 2
        return mean

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._outputs)

    def __len__(self) -> int:
        """Return how many outputs there are."""
        return len(self._outputs)


def decode_faces(
    outputs: Mapping[str, NDArray[np.float32]], min_score: float, max_iou: float
) -> tuple[Boxes, NDArray[np.float32]]:
    """Return boxes (n, 4) in input pixels and scores (n,) in min_score..1, best first, duplicates suppressed.

    `outputs` maps `score_8` … `score_32` to logits (h, w, 1) and `distance_8` … `distance_32` to distances (h, w, 4)
    of a face's left, top, right and bottom edge from the middle of the cell, in strides, all float32.
    """
    min_logit = log(min_score / (1 - min_score))
    levels = [_decode_level(outputs, stride, min_logit) for stride in STRIDES]
    logits, corners = (np.concatenate(parts) for parts in zip(*levels, strict=True))
    scores = 1 / (1 + np.exp(-logits))
    keep = non_maximum_suppression(corners, scores, max_iou)
    return corners[keep], scores[keep]


def non_maximum_suppression(boxes: Boxes, scores: NDArray[np.float32], max_iou: float) -> NDArray[np.intp]:
    """Return the indices of the boxes to keep, best score first.

    Greedy: a box goes when it overlaps a better one by more than `max_iou` (0..1). Scores must be above 0; boxes
    without area count as one.
    """
    corners_and_sides = boxes.copy()
    corners_and_sides[:, 2:] -= boxes[:, :2]
    kept = cv2.dnn.NMSBoxes(corners_and_sides.tolist(), scores.tolist(), 0.0, max_iou)
    return np.asarray(kept, np.intp)


def _decode_level(
    outputs: Mapping[str, NDArray[np.float32]], stride: int, min_logit: float
) -> tuple[NDArray[np.float32], Boxes]:
    """Return the logits (n,) that are high enough, and the boxes (n, 4) of their cells; most levels have none."""
    logits = outputs[f"score_{stride}"]
    flat = logits.ravel()  # numpy looks for what is not zero many times faster along one axis than along three
    cells = (flat >= min_logit).nonzero()[0]
    if not cells.size:
        return _NO_LOGITS, _NO_BOXES
    y, x = divmod(cells, logits.shape[1])
    distances = np.maximum(outputs[f"distance_{stride}"].reshape(-1, 4)[cells], 0)
    middles = np.array((x, y, x, y), np.float32).T + np.float32(0.5)
    return flat[cells], (middles + distances * _OUTWARD) * np.float32(stride)

"""Makes faces in a picture unrecognizable for good."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Box

BLOCKS = 5
"""Blocks along the longer side of a face, before it is grown. People whom one knows well are still recognized at about
7 by 10 (Yip and Sinha, Contribution of color to face recognition, 2002)."""

_GROW_FRAC = 0.15
"""How much of a face's size is added on each side, for hair, chin and ears."""


def pixelate(bgr: NDArray[np.uint8], boxes: Iterable[Box]) -> NDArray[np.uint8]:
    """Return a copy of a picture, (height, width, 3) uint8, in which each box is a mosaic of at most 7×7 colors.

    Each block is the mean of its pixels: nothing else of them is left in the copy.
    """
    picture = bgr.copy()
    for box in boxes:
        _pixelate_box(picture, box)
    return picture


def _pixelate_box(picture: NDArray[np.uint8], box: Box) -> None:
    x_grow, y_grow = box.width * _GROW_FRAC, box.height * _GROW_FRAC
    top, bottom = max(floor(box.y_min - y_grow), 0), min(ceil(box.y_max + y_grow), picture.shape[0])
    left, right = max(floor(box.x_min - x_grow), 0), min(ceil(box.x_max + x_grow), picture.shape[1])
    if left >= right or top >= bottom:
        return
    block_px = max(ceil(max(box.width, box.height) / BLOCKS), 1)
    columns, rows = max((right - left) // block_px, 1), max((bottom - top) // block_px, 1)
    mosaic = cv2.resize(picture[top:bottom, left:right], (columns, rows), interpolation=cv2.INTER_AREA)
    picture[top:bottom, left:right] = cv2.resize(mosaic, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST)

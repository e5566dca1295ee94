"""Turns pictures the way the camera hangs."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


def orient(bgr: NDArray[np.uint8], rotate_deg: int = 0, mirror: bool = False) -> NDArray[np.uint8]:
    """Return the picture turned clockwise by 0, 90, 180 or 270 degrees, then mirrored left to right.

    (height, width, 3) uint8 in and out; the picture itself where there is nothing to do. Any other angle is a KeyError.
    """
    turned = cv2.rotate(bgr, _TURNS[rotate_deg]) if rotate_deg else bgr
    mirrored = cv2.flip(turned, 1) if mirror else turned
    return np.asarray(mirrored, np.uint8)

"""Turns pictures the way the camera hangs."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.records import Frame
from edge.sources import Source

_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


def orient(bgr: NDArray[np.uint8], rotate_deg: int = 0, mirror: bool = False) -> NDArray[np.uint8]:
    """Return the picture turned clockwise by 0, 90, 180 or 270 degrees, then mirrored left to right.

    (height, width, 3) uint8 in and out; the picture itself where there is nothing to do. Any other angle is a KeyError.
    """
    turned = cv2.rotate(bgr, _TURNS[rotate_deg]) if rotate_deg else bgr
    mirrored = cv2.flip(turned, 1) if mirror else turned
    return np.asarray(mirrored, np.uint8)


class Oriented:
    """A source whose frames are turned and mirrored as `orient` does."""

    def __init__(self, source: Source, rotate_deg: int, mirror: bool) -> None:
        """Turn what `source` gives; it is closed together with this."""
        self._source = source
        self._rotate_deg = rotate_deg
        self._mirror = mirror

    def next_frame(self, timeout_s: float) -> Frame | None:
        """Return the source's next frame, turned. Raises what the source does."""
        frame = self._source.next_frame(timeout_s)
        if frame is None:
            return None
        return replace(frame, bgr=orient(frame.bgr, self._rotate_deg, self._mirror))

    def close(self) -> None:
        """Close the source. Calling it again does nothing."""
        self._source.close()

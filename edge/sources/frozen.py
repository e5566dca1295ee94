"""Tells when a camera delivers one and the same picture for ever.

Two pictures of a sensor are never equal byte by byte, however still the door is: its noise differs. Equal for seconds
means that nothing looks any more, for instance a driver that repeats its last buffer. What is compared is a checksum of
the green of every eighth pixel of every eighth row: 0.05 ms for 1280×720 on one core of a desktop.
"""

from __future__ import annotations

import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.records import Frame

FROZEN_S: Final = 10.0
"""Equal pictures for so long are a frozen camera."""

FROZEN_STREAM_S: Final = 60.0
"""The same for a network camera: between two key frames, up to some ten seconds apart, its encoder may repeat a door at
which nothing happens without a change."""

_STEP_PX: Final = 8
_FLAT: Final = 16
"""A picture whose values differ by no more than this is black or white all over, as of a dark room or a covered lens.
There a sensor clips its noise, so that equal pictures say nothing."""


class Stillness:
    """Follows the pictures of one camera, over its reopenings too, so that a frozen one does not wake by them.

    A virtual camera that repeats a still picture counts as frozen as well.
    """

    def __init__(self, frozen_s: float = FROZEN_S) -> None:
        """Begin without a picture. `frozen_s` are the seconds that equal ones must last."""
        self._frozen_s = frozen_s
        self._mark: int | None = None
        self._since_s = 0.0

    def is_frozen(self, frame: Frame) -> bool:
        """Return whether all pictures of the last `frozen_s` seconds were equal to this one; called with each."""
        mark = fingerprint(frame.bgr)
        if mark is None or mark != self._mark:
            self._mark, self._since_s = mark, frame.captured_s
        return frame.captured_s - self._since_s >= self._frozen_s


def fingerprint(bgr: NDArray[np.uint8]) -> int | None:
    """Return a checksum of a picture (height, width, 3) uint8, or None for one that is the same all over."""
    green = np.ascontiguousarray(bgr[::_STEP_PX, ::_STEP_PX, 1])
    if int(green.max()) - int(green.min()) <= _FLAT:
        return None
    return zlib.crc32(green.tobytes())

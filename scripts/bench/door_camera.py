"""A camera whose pictures are in memory and come at known times: for measuring how long the rest takes.

The pictures are the demo's: the astronaut portrait that scikit-image ships, walking past a drawn entrance.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import NotDueError
from edge.records import Frame
from edge.settings import Camera

ROOT: Final = Path(__file__).resolve().parent.parent.parent
_CLIP_S: Final = 12.0
_EVERY: Final = 2
"""Which of the clip's pictures are kept, to save memory."""


class DoorCamera:
    """Shows a few pictures again and again; like any camera it drops those that nobody took in time."""

    def __init__(
        self,
        pictures: Sequence[NDArray[np.uint8]],
        fps: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Begin with the first of `pictures`, (height, width, 3) uint8 BGR, now; `fps` pictures a second.

        `clock` gives monotonic seconds, `sleep` takes seconds.
        """
        self._pictures, self._interval_s = pictures, 1 / fps
        self._clock, self._sleep = clock, sleep
        self._begun_s, self._next = clock(), 0
        self._closed = False

    def next_frame(self, timeout_s: float) -> Frame | None:
        """Return the newest picture; its `captured_s` is the monotonic time at which it was due.

        Raises NotDueError when there is none within `timeout_s`.
        """
        if self._closed:
            return None
        now_s = self._clock()
        self._next = max(self._next, int((now_s - self._begun_s) / self._interval_s))
        due_s = self._begun_s + self._next * self._interval_s
        if due_s - now_s > timeout_s:
            self._sleep(timeout_s)
            raise NotDueError("the next picture is not due yet")
        self._sleep(max(0.0, due_s - now_s))
        index, self._next = self._next, self._next + 1
        return Frame(index, due_s, self._pictures[index % len(self._pictures)])

    def close(self) -> None:
        """End. Calling it again does nothing."""
        self._closed = True


def open_source(camera: Camera) -> DoorCamera:
    """Return the camera, in the size and at the rate of the settings."""
    return DoorCamera(_render(camera.width_px, camera.height_px), camera.max_fps)


@cache
def _render(width_px: int, height_px: int) -> tuple[NDArray[np.uint8], ...]:
    """Return the clip's pictures, padded with their edges to the shape of the camera's."""
    sys.path.insert(0, str(ROOT / "scripts" / "demo"))
    from make_clip import fetch_portrait, render

    portrait = np.asarray(cv2.imread(str(fetch_portrait(ROOT / ".cache" / "astronaut.png"))), np.uint8)
    kept = [picture for index, (picture, _) in enumerate(render(portrait, _CLIP_S)) if index % _EVERY == 0]
    return tuple(_fit(picture, width_px, height_px) for picture in kept)


def _fit(bgr: NDArray[np.uint8], width_px: int, height_px: int) -> NDArray[np.uint8]:
    scale = min(width_px / bgr.shape[1], height_px / bgr.shape[0])
    smaller = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    right, below = width_px - smaller.shape[1], height_px - smaller.shape[0]
    return np.asarray(cv2.copyMakeBorder(smaller, 0, below, 0, right, cv2.BORDER_REPLICATE), np.uint8)

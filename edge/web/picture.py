"""The live picture: the newest turn, drawn and packed as JPEG by a thread of its own, while somebody looks."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.annotate import annotate
from edge.pipeline import Turn
from edge.web.settings import Web

LOOKING_S: Final = 3.0
"""For so long after the last look pictures are made; then it costs nothing until somebody looks again."""

_JPEG_QUALITY: Final = 75
_NICE: Final = 10
_CLOSE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG and its number; higher is newer."""

    number: int
    jpeg: bytes


class LivePicture:
    """Takes turns from the frame loop's thread, and gives the newest picture to the server's."""

    def __init__(
        self,
        config: Web,
        polygon: Callable[[], Sequence[tuple[float, float]]],
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the thread. `polygon` gives the zone that is drawn; `changed` is called after each new picture."""
        self._config, self._polygon, self._changed, self._clock = config, polygon, changed, clock
        self._condition = threading.Condition()
        self._turn: Turn | None = None
        self._newest: Picture | None = None
        self._wanted_until_s = 0.0
        self._closed = False
        self._drawn = 0
        self._thread = threading.Thread(target=self._run, name="picture", daemon=True)
        self._thread.start()

    @property
    def newest(self) -> Picture | None:
        """The newest picture, None while there is none or nobody has looked lately."""
        return self._newest

    def want(self) -> None:
        """Say that somebody looks now."""
        self._wanted_until_s = self._clock() + LOOKING_S

    def put(self, turn: Turn, now_s: float) -> None:
        """Take a turn in place of the one before; returns at once, and keeps nothing while nobody looks."""
        if now_s < self._wanted_until_s:
            with self._condition:
                self._turn = turn
                self._condition.notify()
        elif self._newest is not None:
            self.clear()

    def clear(self) -> None:
        """Forget all pictures: an old one must not pass for a live one."""
        with self._condition:
            self._turn = self._newest = None

    def close(self) -> None:
        """Stop the thread. Calling it again does nothing."""
        with self._condition:
            self._closed = True
            self._condition.notify()
        self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        lower_priority()
        while turn := self._take():
            jpeg = draw(turn, self._polygon(), self._config.picture_width_px)
            with self._condition:
                self._drawn += 1
                self._newest = Picture(self._drawn, jpeg)
            self._changed()
            with self._condition:
                self._condition.wait_for(lambda: self._closed, 1 / self._config.max_fps)

    def _take(self) -> Turn | None:
        with self._condition:
            self._condition.wait_for(lambda: self._closed or self._turn is not None)
            turn, self._turn = self._turn, None
            return None if self._closed else turn


def draw(turn: Turn, polygon: Sequence[tuple[float, float]], width_px: int) -> bytes:
    """Return the annotated picture of a turn as JPEG, no wider than `width_px`."""
    picture = shrink(annotate(turn.frame.bgr, turn.verdicts, turn.decision.alarm, polygon), width_px)
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1])


def shrink(bgr: NDArray[np.uint8], width_px: int) -> NDArray[np.uint8]:
    """Return a picture (height, width, 3) uint8 as it is, or reduced to `width_px` where it is wider."""
    height, width = bgr.shape[:2]
    if width <= width_px:
        return bgr
    size = (width_px, max(1, round(height * width_px / width)))
    return np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), np.uint8)


def lower_priority() -> None:
    """Let every other thread of the process go before this one (Linux); the service's unit may forbid it."""
    thread = threading.get_native_id()
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, thread, max(_NICE, os.getpriority(os.PRIO_PROCESS, thread)))

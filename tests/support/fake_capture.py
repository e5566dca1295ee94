"""A scripted cv2.VideoCapture."""

from __future__ import annotations

import queue
import threading

import cv2
import numpy as np
from numpy.typing import NDArray

PATIENCE_S = 10.0
"""More than any test waits when all is well."""


class FakeCapture:
    """A stream that gives what the test delivers, at the times that the test says.

    `waiting` is set while somebody waits for the next picture, `released` in the end.
    """

    def __init__(self) -> None:
        self.now_s = 0.0
        self.waiting = threading.Event()
        self.released = threading.Event()
        self._pictures: queue.SimpleQueue[tuple[float, NDArray[np.uint8]] | Exception | None] = queue.SimpleQueue()
        self._grabbed = np.zeros((0, 0, 3), np.uint8)

    def deliver(self, at_s: float, bgr: NDArray[np.uint8]) -> None:
        """Give a picture; an empty one is damaged."""
        self.waiting.clear()
        self._pictures.put((at_s, bgr))

    def end(self) -> None:
        """Let it return from its wait with nothing."""
        self._pictures.put(None)

    def fail(self, error: Exception) -> None:
        """Let it raise an error, as OpenCV and numpy do when the memory is full."""
        self._pictures.put(error)

    def clock(self) -> float:
        return self.now_s

    def isOpened(self) -> bool:  # noqa: N802
        return True

    def grab(self) -> bool:
        if self._pictures.empty():
            self.waiting.set()
        item = self._pictures.get(timeout=PATIENCE_S)
        if isinstance(item, Exception):
            raise item
        if item is not None:
            self.now_s, self._grabbed = item
        return item is not None

    def retrieve(self) -> tuple[bool, NDArray[np.uint8]]:
        if not self._grabbed.size:
            raise cv2.error("damaged")
        return True, self._grabbed

    def release(self) -> None:
        self.released.set()

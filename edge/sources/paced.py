"""Gives the frames of a file at the times they were taken, so that it can stand in for a camera."""

from __future__ import annotations

import time
from collections.abc import Callable

from edge.errors import NotDueError
from edge.records import Frame
from edge.sources import Source

_MAX_DROPS = 30
"""Frames dropped in a row at most, since a machine may decode more slowly than the file plays."""


class Paced:
    """A source that waits until each frame is due and drops those that the reader was too slow for."""

    def __init__(
        self,
        source: Source,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Pace `source`, which is closed together with this. `clock` gives and `sleep` takes seconds."""
        self._source = source
        self._clock = clock
        self._sleep = sleep
        self._started_s: float | None = None
        self._ahead: Frame | None = None

    def next_frame(self, timeout_s: float) -> Frame | None:
        """Return the newest frame that is due, or wait for the next one; None after the last.

        Raises NotDueError when the next one is not due within `timeout_s`; asking again goes on waiting for it. Raises
        what the source does.
        """
        frame = self._ahead or self._source.next_frame(timeout_s)
        if frame is None:
            return None
        if self._started_s is None:
            self._started_s = self._clock() - frame.captured_s
        self._wait_for(frame, timeout_s)
        return self._drop_late(frame, timeout_s)

    def _wait_for(self, frame: Frame, timeout_s: float) -> None:
        wait_s = self._due_s(frame) - self._clock()
        if wait_s > timeout_s:
            self._ahead = frame
            self._sleep(timeout_s)
            raise NotDueError(f"{frame.name}: the next frame is due in {wait_s:.1f} s")
        if wait_s > 0:
            self._sleep(wait_s)

    def close(self) -> None:
        """Close the source. Calling it again does nothing."""
        self._source.close()

    def _drop_late(self, frame: Frame, timeout_s: float) -> Frame:
        """Return the last frame that is due, or `frame` when none is; what comes after it waits in `_ahead`."""
        for _ in range(_MAX_DROPS):
            self._ahead = frame  # not lost when reading on fails
            self._ahead = self._source.next_frame(timeout_s)
            if self._ahead is None or self._due_s(self._ahead) > self._clock():
                return frame
            frame = self._ahead
        self._ahead = None
        return frame

    def _due_s(self, frame: Frame) -> float:
        return (self._started_s or 0.0) + frame.captured_s

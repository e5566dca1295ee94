"""Leaves frames out, for a board that is too hot to look at all of them."""

from __future__ import annotations

from collections.abc import Callable

from edge.errors import NotDueError
from edge.records import Frame
from edge.sources import Source
from edge.sources.latest import RateLimit


class Slowed:
    """A source that gives no more frames a second than it is allowed at the moment."""

    def __init__(self, source: Source, limit_fps: Callable[[], float | None]) -> None:
        """Thin out `source`, which is closed together with this. `limit_fps` is asked each time; None: no limit."""
        self._source, self._limit_fps = source, limit_fps
        self._fps: float | None = None
        self._rate: RateLimit | None = None

    def next_frame(self, timeout_s: float) -> Frame | None:
        """Return the source's next frame. Raises NotDueError in the place of one too many, and what the source does."""
        frame = self._source.next_frame(timeout_s)
        fps = self._limit_fps()
        if fps != self._fps:
            self._fps, self._rate = fps, RateLimit(fps) if fps else None
        if frame is not None and self._rate and not self._rate.accepts(frame.captured_s):
            raise NotDueError(f"{frame.name}: a frame was left out, at most {fps:.3g} a second are wanted")
        return frame

    def close(self) -> None:
        """Close the source. Calling it again does nothing."""
        self._source.close()

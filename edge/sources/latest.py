"""Keeps the newest of what one thread makes for another, so that a slow model never works on old pictures."""

from __future__ import annotations

import math
from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestSlot(Generic[T]):
    """Holds one item: a newer one replaces it, taking it empties the slot."""

    def __init__(self) -> None:
        """Make an empty slot."""
        self._changed = Condition()
        self._item: T | None = None
        self._error: Exception | None = None

    def put_latest(self, item: T) -> None:
        """Put an item in; one that nobody took is dropped."""
        with self._changed:
            self._item = item
            self._changed.notify()

    def fail(self, error: Exception) -> None:
        """Let every `take` from now on raise `error`, as nothing more will come."""
        with self._changed:
            self._error = error
            self._changed.notify_all()

    def take(self, timeout_s: float) -> T | None:
        """Return the newest item that was not taken yet, or None when none comes within `timeout_s` seconds.

        Raises what `fail` was given.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._error is not None, timeout_s)
            if self._error is not None:
                raise self._error
            item, self._item = self._item, None
            return item


class RateLimit:
    """Says which frames to use, so that in the long run there are no more than `max_fps` a second."""

    _EARLY_FRAC = 0.25
    """How much of an interval a frame may come early: cameras jitter, and waiting for the next would halve the rate."""

    def __init__(self, max_fps: float) -> None:
        """Start with the first frame accepted."""
        self._interval_s = 1 / max_fps
        self._due_s = -math.inf

    def accepts(self, now_s: float) -> bool:
        """Return whether to use a frame taken at `now_s`, in monotonic seconds."""
        early_s = self._EARLY_FRAC * self._interval_s
        if now_s < self._due_s - early_s:
            return False
        self._due_s = max(self._due_s, now_s - early_s) + self._interval_s
        return True

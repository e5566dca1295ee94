"""Events that wait for the broker: bounded, the oldest go first when there are too many."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Outbox(Generic[T]):
    """Safe to use from several threads; nobody ever waits here."""

    def __init__(self, max_waiting: int) -> None:
        """Begin empty."""
        self._lock = threading.Lock()
        self._items: deque[T] = deque(maxlen=max_waiting)

    def put(self, item: T) -> None:
        """Add one at the end; where that is one too many, the first goes."""
        with self._lock:
            self._items.append(item)

    def take(self) -> T | None:
        """Return the first and remove it; None when there is none."""
        with self._lock:
            return self._items.popleft() if self._items else None

    def __len__(self) -> int:
        """Return how many wait."""
        with self._lock:
            return len(self._items)

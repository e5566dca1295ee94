"""Whether the buzzer is muted, and until when: one value that the control socket and the button share."""

from __future__ import annotations

import threading


class Mute:
    """A mute that ends by itself. Safe to use from several threads; times are the caller's, in monotonic seconds."""

    def __init__(self) -> None:
        """Begin unmuted."""
        self._lock = threading.Lock()
        self._until_s: float | None = None

    def set(self, until_s: float) -> None:
        """Mute until then; a later call, even with an earlier time, replaces this one."""
        with self._lock:
            self._until_s = until_s

    def clear(self) -> None:
        """Unmute; does nothing when not muted."""
        with self._lock:
            self._until_s = None

    def is_muted(self, now_s: float) -> bool:
        """Return whether `now_s` lies before the end of a mute."""
        return self.remaining_s(now_s) > 0

    def remaining_s(self, now_s: float) -> float:
        """Return how long the mute lasts from `now_s` on, in seconds; 0.0 when not muted."""
        with self._lock:
            return 0.0 if self._until_s is None else max(0.0, self._until_s - now_s)

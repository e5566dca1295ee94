"""Says once when the camera is lost and once when it is back, however often it is opened in between."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

log = logging.getLogger(__name__)

_AGAIN_S: Final = 3600.0
"""A camera that stays lost is mentioned once an hour."""


class Sight:
    """Follows whether there are pictures. Times are monotonic seconds."""

    def __init__(self, note: Callable[[str], None]) -> None:
        """Begin without a picture yet; `note` writes a sentence into the journal."""
        self._note = note
        self._lost_s: float | None = None
        self._said_s = 0.0
        self._begun = self._anew = False

    def see(self, now_s: float) -> None:
        """Take in that there is a picture."""
        if self._lost_s is not None:
            said = f"the camera gives pictures again, after {now_s - self._lost_s:.0f} s"
            log.info("%s", said)
            self._note(said)
        elif not self._begun:
            log.info("watching")
        self._lost_s, self._begun, self._anew = None, True, False

    def start_over(self) -> None:
        """Take in that another camera is being opened: why that one gives no picture is said at once."""
        self._anew = True

    def lose(self, reason: str, now_s: float) -> None:
        """Take in that there is none, and why."""
        if self._lost_s is None or self._anew:
            self._lost_s, self._said_s = now_s, now_s
            log.error("blind: %s; it is tried again until there are pictures", reason)
            self._note(f"blind: {reason}")
            self._anew = False
        elif now_s - self._said_s >= _AGAIN_S:
            self._said_s = now_s
            log.error("blind for %.0f h: %s", (now_s - self._lost_s) / 3600, reason)

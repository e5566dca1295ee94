"""Writes down when the alarm goes on and off."""

from __future__ import annotations

import logging

from edge.records import SOUNDING, Decision

log = logging.getLogger(__name__)


class LogOutput:
    """Logs changes of the alarm, and the persons it is about; never a line a frame."""

    def __init__(self) -> None:
        """Start silent: the first line comes with the first alarm."""
        self._on = False

    def show(self, decision: Decision) -> None:
        """Log when the alarm went on or off since the last decision."""
        on = decision.alarm in SOUNDING
        if on and not self._on:
            log.info("alarm on, %s", _persons(decision.person_ids))
        elif self._on and not on:
            log.info("alarm off")
        self._on = on

    def close(self) -> None:
        """Log that the alarm is off when it was on. Calling it again does nothing."""
        if self._on:
            log.info("alarm off, stopping")
        self._on = False


def _persons(person_ids: tuple[int, ...]) -> str:
    word = "person" if len(person_ids) == 1 else "persons"
    return f"{word} {', '.join(map(str, person_ids))}" if person_ids else "no person known"

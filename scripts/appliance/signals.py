"""What the pins say: the notes of the guest's watcher, and what can be read out of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

LAMP: Final = 17
STATUS: Final = 22
BUZZER: Final = 27

FAST_S: Final = 0.3
"""Levels of the status lamp that last less are its "I am blind" pattern; slow blinking has 1 s."""

STEADY_S: Final = 2.0
"""A status lamp that has been on for so long watches."""


@dataclass(frozen=True, slots=True)
class Change:
    """A pin took a level at a time, in seconds since the guest's boot."""

    at_s: float
    pin: int
    level: bool


def read_changes(notes: str) -> list[Change]:
    """Return the changes in `SECONDS PIN LEVEL` lines; a last line that is not whole is left out."""
    lines = (line.split() for line in notes.splitlines(keepends=True) if line.endswith("\n"))
    return [Change(float(at), int(pin), level == "1") for at, pin, level in lines]


def level_at(changes: Iterable[Change], pin: int, at_s: float) -> bool:
    """Return a pin's level at a time; low before the first note."""
    level = False
    for change in changes:
        if change.pin == pin and change.at_s <= at_s:
            level = change.level
    return level


def first_rise(changes: Iterable[Change], pin: int, after_s: float) -> float | None:
    """Return when a pin first went high after a time, None when it did not."""
    return next((each.at_s for each in changes if each.pin == pin and each.level and each.at_s > after_s), None)


def first_fall(changes: Iterable[Change], pin: int, after_s: float) -> float | None:
    """Return when a pin first went low after a time, None when it did not."""
    return next((each.at_s for each in changes if each.pin == pin and not each.level and each.at_s > after_s), None)


def first_blind(changes: Sequence[Change], after_s: float) -> float | None:
    """Return when the status lamp began to blink fast after a time, None when it did not.

    It began with the first level that lasted less than FAST_S.
    """
    lamp = [change.at_s for change in changes if change.pin == STATUS]
    return next((at_s for at_s, end_s in pairwise(lamp) if at_s > after_s and end_s - at_s < FAST_S), None)


def first_steady(changes: Sequence[Change], after_s: float, now_s: float) -> float | None:
    """Return since when the status lamp has been steadily on, if that began after a time and lasts; else None."""
    lamp = [change for change in changes if change.pin == STATUS]
    if not lamp or not lamp[-1].level or now_s - max(lamp[-1].at_s, after_s) < STEADY_S:
        return None
    return max(lamp[-1].at_s, after_s)


def all_off(changes: Sequence[Change], at_s: float) -> bool:
    """Return whether lamp, buzzer and status lamp were low at a time."""
    return not any(level_at(changes, pin, at_s) for pin in (LAMP, STATUS, BUZZER))

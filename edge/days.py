"""Days as people name them: `today`, `yesterday`, `7d` for seven days ago, or `2026-11-20`; local time."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

EXAMPLES = "today, yesterday, 7d for seven days ago, or a date such as 2026-11-20"

_FIRST_YEAR, _LAST_YEAR = 1970, 2999


def parse_day(text: str, today: date) -> date:
    """Return the day that a text names. Raises ValueError with a sentence."""
    if text in ("today", "yesterday"):
        return today - timedelta(days=text == "yesterday")
    try:
        if re.fullmatch(r"[0-9]{1,4}d", text):
            return today - timedelta(days=int(text[:-1]))
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return _on_a_clock(date.fromisoformat(text))
    except (ValueError, OverflowError) as exc:
        raise ValueError(f"there is no such day: {text}") from exc
    raise ValueError(f"must be {EXAMPLES}, got {text}")


def _on_a_clock(day: date) -> date:
    """Return the day. Raises ValueError for one that no clock shows, of which the seconds cannot be told."""
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ValueError(f"no year from {_FIRST_YEAR} to {_LAST_YEAR}")
    return day


def begin_of(day: date) -> float:
    """Return when a local day begins, in UTC seconds since 1970; it may have 23 or 25 hours."""
    return datetime.combine(day, time()).astimezone().timestamp()


def end_of(day: date) -> float:
    """Return when a local day ends and the next one begins, in UTC seconds since 1970."""
    return begin_of(day + timedelta(days=1))

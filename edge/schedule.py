"""When the alarm works, and when it must be quiet: spans of the local day, such as `mon-fri 07:00-19:00`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from edge.alarm import Silence
from edge.settings import Schedule

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def silence_at(moment: datetime, muted: bool, config: Schedule, clock_is_set: bool) -> Silence:
    """Return what keeps the alarm down at a moment of local time. No active span means: always active.

    A clock that is not set says nothing: the alarm is active then, and not quiet.
    """
    if not clock_is_set:
        return Silence(muted=muted)
    inactive = bool(config.active) and not _in_any(config.active, moment)
    return Silence(muted=muted, quiet=_in_any(config.quiet_hours, moment), inactive=inactive)


def needs_clock(config: Schedule) -> bool:
    """Return whether there is anything that depends on the time of day."""
    return bool(config.active or config.quiet_hours)


def _in_any(spans: Sequence[str], moment: datetime) -> bool:
    return any(contains(span, moment) for span in spans)


def contains(span: str, moment: datetime) -> bool:
    """Return whether a moment lies in a span. One that ends before it starts goes on into the next day.

    The end is not part of it; days are those on which the span starts, every day where none is named.
    """
    days, hours = span.split(" ") if " " in span else ("mon-sun", span)
    start_min, end_min = (_minutes(text) for text in hours.split("-"))
    now_min = moment.hour * 60 + moment.minute
    today, yesterday = _has_day(days, moment.weekday()), _has_day(days, (moment.weekday() - 1) % 7)
    if start_min < end_min:
        return today and start_min <= now_min < end_min
    return (today and now_min >= start_min) or (yesterday and now_min < end_min)


def _minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def _has_day(days: str, day: int) -> bool:
    first, _, last = days.partition("-")
    start, end = _DAYS.index(first), _DAYS.index(last or first)
    return start <= day <= end if start <= end else day >= start or day <= end

"""What happened today, from the journal: the last events, and visitors by the hour."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, Final

from edge.clock import follow_time_zone
from edge.days import begin_of, end_of
from edge.errors import DataError
from edge.journal_file import Entry, EntryKind, read_entries
from edge.report import add_up, describe_sums, list_hours, sort_into_hours

_KEEP_S: Final = 5.0
"""However many look: the journal is read at most this often."""

_MOST_EVENTS: Final = 20


class Today:
    """Reads the journal for whoever asks; safe to ask from several threads."""

    def __init__(self, path: Callable[[], Path], wall: Callable[[], float] = time.time) -> None:
        """Read nothing yet. `path` gives the journal's, `wall` UTC seconds since 1970."""
        self._path, self._wall = path, wall
        self._lock = Lock()
        self._read_s = 0.0
        self._said: dict[str, Any] = {}

    def ask(self) -> dict[str, Any]:
        """Return the day, fit for JSON: `sums`, `hours`, `events` (newest first), or `error`, why there is nothing."""
        now_s = self._wall()
        with self._lock:
            if not self._said or not 0 <= now_s - self._read_s < _KEEP_S:
                self._said, self._read_s = self._read(now_s), now_s
            return self._said

    def _read(self, now_s: float) -> dict[str, Any]:
        follow_time_zone()
        day = datetime.fromtimestamp(now_s).astimezone().date()
        begin_s, end_s = begin_of(day), end_of(day)
        try:
            entries = read_entries(self._path(), begin_s, end_s)
        except DataError as exc:
            return {"day": f"{day}", "error": str(exc), "sums": "", "hours": [], "events": []}
        return {
            "day": f"{day:%A}, {day.day} {day:%B %Y}",
            "error": None,
            "sums": describe_sums(entries),
            "hours": list_sums(entries, list_hours(begin_s, end_s)),
            "events": list_events(entries),
        }


def list_sums(entries: Sequence[Entry], edges_s: Sequence[float]) -> list[dict[str, Any]]:
    """Return visitors and alarms of each hour; `edges_s` are the hours' ends, the day's begin first."""
    return [_sum(at_s, hour) for at_s, hour in zip(edges_s, sort_into_hours(entries, edges_s), strict=False)]


def list_events(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return the last events, newest first; times are local."""
    events = [entry for entry in entries if entry.kind is not EntryKind.COUNTS][-_MOST_EVENTS:]
    return [
        {
            "time": f"{datetime.fromtimestamp(each.at_s).astimezone():%H:%M:%S}",
            "kind": each.kind.value,
            "detail": each.detail,
            "clock_set": each.clock_set,
        }
        for each in reversed(events)
    ]


def _sum(begin_s: float, entries: Sequence[Entry]) -> dict[str, Any]:
    sums = add_up(entries)
    hour = f"{datetime.fromtimestamp(begin_s).astimezone():%H:%M}"
    return {
        "hour": hour,
        "masked": sums.masked,
        "unmasked": sums.unmasked,
        "unsure": sums.unsure,
        "alarms": sums.alarms,
    }

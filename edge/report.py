"""What a chart of the journal shows: visitors by the hour, alarms, and when nobody was watching."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from edge.chart import Bar, Chart, Tick
from edge.days import begin_of, end_of
from edge.journal_file import Entry, EntryKind

_HOUR_S, _MINUTE_S = 3600.0, 60.0
_LABEL_EVERY_H = 3


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over entries: visitors by kind, and how often the alarm went on."""

    masked: int
    unmasked: int
    unsure: int
    alarms: int

    @property
    def people(self) -> int:
        """All visitors."""
        return self.masked + self.unmasked + self.unsure


def add_up(entries: Sequence[Entry]) -> Totals:
    """Return the sums over entries."""
    return Totals(
        masked=sum(each.masked for each in entries),
        unmasked=sum(each.unmasked for each in entries),
        unsure=sum(each.unsure for each in entries),
        alarms=sum(each.kind is EntryKind.ALARM_ON for each in entries),
    )


def plan_chart(entries: Sequence[Entry], first: date, last: date, now_s: float, before: Entry | None = None) -> Chart:
    """Return the chart of the days from `first` to `last`, both included.

    `entries` are those in that time, oldest first, `before` is the last one from before it.
    """
    begin_s, end_s = begin_of(first), end_of(last)
    edges_s = list_hours(begin_s, end_s)

    def place(at_s: float) -> float:
        return (at_s - begin_s) / (end_s - begin_s)

    one_day = first == last
    return Chart(
        title=_name_days(first, last),
        subtitle=describe_sums(entries),
        bars=tuple(_fill_bars(entries, edges_s)),
        alarms=tuple(place(each.at_s) for each in entries if each.kind is EntryKind.ALARM_ON),
        unwatched=tuple((place(a), place(b)) for a, b in find_unwatched(entries, begin_s, min(now_s, end_s), before)),
        ticks=tuple(_label_hours(edges_s, place) if one_day else _label_days(first, last, place)),
        x_label="time of day (local)" if one_day else "day (each bar is an hour)",
        y_label="people per hour",
    )


def describe_sums(entries: Sequence[Entry]) -> str:
    """Return the line below the title: visitors, how many of them wore a mask, alarms."""
    totals = add_up(entries)
    people = f"{totals.people:,} {'person' if totals.people == 1 else 'people'}"
    share = f" ({round(100 * totals.masked / totals.people)} %)" if totals.people else ""
    kinds = f"{totals.masked:,} with a mask{share}, {totals.unmasked:,} without, {totals.unsure:,} unsure"
    doubt = "" if all(each.clock_set for each in entries) else "   (some times uncertain: clock not set)"
    return f"{people}: {kinds}; {totals.alarms:,} {'alarm' if totals.alarms == 1 else 'alarms'}{doubt}"


def list_hours(begin_s: float, end_s: float) -> list[float]:
    """Return the edges of the hours from begin to end, both included."""
    return [begin_s + _HOUR_S * number for number in range(round((end_s - begin_s) / _HOUR_S) + 1)]


def sort_into_hours(entries: Sequence[Entry], edges_s: Sequence[float]) -> list[list[Entry]]:
    """Return the entries of each hour, whose edges are those of `list_hours`; one at the very end is in the last."""
    hours: list[list[Entry]] = [[] for _ in pairwise(edges_s)]
    for entry in entries:
        hours[min(bisect_right(edges_s, entry.at_s) - 1, len(hours) - 1)].append(entry)
    return hours


def find_unwatched(
    entries: Sequence[Entry], begin_s: float, end_s: float, before: Entry | None = None
) -> Iterator[tuple[float, float]]:
    """Yield spans in which the daemon was known not to run: from a stop to the next start, and before the first one.

    `before` is the last entry from before `begin_s`. Where a process was killed nobody knows since when.
    """
    never_ran = before is None and _begins_with_start(entries)
    stopped = before is not None and before.kind is EntryKind.STOP
    off_since_s = begin_s if never_ran or stopped else None
    for entry in entries:
        if entry.kind is EntryKind.STOP:
            off_since_s = entry.at_s
        elif off_since_s is not None:
            yield off_since_s, entry.at_s
            off_since_s = None
    if off_since_s is not None and off_since_s < end_s:
        yield off_since_s, end_s


def _begins_with_start(entries: Sequence[Entry]) -> bool:
    """Return whether nothing is from before the first start; counts of its minute carry the minute's beginning."""
    event = next((each for each in entries if each.kind is not EntryKind.COUNTS), None)
    return event is not None and event.kind is EntryKind.START and event.at_s - entries[0].at_s < _MINUTE_S


def _fill_bars(entries: Sequence[Entry], edges_s: Sequence[float]) -> Iterator[Bar]:
    for hour in sort_into_hours(entries, edges_s):
        totals = add_up(hour)
        yield Bar(totals.masked, totals.unmasked, totals.unsure)


def _label_hours(edges_s: Sequence[float], place: Callable[[float], float]) -> Iterator[Tick]:
    for at_s in edges_s:
        local = datetime.fromtimestamp(at_s).astimezone()
        if local.hour % _LABEL_EVERY_H == 0 and local.minute == 0:
            yield Tick(place(at_s), "24:00" if at_s == edges_s[-1] else f"{local:%H:%M}")


def _label_days(first: date, last: date, place: Callable[[float], float]) -> Iterator[Tick]:
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        middle_s = (begin_of(day) + end_of(day)) / 2
        yield Tick(place(middle_s), f"{day:%a} {day.day} {day:%b}", place(begin_of(day)) if number else None)


def _name_days(first: date, last: date) -> str:
    end = f"{last.day} {last:%B %Y}"
    if first == last:
        return f"{first:%A}, {end}"
    month = "" if (first.year, first.month) == (last.year, last.month) else f" {first:%B}"
    year = "" if first.year == last.year else f" {first.year}"
    return f"{first.day}{month}{year} to {end}"

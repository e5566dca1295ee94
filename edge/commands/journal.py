"""maskwatch journal: what happened at the door, as text or CSV."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from edge.commands import count_of, read_settings
from edge.days import EXAMPLES, begin_of, end_of, parse_day
from edge.errors import UsageError
from edge.journal_file import Entry, EntryKind, read_entries
from edge.report import Totals, add_up
from edge.status import to_text

COLUMNS = ("time_utc", "clock_set", "kind", "people", "masked", "unmasked", "unsure", "detail")

WORDS = {
    EntryKind.START: "started",
    EntryKind.STOP: "stopped",
    EntryKind.FAULT: "fault",
    EntryKind.ALARM_ON: "alarm on",
    EntryKind.ALARM_OFF: "alarm off",
    EntryKind.MUTE: "muted",
    EntryKind.UNMUTE: "unmuted",
    EntryKind.CONFIG: "settings",
    EntryKind.COUNTS: "people",
}

_MINUTE_S = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("--since", default="today", metavar="DAY", help=f"first day: {EXAMPLES} (default today)")
    parser.add_argument("--until", default="today", metavar="DAY", help="last day, all of it (default today)")
    parser.add_argument("--csv", action="store_true", help="print comma-separated values, times in UTC")


def run(options: argparse.Namespace) -> int:
    """Print the entries, oldest first, and what they add up to."""
    path = Path(read_settings(options).journal.path)
    since, until = (pick_day(getattr(options, name), f"--{name}") for name in ("since", "until"))
    if since > until:
        raise UsageError(f"--since {since} must not be later than --until {until}")
    entries = read_entries(path, begin_of(since), end_of(until))
    if options.csv:
        write_csv(entries)
    else:
        for entry in in_order(entries):
            print(describe(entry))
        print(describe_totals(add_up(entries)))
    return 0


def in_order(entries: Sequence[Entry]) -> list[Entry]:
    """Return entries by when all of each had happened: counts at the end of their minute, or at a stop within it."""
    stops = [entry.at_s for entry in entries if entry.kind is EntryKind.STOP]

    def ended(entry: Entry) -> float:
        if entry.kind is not EntryKind.COUNTS:
            return entry.at_s
        minute_s = entry.at_s + _MINUTE_S
        return min((at_s for at_s in stops if entry.at_s <= at_s < minute_s), default=minute_s)

    return sorted(entries, key=ended)


def pick_day(text: str, option: str) -> date:
    """Return the day that an option names. Raises UsageError."""
    try:
        return parse_day(text, datetime.now().astimezone().date())
    except ValueError as exc:
        raise UsageError(f"{option}: {exc}") from exc


def describe(entry: Entry) -> str:
    """Return an entry as a line for people, in local time; counts of a minute have no seconds."""
    counts = entry.kind is EntryKind.COUNTS
    when = f"{datetime.fromtimestamp(entry.at_s).astimezone():{'%Y-%m-%d %H:%M   ' if counts else '%Y-%m-%d %H:%M:%S'}}"
    detail = describe_counts(add_up([entry])) if counts else entry.detail
    doubt = "" if entry.clock_set else "  (clock not set)"
    return f"{when}  {WORDS[entry.kind]:10}{detail}{doubt}".rstrip()


def describe_counts(totals: Totals) -> str:
    """Return `3: 2 masked, 1 unmasked`: those that are not zero."""
    kinds = [(totals.masked, "masked"), (totals.unmasked, "unmasked"), (totals.unsure, "unsure")]
    return f"{totals.people}: {', '.join(f'{count} {kind}' for count, kind in kinds if count)}"


def describe_totals(totals: Totals) -> str:
    """Return the last line: what everything adds up to."""
    alarms = count_of(totals.alarms, "alarm")
    return f"people {describe_counts(totals)}; {alarms}" if totals.people else f"nobody came; {alarms}"


def write_csv(entries: Sequence[Entry]) -> None:
    """Print entries as comma-separated values with a header (RFC 4180)."""
    writer = csv.writer(sys.stdout)
    writer.writerow(COLUMNS)
    for each in entries:
        people = each.masked + each.unmasked + each.unsure
        counts = (people, each.masked, each.unmasked, each.unsure)
        writer.writerow((to_text(each.at_s), int(each.clock_set), each.kind.value, *counts, each.detail))

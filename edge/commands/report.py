"""maskwatch report: a chart of a day or a week as a picture."""

from __future__ import annotations

import argparse
import time
from datetime import timedelta
from pathlib import Path

from edge.chart import draw_chart
from edge.commands import read_settings, write_picture
from edge.commands.journal import pick_day
from edge.days import EXAMPLES, begin_of, end_of
from edge.errors import UsageError
from edge.journal_file import read_entries, read_last_before
from edge.report import describe_sums, plan_chart

_WEEK_DAYS = 7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("--day", default="today", metavar="DAY", help=f"which one: {EXAMPLES} (default today)")
    parser.add_argument("--week", action="store_true", help="the seven days that end with that day")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: maskwatch-DAY.png, here")


def run(options: argparse.Namespace) -> int:
    """Draw the chart and say what is on it."""
    path = Path(read_settings(options).journal.path)
    last, today = pick_day(options.day, "--day"), pick_day("today", "--day")
    if last > today:
        raise UsageError(f"--day {last} must not be later than today, {today}")
    first = last - timedelta(days=_WEEK_DAYS - 1 if options.week else 0)
    entries = read_entries(path, begin_of(first), end_of(last))
    output = options.output or Path(f"maskwatch-{first}-to-{last}.png" if options.week else f"maskwatch-{last}.png")
    before = read_last_before(path, begin_of(first))
    write_picture(output, draw_chart(plan_chart(entries, first, last, time.time(), before)))
    print(f"{output}: {describe_sums(entries)}")
    return 0

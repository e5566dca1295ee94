"""maskwatch video: a video or GIF through detector, classifier, tracker and alarm."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, closing
from math import inf
from pathlib import Path
from typing import Never

from tqdm import tqdm

from edge.alarm import Silence
from edge.clip import ClipWriter, annotate_turn
from edge.commands import ROOT, count_of, read_settings
from edge.contract import result_line
from edge.errors import UsageError
from edge.looker import open_looker
from edge.pipeline import Turn, frames_per_look, watch
from edge.records import AlarmState, Person, VerdictKind
from edge.settings import Settings
from edge.sources.files import VideoFile
from edge.visits import Visits, count_visits


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a video or GIF")
    parser.add_argument("--json", action="store_true", help="print one JSON line a frame")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="annotated clip (default: annotated/NAME.mp4, with --json none)"
    )


def run(options: argparse.Namespace) -> int:
    """Run the clip through the whole way, as the daemon would, and say when the alarm went on and off."""
    settings = read_settings(options)
    if options.output and options.output.resolve() == options.file.resolve():
        raise UsageError(f"--output {options.output}: is the clip itself; choose another name")
    output = options.output or (None if options.json else Path("annotated") / f"{options.file.stem}.mp4")
    with ExitStack() as opened:
        looker = opened.enter_context(closing(open_looker(settings, ROOT)))
        source = opened.enter_context(closing(VideoFile(options.file)))
        step = frames_per_look(settings.detector.every_n_frames, source.fps)
        total = source.frame_count and source.frame_count // step
        bar = opened.enter_context(tqdm(total=total, unit="frame", disable=None))
        writer = opened.enter_context(closing(ClipWriter(output, source.fps / step))) if output else None
        report = _Report(options.json, bar, writer, settings)
        frames = watch(source, looker, (), settings, lambda: False, Silence, report.add)
    if not options.json:
        print(
            f"{options.file}: {count_of(frames, 'frame')}, {report.tell_people()}, {count_of(report.alarms, 'alarm')}"
            + (f" -> {output}" if output else "")
        )
    return 0


class _Report:
    """Prints, draws and counts what each frame gave."""

    def __init__(self, as_json: bool, bar: tqdm[Never], writer: ClipWriter | None, settings: Settings) -> None:
        self._as_json, self._bar, self._writer, self._settings = as_json, bar, writer, settings
        self._alarm = AlarmState.CLEAR
        self._lit = False
        self._visits, self._kinds = Visits(), Counter[VerdictKind]()
        self.alarms = 0

    def add(self, turn: Turn) -> None:
        self._bar.update()
        if self._as_json:
            print(result_line(turn.frame, turn.verdicts, turn.decision.alarm), flush=True)
        elif turn.decision.alarm is not self._alarm:
            tqdm.write(f"{turn.frame.captured_s:8.2f} s  {turn.decision.alarm}")
        self.alarms += turn.decision.lamp and not self._lit
        self._alarm, self._lit = turn.decision.alarm, turn.decision.lamp
        self._count(turn.people, turn.at_door, turn.frame.captured_s)
        if self._writer:
            self._writer.write(annotate_turn(turn, self._settings.zone.polygon))

    def tell_people(self) -> str:
        """Return how many people stood at the door, as the journal counts them; for the end of the clip."""
        self._count((), (), inf)
        kinds = ", ".join(f"{self._kinds[kind]} {kind}" for kind in VerdictKind if self._kinds[kind])
        return count_of(self._kinds.total(), "person", "people") + (f" ({kinds})" if kinds else "")

    def _count(self, people: Sequence[Person], at_door: Sequence[Person], now_s: float) -> None:
        window_s = self._settings.tracking.window_s
        self._visits, kinds = count_visits(self._visits, people, at_door, now_s, window_s)
        self._kinds.update(kinds)

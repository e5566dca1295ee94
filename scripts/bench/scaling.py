"""What a frame costs in the daemon's loop against faces, picture size and frame rate.

    .venv/bin/python scripts/bench/scaling.py [--frames 150] [--blocks 4] [--cpu-time]

Pictures in memory, people who sway and are decided, drawing off, one core. The cases take turns, block by block, so
that their ratios hold on a busy machine. The mean has the looks in it that most frames do not need. `--cpu-time` counts
the loop's processor time.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from in_memory import STEP_S, Picture, daemon_settings, door_picture, face_crowd, sway, watch

from edge.pipeline import Turn
from edge.settings import Settings

_WARM = 40
"""Frames until everybody is decided."""

FACES = (0, 1, 2, 5, 10, 20)
SIZES = {"VGA": (640, 480), "720p": (1280, 720), "1080p": (1920, 1080), "4K": (3840, 2160)}
RATES_FPS = (2.0, 5.0, 15.0, 30.0)


@dataclass(frozen=True, eq=False)
class Case:
    """Something to watch; the first of a group is what its others are compared with."""

    group: str
    name: str
    pictures: Sequence[Picture]
    step_s: float = STEP_S


def list_cases() -> list[Case]:
    """Return all cases, group by group."""
    crowd = [Case("faces", str(n), sway(face_crowd(n), 16, 0.02)) for n in (1, *(n for n in FACES if n != 1))]
    sizes = [Case("size", name, sway(door_picture(None, *size), 6, 0.02)) for name, size in SIZES.items()]
    door = sway(door_picture(None), 16, 0.02)
    rates = [Case("frames a second", f"{fps:g}", door, 1 / fps) for fps in RATES_FPS]
    return [*crowd, *sizes, *rates]


def measure(case: Case, count: int, settings: Settings, clock: Callable[[], int]) -> tuple[list[float], int]:
    """Return the milliseconds of each frame after the first ones, and how many people were in the last one."""
    marks: list[int] = []
    people = [0]

    def mark(turn: Turn) -> None:
        marks.append(clock())
        people[0] = len(turn.people)

    watch(case.pictures, count + _WARM, settings, mark, case.step_s)
    pairs = zip(marks[_WARM:], marks[_WARM + 1 :], strict=False)
    return [(after - before) / 1e6 for before, after in pairs], people[0]


def main() -> None:
    """Print one line a case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=150, help="in a block")
    parser.add_argument("--blocks", type=int, default=4)
    parser.add_argument("--cpu-time", action="store_true")
    options = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    clock = time.thread_time_ns if options.cpu_time else time.perf_counter_ns
    cases = list_cases()
    times_ms: dict[Case, list[float]] = {}
    found: dict[Case, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        settings = daemon_settings(Path(folder))
        for case in cases * options.blocks:
            block, found[case] = measure(case, options.frames, settings, clock)
            times_ms.setdefault(case, []).extend(block)
    report(cases, times_ms, found)


def report(cases: Sequence[Case], times_ms: dict[Case, list[float]], found: dict[Case, int]) -> None:
    """Print the Markdown table."""
    print("| | people found | median ms | × first | + ms | mean ms | × first |\n|---|---|---|---|---|---|---|")
    first: dict[str, tuple[float, float]] = {}
    for case in cases:
        median_ms, mean_ms = statistics.median(times_ms[case]), statistics.fmean(times_ms[case])
        base_ms, base_mean_ms = first.setdefault(case.group, (median_ms, mean_ms))
        cells = (f"{median_ms:.2f}", f"{median_ms / base_ms:.2f}", f"{median_ms - base_ms:+.2f}")
        cells += (f"{mean_ms:.2f}", f"{mean_ms / base_mean_ms:.2f}")
        print(f"| {case.group}: {case.name} | {found[case]} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()

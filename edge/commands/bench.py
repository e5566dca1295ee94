"""maskwatch bench: what each stage of a frame takes on this device, and whether the heat slows it down."""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from math import inf
from pathlib import Path

from edge.benchmark import Bench, Summary, Times, summarize
from edge.commands import ROOT, read_settings
from edge.errors import UsageError
from edge.foreign_kinds import FOREIGN
from edge.manifest import CLASSIFIER_KIND, DETECTOR_KIND
from edge.runtime.edgetpu import open_models
from edge.sensors import has_low_voltage, read_celsius, read_fact

_SYS = Path("/sys")
_LOOK_EVERY_S = 1.0
_SLOWED_FRAC = 0.1
"""Frames that take so much longer at the end than at the beginning are called slowed; less is chance."""

STAGES = {
    "find_s": "picture to detector, boxes back",
    "detector_s": "detector model",
    "judge_s": "face to classifier, scores back",
    "classifier_s": "classifier model",
    "follow_s": "tracking, votes, alarm",
}


@dataclass(frozen=True, slots=True)
class Heat:
    """What the thermometers showed at the beginning and at most, None without one; whether the supply was weak."""

    first_c: float | None
    most_c: float | None
    low_voltage: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("--seconds", type=float, default=120.0, metavar="S", help="how long (default: 120)")


def run(options: argparse.Namespace) -> int:
    """Run drawn frames through the models as fast as they go; print the stages and a row for docs/boards.md."""
    if not 0 < options.seconds < inf:
        raise UsageError(f"--seconds: must be more than 0, got {options.seconds:g}; two minutes show the heat")
    settings = read_settings(options)
    if settings.detector.backend in FOREIGN:
        raise UsageError(
            f"bench times Maskwatch's own detector, and detector.backend is {settings.detector.backend}; "
            "give it, with --config, a file that says tflite"
        )
    wanted = ((ROOT / settings.detector.model, DETECTOR_KIND), (ROOT / settings.classifier.model, CLASSIFIER_KIND))
    with closing(open_models(wanted, settings.accelerator)) as models:
        detector, classifier = models.models
        bench = Bench((detector, classifier), settings)
        bench.warm_up()
        times, heat = measure(bench, options.seconds)
    summary = summarize(times)
    size = f"{settings.camera.width_px}×{settings.camera.height_px}"
    print("\n".join(describe(summary, heat, size)))
    print(f"\nFor docs/boards.md:\n{row(summary, heat, size)}")
    return 0


def measure(bench: Bench, seconds: float) -> tuple[list[Times], Heat]:
    """Return what each frame took until `seconds` were over, and the heat meanwhile; at least one frame."""
    times: list[Times] = []
    celsius, low_voltage = [read_celsius(_SYS)], False
    end_s = time.monotonic() + seconds
    look_s = 0.0
    while (now_s := time.monotonic()) < end_s or not times:
        taken = bench.run_frame()
        if taken is not None:
            times.append(taken)
        if now_s >= look_s:
            look_s = now_s + _LOOK_EVERY_S
            celsius.append(read_celsius(_SYS))
            low_voltage |= bool(has_low_voltage(_SYS))
    known = [each for each in celsius if each is not None]
    return times, Heat(celsius[0], max(known, default=None), low_voltage)


def describe(summary: Summary, heat: Heat, size: str) -> Iterator[str]:
    """Yield the lines for a reader."""
    for name, stage in STAGES.items():
        yield f"{stage:34} {1000 * getattr(summary.stages, name):8.2f} ms"
    yield f"{'a whole frame, median':34} {1000 * summary.stages.whole_s:8.2f} ms"
    yield f"{'a whole frame, 95 of 100':34} {1000 * summary.p95_s:8.2f} ms"
    yield f"{summary.fps:.1f} frames a second, {summary.frames} frames of {size} with one face"
    yield _describe_heat(heat)
    slowed = summary.slowed_frac >= _SLOWED_FRAC
    yield f"slowed down by {summary.slowed_frac:.0%} from beginning to end" if slowed else "did not slow down"
    if heat.low_voltage:
        yield "the supply voltage was too low: use the board's own power supply and measure again"


def _describe_heat(heat: Heat) -> str:
    if heat.first_c is None or heat.most_c is None:
        return "no thermometer here"
    return f"{heat.first_c:.0f} °C at the beginning, {heat.most_c:.0f} °C at most"


def row(summary: Summary, heat: Heat, size: str) -> str:
    """Return a row for the table in docs/boards.md."""
    stages = summary.stages
    heat_text = "–" if heat.first_c is None else f"{heat.first_c:.0f} → {heat.most_c:.0f}"
    cells = (
        name_board(),
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, {_name_runtime()}",
        size,
        f"{1000 * stages.detector_s:.1f}",
        f"{1000 * stages.classifier_s:.1f}",
        f"{1000 * stages.whole_s:.1f} / {1000 * summary.p95_s:.1f}",
        f"{summary.fps:.0f}",
        heat_text,
        f"{summary.slowed_frac:+z.0%}",
        f"{datetime.now(UTC):%Y-%m-%d}",
    )
    return f"| {' | '.join(cells)} |"


def name_board(root: Path = Path("/")) -> str:
    """Return what the firmware calls the board, or the kernel its processor."""
    model = read_fact(root / "proc/device-tree/model").strip("\0")
    if model:
        return model
    lines = read_fact(root / "proc/cpuinfo").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {os.cpu_count()} cores" if names else platform.machine()


def _name_runtime() -> str:
    for package in ("ai-edge-litert", "tflite-runtime"):
        try:
            return f"{package} {metadata.version(package)}"
        except metadata.PackageNotFoundError:
            continue
    return "no runtime"

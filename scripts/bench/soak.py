"""Days of a door in an hour: a million frames through the daemon, and whether anything grows.

    .venv/bin/python scripts/bench/soak.py [--frames 1000000] [--every 10000] [--output soak.csv]

Everything is real but the models' arithmetic and the pins: stand-ins answer at once, with people who come and go, some
of them without a mask. Pins that are not there keep no history, and the kernel is asked not to join pages. Memory,
descriptors and threads are read from the kernel every so many frames. The slope is that of a straight line through the
second half, with its standard error; 0 within two of these is no growth.
"""

from __future__ import annotations

import argparse
import csv
import ctypes
import logging
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gpiozero.pins.mock import MockPin
from in_memory import ROOT, daemon_settings, door_picture, watch
from numpy.typing import NDArray

import edge.looker
from edge.decode import STRIDES
from edge.manifest import Manifest, read_model
from edge.pipeline import Turn
from edge.runtime.edgetpu import OpenModels

VISIT_FRAMES, GAP_FRAMES = 60, 40
"""A visitor every ten seconds, there for six of them."""

_MB = 1024.0
_PR_SET_THP_DISABLE = 41
"""Of linux/prctl.h."""


class StandInDetector:
    """Finds a visitor who walks through the picture, then nobody for a while."""

    def __init__(self, manifest: Manifest) -> None:
        """Answer in the form that the manifest of the real model promises."""
        self.manifest, self.frames = manifest, 0
        width, height = manifest.input_size
        self._cells = {stride: (height // stride, width // stride) for stride in STRIDES}

    def invoke(self, rgb: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """Return the outputs by name; see `Model`."""
        outputs: dict[str, NDArray[np.float32]] = {}
        for stride, cells in self._cells.items():
            outputs[f"score_{stride}"] = np.full((*cells, 1), -9, np.float32)
            outputs[f"distance_{stride}"] = np.full((*cells, 4), 2, np.float32)
        step = self.frames % (VISIT_FRAMES + GAP_FRAMES)
        if step < VISIT_FRAMES:
            rows, columns = self._cells[16]
            outputs["score_16"][rows // 2, 2 + step * (columns - 4) // VISIT_FRAMES] = 3
        self.frames += 1
        return outputs


class StandInClassifier:
    """Says of every other visitor that the mask is missing."""

    def __init__(self, manifest: Manifest, detector: StandInDetector) -> None:
        """Go by the visitors of `detector`."""
        self.manifest, self._detector = manifest, detector

    def invoke(self, rgb: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """Return the outputs by name; see `Model`."""
        visitor = self._detector.frames // (VISIT_FRAMES + GAP_FRAMES)
        scores = np.full(len(self.manifest.labels), 0.02, np.float32)
        scores[visitor % 2] = 0.94
        return {"scores": scores}


def open_stand_ins(wanted: Iterable[tuple[Path, str]], *rest: Any, **options: Any) -> OpenModels:
    """Return stand-ins with the manifests of the models that are wanted; see `open_models`."""
    detector_manifest, classifier_manifest = (read_model(path, kind)[1] for path, kind in wanted)
    detector = StandInDetector(detector_manifest)
    return OpenModels((detector, StandInClassifier(classifier_manifest, detector)))


def keep_pages_small() -> None:
    """Ask the kernel not to join pages: memory that nobody asked for, up to 2 MB at a time, would look like growth."""
    if ctypes.CDLL(None).prctl(_PR_SET_THP_DISABLE, 1, 0, 0, 0):
        sys.exit("the kernel goes on joining pages (prctl failed): what grows could not be told")


def forget_pin_changes() -> None:
    """Let pins that are not there forget what they were: for tests they keep every change, which no real pin does."""
    MockPin.states = property(lambda pin: deque(maxlen=1), lambda pin, states: None)


def read_use() -> tuple[float, int, int]:
    """Return what this process has: resident memory in MB, open descriptors, threads."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    fields = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
    return int(fields["VmRSS"][0]) / _MB, len(list(Path("/proc/self/fd").iterdir())), int(fields["Threads"][0])


def fit_slope(frames: Sequence[int], values: Sequence[float]) -> tuple[float, float]:
    """Return the slope of the least-squares line in units a million frames, and its standard error."""
    x, y = np.array(frames, float) / 1e6, np.array(values, float)
    x_off, y_off = x - x.mean(), y - y.mean()
    slope = float((x_off * y_off).sum() / (x_off**2).sum())
    left = y_off - slope * x_off
    error = float(np.sqrt((left**2).sum() / max(1, len(x) - 2) / (x_off**2).sum()))
    return slope, error


def main() -> None:
    """Run, write a line to the output every so often, and print the slopes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--every", type=int, default=10_000)
    parser.add_argument("--output", type=Path, default=ROOT / "out" / "soak.csv")
    options = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    edge.looker.open_models = open_stand_ins
    forget_pin_changes()
    keep_pages_small()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[int, float, int, int]] = []
    alarms = [0]
    with options.output.open("w", newline="", encoding="ascii") as file, tempfile.TemporaryDirectory() as folder:
        writer = csv.writer(file)
        writer.writerow(("frames", "rss_mb", "descriptors", "threads", "seconds"))
        began_s = time.monotonic()

        def note(turn: Turn) -> None:
            done = turn.frame.frame_index + 1
            alarms[0] += turn.decision.lamp
            if done % options.every == 0:
                rows.append((done, *read_use()))
                writer.writerow((*rows[-1], round(time.monotonic() - began_s)))
                file.flush()

        watch([door_picture(None)], options.frames, daemon_settings(Path(folder)), note)
    if not alarms[0]:
        sys.exit("the stand-ins raised no alarm: this was no door")
    report(rows)


def report(rows: Sequence[tuple[int, float, int, int]]) -> None:
    """Print what was there at the beginning and at the end, and the slopes of the second half."""
    half = rows[len(rows) // 2 :]
    frames = [row[0] for row in half]
    for column, name in ((1, "resident memory, MB"), (2, "descriptors"), (3, "threads")):
        slope, error = fit_slope(frames, [float(row[column]) for row in half])
        ends = f"{rows[0][column]:.1f} after {rows[0][0]:,} frames, {rows[-1][column]:.1f} after {rows[-1][0]:,}"
        print(f"{name}: {ends}; {slope:+.3f} ± {error:.3f} a million frames over the second half")


if __name__ == "__main__":
    main()

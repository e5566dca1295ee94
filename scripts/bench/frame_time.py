"""One 640×480 picture with one face, on one core: Maskwatch's whole path beside the tutorial's, in one run.

    .venv/bin/python scripts/bench/frame_time.py --data ../shared/data [--picture FILE] [--rounds 30]

Both look at the same picture in memory, turn and turn about. Needs the development environment (TensorFlow for the
tutorial) and the data folder with its networks. Without --picture it is scikit-image's portrait on a plain wall.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts" / "demo"), str(ROOT / "scripts" / "peers")]


def main() -> None:
    """Print one line a system and the ratio of their medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    core = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    systems = {"maskwatch": _ours(options.picture), "tutorial": _tutorial(options.data, options.picture)}
    times_ms = measure(systems, options.rounds)
    print(f"{platform.machine()}, core {core}, {options.rounds} rounds, Python {platform.python_version()}")
    for name, values in times_ms.items():
        p95_ms = statistics.quantiles(values, n=20)[-1]
        print(f"{name:10} median {statistics.median(values):8.2f} ms   p95 {p95_ms:8.2f} ms")
    medians = [statistics.median(values) for values in times_ms.values()]
    print(f"tutorial / maskwatch = {medians[1] / medians[0]:.1f}")


def measure(systems: dict[str, Callable[[], int]], rounds: int) -> dict[str, list[float]]:
    """Return milliseconds of each round of each system; every look must find exactly one face."""
    times_ms: dict[str, list[float]] = {name: [] for name in systems}
    for index in range(rounds + 3):
        for name, look in systems.items():
            started_s = time.perf_counter()
            faces = look()
            if faces != 1:
                sys.exit(f"{name} found {faces} faces; give a picture with one face that both find")
            if index >= 3:  # warm
                times_ms[name].append((time.perf_counter() - started_s) * 1000)
    return times_ms


def _picture(path: Path | None) -> NDArray[np.uint8]:
    from make_clip import fetch_portrait

    bgr = cv2.imread(str(path or fetch_portrait(ROOT / ".cache" / "astronaut.png")))
    scale = min(640 / bgr.shape[1], 480 / bgr.shape[0])
    bgr = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    pad = (480 - bgr.shape[0], 640 - bgr.shape[1])
    return cv2.copyMakeBorder(
        bgr, 0, pad[0], pad[1] // 2, pad[1] - pad[1] // 2, cv2.BORDER_CONSTANT, value=(90, 90, 90)
    )


def _ours(path: Path | None) -> Callable[[], int]:
    from edge.looker import open_looker
    from edge.records import Frame
    from edge.settings import Settings

    looker, frame = open_looker(Settings(), ROOT), Frame(0, 0.0, _picture(path))
    return lambda: len(looker.look(frame))


def _tutorial(data: Path, path: Path | None) -> Callable[[], int]:
    from tutorial import Tutorial

    tutorial, picture = Tutorial(data), _picture(path)
    return lambda: len(tutorial.look(picture))


if __name__ == "__main__":
    main()

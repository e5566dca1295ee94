"""How many processor instructions a frame takes: a figure that a busy machine does not change, to notice relapses by.

    .venv/bin/python scripts/bench/instructions.py [--frames 40] [--save scripts/bench/instructions.json | --check FILE]

valgrind's callgrind counts the instructions of this program for few and for many frames; the difference is the frames'
own. Three parts: the whole way of a 640×480 frame with one face through the daemon loop (both models run), the same
without the models' arithmetic, and the picture's way into the detector. `--check` fails when one of them has grown by
more than 5 %. Counts depend on processor and versions, so compare only those of one machine. Takes some minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts" / "bench")]

MOST_GROWTH = 0.05
_FEW = 10
_TOTAL = re.compile(r"Collected : (\d+)")


def main() -> int:
    """Print millions of instructions a frame; return 1 when a check fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--parts", nargs="+", choices=tuple(PARTS), default=list(PARTS), metavar="PART")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write what was counted")
    parser.add_argument("--check", type=Path, metavar="FILE", help="compare with what --save wrote")
    parser.add_argument("--inside", nargs=2, metavar=("PART", "FRAMES"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        PARTS[options.inside[0]](int(options.inside[1]))
        return 0
    if not shutil.which("valgrind"):
        sys.exit("instructions: valgrind is not installed; apt install valgrind")
    counts = {part: count(part, options.frames) for part in options.parts}
    for part, millions in counts.items():
        print(f"{part:12} {millions:8.2f} million instructions a frame", flush=True)
    if options.save:
        options.save.write_text(json.dumps(counts, indent=1) + "\n", encoding="utf-8")
    return compare(counts, json.loads(options.check.read_text(encoding="utf-8"))) if options.check else 0


def compare(counts: dict[str, float], before: dict[str, float]) -> int:
    """Say what has grown since; return 1 when one has by too much."""
    grown = {part: counts[part] / before[part] - 1 for part in counts if part in before}
    for part, growth in grown.items():
        print(f"{part:12} {growth:+.1%}{'  too much' if growth > MOST_GROWTH else ''}")
    return int(any(growth > MOST_GROWTH for growth in grown.values()))


def count(part: str, frames: int) -> float:
    """Return the millions of instructions that one frame takes."""
    few, many = (_count_all(part, number) for number in (_FEW, _FEW + frames))
    return round((many - few) / frames / 1e6, 3)


def _count_all(part: str, frames: int) -> int:
    """Return the instructions of a whole process; hash seeds and threads are held still."""
    environment = {**os.environ, "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out"]
        command = [*tool, sys.executable, __file__, "--inside", part, str(frames)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    found = _TOTAL.search(done.stderr)
    if done.returncode or not found:
        sys.exit(f"instructions: callgrind failed on {part}:\n{done.stderr[-2000:]}")
    return int(found[1])


def _watch(frames: int) -> None:
    from in_memory import daemon_settings, door_picture, every_frame_judged, sway, watch

    with tempfile.TemporaryDirectory() as folder:
        settings = every_frame_judged(daemon_settings(Path(folder)))
        watch(sway(door_picture(None), 16), frames, settings, lambda turn: None)


def _watch_stand_ins(frames: int) -> None:
    import soak

    import edge.looker

    edge.looker.open_models = soak.open_stand_ins
    _watch(frames)


def _prepare(frames: int) -> None:
    import cv2
    from in_memory import door_picture

    from edge.preprocess import detector_input

    cv2.setNumThreads(1)
    picture = door_picture(None)
    for _ in range(frames):
        detector_input(picture, 480, 320)


PARTS: dict[str, Callable[[int], None]] = {"frame": _watch, "own code": _watch_stand_ins, "picture": _prepare}
"""What is counted: a frame in the daemon loop, the same with stand-in models, the picture's way into the detector."""


if __name__ == "__main__":
    sys.exit(main())

r"""All systems side by side: how fast, how large, how right. One command, one table.

    .venv/bin/python scripts/bench/compare.py --boxes ../shared/data/detection/adityap27/annotations.csv \
        [--data ../shared/data] [--limit 400] [--rounds 200] [--picture FILE] [--output out/compare]

Each system runs in a process of its own, first on one core, then on all of them. Speed is that of one 640×480 picture
with one face, in memory; the processes take turns, ten looks each, so that all of them suffer alike from whatever else
the machine does. Right is the mean F1 of `python -m train evaluate` over the annotated pictures, by the same processes.
A system whose files are missing is left out with the reason. OUTPUT gets table.md, results.json and plot.png.
Needs the development environment.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
from in_memory import ROOT, door_picture
from systems import BLOCK, INT8_224, SYSTEMS, System

from edge.errors import DataError, MaskwatchError, UsageError
from train import scoring
from train.annotations import AnnotatedPicture
from train.predictions import read_predictions
from train.sources import add_boxes_arguments, read_sources

MIN_SIDE_FRAC = 0.06
"""Faces from this part of the picture's long side on count: what the alarm counts by default."""

_WARM_BLOCKS = 2


@dataclass
class Result:
    """What was measured of a system on some cores. Times are milliseconds for one look."""

    name: str
    cores: int
    start_s: float
    door_faces: int
    model_bytes: int
    door_ms: list[float] = field(default_factory=list)
    cpu_s: float = 0.0
    pictures_ms: list[float] = field(default_factory=list)
    rss_mb: float = 0.0
    f1: float | None = None


class Running:
    """A system in a process of its own."""

    def __init__(self, name: str, words: Sequence[str]) -> None:
        """Start it, and wait until it has looked at its first picture."""
        began_s = time.monotonic()
        command = [sys.executable, str(ROOT / "scripts" / "bench" / "systems.py"), name, *words]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.name = name
        self.faces: int = self._read()["faces"]
        self.start_s = time.monotonic() - began_s

    def ask(self, question: str) -> dict[str, Any]:
        """Return the answer to "door", "pictures" or "end"."""
        assert self.process.stdin
        print(question, file=self.process.stdin, flush=True)
        return self._read()

    def close(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.communicate()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise DataError(
                f"{self.name}: ended with exit code {self.process.wait()}; run scripts/bench/systems.py alone"
            )
        answer: dict[str, Any] = json.loads(line)
        return answer


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table and return the exit code."""
    from compare_report import draw, write_table

    options = build_parser().parse_args(arguments)
    try:
        pictures = _read_pictures(options)
        results, skipped = compare(options, pictures)
    except MaskwatchError as exc:
        print(f"compare: {exc}", file=sys.stderr)
        return exc.exit_code
    options.output.mkdir(parents=True, exist_ok=True)
    content = [vars(result) for result in results]
    (options.output / "results.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
    text = write_table(results, skipped, len(pictures), MIN_SIDE_FRAC)
    (options.output / "table.md").write_text(text, encoding="utf-8")
    draw([result for result in results if result.cores == 1], options.output / "plot.png")
    print(text)
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_boxes_arguments(parser, required=True)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="holds peers/, teachers/ …")
    parser.add_argument("--limit", type=int, default=400, help="annotated pictures at most, drawn evenly (400)")
    parser.add_argument("--rounds", type=int, default=200, help="looks at the door picture (200)")
    parser.add_argument("--picture", type=Path, help="the door picture, with one face that all of them find")
    parser.add_argument("--systems", nargs="+", choices=tuple(SYSTEMS), default=list(SYSTEMS), metavar="NAME")
    parser.add_argument("--output", type=Path, default=ROOT / "out" / "compare")
    return parser


def _read_pictures(options: argparse.Namespace) -> list[AnnotatedPicture]:
    if options.limit < 1 or options.rounds < 1:
        raise UsageError("--limit and --rounds must be 1 or more")
    sources = read_sources(options.boxes, None, ROOT / "out" / "compare" / "boxes", options.rename)
    pictures = [picture for source in sources.values() for picture in source]
    if not pictures:
        raise UsageError("no annotated picture there; give --boxes a CSV file of `python -m train annotate`")
    step = -(-len(pictures) // options.limit)
    return pictures[::step]


def compare(options: argparse.Namespace, pictures: Sequence[AnnotatedPicture]) -> tuple[list[Result], dict[str, str]]:
    """Return what was measured, and of each system that is left out the reason."""
    if "yunet320_224" in options.systems:
        make_int8_224(options.data, pictures)
    missing = {name: _find_missing(SYSTEMS[name], options.data) for name in options.systems}
    skipped = {name: reason for name, reason in missing.items() if reason}
    names = [name for name in options.systems if name not in skipped]
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        words = _write_inputs(Path(folder), options, pictures)
        results = list(_run(names, [*words, "--core", str(cores[-1])], 1, options, pictures))
        if len(cores) > 1:
            results += _run(names, words, len(cores), options, pictures)
    return results, skipped


def _find_missing(system: System, data: Path) -> str:
    lost = [path for path in system.models(data) if not path.is_file()]
    return f"{lost[0]} is missing" if lost else ""


def _write_inputs(folder: Path, options: argparse.Namespace, pictures: Sequence[AnnotatedPicture]) -> list[str]:
    names, door = folder / "pictures.txt", folder / "door.png"
    names.write_text("\n".join(str(picture.path) for picture in pictures), encoding="utf-8")
    cv2.imwrite(str(door), door_picture(options.picture))
    return [str(options.data), str(names), str(door)]


def _run(
    names: Sequence[str], words: Sequence[str], cores: int, options: argparse.Namespace,
    pictures: Sequence[AnnotatedPicture],
) -> Iterator[Result]:  # fmt: skip
    """Yield the result of each system, after all of them have taken turns."""
    with contextlib.ExitStack() as opened:
        running = [opened.enter_context(contextlib.closing(Running(name, words))) for name in names]
        results = {each.name: _begin(each, cores, options.data) for each in running}
        for block in range(_WARM_BLOCKS + -(-options.rounds // BLOCK)):
            for each in running:
                answer = each.ask("door")
                if block >= _WARM_BLOCKS:
                    results[each.name].door_ms += answer["times_ms"]
                    results[each.name].cpu_s += answer["cpu_s"]
        for each in running:
            _score(each, results[each.name], pictures)
            yield results[each.name]


def _begin(running: Running, cores: int, data: Path) -> Result:
    size = sum(path.stat().st_size for path in SYSTEMS[running.name].models(data))
    return Result(running.name, cores, running.start_s, running.faces, size)


def _score(running: Running, result: Result, pictures: Sequence[AnnotatedPicture]) -> None:
    answer = running.ask("pictures")
    result.pictures_ms = answer["times_ms"]
    result.f1 = score_lines(answer["lines"].splitlines(), pictures)
    result.rss_mb = running.ask("end")["rss_mb"]


def score_lines(lines: Sequence[str], pictures: Sequence[AnnotatedPicture]) -> float:
    """Return the mean F1, 0..1, of lines that say in this order what is in each of the pictures."""
    found = [faces for line in lines for faces in read_predictions(line).values()]
    return scoring.mean_f1(scoring.tally(pictures, found, MIN_SIDE_FRAC))


def make_int8_224(data: Path, pictures: Sequence[AnnotatedPicture], samples: int = 100) -> None:
    """Make the tutorial's classifier int8 once, with the ranges of faces of these pictures, which is kind to it."""
    path = ROOT / INT8_224
    needed = [data / name for name in SYSTEMS["tutorial"].data[2:]]
    if path.is_file() or not all(each.is_file() for each in needed):
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from classifiers import build_tutorial, crop_face

    from convert.quantize import quantize
    from edge.sources.files import read_picture

    chosen = [picture for picture in pictures if picture.faces][:samples]
    crops = [crop_face(read_picture(each.path), each.faces[0].box) for each in chosen]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(quantize(build_tutorial(*needed), crops))


if __name__ == "__main__":
    sys.exit(main())

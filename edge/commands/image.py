"""maskwatch image: faces and labels in pictures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from itertools import chain, count
from math import floor
from pathlib import Path

from edge.annotate import annotate
from edge.commands import ROOT, count_of, read_settings, write_picture
from edge.contract import error_line, result_line
from edge.errors import DataError, UsageError
from edge.looker import Looker, open_looker
from edge.records import AlarmState, Frame, Verdict
from edge.sources.files import list_pictures, read_picture


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="pictures, or folders of pictures")
    parser.add_argument("--json", action="store_true", help="print one JSON line a picture")
    parser.add_argument("--quick", action="store_true", help="look once, as at the door; seven times as fast")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="where annotated copies go (default: annotated/, with --json nowhere)",
    )


def run(options: argparse.Namespace) -> int:
    """Look at each picture; one that cannot be read is said and counted, the others go on."""
    settings = read_settings(options)
    output = options.output or (None if options.json else Path("annotated"))
    paths = list_pictures(options.files)
    copies = name_copies(paths, output) if output else [None] * len(paths)
    with closing(open_looker(settings, ROOT, closely=not options.quick)) as looker:
        fine = [_look_at(path, index, looker, copies[index], options.json) for index, path in enumerate(paths)]
    return 0 if all(fine) else 1


def name_copies(paths: Sequence[Path], folder: Path) -> list[Path]:
    """Return where the copy of each picture goes; a number tells pictures of one name apart.

    Raises UsageError for a folder that one of the pictures lies in: a copy could take the place of another picture.
    """
    if folder.resolve() in {path.resolve().parent for path in paths}:
        raise UsageError(f"{folder}: the pictures themselves are in there; name another folder with --output")
    copies: list[Path] = []
    for path in paths:
        names = (folder / f"{path.stem}{suffix}.jpg" for suffix in chain([""], (f"-{n}" for n in count(2))))
        copies.append(next(name for name in names if name not in copies))
    return copies


def _look_at(path: Path, index: int, looker: Looker, copy: Path | None, as_json: bool) -> bool:
    try:
        frame = Frame(index, 0.0, read_picture(path), str(path))
        verdicts = looker.look(frame)
        if copy:
            write_picture(copy, annotate(frame.bgr, verdicts))
    except DataError as exc:
        print(error_line(str(path), str(exc)) if as_json else f"maskwatch: {exc}", file=None if as_json else sys.stderr)
        return False
    print(result_line(frame, verdicts, AlarmState.CLEAR) if as_json else _sentence(path, verdicts, copy), flush=True)
    return True


def _sentence(path: Path, verdicts: Sequence[Verdict], copy: Path | None) -> str:
    found = ", ".join(f"{v.kind} {floor(1000 * v.sureness) / 1000:.3f} ({v.label})" for v in verdicts)
    faces = f"{count_of(len(verdicts), 'face')}: {found}" if verdicts else "no face"
    return f"{path}: {faces}" + (f" -> {copy}" if copy else "")

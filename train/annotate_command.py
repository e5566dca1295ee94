"""python -m train annotate: from pictures that nobody annotated to boxes that the detector can learn from."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from edge.errors import DataError, UsageError
from edge.records import FACE, IGNORE
from train.annotate import Annotated, Copies, Reason, Rules, annotate
from train.annotations import AnnotatedPicture, write_csv
from train.keep_away import DropList, list_pictures, read_drop_list, read_lookalikes
from train.teacher import Teacher
from train.whole_files import check_folder

_LARGEST_FRAC = Rules().largest_frac


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="pictures, which are never changed")
    parser.add_argument("--teacher", type=Path, required=True, metavar="ONNX", help="SCRFD model that finds the faces")
    parser.add_argument("--output", type=Path, required=True, metavar="CSV", help="annotations file to write")
    parser.add_argument(
        "--not-like",
        nargs="+",
        type=Path,
        default=[],
        metavar="FOLDER_OR_CSV",
        help="drop what looks like these pictures, those of an evaluation set",
    )
    parser.add_argument("--drop-list", type=Path, metavar="FILE", help="drop what its lines PATH or PATH NUMBER name")
    parser.add_argument("--copy-to", type=Path, metavar="DIR", help="put JPEG copies there, in a new or empty folder")
    parser.add_argument("--max-side", type=int, default=640, metavar="PX", help="longest side of a copy (%(default)s)")
    parser.add_argument(
        "--largest-frac",
        type=float,
        default=_LARGEST_FRAC,
        metavar="FRAC",
        help="drop a picture with a face that is larger than this part of a side (%(default)s)",
    )


def run(options: argparse.Namespace) -> int:
    """Annotate, write the file and say what was dropped; return the exit code."""
    _check(options)
    rules = Rules(
        read_drop_list(options.drop_list) if options.drop_list else DropList(),
        read_lookalikes(options.not_like),
        options.largest_frac,
    )
    keep = Copies(options.copy_to, options.max_side).add if options.copy_to else _as_it_is
    annotated = annotate(options.folder, Teacher(options.teacher), rules, keep)
    print(summarize(annotated))
    if not annotated.pictures:
        raise DataError(f"{options.folder}: no picture is left; nothing was written")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    write_csv(options.output, annotated.pictures)
    print(f"train with: --boxes {shlex.quote(_boxes_word(options.output, annotated.pictures[0].path.parent))}")
    return 0


def _as_it_is(picture: AnnotatedPicture) -> AnnotatedPicture:
    return picture


def _check(options: argparse.Namespace) -> None:
    if not options.teacher.is_file():
        raise DataError(f"{options.teacher}: no such teacher; give an SCRFD model as .onnx")
    if not 0 < options.largest_frac <= 1:
        raise UsageError(f"--largest-frac: must be above 0 and at most 1, got {options.largest_frac}")
    if options.max_side < 1:
        raise UsageError(f"--max-side: must be 1 or more, got {options.max_side}")
    check_folder("--output", options.output.parent)
    if options.output.is_dir():
        raise UsageError(f"--output {options.output}: is a folder; name the annotations file to write in it")
    if options.copy_to is None:
        _check_flat(options.folder)
        return
    check_folder("--copy-to", options.copy_to)
    if options.copy_to.resolve().is_relative_to(options.folder.resolve()):
        raise UsageError(f"--copy-to {options.copy_to}: lies within {options.folder}; choose a folder outside")
    if options.copy_to.is_dir() and any(options.copy_to.iterdir()):
        raise UsageError(f"--copy-to {options.copy_to}: is not empty; choose another folder or delete it")


def _check_flat(folder: Path) -> None:
    """Raise UsageError for pictures in subfolders: an annotations file names pictures of one folder only."""
    deeper = [path for path in list_pictures(folder) if path.parent != folder]
    if deeper:
        raise UsageError(f"{folder}: has pictures in subfolders, such as {deeper[0]}; --copy-to puts all into one")


def summarize(annotated: Annotated) -> str:
    """Return in a few lines what was kept and why the rest was dropped."""
    labels = [face.label for picture in annotated.pictures for face in picture.faces]
    faces, ignored = labels.count(FACE), labels.count(IGNORE)
    lines = [
        f"{len(annotated.pictures)} pictures with {faces} faces and {ignored} places to ignore",
        f"dropped {annotated.dropped.total()}:",
        *(f"  {annotated.dropped[reason]:6} {reason}" for reason in Reason),
    ]
    return "\n".join(lines)


def _boxes_word(csv: Path, pictures: Path) -> str:
    """Return what `--boxes` takes: the pictures' folder is said unless it is `images` beside the file."""
    return str(csv) if pictures.resolve() == (csv.parent / "images").resolve() else f"{csv}={pictures}"

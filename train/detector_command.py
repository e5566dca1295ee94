"""python -m train detector: annotated pictures → a face detector with its report."""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edge.errors import ModelError, UsageError
from edge.records import NOT_FACE
from train.annotations import AnnotatedPicture
from train.detector import DetectorRecipe, size_of, train_detector
from train.detector_network import DetectorShape
from train.faces import LabeledFace, count_by_source
from train.landmarks import landmarks_to_draw_on
from train.picture_dressing import PictureLandmarks, is_drawable
from train.plots import plot_history
from train.provenance import command_line, describe_run
from train.report import data_table, made_list
from train.runs import check_ranges, check_run, is_finished, read_history, settle_inputs
from train.sources import add_boxes_arguments, check_left_out, is_left_out, read_sources
from train.splits import SPLITS, TRAIN, VALIDATION, Fractions, largest_boxes, settle_split, split_pictures
from train.whole_files import check_folder
from train.workers import join

Sources = Mapping[str, Sequence[AnnotatedPicture]]

_COARSEST_STRIDE_PX = 32
_SIZE = f"{DetectorShape().width_px}x{DetectorShape().height_px}"
_INPUTS = ("boxes", "rename", "teacher", "weights", "validation")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    recipe = DetectorRecipe()
    add_boxes_arguments(parser, required=True)
    parser.add_argument("--output", type=Path, required=True, metavar="RUN_DIR", help="an unfinished run there goes on")
    parser.add_argument("--leave-out", nargs="+", default=[], metavar="SOURCE", help="data sets not to learn from")
    parser.add_argument("--teacher", type=Path, metavar="ONNX", help="SCRFD model that repairs the boxes first")
    parser.add_argument(
        "--weights", type=Path, metavar="FILE", help="MobileNetV2, or a detector (default: download ImageNet's)"
    )
    parser.add_argument(
        "--narrow", action="store_true", help="make the detector of --weights into today's network first"
    )
    parser.add_argument(
        "--input", metavar="WxH", help=f"input size in pixels (that of --weights if these are a detector, else {_SIZE})"
    )
    parser.add_argument("--validation", type=float, default=0.03, help="part held back to watch (%(default)s)")
    parser.add_argument("--limit", type=int, metavar="N", help="use N pictures of each source, for a quick try")
    parser.add_argument(
        "--synthetic", type=float, default=0.0, metavar="N",
        help="part of the faces that get a mask, or a hand, scarf or cup, drawn on (%(default)s)",
    )  # fmt: skip
    for name in ("epochs", "batch", "learning_rate", "weight_decay", "seed"):
        default = getattr(recipe, name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default, help="(%(default)s)")


def run(options: argparse.Namespace) -> int:
    """Train and report; return the exit code."""
    started_s = time.monotonic()
    check_ranges(options)
    check_folder("--output", options.output)
    if options.weights is not None and not options.weights.is_file():
        raise ModelError(f"{options.weights}: no such file; leave out --weights to download the ImageNet weights")
    options.output = join().folder(options.output)
    recipe = _recipe(options)
    check_run(options.output, recipe)
    settle_inputs(options.output, options, _INPUTS)
    sources = _read(options)
    split = _divide(options, sources)
    if is_finished(options.output):
        print(f"{options.output}: is finished; see report.md")
        return 0
    parts = {name: [p for some in sources.values() for p in some if split[p.path] == name] for name in SPLITS}
    landmarks = _landmarks(options, parts[TRAIN])
    train_detector(options.output, recipe, parts[TRAIN], parts[VALIDATION], options.weights, landmarks)
    history = read_history(options.output)
    plot_history(options.output / "plot.png", history)
    made = describe_run(command_line(), time.monotonic() - started_s)
    if options.teacher:
        made["teacher"] = options.teacher.name
    _write_report(options.output, recipe, _count(sources, split), made)
    print(f"{options.output}: {len(history)} epochs, validation loss {history[-1]['val_loss']:.4f}; see report.md")
    return 0


def _recipe(options: argparse.Namespace) -> DetectorRecipe:
    wanted = options.input or size_of(options.weights) or _SIZE
    size = re.fullmatch(r"(\d+)x(\d+)", wanted)
    width, height = (int(side) for side in size.groups()) if size else (0, 0)
    if not (width and height) or width % _COARSEST_STRIDE_PX or height % _COARSEST_STRIDE_PX:
        raise UsageError(f"--input: must be WxH, both multiples of {_COARSEST_STRIDE_PX}, got {wanted}; try 384x256")
    names = ("epochs", "batch", "learning_rate", "weight_decay", "seed", "narrow", "synthetic")
    given = {name: getattr(options, name) for name in names}
    return DetectorRecipe(shape=DetectorShape(width, height), **given)


def _read(options: argparse.Namespace) -> Sources:
    sources = read_sources(options.boxes, options.teacher, options.output / "repaired", options.rename)
    check_left_out(options.leave_out, sources)
    return {name: [_faces_only(picture) for picture in pictures[: options.limit]] for name, pictures in sources.items()}


def _faces_only(picture: AnnotatedPicture) -> AnnotatedPicture:
    return picture.with_faces([face for face in picture.faces if face.label != NOT_FACE])


def _landmarks(options: argparse.Namespace, training: Sequence[AnnotatedPicture]) -> PictureLandmarks:
    faces = [LabeledFace(p.path, face.box, face.label, "") for p in training for face in p.faces if is_drawable(face)]
    return {(face.path, face.box): points for face, points in landmarks_to_draw_on(options, faces).items()}


def _divide(options: argparse.Namespace, sources: Sources) -> dict[Path, str]:
    """Return the split of each picture: the one of an earlier call, or else a new one."""
    names = {picture.path: name for name, pictures in sources.items() for picture in pictures}
    left_out = frozenset(path for path, name in names.items() if is_left_out(name, options.leave_out))
    faces = [*_every_face(sources), *_every_empty(sources)]

    def draw(earlier: Mapping[Path, str]) -> dict[Path, str]:
        fractions = Fractions(options.validation, 0.0)
        return split_pictures(names, fractions, options.seed, left_out, earlier, largest_boxes(faces))

    return settle_split(options.output, options.weights, faces, left_out, draw)


def _every_face(sources: Sources) -> list[LabeledFace]:
    return [
        LabeledFace(picture.path, face.box, face.label, name)
        for name, pictures in sources.items()
        for picture in pictures
        for face in picture.faces
    ]


def _every_empty(sources: Sources) -> list[LabeledFace]:
    """Return pictures without a face, so that a split names them too: no box, no label."""
    return [
        LabeledFace(picture.path, None, "", name)
        for name, pictures in sources.items()
        for picture in pictures
        if not picture.faces
    ]


def _count(sources: Sources, split: Mapping[Path, str]) -> dict[str, Mapping[str, Mapping[str, int]]]:
    faces = _every_face(sources)
    return {name: count_by_source([face for face in faces if split[face.path] == name]) for name in SPLITS}


def _write_report(
    output: Path, recipe: DetectorRecipe, data: Mapping[str, Mapping[str, Mapping[str, int]]], made: Mapping[str, Any]
) -> None:
    history = read_history(output)
    settings: dict[str, Any] = dataclasses.asdict(recipe)
    losses = {key: history[-1][key] for key in ("loss", "val_loss")}
    content = {
        **made,
        "title": "Face detector",
        "epochs_done": len(history),
        **losses,
        "data": data,
        "recipe": settings,
    }
    (output / "report.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    parts = (
        "# Face detector",
        f"Validation loss after {len(history)} epochs: {losses['val_loss']:.4f}. `python -m train evaluate` scores it.",
        "![loss](plot.png)",
        "## Data",
        data_table(data),
        "## How it was made",
        made_list(made, settings),
    )
    (output / "report.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")

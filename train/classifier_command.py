"""python -m train classifier: class folders and boxes → a mask classifier with its report."""

from __future__ import annotations

import argparse
import dataclasses
import logging
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from edge.errors import UsageError
from edge.manifest import FORMAT, Manifest, read_paper
from edge.records import NOT_FACE, WITHOUT_MASK
from train.calibrate import Calibration, Judged, measure_quality, read_calibration, softmax
from train.classifier import ClassifierRecipe, judge, train_classifier
from train.faces import LabeledFace, count_by_source, faces_of, labels_of, read_folders
from train.landmarks import landmarks_to_draw_on
from train.not_faces import find_not_faces
from train.plots import plot_confusion, plot_history
from train.provenance import command_line, describe_run
from train.report import Report, write_report
from train.runs import check_ranges, check_run, is_finished, read_history, settle_inputs
from train.scores import Scores, score_labels
from train.sources import add_boxes_arguments, check_left_out, is_left_out, locate_faces, read_sources
from train.splits import SPLITS, TEST, TRAIN, VALIDATION, Fractions, settle_split, split_faces
from train.whole_files import check_folder
from train.workers import join

log = logging.getLogger(__name__)

Parts = Mapping[str, Sequence[LabeledFace]]

_HELP = {
    "alpha": "width of MobileNetV2",
    "epochs": "epochs at most, of both phases",
    "head_epochs": "how many of them train the head alone",
    "batch": "faces a step",
    "patience": "epochs without a lower validation loss before it stops",
    "balance": "1: classes and sources as often as they are, 0: all alike",
    "epoch_faces": "faces an epoch shows, 0: as many as there are",
    "synthetic": "part of the bare faces that get a mask, or a hand, scarf or cup, drawn on",
    "seed": "the same seed draws the same faces",
}


_INPUTS = ("folders", "boxes", "rename", "teacher", "detector", "weights", "validation", "test")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    _add_data(parser.add_argument_group("data"))
    recipe = ClassifierRecipe(labels=())
    parser.add_argument("--output", type=Path, required=True, metavar="RUN_DIR", help="an unfinished run there goes on")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="to start from (default: download ImageNet's)")
    parser.add_argument("--input", type=int, default=recipe.input_px, metavar="PX", help="input size (%(default)s)")
    for name in _recipe_names():
        default = getattr(recipe, name)
        flag = f"--{name.replace('_', '-')}"
        text = f"{_HELP.get(name, name.replace('_', ' '))} (%(default)s)"
        parser.add_argument(flag, type=type(default), default=default, metavar="N", help=text)


def _add_data(data: argparse._ArgumentGroup) -> None:
    data.add_argument("--folders", nargs="+", type=Path, default=[], metavar="DIR", help="one folder a class in each")
    add_boxes_arguments(data)
    data.add_argument(
        "--labels", nargs="+", metavar="LABEL", help="labels to learn, in order (default: those of --weights, else all)"
    )
    data.add_argument(
        "--leave-out", nargs="+", default=[], metavar="SOURCE", help="data sets to score on, not to learn"
    )
    data.add_argument(
        "--teacher",
        type=Path,
        metavar="ONNX",
        help="SCRFD model that repairs boxes and finds the face in folders' pictures",
    )
    data.add_argument(
        "--detector", type=Path, metavar="TFLITE", help=f"detector whose false finds in --boxes teach {NOT_FACE}"
    )
    data.add_argument("--validation", type=float, default=0.1, help="part held back to decide when to stop (0.1)")
    data.add_argument("--test", type=float, default=0.1, help="part held back to be scored (0.1)")
    data.add_argument("--limit", type=int, metavar="N", help="use N faces only, for a quick try")


def _recipe_names() -> list[str]:
    """Return the recipe's fields that are arguments of the same name."""
    return [field.name for field in dataclasses.fields(ClassifierRecipe) if field.name not in ("labels", "input_px")]


def run(options: argparse.Namespace) -> int:
    """Train and report; return the exit code."""
    started_s = time.monotonic()
    check_ranges(options)
    check_folder("--output", options.output)
    options.output = join().folder(options.output)
    faces, scenes = read_faces(options)
    recipe = _recipe(options, faces)
    check_run(options.output, recipe)
    settle_inputs(options.output, options, _INPUTS)
    parts = _divide(options, faces)
    if is_finished(options.output):
        print(f"{options.output}: is finished; see report.md")
        return 0
    landmarks = landmarks_to_draw_on(options, [face for face in parts[TRAIN] if face.label == WITHOUT_MASK])
    training, held_back = parts[TRAIN], parts[VALIDATION]
    network = train_classifier(
        options.output, recipe, training, held_back, options.weights,
        landmarks=landmarks, occurring=count_occurring(training, scenes),
    )  # fmt: skip
    report = make_report(network, recipe, parts, time.monotonic() - started_s, read_calibration(options.output))
    history = read_history(options.output)
    plot_history(options.output / "plot.png", history, [recipe.head_epochs] if recipe.head_epochs else [])
    plot_confusion(options.output / "confusion.png", report.test)
    write_report(options.output, report)
    print(
        f"{options.output}: accuracy {report.test.accuracy:.4f} on {report.test.support} held-back faces; see report.md"
    )
    return 0


def read_faces(options: argparse.Namespace) -> tuple[list[LabeledFace], frozenset[Path]]:
    """Return the faces that the command names, up to `--limit`, drawn evenly, and the pictures of scenes: of `--boxes`.

    Raises DataError for data that cannot be read, UsageError for sources that are not there.
    """
    if not options.folders and not options.boxes:
        raise UsageError("nothing to learn from; give --folders DIR, --boxes BOXES, or both")
    if options.detector and options.labels and NOT_FACE not in options.labels:
        raise UsageError(f"--detector teaches {NOT_FACE}, which --labels does not name; add it there")
    if options.detector and not options.boxes:
        raise UsageError(
            f"--detector looks for {NOT_FACE} in the pictures of --boxes; give --boxes too, or leave it out"
        )
    labels = frozenset(options.labels) if options.labels else None
    faces = [face for folder in options.folders for face in read_folders(folder, labels)]
    if options.teacher:
        faces = locate_faces(faces, options.teacher, options.output / "repaired")
    sources = read_sources(options.boxes, options.teacher, options.output / "repaired", options.rename)
    for source, pictures in sources.items():
        faces += faces_of(pictures, source, labels)
    if options.detector:
        faces += find_not_faces(sources, options.detector, options.output / "repaired")
    check_left_out(options.leave_out, {face.source for face in faces})
    if options.limit and options.limit < len(faces):
        faces = [faces[i] for i in np.linspace(0, len(faces) - 1, options.limit).astype(int)]
    return faces, frozenset(picture.path for pictures in sources.values() for picture in pictures)


def count_occurring(faces: Sequence[LabeledFace], scenes: Collection[Path]) -> Mapping[str, int]:
    """Return how often each label occurs among faces in pictures of scenes: people take portraits of whom they like."""
    return Counter(face.label for face in faces if face.path in scenes and face.label != NOT_FACE)


def _recipe(options: argparse.Namespace, faces: Sequence[LabeledFace]) -> ClassifierRecipe:
    given = {name: getattr(options, name) for name in _recipe_names()}
    return ClassifierRecipe(labels=_labels(options, faces), input_px=options.input, **given)


def _labels(options: argparse.Namespace, faces: Sequence[LabeledFace]) -> tuple[str, ...]:
    known = known_labels(options.weights) if options.weights else ()
    labels = labels_of(faces, options.labels, known)
    kept = sorted(set(labels) - {face.label for face in faces})
    if kept:
        log.info("no face is labeled %s: what the model knows of that is kept as well as may be", ", ".join(kept))
    return labels


def known_labels(weights: Path) -> tuple[str, ...]:
    """Return the labels of a classifier to go on from (`*.keras`), in its order; none where nothing beside it tells.

    A run has them in `labels.txt`, a converted model in its manifest. Raises ModelError for a broken manifest.
    """
    run_labels, manifest = weights.parent / "labels.txt", weights.with_suffix(".json")
    if weights.suffix != ".keras":
        return ()
    if manifest.is_file():
        return read_paper(manifest, Manifest, FORMAT, "copy model and manifest again").labels
    return tuple(run_labels.read_text(encoding="utf-8").splitlines()) if run_labels.is_file() else ()


def _divide(options: argparse.Namespace, faces: Sequence[LabeledFace]) -> Parts:
    """Return the faces of each split: the one of an earlier call, or else a new one."""
    left_out = frozenset(face.path for face in faces if is_left_out(face.source, options.leave_out))

    def draw(earlier: Mapping[Path, str]) -> dict[Path, str]:
        return split_faces(faces, Fractions(options.validation, options.test), options.seed, left_out, earlier)

    split = settle_split(options.output, options.weights, faces, left_out, draw)
    return {name: [face for face in faces if split[face.path] == name] for name in SPLITS}


def make_report(
    network: keras.Model, recipe: ClassifierRecipe, parts: Parts, wall_s: float, calibration: Calibration | None
) -> Report:
    """Return the report: scores on the test part (or, without one, on the validation part) as a whole and by source.

    `calibration` is what the network's scores were calibrated with, None when they were not.
    """
    tested = parts[TEST] or parts[VALIDATION]
    judged = judge(network, tested, recipe.labels)
    truth, said = judged.truth, judged.logits.argmax(axis=1)
    return Report(
        title="Mask classifier",
        test=score_labels(truth, said, recipe.labels),
        by_source=_score_sources(tested, truth, said, recipe.labels),
        data={split: count_by_source(faces) for split, faces in parts.items()},
        made={**describe_run(command_line(), wall_s), **_describe_scores(judged, calibration)},
        recipe=dataclasses.asdict(recipe),
    )


def _describe_scores(judged: Judged, calibration: Calibration | None) -> dict[str, str]:
    """Return how far scores can be trusted, as lines of the report: on the faces it was found with, and on others."""
    if calibration is None:
        return {}
    tested = measure_quality(softmax(judged.logits), judged, calibration.min_score)
    return {
        "temperature": f"{calibration.temperature:.3f}; see reliability.png",
        "shifts": ", ".join(
            f"{label} {shift:+.2f}" for label, shift in zip(judged.labels, calibration.shifts, strict=True)
        ),
        "unsure below": f"{calibration.min_score}" if calibration.min_score else "not found: too few masked faces",
        "scores before calibration, validation faces": str(calibration.before),
        "scores, validation faces": str(calibration.after),
        "scores, test faces": str(tested),
    }


def _score_sources(
    faces: Sequence[LabeledFace], truth: NDArray[np.intp], said: NDArray[np.intp], labels: Sequence[str]
) -> dict[str, Scores]:
    sources = np.array([face.source for face in faces])
    return {
        str(name): score_labels(truth[sources == name], said[sources == name], labels) for name in np.unique(sources)
    }

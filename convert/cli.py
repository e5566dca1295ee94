"""python -m convert RUN_DIR --output models/NAME.tflite [--calibration DIR] [--edgetpu]."""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from convert.edgetpu.build import models_beside
from convert.edgetpu.cli import add_compiler_option, compile_models
from convert.edgetpu.preflight import find_obstacles, shorten
from convert.quantize import quantize
from convert.samples import Sample, choose, choose_pictures, face_inputs, list_pictures, picture_inputs, read_split
from convert.twins import FloatTwin, Int8Twin, kind_of, output_shapes
from convert.verify import Comparison, compare_classifiers, compare_detectors
from edge.errors import DataError, MaskwatchError, ModelError, UsageError
from edge.manifest import (
    CLASSIFIER_KIND,
    DETECTOR_KIND,
    FORMAT,
    WIDER_OUTLINE,
    Manifest,
    Outline,
    Thresholds,
    manifest_path,
    sha256_of,
    write_manifest,
)

_MAX_IOU = 0.35
_UNSURE_BELOW = 0.6
_CALIBRATION = "calibration.json"


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m convert", description=__doc__)
    parser.add_argument("run", type=Path, metavar="RUN_DIR", help="folder of a finished training run")
    parser.add_argument("--output", type=Path, required=True, help="models/NAME.tflite; the manifest goes beside it")
    parser.add_argument("--calibration", type=Path, help="folder of pictures (default: the run's training pictures)")
    parser.add_argument("--samples", type=int, default=300, help="how many pictures set the ranges (default 300)")
    parser.add_argument(
        "--verify", type=int, default=1000, help="compare on so many held-back faces, or a detector's pictures (1000)"
    )
    parser.add_argument("--max-loss", type=float, default=1.0, help="points of a hundred int8 may lose (default 1)")
    parser.add_argument("--keep-float", action="store_true", help="put the Keras model beside it, to fine-tune from")
    parser.add_argument("--min-score", type=float, help="recommended threshold (default: measured, or 0.6)")
    parser.add_argument(
        "--edgetpu", action="store_true", help="then compile all models of that folder together for a Coral"
    )
    add_compiler_option(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert; return the exit code."""
    options = build_parser().parse_args(arguments)
    try:
        _report(options, convert(options))
        return compile_models(models_beside(options.output), options.compiler) if options.edgetpu else 0
    except MaskwatchError as exc:
        print(f"convert: {exc}", file=sys.stderr)
        return exc.exit_code


def _report(options: argparse.Namespace, comparison: Comparison) -> None:
    print(f"{options.output}: min_score {_min_score(options, comparison):g}; another with --min-score")
    print(
        f"{options.output}: {options.output.stat().st_size / 1e6:.2f} MB, {comparison.measure} on "
        f"{comparison.samples} held-back samples: float {comparison.float_score:.4f}, int8 {comparison.int8_score:.4f}"
    )


def convert(options: argparse.Namespace) -> Comparison:
    """Write the int8 model and its manifest and return how it compares with the float model.

    Raises UsageError for options that make no sense; ModelError, and writes nothing, when it lost more than `max_loss`
    points or would not map to an Edge TPU.
    """
    _check(options)
    model = _load(options.run)
    labels = _read_labels(options.run)
    _check_labels(options.run, model, labels)
    calibration = _choose(kind_of(model), _calibration_samples(options), options.samples)
    small = quantize(model, list(_inputs(model, calibration)), signed_input=kind_of(model) == DETECTOR_KIND)
    obstacles = find_obstacles(small)
    if obstacles:
        raise ModelError(f"{options.run}: {shorten(obstacles)}; nothing was written")
    twin = Int8Twin(small, output_shapes(model))
    comparison = _compare(model, twin, _held_back(options, kind_of(model)), labels)
    if not comparison.samples:
        raise ModelError(f"{options.run}: no labeled picture is held back to compare on; nothing was written")
    if comparison.lost_points > options.max_loss:
        raise ModelError(
            f"{options.run}: int8 lost {comparison.lost_points:.2f} points of {comparison.measure} (float "
            f"{comparison.float_score:.4f}, int8 {comparison.int8_score:.4f}), allowed are {options.max_loss}; nothing "
            "was written; try more, or more typical, calibration pictures"
        )
    _write(options, small, _manifest(options, small, twin, kind_of(model), labels, comparison))
    return comparison


def _check(options: argparse.Namespace) -> None:
    if options.output.suffix != ".tflite":
        raise UsageError(f"--output {options.output}: must end in .tflite; the manifest goes beside it, in .json")
    if min(options.samples, options.verify) < 1:
        raise UsageError("--samples and --verify must be 1 or more")
    if options.min_score is not None and not 0 < options.min_score < 1:  # as the device demands of a manifest
        raise UsageError(f"--min-score {options.min_score:g}: must lie between 0 and 1, as the scores do")


def _load(run: Path) -> keras.Model:
    path = run / "model.keras"
    if not path.is_file():
        raise ModelError(f"{path}: no such model; give the folder of a finished training run")
    try:
        return keras.models.load_model(path, compile=False)
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as exc:
        reason = str(exc).partition("\n")[0]
        raise ModelError(f"{path}: not a whole Keras model ({reason}); copy it again, or train again") from exc


def _read_labels(run: Path) -> tuple[str, ...]:
    path = run / "labels.txt"
    return tuple(path.read_text(encoding="utf-8").splitlines()) if path.is_file() else ()


def _check_labels(run: Path, model: keras.Model, labels: tuple[str, ...]) -> None:
    wanted = int(model.output.shape[-1]) if kind_of(model) == CLASSIFIER_KIND else 0
    if len(labels) != wanted:
        raise ModelError(f"{run / 'labels.txt'}: has {len(labels)} labels, the model has {wanted} scores; train again")


def _calibration_samples(options: argparse.Namespace) -> list[Sample]:
    if options.calibration:
        return list_pictures(options.calibration)
    path = options.run / "split.csv"
    found = read_split(path, frozenset({"train"}))
    if not found:
        raise DataError(f"{path}: no training picture to set the ranges; name others with --calibration")
    return found


def _held_back(options: argparse.Namespace, kind: str) -> list[Sample]:
    """Return what to compare on: for a detector, whose threshold is chosen there, not the test pictures."""
    splits = {"validation", "test"} if kind == CLASSIFIER_KIND else {"validation"}
    return _choose(kind, read_split(options.run / "split.csv", frozenset(splits)), options.verify)


def _choose(kind: str, samples: Sequence[Sample], count: int) -> list[Sample]:
    """Return samples drawn at random: so many faces for a classifier, all the faces of so many pictures otherwise."""
    return (choose if kind == CLASSIFIER_KIND else choose_pictures)(samples, count)


def _inputs(model: keras.Model, samples: Sequence[Sample]) -> Any:
    height, width = model.input.shape[1:3]
    if kind_of(model) == CLASSIFIER_KIND:
        return face_inputs(samples, width)
    return picture_inputs(samples, width, height)


def _compare(model: keras.Model, small: Int8Twin, held_back: Sequence[Sample], labels: Sequence[str]) -> Comparison:
    if kind_of(model) == CLASSIFIER_KIND:
        return compare_classifiers(FloatTwin(model), small, held_back, labels)
    return compare_detectors(FloatTwin(model), small, held_back, _MAX_IOU)


def _manifest(
    options: argparse.Namespace, data: bytes, twin: Int8Twin, kind: str, labels: tuple[str, ...], comparison: Comparison
) -> Manifest:
    return Manifest(
        format=FORMAT,
        kind=kind,
        model=options.output.name,
        sha256=sha256_of(data),
        input=twin.input,
        outputs=twin.outputs,
        labels=labels,
        thresholds=Thresholds(_min_score(options, comparison), _MAX_IOU),
        made=_provenance(options.run),
        outline=_outline(options.run, kind),
        scores={
            "measure": comparison.measure,
            "held_back_samples": comparison.samples,
            "float": round(comparison.float_score, 4),
            "int8": round(comparison.int8_score, 4),
        },
    )


def _min_score(options: argparse.Namespace, comparison: Comparison) -> float:
    """Return what the command says, or the comparison or the training run found (its calibration.json), or 0.6."""
    path = options.run / _CALIBRATION
    found = json.loads(path.read_text(encoding="utf-8"))["min_score"] if path.is_file() else None
    told = (options.min_score, comparison.min_score, found, _UNSURE_BELOW)
    return next(float(score) for score in told if score is not None)


def _outline(run: Path, kind: str) -> Outline:
    """Return what the manifest shall say about a model's boxes: other data's are what its owner drew."""
    learned_from_teacher = kind == DETECTOR_KIND and "teacher" in _read_report(run)
    return WIDER_OUTLINE if learned_from_teacher else Outline()


def _read_report(run: Path) -> dict[str, Any]:
    path = run / "report.json"
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return report


def _provenance(run: Path) -> dict[str, Any]:
    trained, told = _read_report(run), ("command", "averaged", "teacher", "data", "revision", "note")
    return {
        "trained": {key: trained[key] for key in told if key in trained},
        "converted": shlex.join(["python", "-m", "convert", *sys.argv[1:]]),
        "revision": _revision(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "python": platform.python_version(),
        "keras": keras.__version__,
    }


def _revision() -> str:
    """Return the short git revision of the code, wherever it is called from, or `unknown` outside of a repository."""
    words, folder = ["git", "rev-parse", "--short", "HEAD"], Path(__file__).resolve().parent
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def _write(options: argparse.Namespace, data: bytes, manifest: Manifest) -> None:
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_bytes(data)
    write_manifest(manifest_path(options.output), manifest)
    if options.keep_float:
        shutil.copyfile(options.run / "model.keras", options.output.with_suffix(".keras"))

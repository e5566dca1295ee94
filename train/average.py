"""python -m train average: one model whose weights are the mean of several that went on from one another.

It gives up less of what the first one knew than the last one did, and loses less to int8. Wortsman et al. 2022, "Model
soups" (arXiv 2203.05482), and "Robust fine-tuning of zero-shot models" (arXiv 2109.01903).
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from edge.errors import ModelError, UsageError
from train.classifier_command import known_labels
from train.provenance import command_line, describe_run
from train.splits import SPLIT_FILE
from train.start_models import load_trained
from train.whole_files import write_whole

_COPIED = ("labels.txt", SPLIT_FILE)
"""What the last run's folder hands on: `python -m convert` reads it there."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument(
        "models", nargs="+", type=Path, metavar="RUN_OR_KERAS", help="finished runs or .keras files; a run is the last"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="RUN_DIR", help="a new folder, to be converted")


def run(options: argparse.Namespace) -> int:
    """Write the averaged run and return the exit code. Raises UsageError and ModelError."""
    started_s = time.monotonic()
    models = _load_all(options.models, options.output)
    last = options.models[-1]
    write_whole(options.output / "model.keras", average(models).save)
    for name in _COPIED:
        if (last / name).is_file():
            shutil.copy(last / name, options.output / name)
    report = _report(options.models, describe_run(command_line(), time.monotonic() - started_s))
    (options.output / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"{options.output}: the mean of {len(models)} models; convert it, with --min-score, and compare")
    return 0


def average(models: Sequence[keras.Model]) -> keras.Model:
    """Give the last model the mean of all weights and return it. Raises ModelError when the shapes of two differ."""
    weights = [model.get_weights() for model in models]
    shapes = [[each.shape for each in some] for some in weights]
    if any(some != shapes[-1] for some in shapes):
        raise ModelError("the models are of different shape; average only those that went on from one another")
    models[-1].set_weights([np.mean(same, axis=0) for same in zip(*weights, strict=True)])
    return models[-1]


def _load_all(paths: Sequence[Path], output: Path) -> list[keras.Model]:
    if len(paths) < 2:
        raise UsageError("give two models or more to average")
    if not paths[-1].is_dir():
        raise UsageError(
            f"{paths[-1]}: the last one must be the folder of a run, which has labels and held-back pictures"
        )
    if output.exists():
        raise UsageError(f"{output}: is there already; name another folder")
    files = [path / "model.keras" if path.suffix != ".keras" else path for path in paths]
    for file in files:
        if not file.is_file():
            raise UsageError(f"{file}: no such model; give folders of finished runs or .keras files")
    _check_labels(files)
    return [load_trained(file) for file in files]


def _check_labels(files: Sequence[Path]) -> None:
    found = {str(file): " ".join(known_labels(file)) for file in files}
    if len(set(found.values())) > 1:
        told = "; ".join(f"{file}: {labels or 'unknown'}" for file, labels in found.items())
        raise UsageError(f"the models have different labels ({told}); average only those that went on from one another")


def _report(paths: Sequence[Path], made: dict[str, Any]) -> dict[str, Any]:
    """Return what made the model: this command, what made each run, and data and teacher of the last one."""
    reports = [path / "report.json" for path in paths]
    kept = [json.loads(each.read_text(encoding="utf-8")) if each.is_file() else {} for each in reports]
    commands = {str(path): each.get("command", "see its manifest") for path, each in zip(paths, kept, strict=True)}
    teacher = {key: value for key, value in kept[-1].items() if key == "teacher"}
    return {**made, **teacher, "data": kept[-1].get("data", {}), "averaged": commands}

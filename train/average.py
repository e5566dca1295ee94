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
from train.provenance import command_line, describe_run
from train.whole_files import write_whole

_COPIED = ("labels.txt", "split.csv", "calibration.json")
"""What the last run's folder hands on: `python -m convert` reads it there."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN_DIR", help="finished runs, in their order")
    parser.add_argument("--output", type=Path, required=True, metavar="RUN_DIR", help="a new folder, to be converted")


def run(options: argparse.Namespace) -> int:
    """Write the averaged run and return the exit code. Raises UsageError and ModelError."""
    started_s = time.monotonic()
    _check(options)
    last = options.runs[-1]
    write_whole(options.output / "model.keras", average([_load(each) for each in options.runs]).save)
    for name in _COPIED:
        if (last / name).is_file():
            shutil.copy(last / name, options.output / name)
    report = _report(options.runs, describe_run(command_line(), time.monotonic() - started_s))
    (options.output / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"{options.output}: mean of {len(options.runs)} runs; convert it to see how good it is")
    return 0


def average(models: Sequence[keras.Model]) -> keras.Model:
    """Return the last model with the mean of all weights. Raises ModelError when the shapes of two differ."""
    weights = [model.get_weights() for model in models]
    shapes = [[each.shape for each in some] for some in weights]
    if any(some != shapes[-1] for some in shapes):
        raise ModelError("the runs' models are of different shape; average only runs that went on from one another")
    models[-1].set_weights([np.mean(same, axis=0) for same in zip(*weights, strict=True)])
    return models[-1]


def _check(options: argparse.Namespace) -> None:
    if len(options.runs) < 2:
        raise UsageError("give two runs or more to average")
    labels = {_read(run / "labels.txt") for run in options.runs}
    if len(labels) > 1:
        raise UsageError(f"the runs have different labels: {', '.join(sorted(filter(None, labels)))}")
    if options.output.exists():
        raise UsageError(f"{options.output}: is there already; name another folder")


def _read(path: Path) -> str:
    return " ".join(path.read_text(encoding="utf-8").split()) if path.is_file() else ""


def _load(run: Path) -> keras.Model:
    path = run / "model.keras"
    if not path.is_file():
        raise UsageError(f"{path}: no such model; give folders of finished runs")
    return keras.models.load_model(path, compile=False)


def _report(runs: Sequence[Path], made: dict[str, Any]) -> dict[str, Any]:
    """Return what made the model: this command, what made each run, and the data that the last one learned from."""
    kept = [json.loads(_read(run / "report.json") or "{}") for run in runs]
    commands = {str(run): each.get("command", "unknown") for run, each in zip(runs, kept, strict=True)}
    return {**made, "data": kept[-1].get("data", {}), "averaged": commands}

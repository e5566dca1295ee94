"""What a training run keeps on disk, so that it can be stopped at any moment and go on later."""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import math
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np

from edge.errors import UsageError

HISTORY = "history.csv"
RECIPE = "recipe.json"
INPUTS = "inputs.json"
_MODEL, _REPORT = "model.keras", "report.json"
BEST_WEIGHTS = "best.weights.h5"

RANGES: Mapping[str, tuple[float, float]] = {
    "epochs": (1, math.inf),
    "head_epochs": (0, math.inf),
    "batch": (1, math.inf),
    "patience": (1, math.inf),
    "epoch_faces": (0, math.inf),
    "limit": (1, math.inf),
    "seed": (0, 2**32 - 1),
    "learning_rate": (0, 1),
    "head_learning_rate": (0, 1),
    "weight_decay": (0, 1),
    "alpha": (0.1, 2),
    "dropout": (0, 0.9),
    "label_smoothing": (0, 0.9),
    "balance": (0, 1),
    "synthetic": (0, 1),
}
"""What options of both trainers may be, both ends included."""


class EpochDraw(Protocol):
    """Batches that are drawn anew for each epoch."""

    def start_epoch(self, epoch: int) -> None:
        """Draw the samples of an epoch; the first is 0."""
        ...


class FollowEpoch(keras.callbacks.Callback):  # type: ignore[misc]
    """Tells batches and dropout which epoch it is, so that a resumed run draws what an uncut one would have drawn."""

    def __init__(self, batches: EpochDraw, seed: int) -> None:
        """Follow for these batches, and for what dropout draws from this seed."""
        super().__init__()
        self._batches, self._seed = batches, seed

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        """Pass the epoch on."""
        self._batches.start_epoch(epoch)
        dropouts = [layer for layer in self.model.layers if isinstance(layer, keras.layers.Dropout)]
        for number, layer in enumerate(dropouts):  # Keras keeps no seeds with the weights
            state = layer.seed_generator.state
            drawn = np.random.default_rng((self._seed, epoch, number)).integers(2**32, size=state.shape)
            state.assign(drawn.astype(state.dtype))


class StopEarly(keras.callbacks.Callback):  # type: ignore[misc]
    """Stops when the validation loss has not improved for `patience` epochs, counting those before an interruption."""

    def __init__(self, run: Path, first_epoch: int, patience: int) -> None:
        """Watch the run's history, which must be written before this is called, from `first_epoch` on."""
        super().__init__()
        self._run, self._first_epoch, self._patience = run, first_epoch, patience

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        """Stop when the best loss is too long ago."""
        losses = validation_losses(self._run, self._first_epoch)  # an epoch that is repeated counts once there
        self.model.stop_training = has_settled(losses, self._patience)


def has_settled(losses: Sequence[float], patience: int) -> bool:
    """Return whether the lowest loss lies `patience` epochs back or more."""
    return bool(losses) and len(losses) - 1 - losses.index(min(losses)) >= patience


def read_history(run: Path) -> list[dict[str, float]]:
    """Return a run's epochs, in order; of an epoch that was interrupted and repeated the last row counts."""
    path = run / HISTORY
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        rows = [{key: float(value) for key, value in row.items() if value} for row in csv.DictReader(file)]
    return list({row["epoch"]: row for row in rows}.values())


def validation_losses(run: Path, first_epoch: int) -> list[float]:
    """Return the validation loss of each epoch from `first_epoch` (0: the first) on."""
    return [row["val_loss"] for row in read_history(run) if row["epoch"] >= first_epoch]


def keep_best(run: Path, first_epoch: int) -> keras.callbacks.Callback:
    """Return a callback that keeps the weights of the epoch with the lowest validation loss since `first_epoch`."""
    losses = validation_losses(run, first_epoch)
    return keras.callbacks.ModelCheckpoint(
        str(run / BEST_WEIGHTS),
        monitor="val_loss",
        save_best_only=True,
        save_weights_only=True,
        initial_value_threshold=min(losses, default=None),
    )


class WriteHistory(keras.callbacks.Callback):  # type: ignore[misc]
    """Adds a row to history.csv after each epoch and closes the file again, so that a power cut loses no row."""

    def __init__(self, run: Path) -> None:
        """Write into the run's folder."""
        super().__init__()
        self._path = run / HISTORY

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Add the row."""
        row = {"epoch": epoch, **(logs or {})}
        is_new = not self._path.is_file()
        with self._path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, sorted(row, key=lambda name: (name != "epoch", name)))
            if is_new:
                writer.writeheader()
            writer.writerow(row)


def back_up(run: Path, phase: str) -> keras.callbacks.Callback:
    """Return a callback that keeps a phase's weights, optimizer and epoch, and goes on from those it finds."""
    folder = run / "backup" / phase
    if folder.is_dir() and not (folder / "training_metadata.json").is_file():
        shutil.rmtree(folder)  # Keras writes the epoch last: this first backup was cut off
    return keras.callbacks.BackupAndRestore(
        str(folder), save_freq="epoch", double_checkpoint=True, delete_checkpoint=False
    )


def check_ranges(options: argparse.Namespace) -> None:
    """Raise UsageError for the first option that lies outside of its range, see RANGES."""
    for name, (low, high) in RANGES.items():
        value = getattr(options, name, None)
        if value is not None and not low <= value <= high:
            wanted = f"{low} or more" if math.isinf(high) else f"between {low} and {high}"
            raise UsageError(f"--{name.replace('_', '-')}: must be {wanted}, got {value}")


def check_run(run: Path, recipe: Any) -> None:
    """Raise UsageError when the folder holds a run of another recipe (any dataclass)."""
    path = run / RECIPE
    if not path.is_file():
        return
    _check_same(run, json.loads(path.read_text(encoding="utf-8")), json.loads(_to_json(recipe)))


def _check_same(run: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    if changed:
        raise UsageError(f"{run}: holds a run with another {', '.join(changed)}; choose another --output or delete it")


def settle_inputs(run: Path, options: argparse.Namespace, names: Iterable[str]) -> None:
    """Write down what the options of these names say that the run is made from: data, weights, teacher.

    Raises UsageError when the run was begun with something else; before there is a recipe it was not.
    """
    path, given = run / INPUTS, {name: getattr(options, name) for name in names}
    text = json.dumps(given, indent=2, default=str) + "\n"
    if path.is_file() and (run / RECIPE).is_file():
        _check_same(run, json.loads(path.read_text(encoding="utf-8")), json.loads(text))
    run.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def is_finished(run: Path) -> bool:
    """Return whether nothing of a run is left to be done: model and report are there."""
    return (run / _MODEL).is_file() and (run / _REPORT).is_file()


def start_run(run: Path, recipe: Any) -> None:
    """Make the run's folder and put the recipe there. Raises UsageError when it holds a run of another one."""
    check_run(run, recipe)
    run.mkdir(parents=True, exist_ok=True)
    (run / RECIPE).write_text(_to_json(recipe), encoding="utf-8")


def _to_json(recipe: Any) -> str:
    return json.dumps(dataclasses.asdict(recipe), indent=2) + "\n"

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("keras", reason="the train extra is not installed")

import keras  # noqa: E402
import numpy as np  # noqa: E402

from edge.errors import UsageError  # noqa: E402
from train.runs import (  # noqa: E402
    StopEarly,
    WriteHistory,
    back_up,
    has_settled,
    read_history,
    settle_inputs,
    start_run,
    validation_losses,
)


@dataclass(frozen=True)
class Recipe:
    epochs: int = 3
    labels: tuple[str, ...] = ("a", "b")


def test_a_run_starts_with_its_recipe_and_starts_again_with_the_same(tmp_path: Path) -> None:
    start_run(tmp_path / "run", Recipe())
    start_run(tmp_path / "run", Recipe())
    assert json.loads((tmp_path / "run" / "recipe.json").read_text()) == {"epochs": 3, "labels": ["a", "b"]}


def test_another_recipe_in_the_same_folder_is_refused_by_name(tmp_path: Path) -> None:
    start_run(tmp_path, Recipe())
    with pytest.raises(UsageError, match="holds a run with another epochs, labels; choose another --output"):
        start_run(tmp_path, Recipe(epochs=4, labels=("b",)))


def test_before_a_run_has_begun_its_inputs_may_be_corrected_but_not_after(tmp_path: Path) -> None:
    for weights in ("wrong.h5", "right.h5"):
        settle_inputs(tmp_path, Namespace(weights=Path(weights), boxes=["a.csv"]), ("weights", "boxes"))
    start_run(tmp_path, Recipe())
    with pytest.raises(UsageError, match="holds a run with another boxes; choose another --output"):
        settle_inputs(tmp_path, Namespace(weights=Path("right.h5"), boxes=["b.csv"]), ("weights", "boxes"))
    assert json.loads((tmp_path / "inputs.json").read_text()) == {"weights": "right.h5", "boxes": ["a.csv"]}


def test_history_is_what_was_written(tmp_path: Path) -> None:
    assert read_history(tmp_path) == []
    for epoch, loss in enumerate((0.5, 0.25)):
        WriteHistory(tmp_path).on_epoch_end(epoch, {"val_loss": loss, "accuracy": 1.0})
    assert (tmp_path / "history.csv").read_text().splitlines()[0] == "epoch,accuracy,val_loss"
    assert read_history(tmp_path)[1] == {"epoch": 1.0, "accuracy": 1.0, "val_loss": 0.25}
    assert validation_losses(tmp_path, 1) == [0.25]


def test_of_a_repeated_epoch_the_last_row_counts(tmp_path: Path) -> None:
    for epoch, loss in ((0, 0.5), (1, 0.4), (1, 0.3)):
        WriteHistory(tmp_path).on_epoch_end(epoch, {"val_loss": loss})
    assert validation_losses(tmp_path, 0) == [0.5, 0.3]


@pytest.mark.parametrize(
    ("losses", "settled"),
    [([], False), ([1.0], False), ([1.0, 2.0], False), ([1.0, 2.0, 3.0], True), ([3.0, 1.0, 2.0], False)],
)
def test_training_has_settled_when_the_best_epoch_is_two_back(losses: list[float], settled: bool) -> None:
    assert has_settled(losses, patience=2) is settled


def fit(callbacks: list[keras.callbacks.Callback], epochs: int, initial_epoch: int = 0) -> keras.Model:
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    network.compile("sgd", "mse")
    data = (np.zeros((1, 1)), np.ones((1, 1)))  # in a few epochs its loss stays well above 0.01
    given = {"validation_data": data, "initial_epoch": initial_epoch, "epochs": epochs, "callbacks": callbacks}
    network.fit(*data, **given, verbose=0)
    return network


def test_an_epoch_that_was_cut_off_after_its_row_and_is_repeated_does_not_count_twice_towards_patience(
    tmp_path: Path,
) -> None:
    for epoch, loss in enumerate((0.01, 5.0)):
        WriteHistory(tmp_path).on_epoch_end(epoch, {"loss": loss, "val_loss": loss})
    fit([WriteHistory(tmp_path), StopEarly(tmp_path, 0, patience=2)], initial_epoch=1, epochs=9)
    assert [row["epoch"] for row in read_history(tmp_path)] == [0, 1, 2]


@pytest.mark.parametrize("whole", [False, True])
def test_a_run_that_was_killed_before_its_first_backup_was_done_begins_again_and_ends_as_an_uncut_one(
    tmp_path: Path, whole: bool
) -> None:
    uncut = fit([back_up(tmp_path / "uncut", "whole")], epochs=3)
    fit([back_up(tmp_path / "cut", "whole")], epochs=1)
    backup = tmp_path / "cut" / "backup" / "whole"
    (backup / "training_metadata.json").unlink()  # which Keras writes last
    if not whole:
        (weights,) = backup.iterdir()
        weights.write_bytes(weights.read_bytes()[:1000])
    resumed = fit([WriteHistory(tmp_path), back_up(tmp_path / "cut", "whole")], epochs=3)
    assert [row["epoch"] for row in read_history(tmp_path)] == [0, 1, 2]
    assert [w.tolist() for w in resumed.get_weights()] == [w.tolist() for w in uncut.get_weights()]

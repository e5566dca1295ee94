"""Trains the mask classifier: the head on the frozen backbone, then everything with a small learning rate."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np

from train.balance import BalancedOrder
from train.calibrate import Judged, calibrate, find_large, prior_shifts, write_calibration
from train.classifier_data import FaceBatches
from train.classifier_network import (
    build_classifier,
    free_backbone,
    freeze_backbone,
    load_start,
    logits_of,
    temper,
)
from train.dressing import Dressing
from train.face_map import Points
from train.faces import LabeledFace
from train.runs import (
    BEST_WEIGHTS,
    FollowEpoch,
    StopEarly,
    WriteHistory,
    back_up,
    check_run,
    has_settled,
    keep_best,
    start_run,
    validation_losses,
)
from train.start_models import load_trained
from train.whole_files import write_whole
from train.workers import Batches, join

MODEL = "model.keras"
_JUDGED_AT_ONCE = 64


@dataclasses.dataclass(frozen=True, slots=True)
class ClassifierRecipe:
    """Everything that decides what comes out; saved beside the run.

    `epochs` counts both phases; the first `head_epochs` train the head alone. `patience`: epochs of fine-tuning
    without a lower validation loss before it stops. `balance`: see `train.balance`. `epoch_faces`: faces an epoch
    shows, 0 for as many as there are. `synthetic`: the share, 0..1, of the bare faces of an epoch that get a drawn mask
    or something else before the mouth, see `train.dressing`.
    """

    labels: tuple[str, ...]
    input_px: int = 128
    alpha: float = 1.0
    epochs: int = 20
    head_epochs: int = 2
    batch: int = 32
    head_learning_rate: float = 1e-3
    learning_rate: float = 2e-4
    weight_decay: float = 1e-4
    label_smoothing: float = 0.05
    dropout: float = 0.2
    patience: int = 6
    balance: float = 0.5
    epoch_faces: int = 0
    synthetic: float = 0.0
    seed: int = 1


def train_classifier(
    run: Path, recipe: ClassifierRecipe, training: Sequence[LabeledFace], held_back: Sequence[LabeledFace],
    weights: Path | None, callbacks: Sequence[keras.callbacks.Callback] = (),
    landmarks: Mapping[LabeledFace, Points] | None = None, occurring: Mapping[str, int] | None = None,
) -> keras.Model:  # fmt: skip
    """Train, or go on with what an earlier call left in `run`, and return the network of the best epoch.

    `held_back` decides which epoch is best and when to stop, and calibrates the scores. Leaves recipe.json, labels.txt,
    history.csv, calibration.json, reliability.png and model.keras. `callbacks` are called in both phases. `landmarks`
    (5, 2) of bare training faces make drawn masks sit better. `occurring`, how many faces of a label there are in
    pictures of scenes, makes the scores expect it as often. Raises UsageError when the folder belongs to another run,
    ModelError when the weights do not fit.
    """
    check_run(run, recipe)
    if (run / MODEL).is_file():
        return load_trained(run / MODEL)
    keras.utils.set_random_seed(recipe.seed)
    network = build_classifier(recipe.input_px, len(recipe.labels), recipe.alpha, recipe.dropout)
    load_start(network, weights, recipe.alpha)
    start_run(run, recipe)
    (run / "labels.txt").write_text("".join(f"{label}\n" for label in recipe.labels), encoding="utf-8")
    order = BalancedOrder(training, recipe.balance, recipe.epoch_faces or None)
    dressing = Dressing(recipe.synthetic, recipe.labels, landmarks or {})
    _fit_both(run, recipe, network, _batches(recipe, order, training, held_back, dressing), callbacks)
    network.load_weights(run / BEST_WEIGHTS)
    shifts = prior_shifts(order.count_shown(training, dressing.taught), occurring or {}, recipe.labels)
    _calibrate(run, network, held_back, recipe.labels, shifts)
    write_whole(run / MODEL, network.save)
    return network


def _calibrate(
    run: Path, network: keras.Model, held_back: Sequence[LabeledFace], labels: Sequence[str], shifts: Sequence[float]
) -> None:
    judged = judge(network, held_back, labels)
    found = calibrate(judged, shifts)
    write_calibration(run, found, judged)
    temper(network, found.temperature, found.shifts)


def _batches(
    recipe: ClassifierRecipe, order: BalancedOrder, training: Sequence[LabeledFace],
    held_back: Sequence[LabeledFace], dressing: Dressing,
) -> tuple[Batches, FaceBatches]:  # fmt: skip
    size = (recipe.labels, recipe.input_px, recipe.batch)
    faces = FaceBatches(training, *size, recipe.seed, order, dressing if recipe.synthetic else None)
    return join().share(faces), FaceBatches(held_back, *size)


def _fit_both(
    run: Path, recipe: ClassifierRecipe, network: keras.Model, batches: tuple[Batches, FaceBatches],
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:  # fmt: skip
    head_epochs = min(recipe.head_epochs, recipe.epochs)
    callbacks = [FollowEpoch(batches[0], recipe.seed), *callbacks]
    if head_epochs:
        freeze_backbone(network)
        head = _compiled(network, recipe, join().adamw(recipe.head_learning_rate))
        _fit(head, batches, [*_record(run, 0, "head"), *callbacks], (0, head_epochs))
    if has_settled(validation_losses(run, head_epochs), recipe.patience):
        return
    free_backbone(network)
    steps = len(batches[0]) * max(1, recipe.epochs - head_epochs)
    whole = _compiled(network, recipe, _fine_optimizer(recipe, steps))
    stop = StopEarly(run, head_epochs, recipe.patience)
    _fit(whole, batches, [*_record(run, head_epochs, "whole"), stop, *callbacks], (head_epochs, recipe.epochs))


def _record(run: Path, first_epoch: int, phase: str) -> list[keras.callbacks.Callback]:
    return [keep_best(run, first_epoch), WriteHistory(run), back_up(run, phase)]


def _fine_optimizer(recipe: ClassifierRecipe, steps: int) -> keras.optimizers.Optimizer:
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate * 0.1, steps, alpha=0.02, warmup_target=recipe.learning_rate, warmup_steps=steps // 20
    )
    return join().adamw(schedule, weight_decay=recipe.weight_decay, global_clipnorm=5.0)


def _compiled(network: keras.Model, recipe: ClassifierRecipe, optimizer: keras.optimizers.Optimizer) -> keras.Model:
    """Return a model of the same weights for one phase: what is compiled, or restored, stays with that phase."""
    phase = keras.Model(network.input, network.output)
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing)
    phase.compile(optimizer, loss, metrics=["accuracy"])
    return phase


def _fit(
    model: keras.Model, batches: tuple[Batches, FaceBatches], callbacks: Sequence[keras.callbacks.Callback],
    epochs: tuple[int, int],
) -> None:  # fmt: skip
    training, held_back = batches
    model.fit(
        training,
        initial_epoch=epochs[0],
        epochs=epochs[1],
        validation_data=held_back,
        callbacks=[*callbacks, *join().callbacks()],
        shuffle=False,  # the batches shuffle themselves, the same way after an interruption
    )


def judge(network: keras.Model, faces: Sequence[LabeledFace], labels: Sequence[str]) -> Judged:
    """Return what the network says about faces, at least one, cut as the device cuts them."""
    batches = FaceBatches(faces, labels, int(network.input.shape[1]), _JUDGED_AT_ONCE)
    logits = np.asarray(logits_of(network).predict(batches, verbose=0), np.float64)
    truth = np.array([labels.index(face.label) for face in faces], np.intp)
    return Judged(logits, truth, find_large(faces), labels)

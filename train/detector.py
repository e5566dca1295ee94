"""Trains the face detector."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from train.annotations import AnnotatedPicture
from train.detector_data import DetectorBatches
from train.detector_loss import DetectorLoss, flatten_outputs
from train.detector_network import DetectorShape, build_network
from train.narrow import start_from_imagenet


@dataclasses.dataclass(frozen=True, slots=True)
class DetectorRecipe:
    """Everything that decides what comes out; saved beside the run."""

    shape: DetectorShape = DetectorShape()
    epochs: int = 60
    batch: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 5e-4
    seed: int = 1


def start_network(recipe: DetectorRecipe, weights: Path | None, pictures: Sequence[AnnotatedPicture]) -> keras.Model:
    """Return the network, its backbone started from ImageNet weights where `weights` names them (or downloads them)."""
    keras.utils.set_random_seed(recipe.seed)
    shape = recipe.shape
    network = build_network(shape)
    mobilenet = keras.applications.MobileNetV2(
        input_shape=(shape.height_px, shape.width_px, 3), include_top=False, weights=None if weights else "imagenet"
    )
    if weights:
        mobilenet.load_weights(str(weights))
    samples = DetectorBatches(pictures, shape, batch=32, seed=recipe.seed)[0][0]
    start_from_imagenet(network, mobilenet, np.asarray(samples))
    return network


def train_detector(
    run: Path, recipe: DetectorRecipe, training: Sequence[AnnotatedPicture], held_back: Sequence[AnnotatedPicture],
    weights: Path | None,
) -> keras.Model:  # fmt: skip
    """Train, or go on with what an earlier call left in `run`, and return the network."""
    run.mkdir(parents=True, exist_ok=True)
    (run / "recipe.json").write_text(json.dumps(dataclasses.asdict(recipe), indent=2) + "\n")
    network = start_network(recipe, weights, training)
    flat = flatten_outputs(network)
    batches = DetectorBatches(training, recipe.shape, recipe.batch, seed=recipe.seed)
    steps = len(batches) * recipe.epochs
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate * 0.05,
        steps,
        alpha=0.01,
        warmup_target=recipe.learning_rate,
        warmup_steps=min(500, steps // 10),
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay, global_clipnorm=10.0)
    flat.compile(optimizer, DetectorLoss(recipe.shape.width_px, recipe.shape.height_px))
    flat.fit(
        batches,
        epochs=recipe.epochs,
        validation_data=DetectorBatches(held_back, recipe.shape, recipe.batch, seed=None),
        callbacks=[
            _FollowEpoch(batches),
            keras.callbacks.BackupAndRestore(str(run / "backup"), save_freq="epoch", delete_checkpoint=False),
            keras.callbacks.CSVLogger(str(run / "history.csv"), append=True),
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: network.save_weights(run / "last.weights.h5")
            ),
        ],
        verbose=2,
    )
    network.save(run / "model.keras")
    return network


class _FollowEpoch(keras.callbacks.Callback):  # type: ignore[misc]
    """Tells the batches which epoch it is, so that a resumed run draws what an uncut one would have drawn."""

    def __init__(self, batches: DetectorBatches) -> None:
        super().__init__()
        self._batches = batches

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self._batches.epoch = epoch

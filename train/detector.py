"""Trains the face detector."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import keras

from edge.decode import STRIDES
from edge.errors import ModelError
from train.annotations import AnnotatedPicture
from train.detector_data import DetectorBatches
from train.detector_loss import DetectorLoss, flatten_outputs
from train.detector_network import DetectorShape, build_network
from train.narrow import start_from
from train.picture_dressing import PictureDressing, PictureLandmarks
from train.runs import FollowEpoch, WriteHistory, back_up, check_run, start_run
from train.start_models import load_mobilenet, load_trained
from train.whole_files import write_whole
from train.workers import join

_SAMPLES = 256


@dataclasses.dataclass(frozen=True, slots=True)
class DetectorRecipe:
    """Everything that decides what comes out; saved beside the run.

    `synthetic`: the share, 0..1, of the faces of an epoch that get a mask, or something else, drawn on.
    """

    shape: DetectorShape = DetectorShape()
    epochs: int = 60
    batch: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 5e-4
    seed: int = 1
    narrow: bool = False
    synthetic: float = 0.0


def start_network(recipe: DetectorRecipe, weights: Path | None, pictures: Sequence[AnnotatedPicture]) -> keras.Model:
    """Return the network with the weights that training starts from.

    `weights` is a detector trained here (`*.keras`), which is trained on as it is or, if the recipe says so, narrowed
    to the recipe's shape first; or a file of MobileNetV2 without top (`*.weights.h5`), which is always narrowed.
    Without it the ImageNet weights are downloaded. A detector of today's network may take another input than the
    recipe's: its weights fit every size. Raises ModelError when the file is neither, or an older network of another
    input.
    """
    keras.utils.set_random_seed(recipe.seed)
    is_detector = weights is not None and weights.suffix == ".keras"
    size = (recipe.shape.height_px, recipe.shape.width_px, 3)
    source = _load_detector(weights) if weights and is_detector else load_mobilenet(weights, size)
    network = build_network(recipe.shape)
    if source.input.shape != network.input.shape:
        if not is_detector or recipe.narrow or _shapes(source) != _shapes(network):
            raise ModelError(
                f"{weights}: takes {source.input.shape[1:]}, not {network.input.shape[1:]}; give --input as it was"
            )
        network.set_weights(source.get_weights())
        return network
    if is_detector and not recipe.narrow:
        return source
    samples = DetectorBatches(pictures, recipe.shape, batch=min(_SAMPLES, len(pictures)), seed=recipe.seed)[0][0]
    start_from(network, source, samples)
    return network


def size_of(weights: Path | None) -> str | None:
    """Return the input size, `WxH` in pixels, of a detector trained here; None for weights that are none.

    Raises ModelError when the file is no detector.
    """
    if weights is None or weights.suffix != ".keras":
        return None
    height, width = _load_detector(weights).input.shape[1:3]
    return f"{width}x{height}"


def _shapes(network: keras.Model) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in network.weights]


def _load_detector(path: Path) -> keras.Model:
    network = load_trained(path)
    if not isinstance(network.output, dict) or not {f"score_{stride}" for stride in STRIDES} <= network.output.keys():
        raise ModelError(f"{path}: is no face detector; give one that training made, or MobileNetV2's .weights.h5")
    return network


def train_detector(
    run: Path, recipe: DetectorRecipe, training: Sequence[AnnotatedPicture], held_back: Sequence[AnnotatedPicture],
    weights: Path | None, landmarks: PictureLandmarks | None = None,
) -> keras.Model:  # fmt: skip
    """Train, or go on with what an earlier call left in `run`, and return the network.

    `landmarks`, see PictureDressing, make what is drawn on faces sit better.
    Raises UsageError when the folder belongs to a run of another recipe.
    """
    check_run(run, recipe)
    network = _start(run, recipe, weights, training)
    start_run(run, recipe)
    flat = flatten_outputs(network)
    dressing = PictureDressing(recipe.synthetic, landmarks or {}) if recipe.synthetic else None
    batches = join().share(DetectorBatches(training, recipe.shape, recipe.batch, recipe.seed, dressing))
    optimizer = _optimizer(recipe, len(batches) * recipe.epochs)
    flat.compile(optimizer, DetectorLoss(recipe.shape.width_px, recipe.shape.height_px))
    flat.fit(
        batches,
        epochs=recipe.epochs,
        validation_data=DetectorBatches(held_back, recipe.shape, recipe.batch, seed=None),
        callbacks=[
            FollowEpoch(batches, recipe.seed),
            WriteHistory(run),
            back_up(run, "whole"),
            *join().callbacks(),
            _keep_last(run, network),
        ],
        shuffle=False,  # the batches shuffle themselves, the same way after an interruption
    )
    write_whole(run / "model.keras", network.save)
    return network


def _start(
    run: Path, recipe: DetectorRecipe, weights: Path | None, training: Sequence[AnnotatedPicture]
) -> keras.Model:
    """Return the network as training starts; what it starts from is worked out once and kept."""
    kept = run / "start.keras"
    if not kept.is_file():
        write_whole(kept, start_network(recipe, weights, training).save)
    return load_trained(kept)


def _optimizer(recipe: DetectorRecipe, steps: int) -> keras.optimizers.Optimizer:
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate * 0.05,
        steps,
        alpha=0.01,
        warmup_target=recipe.learning_rate,
        warmup_steps=min(500, steps // 10),
    )
    return join().adamw(schedule, weight_decay=recipe.weight_decay, global_clipnorm=10.0)


def _keep_last(run: Path, network: keras.Model) -> keras.callbacks.Callback:
    """Return a callback that keeps the weights after each epoch, so that a half-trained detector can be tried."""
    return keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: write_whole(run / "last.weights.h5", network.save_weights)
    )

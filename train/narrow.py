"""Starts a detector from a wider and deeper network: MobileNetV2 with ImageNet weights, or a detector trained before.

The stem learns to give what the wider network gives at the same place (feature regression, Romero et al. 2015,
https://arxiv.org/abs/1412.6550). Of each block's expanded channels those stay that carry most of its output; the
projection is then fitted anew by least squares, so that the block gives what the wider network gave there, blocks that
are left out included (channel pruning after He et al. 2017, https://arxiv.org/abs/1707.06168).
"""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

from train.detector_network import BLOCKS, STEM_END

_Array = NDArray[np.float32]

_ROWS = 12000
_RIDGE = 1e-4
_STEM_BATCH = 16
_STEM_EPOCHS = 32
_FEW = 64


class _Norm(NamedTuple):
    """The weights of a batch normalization."""

    gamma: _Array
    beta: _Array
    mean: _Array
    variance: _Array


def start_from(network: keras.Model, source: keras.Model, pictures: _Array) -> None:
    """Set the network's weights in place from those of `source`, a MobileNetV2 without top or an older detector.

    Both must take the same input size; `pictures` (n, h, w, 3) float32 in −1…1 are samples of what the detector will
    see. Layers outside the backbone that have the same name and the same shape in both are copied.
    """
    named = {layer.name.lower(): layer for layer in source.layers}
    _copy_alike(network, named)
    numbers = list(BLOCKS)
    _fit_stem(network, _output(source, named, numbers[0] - 1), pictures)
    few = pictures[:_FEW]
    _settle_statistics(network, few)
    for number, next_number in zip(numbers, [*numbers[1:], numbers[-1] + 1], strict=True):
        _narrow_block(network, source, named, few, number, next_number - 1)
    _settle_statistics(network, few)


def _copy_alike(network: keras.Model, named: dict[str, keras.layers.Layer]) -> None:
    for layer in network.layers:
        theirs = named.get(layer.name)
        is_ours = layer.weights and not layer.name.startswith(("stem", "block_"))
        if is_ours and theirs and [w.shape for w in theirs.weights] == [w.shape for w in layer.weights]:
            layer.set_weights(theirs.get_weights())


def _output(source: keras.Model, named: dict[str, keras.layers.Layer], number: int) -> keras.Model:
    """Return the part of the source that ends with a block, or with the one before where it has no such block."""
    names = [f"block_{n}_{end}" for n in range(number, -1, -1) for end in ("add", "project_bn")]
    last = next(named[name] for name in [*names, STEM_END] if name in named)
    return keras.Model(source.input, last.output)


def _fit_stem(network: keras.Model, wanted: keras.Model, pictures: _Array) -> None:
    targets = _run(wanted, pictures)
    middle, spread = targets.mean(axis=(0, 1, 2)), targets.std(axis=(0, 1, 2)) + 1e-6
    end = network.get_layer(STEM_END)
    end.set_weights([spread, middle, *end.get_weights()[2:]])
    stem = keras.Model(network.input, end.output)
    steps_per_epoch = -(-len(pictures) // _STEM_BATCH)
    schedule = keras.optimizers.schedules.CosineDecay(4e-3, _STEM_EPOCHS * steps_per_epoch)
    stem.compile(keras.optimizers.Adam(schedule), _ScaledError(spread))
    stem.fit(pictures, targets, batch_size=_STEM_BATCH, epochs=_STEM_EPOCHS, verbose=0)
    for layer in stem.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            _catch_up(layer, _flat(_run(keras.Model(stem.input, layer.input), pictures[:_FEW])))


def _catch_up(layer: keras.layers.BatchNormalization, seen: _Array) -> None:
    """Set the statistics to those of what the layer sees: its moving averages lag behind a short training."""
    gamma, beta, _, _ = layer.get_weights()
    layer.set_weights([gamma, beta, seen.mean(axis=0), seen.var(axis=0)])


class _ScaledError(keras.losses.Loss):  # type: ignore[misc]
    """Mean squared error in units of each channel's spread."""

    def __init__(self, spread: _Array) -> None:
        super().__init__(name="scaled_error")
        self._spread = spread

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        return keras.ops.mean(((y_true - y_pred) / self._spread) ** 2, axis=-1)


def _narrow_block(
    network: keras.Model, source: keras.Model, named: dict[str, keras.layers.Layer], pictures: _Array,
    number: int, last: int,
) -> None:  # fmt: skip
    """Give block `number` what blocks `number` to `last` of the source do."""
    kept = _most_carrying(network, source, named, pictures, number)
    for part, axis in (("expand", 3), ("depthwise", 2)):
        kernel = named[f"block_{number}_{part}"].get_weights()[0]
        network.get_layer(f"block_{number}_{part}").set_weights([np.take(kernel, kept, axis)])
        theirs = named[f"block_{number}_{part}_bn"]
        _set_norm(network.get_layer(f"block_{number}_{part}_bn"), _pick(_folded(theirs), kept))
    project = network.get_layer(f"block_{number}_project")
    hidden = _flat(_run(keras.Model(network.input, project.input), pictures))
    target = _flat(_run(_output(source, named, last), pictures))
    if any(layer.name == f"block_{number}_add" for layer in network.layers):
        passed = network.get_layer(f"block_{number}_expand").input
        target = target - _flat(_run(keras.Model(network.input, passed), pictures))
    rows = np.random.default_rng(number).permutation(len(hidden))[:_ROWS]
    weights, bias = _least_squares(hidden[rows], target[rows])
    project.set_weights([weights[None, None]])
    ones = np.ones_like(bias)
    _set_norm(network.get_layer(f"block_{number}_project_bn"), _Norm(ones, bias, 0 * ones, ones))


def _most_carrying(
    network: keras.Model, source: keras.Model, named: dict[str, keras.layers.Layer], pictures: _Array, number: int
) -> NDArray[np.intp]:
    """Return the expanded channels of a source's block that carry most of its output, as many as ours has."""
    hidden = _run(keras.Model(source.input, named[f"block_{number}_depthwise_relu"].output), pictures)
    project = named[f"block_{number}_project"].get_weights()[0][0, 0]
    scale = _folded(named[f"block_{number}_project_bn"]).gamma
    carried = hidden.std(axis=(0, 1, 2)) * np.linalg.norm(project * scale, axis=1)
    width = network.get_layer(f"block_{number}_depthwise").output.shape[-1]
    return np.sort(np.argsort(-carried)[:width])


def _run(model: keras.Model, pictures: _Array) -> _Array:
    """Return a model's output; `predict` would trace a graph for each part of the network."""
    parts = [model(pictures[i : i + 8], training=False) for i in range(0, len(pictures), 8)]
    return np.concatenate([keras.ops.convert_to_numpy(x) for x in parts])


def _flat(x: _Array) -> _Array:
    return x.reshape(-1, x.shape[-1])


def _least_squares(x: _Array, y: _Array) -> tuple[_Array, _Array]:
    centered = x - x.mean(axis=0)
    products = centered.T @ centered
    ridge = _RIDGE * np.trace(products) / len(products) * np.eye(len(products))
    weights = np.linalg.solve(products + ridge, centered.T @ (y - y.mean(axis=0)))
    return weights.astype(np.float32), (y.mean(axis=0) - x.mean(axis=0) @ weights).astype(np.float32)


def _folded(layer: keras.layers.BatchNormalization) -> _Norm:
    """Return a batch normalization as one of mean 0 and variance 1."""
    gamma, beta, mean, variance = layer.get_weights()
    scale = gamma / np.sqrt(variance + layer.epsilon)
    return _Norm(scale, beta - mean * scale, 0 * mean, np.ones_like(variance))


def _pick(norm: _Norm, kept: NDArray[np.intp]) -> _Norm:
    return _Norm(*(values[kept] for values in norm))


def _set_norm(layer: keras.layers.BatchNormalization, norm: _Norm) -> None:
    layer.set_weights([norm.gamma, norm.beta, norm.mean, norm.variance - layer.epsilon])


def _settle_statistics(network: keras.Model, pictures: _Array) -> None:
    """Give the backbone's batch normalizations the statistics of their inputs without changing what they compute."""
    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)]
    layers = [layer for layer in layers if layer.name.startswith(("stem", "block_"))]
    for layer, x in zip(layers, keras.Model(network.input, [y.input for y in layers])(pictures), strict=True):
        scale, shift, _, _ = _folded(layer)
        seen = _flat(keras.ops.convert_to_numpy(x))
        mean, spread = seen.mean(axis=0), np.sqrt(seen.var(axis=0) + layer.epsilon)
        layer.set_weights([scale * spread, shift + scale * mean, mean, spread**2 - layer.epsilon])

"""Starts the narrowed backbone from MobileNetV2's ImageNet weights.

Of each block's expanded channels those stay that carry most of its output; the projection is then fitted anew by least
squares, so that the block still gives what the whole one gave on sample pictures (channel pruning after He et al. 2017,
https://arxiv.org/abs/1707.06168).
"""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from train.detector_network import BLOCKS

_SAMPLES = 6000
_RIDGE = 1e-4


def start_from_imagenet(network: keras.Model, mobilenet: keras.Model, pictures: NDArray[np.float32]) -> None:
    """Set the backbone's weights in place.

    `mobilenet` is keras.applications.MobileNetV2 without top for the same input size; `pictures` (n, h, w, 3) float32
    in −1…1 are samples of what the detector will see.
    """
    rng = np.random.default_rng(0)
    for index in range(len(BLOCKS)):
        _narrow_block(network, mobilenet, pictures, index, rng)
    _settle_statistics(network, pictures)


def _narrow_block(
    network: keras.Model, mobilenet: keras.Model, pictures: NDArray[np.float32], index: int, rng: np.random.Generator
) -> None:
    theirs = f"block_{index}" if index else "expanded_conv"
    inner, outer = f"{theirs}_depthwise_relu", f"{theirs}_project_BN"
    probe = keras.Model(mobilenet.input, [mobilenet.get_layer(inner).output, mobilenet.get_layer(outer).output])
    hidden, target = (_flat(x) for x in _run(probe, pictures))
    rows = rng.choice(len(hidden), min(_SAMPLES, len(hidden)), replace=False)
    hidden, target = hidden[rows], target[rows]
    project = mobilenet.get_layer(f"{theirs}_project").get_weights()[0][0, 0]
    width = network.get_layer(f"block_{index}_depthwise").output.shape[-1]
    carried = hidden.std(axis=0) * np.linalg.norm(project, axis=1)
    kept = np.sort(np.argsort(-carried)[:width])
    fitted, bias = _least_squares(hidden[:, kept], target)
    first, first_bn = ("stem", "bn_Conv1") if index == 0 else (f"block_{index}_expand", f"{theirs}_expand_BN")
    source = "Conv1" if index == 0 else f"{theirs}_expand"
    _set(network, first, mobilenet.get_layer(source).get_weights()[0][..., kept], _shift(mobilenet, first_bn)[kept])
    kernel = mobilenet.get_layer(f"{theirs}_depthwise").get_weights()[0][:, :, kept]
    _set(network, f"block_{index}_depthwise", kernel, _shift(mobilenet, f"{theirs}_depthwise_BN")[kept])
    _set(network, f"block_{index}_project", fitted[None, None], bias)


def _run(probe: keras.Model, pictures: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Return the outputs of a model of several outputs; `predict` would trace a graph for each probe."""
    parts = [probe(pictures[i : i + 8], training=False) for i in range(0, len(pictures), 8)]
    return [np.concatenate([keras.ops.convert_to_numpy(x) for x in xs]) for xs in zip(*parts, strict=True)]


def _flat(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return x.reshape(-1, x.shape[-1])


def _least_squares(x: NDArray[np.float32], y: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    centered = x - x.mean(axis=0)
    products = centered.T @ centered
    ridge = _RIDGE * np.trace(products) / len(products) * np.eye(len(products))
    weights = np.linalg.solve(products + ridge, centered.T @ (y - y.mean(axis=0)))
    return weights.astype(np.float32), (y.mean(axis=0) - x.mean(axis=0) @ weights).astype(np.float32)


def _shift(mobilenet: keras.Model, name: str) -> NDArray[np.float32]:
    gamma, beta, mean, variance = mobilenet.get_layer(name).get_weights()
    scale = gamma / np.sqrt(variance + mobilenet.get_layer(name).epsilon)
    if not np.allclose(scale, 1, atol=0.01):
        raise ValueError(f"{name}: batch normalization must be folded into the weights")
    shift: NDArray[np.float32] = beta - mean * scale
    return shift


def _set(network: keras.Model, name: str, kernel: NDArray[np.float32], shift: NDArray[np.float32]) -> None:
    network.get_layer(name).set_weights([kernel])
    ones = np.ones_like(shift)
    epsilon = network.get_layer(f"{name}_bn").epsilon
    network.get_layer(f"{name}_bn").set_weights([ones, shift, 0 * ones, ones - epsilon])


def _settle_statistics(network: keras.Model, pictures: NDArray[np.float32]) -> None:
    """Give every batch normalization the statistics of its input without changing what it computes."""
    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)]
    layers = [layer for layer in layers if layer.name.startswith(("stem", "block_"))]
    probe = keras.Model(network.input, [layer.input for layer in layers])
    for layer, x in zip(layers, _run(probe, pictures), strict=True):
        mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
        _, shift, _, _ = layer.get_weights()
        layer.set_weights([np.sqrt(variance + layer.epsilon), shift + mean, mean, variance])

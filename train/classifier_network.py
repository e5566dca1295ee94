"""The mask classifier's network: MobileNetV2, the mean over all places, one 1×1 convolution, softmax.

Sandler et al. 2018, https://arxiv.org/abs/1801.04381. The last layer is a convolution, not a dense layer: newer
converters quantize dense layers per channel, which the Edge TPU compiler refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from keras import layers

from edge.errors import ModelError, UsageError
from train.start_models import load_mobilenet, load_trained, misfit

HEAD = "label"
"""Name of the last layer with weights."""

_LOGITS = "logits"
_SMALLEST_INPUT_PX = 32


def build_classifier(size_px: int, labels: int, alpha: float = 1.0, dropout: float = 0.2) -> keras.Model:
    """Return the network with random weights: (size_px, size_px, 3) RGB in −1…1 to one probability a label.

    `alpha` scales its width. Raises UsageError for a size that MobileNetV2 cannot take.
    """
    if size_px < _SMALLEST_INPUT_PX or size_px % _SMALLEST_INPUT_PX:
        raise UsageError(f"--input: must be a multiple of {_SMALLEST_INPUT_PX}, got {size_px}; try 96, 128 or 160")
    backbone = keras.applications.MobileNetV2(
        input_shape=(size_px, size_px, 3), alpha=alpha, include_top=False, weights=None
    )
    x = layers.GlobalAveragePooling2D(keepdims=True, name="mean")(backbone.output)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Conv2D(labels, 1, name=HEAD)(x)
    x = layers.Reshape((labels,), name=_LOGITS)(x)
    return keras.Model(backbone.input, layers.Softmax(name="scores")(x), name="mask_classifier")


def load_start(network: keras.Model, weights: Path | None, alpha: float) -> None:
    """Give the network the weights to start from, in place; the head keeps its own unless it has the same shape.

    `weights` is a file of MobileNetV2 without top (`*.weights.h5`) or a model trained here (`*.keras`); without it the
    ImageNet weights are downloaded. Raises ModelError when there are none or they do not fit.
    """
    if weights is not None and not weights.is_file():
        raise ModelError(f"{weights}: no such file; leave out --weights to download the ImageNet weights")
    if weights is None or weights.suffix != ".keras":
        _copy_layers(load_mobilenet(weights, tuple(network.input.shape[1:]), alpha), network)
        return
    trained = load_trained(weights)
    try:
        _copy_layers(trained, network)
    except ValueError as exc:
        raise misfit(weights, alpha, exc) from exc


def _copy_layers(start: keras.Model, network: keras.Model) -> None:
    known = {layer.name: layer for layer in start.layers if layer.weights}
    for layer in network.layers:
        theirs = known.get(layer.name)
        if theirs is None:
            if layer.weights and layer.name != HEAD:
                raise ValueError(f"layer {layer.name} is missing")
        elif layer.name != HEAD or [w.shape for w in theirs.weights] == [w.shape for w in layer.weights]:
            layer.set_weights(theirs.get_weights())


def logits_of(network: keras.Model) -> keras.Model:
    """Return a model of the same layers that ends before the softmax: (labels,) logits."""
    return keras.Model(network.input, network.get_layer(_LOGITS).output)


def temper(network: keras.Model, temperature: float, shifts: Sequence[float]) -> None:
    """Divide the network's logits by a temperature and add `shifts`, one a label, in place.

    The last layer's weights take it, no layer is added.
    """
    head = network.get_layer(HEAD)
    kernel, bias = head.get_weights()
    head.set_weights([kernel / temperature, bias / temperature + np.array(shifts, bias.dtype)])


def freeze_backbone(network: keras.Model) -> None:
    """Let only the head learn."""
    for layer in network.layers:
        layer.trainable = layer.name == HEAD


def free_backbone(network: keras.Model) -> None:
    """Let everything learn but batch normalization.

    The ImageNet weights may come with batch normalization folded in (mean 0, variance 1); statistics re-estimated on
    small batches of faces would then shift every layer at once. Frozen they are constants that the converter folds.
    """
    for layer in network.layers:
        layer.trainable = not isinstance(layer, layers.BatchNormalization)

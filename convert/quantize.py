"""A Keras model as a fully quantized TFLite model: int8 inside, uint8 or int8 in, int8 out, a static batch of one."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from convert.graph import simplify_resizes, take_signed_input
from edge.preprocess import real_input


def quantize(model: keras.Model, samples: Iterable[NDArray[np.uint8]], signed_input: bool = False) -> bytes:
    """Return the TFLite model; its input is uint8, or int8 if `signed_input`.

    `model` takes (height, width, 3) float in −1…1. `samples` are (height, width, 3) uint8 RGB inputs like those the
    device will see; they set the ranges of every tensor (post-training quantization, Jacob et al. 2018,
    https://arxiv.org/abs/1712.05877).
    """
    converter = tf.lite.TFLiteConverter.from_concrete_functions([_frozen_function(model)])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: _as_real(samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    converter.inference_output_type = tf.int8
    # the Edge TPU compiler rejects dense layers that are quantized per channel
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    with warnings.catch_warnings():
        # the converter asks for statistics that only its old, pre-calibration way needs
        warnings.filterwarnings("ignore", message="Statistics for quantized inputs were expected")
        small = simplify_resizes(bytes(converter.convert()))
    return take_signed_input(small) if signed_input else small


def _frozen_function(model: keras.Model) -> Any:
    """Return the model as one function of a static shape: with a dynamic batch SHAPE and PACK stay in the graph."""
    signature = [tf.TensorSpec((1, *model.input.shape[1:]), tf.float32)]
    function = tf.function(lambda picture: model(picture, training=False), input_signature=signature)
    return convert_variables_to_constants_v2(function.get_concrete_function())


def _as_real(samples: Iterable[NDArray[np.uint8]]) -> Iterator[list[NDArray[np.float32]]]:
    """Yield the samples as −1…1, after one sample that spans the whole range, so that the input keeps its scale."""
    for index, sample in enumerate(samples):
        if index == 0:
            span = np.resize(np.array([0, 255], np.uint8), sample.shape)
            yield [real_input(span)[None]]
        yield [real_input(sample)[None]]

"""Runs the float model and the int8 model in one and the same way."""

from __future__ import annotations

from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.manifest import CLASSIFIER_KIND, DETECTOR_KIND, Tensor
from edge.preprocess import real_input
from edge.runtime import Outputs, StoredOutputs, lay_in
from edge.runtime.tflite import open_raw_interpreter


class Twin(Protocol):
    """A model: its input's (width, height) in pixels, and what it says about one input."""

    @property
    def input_size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        ...

    def __call__(self, rgb: NDArray[np.uint8]) -> Outputs:
        """Return the outputs for (height, width, 3) uint8 RGB."""
        ...


class FloatTwin:
    """The Keras model."""

    def __init__(self, model: keras.Model) -> None:
        """Wrap a model of one input (height, width, 3)."""
        self._run = tf.function(lambda picture: model(picture, training=False))  # many times faster than eager calls
        self.input_size = (int(model.input.shape[2]), int(model.input.shape[1]))

    def __call__(self, rgb: NDArray[np.uint8]) -> Outputs:
        """Return the outputs by name; see `Twin`."""
        found = self._run(real_input(rgb)[None])
        outputs = found if isinstance(found, dict) else {"scores": found}
        return {name: keras.ops.convert_to_numpy(value)[0] for name, value in outputs.items()}


class Int8Twin:
    """The TFLite model."""

    def __init__(self, data: bytes, outputs: dict[str, tuple[int, ...]]) -> None:
        """Load the model; `outputs` gives the float model's output shapes (batch of 1), by name.

        Raises ModelError when the outputs cannot be told apart by shape.
        """
        self._interpreter = open_raw_interpreter(data)
        self.input = _tensor(self._interpreter.get_input_details()[0], "picture")
        self.input_size = (self.input.shape[2], self.input.shape[1])
        names = {shape: name for name, shape in outputs.items()}
        details = self._interpreter.get_output_details()
        shapes = [tuple(int(n) for n in d["shape"]) for d in details]
        if len(names) != len(outputs) or set(shapes) != set(names):
            raise ModelError(f"outputs {shapes} of the int8 model do not match the float model's {sorted(names)}")
        self.outputs = tuple(_tensor(d, names[shape]) for d, shape in zip(details, shapes, strict=True))
        self._indices = [d["index"] for d in details]

    def __call__(self, rgb: NDArray[np.uint8]) -> Outputs:
        """Return the outputs by name; see `Twin`."""
        lay_in(rgb, self._interpreter.tensor(self._interpreter.get_input_details()[0]["index"])())
        self._interpreter.invoke()
        return StoredOutputs(self.outputs, [self._interpreter.get_tensor(index) for index in self._indices])


def output_shapes(model: keras.Model) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a Keras model's outputs by name, for a batch of one."""
    outputs = model.output if isinstance(model.output, dict) else {"scores": model.output}
    return {name: (1, *tensor.shape[1:]) for name, tensor in outputs.items()}


def kind_of(model: keras.Model) -> str:
    """Return the manifest kind of a Keras model: a detector has several named outputs, a classifier one."""
    return DETECTOR_KIND if isinstance(model.output, dict) else CLASSIFIER_KIND


def _tensor(detail: dict[str, Any], name: str) -> Tensor:
    scale, zero_point = detail["quantization"]
    shape = tuple(int(n) for n in detail["shape"])
    return Tensor(name, shape, np.dtype(detail["dtype"]).name, float(scale), int(zero_point))

"""A TFLite graph as layers that know their tensors, so that each limit of the compiler is one small question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.graph import OPERATOR_NAMES, TYPE_NAMES, code_of


@dataclass(frozen=True, slots=True)
class Tensor:
    """`shape` holds −1 where a size is not known before it runs; `constant` are its bytes, empty for a value."""

    name: str
    kind: str
    shape: tuple[int, ...]
    scales: int
    constant: NDArray[np.uint8]

    def integers(self) -> tuple[int, ...]:
        """Return a constant of 32-bit integers, in order: the axes of a reduction, the widths of a padding."""
        return tuple(int(n) for n in np.frombuffer(self.constant.tobytes(), "<i4"))


@dataclass(frozen=True, slots=True)
class Layer:
    """One operator. `name` says which and where: `CONV_2D model/stem/Relu6`. A missing optional input is left out."""

    operator: str
    code: int
    version: int
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    options: Any

    @property
    def name(self) -> str:
        """The operator and the tensor that it makes."""
        return " ".join([self.operator, *(tensor.name for tensor in self.outputs[:1])])


def list_tensors(model: Any) -> tuple[Tensor, ...]:
    """Return the tensors of the first subgraph, in order."""
    return tuple(_read_tensor(model, tensor) for tensor in model.subgraphs[0].tensors)


def list_layers(model: Any) -> tuple[Layer, ...]:
    """Return the layers of the first subgraph, in the order in which they run."""
    return tuple(_read_layers(model, list_tensors(model)))


def parameter_bytes(model: Any) -> int:
    """Return how many bytes of weights and biases a model holds."""
    return sum(tensor.constant.size for tensor in list_tensors(model))


def _read_layers(model: Any, tensors: tuple[Tensor, ...]) -> Iterator[Layer]:
    for operator in model.subgraphs[0].operators:
        code = model.operatorCodes[operator.opcodeIndex]
        number = code_of(code)
        name = code.customCode.decode() if code.customCode else OPERATOR_NAMES.get(number, f"operator {number}")
        inputs = tuple(tensors[index] for index in operator.inputs if index >= 0)
        outputs = tuple(tensors[index] for index in operator.outputs)
        yield Layer(name, number, code.version, inputs, outputs, operator.builtinOptions)


def _read_tensor(model: Any, tensor: Any) -> Tensor:
    data = model.buffers[tensor.buffer].data
    scales = tensor.quantization.scale if tensor.quantization else None
    signature = tensor.shapeSignature
    shape = tensor.shape if signature is None or len(signature) == 0 else signature
    return Tensor(
        tensor.name.decode(),
        TYPE_NAMES[tensor.type],
        () if shape is None else tuple(int(n) for n in shape),
        0 if scales is None else len(scales),
        np.asarray([] if data is None else data, np.uint8),
    )

"""Looks into TFLite files: which operators, of which version, on tensors of which kind.

The Edge TPU compiler takes fully quantized, static graphs of a few operators; what it would refuse is named here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import flatbuffers
from tensorflow.lite.python import schema_py_generated as schema

EDGE_TPU_OPERATORS = frozenset(
    [
        "ADD",
        "AVERAGE_POOL_2D",
        "CONCATENATION",
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "FULLY_CONNECTED",
        "LOGISTIC",
        "MAXIMUM",
        "MAX_POOL_2D",
        "MEAN",
        "MINIMUM",
        "MUL",
        "PAD",
        "QUANTIZE",
        "RELU",
        "RELU6",
        "RESHAPE",
        "RESIZE_BILINEAR",
        "RESIZE_NEAREST_NEIGHBOR",
        "SLICE",
        "SOFTMAX",
        "SUB",
        "TANH",
        "TRANSPOSE_CONV",
    ]
)
"""What the compiler maps (https://coral.ai/docs/edgetpu/models-intro, "Supported operations")."""

_QUANTIZED = frozenset({schema.TensorType.INT8, schema.TensorType.UINT8, schema.TensorType.INT32})
_OPERATOR_NAMES = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
_TYPE_NAMES = {value: name for name, value in vars(schema.TensorType).items() if isinstance(value, int)}
_RESIZE = schema.BuiltinOperator.RESIZE_NEAREST_NEIGHBOR


@dataclass(frozen=True, slots=True)
class Operator:
    """One node of a graph."""

    name: str
    version: int


def list_operators(data: bytes) -> tuple[Operator, ...]:
    """Return the operators of a TFLite model, in order."""
    model = _parse(data)
    codes = [Operator(_OPERATOR_NAMES[_code(code)], code.version) for code in model.operatorCodes]
    return tuple(codes[operator.opcodeIndex] for operator in model.subgraphs[0].operators)


def find_obstacles(data: bytes) -> tuple[str, ...]:
    """Return a sentence for each thing that keeps a graph from running wholly on an Edge TPU; none: it can."""
    model = _parse(data)
    graph = model.subgraphs[0]
    found = [
        f"operator {operator.name} does not map to the Edge TPU"
        for operator in dict.fromkeys(list_operators(data))
        if operator.name not in EDGE_TPU_OPERATORS
    ]
    found += [text for tensor in graph.tensors for text in _tensor_obstacles(tensor)]
    found += _dense_obstacles(model)
    return tuple(found)


def _tensor_obstacles(tensor: Any) -> Iterator[str]:
    name = tensor.name.decode()
    if tensor.type not in _QUANTIZED:
        yield f"tensor {name} is {_TYPE_NAMES[tensor.type]}, not quantized"
    signature = tensor.shapeSignature
    if signature is not None and any(size < 0 for size in signature):
        yield f"tensor {name} has a dynamic shape"


def _dense_obstacles(model: Any) -> Iterator[str]:
    graph = model.subgraphs[0]
    for operator in graph.operators:
        if _code(model.operatorCodes[operator.opcodeIndex]) != schema.BuiltinOperator.FULLY_CONNECTED:
            continue
        weights = graph.tensors[operator.inputs[1]]
        if len(weights.quantization.scale) > 1:
            yield f"dense layer {weights.name.decode()} is quantized per channel; the compiler wants it per tensor"


def simplify_resizes(data: bytes) -> bytes:
    """Return the model with RESIZE_NEAREST_NEIGHBOR in its version 2 where that computes the same.

    TensorFlow sets `half_pixel_centers`, which needs version 3; the Edge TPU compiler is from the time of version 2.
    For whole-number enlargements both read the same pixels.
    """
    model = _parse(data)
    resizes = [op for op in model.subgraphs[0].operators if _code(model.operatorCodes[op.opcodeIndex]) == _RESIZE]
    if not resizes or not all(_is_whole_enlargement(model.subgraphs[0], operator) for operator in resizes):
        return data
    for operator in resizes:
        operator.builtinOptions.halfPixelCenters = False
        model.operatorCodes[operator.opcodeIndex].version = 2
    return _pack(model)


def _is_whole_enlargement(graph: Any, operator: Any) -> bool:
    before, after = graph.tensors[operator.inputs[0]].shape, graph.tensors[operator.outputs[0]].shape
    return bool(after[1] % before[1] == 0 and after[2] % before[2] == 0)


def _code(code: Any) -> int:
    return max(int(code.builtinCode), int(code.deprecatedBuiltinCode))


def _parse(data: bytes) -> Any:
    return schema.ModelT.InitFromPackedBuf(data, 0)


def _pack(model: Any) -> bytes:
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())

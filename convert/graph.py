"""Takes TFLite files apart and puts them together again, changed so that every runtime and compiler takes them."""

from __future__ import annotations

from typing import Any

import flatbuffers
from tensorflow.lite.python import schema_py_generated as schema

OPERATOR_NAMES = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
TYPE_NAMES = {value: name for name, value in vars(schema.TensorType).items() if isinstance(value, int)}
_RESIZE = schema.BuiltinOperator.RESIZE_NEAREST_NEIGHBOR
_QUANTIZE = schema.BuiltinOperator.QUANTIZE


def simplify_resizes(data: bytes) -> bytes:
    """Return the model with RESIZE_NEAREST_NEIGHBOR in its version 2 where that computes the same.

    TensorFlow sets `half_pixel_centers`, which needs version 3; the Edge TPU compiler is from the time of version 2.
    For whole-number enlargements both read the same pixels.
    """
    model = parse(data)
    resizes = [op for op in model.subgraphs[0].operators if code_of(model.operatorCodes[op.opcodeIndex]) == _RESIZE]
    if not resizes or not all(_is_whole_enlargement(model.subgraphs[0], operator) for operator in resizes):
        return data
    for operator in resizes:
        operator.builtinOptions.halfPixelCenters = False
        model.operatorCodes[operator.opcodeIndex].version = 2
    return pack(model)


def take_signed_input(data: bytes) -> bytes:
    """Return the model without its first operator, which turns a picture from uint8 into int8; its input is int8.

    x86-64's runtimes do that one value after the other, an eighth of the detector's time; whoever writes the input does
    it on the way. Raises ValueError for a model that does not begin so.
    """
    model = parse(data)
    graph = model.subgraphs[0]
    first = graph.operators[0]
    if code_of(model.operatorCodes[first.opcodeIndex]) != _QUANTIZE or list(first.inputs) != list(graph.inputs):
        raise ValueError("the model's first operator is not QUANTIZE")
    graph.inputs, graph.operators = first.outputs, graph.operators[1:]
    return pack(model)


def _is_whole_enlargement(graph: Any, operator: Any) -> bool:
    before, after = graph.tensors[operator.inputs[0]].shape, graph.tensors[operator.outputs[0]].shape
    return bool(after[1] % before[1] == 0 and after[2] % before[2] == 0)


def code_of(code: Any) -> int:
    """Return the number of a builtin operator; files from before 2020 have it in another field."""
    return max(int(code.builtinCode), int(code.deprecatedBuiltinCode))


def parse(data: bytes) -> Any:
    """Return a model as objects of the TFLite schema, to read and to change."""
    return schema.ModelT.InitFromPackedBuf(data, 0)


def pack(model: Any) -> bytes:
    """Return a model as the bytes of a file."""
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())

"""Draws small TFLite files by hand, operator by operator: broken ones too, which no converter would write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

CUSTOM = schema.BuiltinOperator.CUSTOM


class Sketch:
    """A graph to which tensors and operators are added; `model` may be changed before `pack`."""

    def __init__(self) -> None:
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators, self.graph.inputs, self.graph.outputs = [], [], [], []
        self.model = schema.ModelT()
        self.model.version, self.model.description = 3, b"drawn by hand"
        self.model.subgraphs, self.model.operatorCodes, self.model.buffers = [self.graph], [], [schema.BufferT()]

    def tensor(
        self,
        name: str,
        shape: Sequence[int],
        kind: str = "INT8",
        data: np.ndarray | None = None,
        scales: Sequence[float] = (0.5,),
        zero_point: int = 0,
    ) -> int:
        """Add a tensor and return its index; with `data` it is a constant."""
        tensor, buffer, quantization = schema.TensorT(), schema.BufferT(), schema.QuantizationParametersT()
        quantization.scale, quantization.zeroPoint = list(scales), [zero_point] * len(scales)
        if data is not None:
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
        tensor.name, tensor.shape, tensor.type = name.encode(), list(shape), getattr(schema.TensorType, kind)
        tensor.quantization, tensor.buffer = quantization, len(self.model.buffers)
        self.model.buffers.append(buffer)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def add(
        self,
        operator: str | int,
        inputs: Sequence[int],
        outputs: Sequence[int],
        version: int = 1,
        options: tuple[str, dict[str, Any]] | None = None,
    ) -> None:
        """Add an operator by its builtin name or number, or by the name of a custom one."""
        code, node = schema.OperatorCodeT(), schema.OperatorT()
        number = operator if isinstance(operator, int) else getattr(schema.BuiltinOperator, operator, CUSTOM)
        code.builtinCode, code.deprecatedBuiltinCode, code.version = number, min(number, 127), version
        code.customCode = str(operator).encode() if number == CUSTOM else None
        node.inputs, node.outputs, node.opcodeIndex = list(inputs), list(outputs), len(self.model.operatorCodes)
        if options:
            node.builtinOptionsType = getattr(schema.BuiltinOptions, options[0])
            node.builtinOptions = getattr(schema, f"{options[0]}T")()
            vars(node.builtinOptions).update(options[1])
        self.model.operatorCodes.append(code)
        self.graph.operators.append(node)

    def pack(self) -> bytes:
        """Return the file."""
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def copy_contract(data: bytes, sketch: Sketch) -> None:
    """Give a sketch the inputs and outputs of a TFLite file."""
    graph = schema.ModelT.InitFromPackedBuf(data, 0).subgraphs[0]
    for indices, into in ((graph.inputs, sketch.graph.inputs), (graph.outputs, sketch.graph.outputs)):
        for index in indices:
            tensor = graph.tensors[index]
            tensor.buffer, tensor.shapeSignature = len(sketch.model.buffers), None
            sketch.model.buffers.append(schema.BufferT())
            into.append(len(sketch.graph.tensors))
            sketch.graph.tensors.append(tensor)


def compiled_twin(data: bytes, operator: str = "edgetpu-custom-op") -> bytes:
    """Return what the compiler makes of a model: the same inputs and outputs, and one operator in between."""
    sketch = Sketch()
    copy_contract(data, sketch)
    sketch.add(operator, sketch.graph.inputs, sketch.graph.outputs)
    return sketch.pack()

"""Verifies a compiled model against the CPU model that it was made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from convert import graph
from convert.edgetpu.layers import list_layers
from edge.errors import ModelError
from edge.runtime.compiled import CUSTOM_OPERATOR


def verify_compiled(name: str, compiled: bytes, twin: bytes) -> dict[str, int]:
    """Return the operators that are left for the CPU in a compiled model, and how many there are of each.

    Raises ModelError unless it has exactly one operator for the chip and takes and gives just what its twin does:
    tensors of the same shapes, kinds of numbers and quantization, in the same order.
    """
    model = _parse(name, compiled)
    counts = Counter(layer.operator for layer in list_layers(model))
    on_chip = counts.pop(CUSTOM_OPERATOR, 0)
    if on_chip != 1 or len(model.subgraphs) != 1:
        reason = "nothing was mapped to the Edge TPU" if not on_chip else f"it has {on_chip} parts for the Edge TPU"
        raise ModelError(f"{name}: {reason}, expected is one {CUSTOM_OPERATOR}; see the compiler's log")
    for what, got, want in zip(("inputs", "outputs"), _contract(model), _contract(graph.parse(twin)), strict=True):
        if got != want:
            raise ModelError(f"{name}: its {what} are {got}, the CPU model's {want}; do not use it, compile it again")
    return dict(counts)


def _parse(name: str, data: bytes) -> Any:
    if data[4:8] != b"TFL3":
        raise ModelError(f"{name}: the compiler wrote no TFLite model; compile it again")
    return graph.parse(data)


def _contract(model: Any) -> tuple[list[str], list[str]]:
    """Return inputs and outputs, each as `1×128×128×3 UINT8 (0.0078431, 127)`."""
    tensors = model.subgraphs[0].tensors
    return _describe(tensors, model.subgraphs[0].inputs), _describe(tensors, model.subgraphs[0].outputs)


def _describe(tensors: Sequence[Any], indices: Sequence[int]) -> list[str]:
    return [_describe_one(tensors[index]) for index in indices]


def _describe_one(tensor: Any) -> str:
    shape = "×".join(str(int(size)) for size in tensor.shape)
    quantization = tensor.quantization
    scales = [] if quantization is None or quantization.scale is None else quantization.scale
    numbers = ", ".join(f"{scale:.5g}, {int(zero)}" for scale, zero in zip(scales, quantization.zeroPoint, strict=True))
    return f"{shape} {graph.TYPE_NAMES[tensor.type]} ({numbers})"

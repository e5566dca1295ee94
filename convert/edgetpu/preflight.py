"""Says before the Edge TPU compiler does, and in clearer words, what keeps a model from running wholly on the chip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from convert import graph
from convert.edgetpu.layers import Layer, Tensor, list_layers, list_tensors, parameter_bytes
from convert.edgetpu.limits import (
    INNER_DIMENSIONS,
    NEWEST_CODE,
    NO_BATCH_AXIS,
    NO_FUSED_ACTIVATION,
    OPERATORS,
    PARAMETER_BYTES,
)
from edge.runtime.compiled import CUSTOM_OPERATOR

_SHOWN = 5
_AGAIN = "convert the Keras model again with `python -m convert`"
_OLDER = "use another layer in its place, or convert with an older TensorFlow (2.6 to 2.15)"
_WHERE = "what cannot be avoided belongs after the model's output, into numpy"


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong, where, and what to do. A `remark` does not stop the compiler."""

    layer: str
    reason: str
    remedy: str
    remark: bool = False

    def __str__(self) -> str:
        return f"{self.layer}: {self.reason}; {self.remedy}"


def find_violations(data: bytes) -> tuple[Violation, ...]:
    """Return what the compiler refuses in a TFLite model, in the order of its layers, and remarks."""
    model = graph.parse(data)
    found = list(_check_graph(model))
    found += [each for tensor in list_tensors(model) for each in _check_tensor(tensor)]
    found += [each for layer in list_layers(model) for each in check_layer(layer)]
    return tuple(dict.fromkeys(found))


def find_obstacles(data: bytes) -> tuple[str, ...]:
    """Return a sentence for each thing that keeps a model from running wholly on an Edge TPU; none: it can."""
    return tuple(str(each) for each in find_violations(data) if not each.remark)


def shorten(sentences: Sequence[str]) -> str:
    """Return the first few of many sentences as one, and how many there are besides."""
    more = len(sentences) - _SHOWN
    return "; ".join([*sentences[:_SHOWN], *([f"and {more} more"] if more > 0 else [])])


def check_memory(models: Mapping[str, bytes]) -> tuple[Violation, ...]:
    """Return a remark when models that shall share the chip have more parameters than its cache holds."""
    sizes = {name: parameter_bytes(graph.parse(data)) for name, data in models.items()}
    total = sum(sizes.values())
    if total <= PARAMETER_BYTES:
        return ()
    listed = " + ".join(f"{size / 1e6:.1f}" for size in sizes.values())
    return (
        Violation(
            ", ".join(sizes),
            f"{listed} MB of parameters, and the chip's cache holds {PARAMETER_BYTES / 1e6:.1f} MB: the rest crosses "
            "USB anew for every picture",
            "take a narrower model, or live with a slower one",
            remark=True,
        ),
    )


def check_layer(layer: Layer) -> Iterator[Violation]:
    """Yield what is wrong with one layer."""
    if layer.operator not in OPERATORS:
        yield _unmapped(layer)
        return
    yield from _check_version(layer)
    for check in (_check_dense, _check_dilation, _check_activation, _check_batch_axis):
        yield from check(layer)


def _unmapped(layer: Layer) -> Violation:
    if layer.operator == CUSTOM_OPERATOR:
        return Violation(layer.name, "the model is compiled already", "give the CPU model")
    if layer.code > NEWEST_CODE:
        reason = f"operator {layer.operator} ({layer.code}) does not map to the Edge TPU: it is newer than the compiler"
        return Violation(layer.name, f'{reason}, which stops with "out of range"', f"{_OLDER}; {_WHERE}")
    reason = f"operator {layer.operator} does not map to the Edge TPU"
    return Violation(layer.name, reason, f"use another layer in its place; {_WHERE}")


def _check_version(layer: Layer) -> Iterator[Violation]:
    versions = OPERATORS[layer.operator]
    limit = versions.inferred or versions.seen
    if limit is None:
        yield Violation(layer.name, "nobody knows which of its versions map", "look at the compiler's log", remark=True)
    elif layer.version > limit:
        yield Violation(layer.name, f"its version is {layer.version}, the compiler knows {limit} at most", _OLDER)
    elif layer.version > (versions.seen or 0):
        reason = f"version {layer.version} should map, but nobody has seen it do so"
        yield Violation(layer.name, reason, "look at the compiler's log", remark=True)


def _check_dense(layer: Layer) -> Iterator[Violation]:
    if layer.operator == "FULLY_CONNECTED" and layer.inputs[1].scales > 1:
        reason = f"dense layer {layer.inputs[1].name} is quantized per channel; the compiler wants it per tensor"
        yield Violation(layer.name, reason, f"{_AGAIN}, which switches that off, or use a 1×1 convolution")


def _check_dilation(layer: Layer) -> Iterator[Violation]:
    width = getattr(layer.options, "dilationWFactor", 1)
    height = getattr(layer.options, "dilationHFactor", 1)
    if width != height:
        reason = f"its dilation is {height} down and {width} across; the compiler wants both the same"
        yield Violation(layer.name, reason, "use one dilation for both")


def _check_activation(layer: Layer) -> Iterator[Violation]:
    if layer.operator in NO_FUSED_ACTIVATION and getattr(layer.options, "fusedActivationFunction", None):
        reason = "it has a fused activation, which the compiler does not take here"
        yield Violation(layer.name, reason, "put the activation before it")


def _check_batch_axis(layer: Layer) -> Iterator[Violation]:
    if layer.operator in NO_BATCH_AXIS and len(layer.inputs) > 1:
        rank = len(layer.inputs[0].shape)
        if any(axis % rank == 0 for axis in layer.inputs[1].integers()):
            yield Violation(layer.name, "it reduces the batch axis", "reduce over height, width or channels only")
    if layer.operator == "PAD" and any(layer.inputs[1].integers()[:2]):
        yield Violation(layer.name, "it pads the batch axis", "pad height, width or channels only")


def _check_graph(model: Any) -> Iterator[Violation]:
    if len(model.subgraphs) > 1:
        reason = f"the file has {len(model.subgraphs)} subgraphs (an if or a loop); the compiler takes one"
        yield Violation("the model", reason, "take control flow out of it")


def _check_tensor(tensor: Tensor) -> Iterator[Violation]:
    name = f"tensor {tensor.name}"
    if tensor.kind not in {"INT8", "UINT8", "INT32"}:
        yield Violation(name, f"is {tensor.kind}, not quantized", f"{_AGAIN}, which makes everything int8")
    if any(size < 0 for size in tensor.shape):
        yield Violation(name, f"has a dynamic shape, {_show(tensor)}", f"{_AGAIN}, which fixes a batch of one")
    elif not tensor.constant.size:
        yield from _check_sizes(name, tensor)


def _check_sizes(name: str, tensor: Tensor) -> Iterator[Violation]:
    outer = tensor.shape[:-INNER_DIMENSIONS]
    if len(tensor.shape) == INNER_DIMENSIONS + 1 and outer[0] > 1:
        yield Violation(name, f"has a batch of {outer[0]}, {_show(tensor)}", f"{_AGAIN}, which fixes a batch of one")
    elif any(size > 1 for size in outer):
        reason = f"has more than {INNER_DIMENSIONS} dimensions other than 1, {_show(tensor)}"
        yield Violation(name, reason, "reshape it: only the three innermost may be larger")


def _show(tensor: Tensor) -> str:
    return "×".join("?" if size < 0 else str(size) for size in tensor.shape)

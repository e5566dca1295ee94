"""Reads what the Edge TPU compiler prints (version 16.0, with --show_operations)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_VERSION = re.compile(r"^Edge TPU Compiler version (\S+)", re.MULTILINE)
_MODEL = re.compile(r"^Input model: (?=\S)", re.MULTILINE)
_OPERATION = re.compile(r"^([A-Z][A-Z0-9_]*|[a-z][\w-]*)[ \t]{2,}(\d+)[ \t]{2,}(\S.*?)[ \t]*$", re.MULTILINE)
_SIZES = {
    "on_chip_bytes": "On-chip memory used for caching model parameters",
    "off_chip_bytes": "Off-chip memory used for streaming uncached model parameters",
}
MAPPED = "Mapped to Edge TPU"

REASONS = {
    "Model not quantized": "the model is not wholly int8; convert it again with `python -m convert`",
    "large activation tensors": "a picture inside the network is too large for the chip; take a smaller input",
    "Didn't find op for builtin opcode": "an operator's version is newer than the compiler; run the pre-flight check",
    "out of range": "an operator is newer than the compiler; run the pre-flight check",
    "dynamic-sized tensors": "a size is not fixed; convert it again with `python -m convert`",
    "Internal compiler error": "the compiler has failed without a reason; leave the last layers out until it does not",
    "timeout": "the compiler took too long; try again on an idle computer",
}
"""A piece of what a failing compiler says, and what it means."""


@dataclass(frozen=True, slots=True)
class Operation:
    """Some layers of one operator that met with the same fate: `status` is `MAPPED` or why they stay on the CPU."""

    operator: str
    count: int
    status: str


@dataclass(frozen=True, slots=True)
class CompiledModel:
    """What the compiler says about one model; sizes are of its parameters, in bytes."""

    on_chip_bytes: int
    off_chip_bytes: int
    operations: tuple[Operation, ...]

    @property
    def left(self) -> tuple[Operation, ...]:
        """What stays on the CPU, and why."""
        return tuple(each for each in self.operations if each.status != MAPPED)

    @property
    def on_chip(self) -> int:
        """How many layers run on the chip."""
        return sum(each.count for each in self.operations if each.status == MAPPED)


@dataclass(frozen=True, slots=True)
class CompilerLog:
    """All of one run; `models` in the order in which they were given, none when it failed."""

    version: str
    models: tuple[CompiledModel, ...]
    failure: str


def parse_log(text: str) -> CompilerLog:
    """Return what a run of the compiler says; `failure` is empty when every model was compiled."""
    version = _VERSION.search(text)
    models = tuple(_read_model(block) for block in _MODEL.split(text)[1:])
    failed = not models or "Compilation failed" in text
    return CompilerLog(version[1] if version else "unknown", models, _explain(text) if failed else "")


def _read_model(block: str) -> CompiledModel:
    sizes = {name: _bytes(_value(block, title)) for name, title in _SIZES.items()}
    operations = tuple(Operation(name, int(count), status) for name, count, status in _OPERATION.findall(block))
    return CompiledModel(operations=operations, **sizes)


def _value(block: str, title: str) -> str:
    found = re.search(rf"^{re.escape(title)}: *(.*?) *$", block, re.MULTILINE)
    return found[1] if found else ""


def _bytes(size: str) -> int:
    """Return `6.02MiB` in bytes; the compiler rounds to two digits."""
    number = re.fullmatch(r"([\d.]+)(B|KiB|MiB|GiB)", size)
    return round(float(number[1]) * _UNITS[number[2]]) if number else 0


def _explain(text: str) -> str:
    known = next((reason for piece, reason in REASONS.items() if piece in text), None)
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("Edge TPU Compiler")]
    said = " / ".join(lines[-3:]) or "nothing"
    return f"{known} (it said: {said})" if known else f"it said: {said}"

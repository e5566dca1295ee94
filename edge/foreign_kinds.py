"""The kinds of detectors that an owner may put in the place of ours: `detector.backend` names them. Pure.

They come without a manifest, and run on the processor. `edge.foreign` opens them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Foreign:
    """A kind of detector: its name, and how its file's name ends."""

    name: str
    suffix: str


FOREIGN: Mapping[str, Foreign] = MappingProxyType(
    {"yunet": Foreign("YuNet", ".onnx"), "ssd": Foreign("SSD", ".tflite")}
)
"""By the name that config.yaml has for them; ours, `tflite`, is none of them."""

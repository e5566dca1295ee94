"""Opens the detectors of others; see `edge.foreign_kinds`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from edge.detector import Detector
from edge.ssd import open_ssd
from edge.yunet import YunetDetector


class ForeignDetector(Detector, Protocol):
    """A detector with thresholds, 0..1: finds of a lower score do not count, finds that overlap more are one face."""

    min_score: float
    max_iou: float


_OPENERS: Mapping[str, Callable[[Path, float | None], ForeignDetector]] = MappingProxyType(
    {"yunet": YunetDetector, "ssd": open_ssd}
)


def open_foreign(backend: str, model: Path, min_score: float | None) -> ForeignDetector:
    """Load a detector of the kind `backend`; `min_score` (0..1) overrides its own. Raises ModelError."""
    return _OPENERS[backend](model, min_score)

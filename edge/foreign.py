"""Opens the detectors of others; see `edge.backends`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from edge.detector import Detector
from edge.ssd import open_ssd
from edge.yunet import YunetDetector


class ForeignDetector(Detector, Protocol):
    """A detector that knows from which score on, 0..1, a find of its counts."""

    min_score: float


_OPENERS: Mapping[str, Callable[[Path, float | None], ForeignDetector]] = MappingProxyType(
    {"yunet": YunetDetector, "ssd": open_ssd}
)


def open_foreign(backend: str, model: Path, min_score: float | None) -> ForeignDetector:
    """Load the detector of that name in `edge.backends`; `min_score` (0..1) overrides its own. Raises ModelError."""
    return _OPENERS[backend](model, min_score)

"""A bench on which a stand-in stick is tried: what it does is told, what is reported is kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edge.manifest import read_model
from edge.runtime.compiled import compiled_path, read_compiled
from edge.runtime.edgetpu import Acceleration, Coral, OpenModels, open_models
from edge.runtime.edgetpu_stick import StickModel

LEVEL = 130
START_LIMIT_S = 60.0
"""A machine that runs all tests at once is slower than any Pi."""

FACE = np.full((128, 128, 3), LEVEL, np.uint8)


def ask_until(coral: Coral, done: Callable[[], bool]) -> None:
    """Ask, as a camera would, until that is so; never wait for an answer."""
    deadline_s = time.monotonic() + 90
    while not done():
        assert time.monotonic() < deadline_s
        coral.ask(1, FACE)


@dataclass
class Bench:
    """A stick and its models. What `tell` says is what the stick does from then on; `said` is what was reported."""

    wanted: tuple[tuple[Path, str], ...]
    told: Path
    there: tuple[str, ...] = ("usb:0",)
    said: list[Acceleration] = field(default_factory=list)
    opened: list[OpenModels] = field(default_factory=list)

    def tell(self, word: str) -> None:
        self.told.write_text(word)

    def open(self, accelerator: str = "auto") -> OpenModels:
        """Open the models, and ask until they run on the stick or it is said why they do not."""
        before = len(self.said)
        models = self.begin(accelerator)
        if models.coral:
            ask_until(models.coral, lambda: len(self.said) > before)
        return models

    def begin(self, accelerator: str = "auto") -> OpenModels:
        models = open_models(
            self.wanted, accelerator, self.said.append, lambda: self.there, start_limit_s=START_LIMIT_S
        )
        self.opened.append(models)
        return models

    def stick_models(self) -> tuple[StickModel, ...]:
        """Return the compiled models, for a plan."""
        twins = [(path, read_model(path, kind)[1]) for path, kind in self.wanted]
        return tuple(
            StickModel(compiled_path(path).name, read_compiled(path, twin), twin.input, twin.outputs)
            for path, twin in twins
        )

    def scores(self, models: OpenModels) -> np.ndarray:
        return models.models[1].invoke(FACE)["scores"]


def is_from_stick(scores: np.ndarray) -> bool:
    """Return whether every output is the first byte of the picture, as the stand-in makes them."""
    stored = np.int8(LEVEL - 256)
    return bool(np.allclose(scores, (float(stored) + 128) / 256))

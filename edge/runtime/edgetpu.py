"""Models on a Coral, with their CPU twins ready to take over: the door is never unguarded because of the stick."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge.errors import HardwareError, ModelError
from edge.manifest import Manifest
from edge.runtime import Model, Outputs, StoredOutputs
from edge.runtime.compiled import compiled_path, read_compiled
from edge.runtime.coral import find_corals
from edge.runtime.edgetpu_stick import Plan, Stick, StickModel
from edge.runtime.tflite import TfliteModel

_log = logging.getLogger(__name__)

START_LIMIT_S = 20.0
"""How long a stick may take to load its firmware and the models, on a busy Pi 3B+."""

ANSWER_LIMIT_S = 1.0
"""How long one picture may take: fifty times what it takes on USB 2. The CPU then still answers within two seconds."""

ABSENT_PAUSE_S = 5.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 10.0, 300.0
"""How long until the next try: when no stick is plugged in, after the first failure, and at most."""

PROVEN_S = 60.0
"""A stick that worked for so long may be tried again soon after it fails."""


@dataclass(frozen=True, slots=True)
class Acceleration:
    """What the models run on, and why. `fault` tells that a Coral should be at work and is not."""

    on: Literal["cpu", "edgetpu"]
    reason: str
    fault: bool = False

    def __str__(self) -> str:
        """Return it as a sentence: `models run on the cpu: no answer for 1 s`."""
        return f"models run on the {self.on}: {self.reason}"


Report = Callable[[Acceleration], None]


def log_acceleration(acceleration: Acceleration) -> None:
    """Say in the log what the models run on from now on; a CPU that never had a Coral is not worth a line."""
    usual = logging.INFO if acceleration.on == "edgetpu" else logging.DEBUG
    _log.log(logging.WARNING if acceleration.fault else usual, "%s", acceleration)


class Coral:
    """A Coral that may be absent, fail, hang, and come back. Not for several threads."""

    def __init__(
        self,
        plan: Plan,
        must: bool = False,
        report: Report = log_acceleration,
        find: Callable[[], Sequence[str]] = find_corals,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Do nothing yet. With `must`, HardwareError is raised where otherwise the CPU takes over.

        `report` is called whenever what the models run on changes. `find` lists the Corals that are plugged in; `clock`
        gives monotonic seconds.
        """
        self._plan, self._must, self._report, self._find, self._clock = plan, must, report, find, clock
        self._stick: Stick | None = None
        self._ready, self._name = False, ""
        self._since_s = 0.0
        self._retry_s, self._pause_s = 0.0, FIRST_PAUSE_S
        self._last: Acceleration | None = None

    def start(self, limit_s: float = START_LIMIT_S) -> None:
        """Begin to load the models.

        Only a Coral that must be used is waited for, `limit_s` at most: otherwise the door is watched meanwhile.
        """
        try:
            self._begin(limit_s if self._must else 0.0)
        except HardwareError as exc:
            self._give_up(exc)

    def ask(self, number: int, rgb: NDArray[np.uint8]) -> list[NDArray[np.generic]] | None:
        """Return the stored outputs of a model, or None when the CPU must do it; see `Stick.ask`."""
        try:
            if not self._ready and self._clock() >= self._retry_s:
                self._begin(0.0)
            if self._stick is None or not self._ready:
                return None
            return self._stick.ask(number, rgb, ANSWER_LIMIT_S)
        except HardwareError as exc:
            self._give_up(exc)
            return None

    def close(self) -> None:
        """Let the stick go. Calling it again does nothing; `ask` takes it, and tells of it, anew."""
        if self._stick:
            self._stick.close()
        self._stick, self._ready, self._last = None, False, None

    def _begin(self, wait_s: float) -> None:
        """Start a stick, or see how far one that was started is. Raises HardwareError when that fails."""
        if self._stick is None:
            self._name = self._pick()
            try:
                self._stick, self._since_s = Stick(self._plan), self._clock()
            except OSError as exc:
                raise HardwareError(f"its process cannot be started ({exc})") from exc
        if self._stick.is_ready(wait_s):
            self._ready, self._since_s = True, self._clock()
            self._tell(Acceleration("edgetpu", f"Coral {self._name}"))
        elif wait_s or self._clock() - self._since_s > START_LIMIT_S:
            raise HardwareError(f"it has not started within {wait_s or START_LIMIT_S:g} s")

    def _pick(self) -> str:
        """Return the name of the Coral to use. Raises HardwareError when none is plugged in."""
        there = self._find()
        if not there:
            raise _NotThereError("no Coral is plugged in")
        return there[0]

    def _give_up(self, exc: HardwareError) -> None:
        """Go on with the CPU, and try again after a pause that grows while the stick fails soon after its start."""
        now_s = self._clock()
        if self._ready and now_s - self._since_s >= PROVEN_S:
            self._pause_s = FIRST_PAUSE_S
        if isinstance(exc, _NotThereError):
            self._retry_s = now_s + ABSENT_PAUSE_S
        else:
            self._retry_s, self._pause_s = now_s + self._pause_s, min(2 * self._pause_s, LONGEST_PAUSE_S)
        if self._stick:
            self._stick.kill()
        self._stick, self._ready = None, False
        if self._must:
            raise HardwareError(f"Coral: {exc}; accelerator: auto goes on without it") from exc
        never_there = isinstance(exc, _NotThereError) and (self._last is None or not self._last.fault)
        self._tell(Acceleration("cpu", str(exc), fault=not never_there))

    def _tell(self, acceleration: Acceleration) -> None:
        if acceleration != self._last:
            self._last = acceleration
            self._report(acceleration)


class _NotThereError(HardwareError):
    """No Coral is plugged in: nothing is broken."""


class AcceleratedModel:
    """A model on a Coral; whenever that does not answer, its CPU twin does, for the same picture."""

    def __init__(self, twin: TfliteModel, coral: Coral, number: int) -> None:
        """Take the model of that number in the Coral's plan, and the CPU twin of it."""
        self.manifest = twin.manifest
        self._twin, self._coral, self._number = twin, coral, number

    def invoke(self, rgb: NDArray[np.uint8]) -> Outputs:
        """Return what the model says of a picture; see `Model`."""
        stored = self._coral.ask(self._number, rgb)
        return self._twin.invoke(rgb) if stored is None else StoredOutputs(self.manifest.outputs, stored)


@dataclass(frozen=True, slots=True)
class OpenModels:
    """Models in the order in which they were asked for, and the Coral that they may run on."""

    models: tuple[Model, ...]
    coral: Coral | None = None

    def close(self) -> None:
        """Let the Coral go. Calling it again does nothing."""
        if self.coral:
            self.coral.close()


def open_models(
    wanted: Sequence[tuple[Path, str]],
    accelerator: str,
    report: Report = log_acceleration,
    find: Callable[[], Sequence[str]] = find_corals,
    start_limit_s: float = START_LIMIT_S,
) -> OpenModels:
    """Load models, each given as its CPU file and its kind, onto what `accelerator` says: cpu, edgetpu or auto.

    `auto` is a Coral if one is plugged in and the models were compiled for it, and the CPU otherwise, until the Coral
    is ready, and whenever it fails. Raises ModelError for a model; with `edgetpu` also HardwareError without a Coral
    that works, now (it has `start_limit_s` to start) and later.
    """
    twins = tuple(TfliteModel(path, kind) for path, kind in wanted)
    if accelerator == "cpu":
        report(Acceleration("cpu", "accelerator is cpu"))
        return OpenModels(twins)
    must = accelerator == "edgetpu"
    try:
        plan = _plan([path for path, _ in wanted], twins)
    except ModelError as exc:
        if must:
            raise
        there = bool(find())
        report(Acceleration("cpu", str(exc) if there else "no Coral is plugged in", fault=there))
        return OpenModels(twins)
    coral = Coral(plan, must, report, find)
    coral.start(start_limit_s)
    return OpenModels(tuple(AcceleratedModel(twin, coral, number) for number, twin in enumerate(twins)), coral)


def _plan(paths: Sequence[Path], twins: Sequence[TfliteModel]) -> Plan:
    return Plan(tuple(_read(path, twin.manifest) for path, twin in zip(paths, twins, strict=True)))


def _read(path: Path, manifest: Manifest) -> StickModel:
    return StickModel(compiled_path(path).name, read_compiled(path, manifest), manifest.input, manifest.outputs)

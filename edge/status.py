"""What the running daemon says about itself: the frame loop tells, the control socket asks."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from edge.clock import Moment
from edge.errors import ModelError
from edge.foreign_kinds import FOREIGN
from edge.manifest import CLASSIFIER_KIND, DETECTOR_KIND, read_model, sha256_of
from edge.records import AlarmState, StatusPattern
from edge.runtime.edgetpu import Acceleration
from edge.settings import Settings
from edge.thermal import Board

_BLIND_AFTER_S = 3.0
"""Without a frame for so long, nobody may believe any more that the door is watched."""

_RATE_OVER_S = 10.0
_MOST_FRAMES = 1000


@dataclass(frozen=True, slots=True)
class Seen:
    """What the last frame gave."""

    people: int = 0
    alarm: AlarmState = AlarmState.CLEAR
    status: StatusPattern = StatusPattern.STARTING


class Status:
    """Safe to tell and to ask from several threads; times are monotonic seconds, given by the caller."""

    def __init__(self, started_s: float, facts: Mapping[str, Any]) -> None:
        """Begin as starting. `facts` change with the settings only: version, models, files."""
        self._lock = threading.Lock()
        self._facts = facts
        self._camera_fault = self._config_fault = ""
        self._board = Board()
        self._acceleration = Acceleration("cpu", "")
        self._seen, self._since_s, self._frames = Seen(), started_s, 0
        self._times_s: deque[float] = deque(maxlen=_MOST_FRAMES)

    def tell(self, seen: Seen, now_s: float) -> None:
        """Take in what a frame gave."""
        with self._lock:
            gap = bool(self._times_s) and now_s - self._times_s[-1] > _BLIND_AFTER_S
            if gap or seen.status is not self._seen.status:
                self._since_s = now_s
            self._seen, self._frames, self._camera_fault = seen, self._frames + 1, ""
            self._times_s.append(now_s)

    def tell_blind(self, reason: str, now_s: float) -> None:
        """Take in that there is no picture, and why."""
        with self._lock:
            if self._seen.status is not StatusPattern.BLIND:
                self._since_s = self._times_s[-1] if self._times_s else now_s
            self._seen, self._camera_fault = Seen(status=StatusPattern.BLIND), reason

    def tell_starting(self, now_s: float) -> None:
        """Take in that there will be pictures from another camera."""
        with self._lock:
            self._seen, self._since_s, self._camera_fault = Seen(), now_s, ""
            self._times_s.clear()

    def tell_config(self, fault: str) -> None:
        """Take in what is wrong with config.yaml, "" for nothing."""
        with self._lock:
            self._config_fault = fault

    def tell_acceleration(self, acceleration: Acceleration) -> None:
        """Take in what the models run on from now on."""
        with self._lock:
            self._acceleration = acceleration

    def tell_board(self, board: Board) -> None:
        """Take in how the board is."""
        with self._lock:
            self._board = board

    def tell_facts(self, facts: Mapping[str, Any]) -> None:
        """Take in other facts, as the settings have changed."""
        with self._lock:
            self._facts = facts

    def rate(self, now_s: float) -> float:
        """Return how many frames a second came lately."""
        with self._lock:
            return rate_of(tuple(self._times_s), now_s)

    def ask(self, now: Moment) -> dict[str, Any]:
        """Return all that is known, fit for JSON: `state` and since when, frames, people at the door, alarm, facts."""
        with self._lock:
            seen, since_s, frames, times_s = self._seen, self._since_s, self._frames, tuple(self._times_s)
            faults = {"camera_fault": self._camera_fault or None, "config_fault": self._config_fault or None}
            board, acceleration, facts = self._board, self._acceleration, self._facts
        now_s = now.monotonic_s
        state = seen.status
        if state is not StatusPattern.BLIND and times_s and now_s - times_s[-1] > _BLIND_AFTER_S:
            state, since_s = StatusPattern.BLIND, times_s[-1]
        return {
            "state": state.value,
            "since": to_text(now.utc_s - (now_s - since_s)),
            "state_s": round(now_s - since_s, 1),
            "clock_set": now.clock_set,
            "frames": frames,
            "fps": round(rate_of(times_s, now_s), 1),
            "frame_age_s": round(now_s - times_s[-1], 2) if times_s else None,
            "people": seen.people,
            "alarm": seen.alarm.value,
            **faults,
            "runs_on": acceleration.on,
            "accelerator_fault": acceleration.reason if acceleration.fault else None,
            "temperature_c": None if board.celsius is None else round(board.celsius, 1),
            "slowed_to_fps": None if board.limit_fps is None else round(board.limit_fps, 1),
            "low_voltage": board.low_voltage,
            **facts,
        }


def rate_of(times_s: tuple[float, ...], now_s: float) -> float:
    """Return how many frames a second came over the last ten seconds, or since the first one; 0.0 for less than two."""
    recent = [at_s for at_s in times_s if now_s - at_s <= _RATE_OVER_S]
    return (len(recent) - 1) / max(now_s - recent[0], 1e-3) if len(recent) > 1 else 0.0


def to_text(utc_s: float) -> str:
    """Return UTC seconds since 1970 as `2026-11-20T08:15:00Z`."""
    return datetime.fromtimestamp(utc_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def gather_facts(settings: Settings, root: Path, config_path: Path | None) -> dict[str, Any]:
    """Return what does not change while the settings do not; relative model paths are relative to `root`."""
    return {
        "version": metadata.version("maskwatch"),
        "pid": os.getpid(),
        "config": str(config_path.absolute()) if config_path else None,
        "gpio_driver": settings.gpio.driver,
        "models": {
            "detector": _describe_detector(root / settings.detector.model, settings.detector.backend),
            "classifier": _describe(root / settings.classifier.model, CLASSIFIER_KIND),
        },
    }


def _describe_detector(model: Path, backend: str) -> dict[str, Any]:
    if backend not in FOREIGN:
        return _describe(model, DETECTOR_KIND)
    try:
        return {"file": str(model), "sha256": sha256_of(model.read_bytes()), "labels": []}
    except OSError as exc:
        return {"file": str(model), "error": f"{model}: cannot be read ({exc.strerror})"}


def _describe(model: Path, kind: str) -> dict[str, Any]:
    try:
        manifest = read_model(model, kind)[1]
    except ModelError as exc:  # the daemon ends with it in a moment, and the journal shall say so
        return {"file": str(model), "error": str(exc)}
    return {"file": str(model), "sha256": manifest.sha256, "labels": list(manifest.labels)}

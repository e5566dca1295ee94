"""What observers need: turns, and a daemon that answers without a camera."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from people import blank_frame

from edge.control import Answer, Answers
from edge.observers.tally import Tally
from edge.pipeline import Turn
from edge.records import AlarmState, Decision, Person, StatusPattern, Verdict

CLEAR, ALARM = AlarmState.CLEAR, AlarmState.ALARM


def turn(
    at_s: float,
    alarm: AlarmState = CLEAR,
    at_door: Sequence[Person] = (),
    verdicts: Sequence[Verdict] = (),
    index: int = 0,
) -> Turn:
    """Return what a black frame gave."""
    decision = Decision(index, at_s, alarm, False, False, False, False, StatusPattern.WATCHING)
    return Turn(blank_frame(index, at_s), tuple(verdicts), tuple(at_door), decision, tuple(at_door))


class Desk:
    """Answers as the recorder does; what it says can be changed."""

    def __init__(self) -> None:
        """Begin watching, unmuted."""
        self.said: dict[str, Any] = {
            "state": "watching",
            "since": "2026-11-21T08:00:00Z",
            "state_s": 60.0,
            "clock_set": True,
            "frames": 100,
            "fps": 14.9,
            "frame_age_s": 0.05,
            "people": 1,
            "alarm": "clear",
            "camera_fault": None,
            "config_fault": None,
            "runs_on": "cpu",
            "accelerator_fault": None,
            "temperature_c": 51.5,
            "slowed_to_fps": None,
            "low_voltage": False,
            "version": "9.9",
            "muted": False,
            "muted_s": 0,
            "muted_until": None,
            "journal": {"state": "writing", "reason": "", "path": "/nowhere/journal.db"},
            "models": {"detector": {"file": "d.tflite", "sha256": "ab" * 32}, "classifier": {"file": "c.tflite"}},
            "config": "/etc/maskwatch/config.yaml",
        }
        self.commands: list[tuple[str, Mapping[str, Any]]] = []
        self.commanded = threading.Event()
        self.after_status: list[Callable[[], None]] = []
        """What happens, each once, between a question for the status and what is done with its answer."""

    def answers(self) -> Answers:
        """Return what the control socket can be asked."""
        return {"status": self._tell, "mute": self._mute, "unmute": self._unmute}

    def _tell(self, request: Mapping[str, Any]) -> Answer:
        said = dict(self.said)
        happens, self.after_status = self.after_status, []
        for each in happens:
            each()
        return said

    def _mute(self, request: Mapping[str, Any]) -> Answer:
        if request.get("minutes", 15) > 480:
            raise ValueError(f"minutes must be between 1 and 480, got {request['minutes']}")
        return self._do("mute", request, muted=True)

    def _unmute(self, request: Mapping[str, Any]) -> Answer:
        return self._do("unmute", request, muted=False)

    def _do(self, command: str, request: Mapping[str, Any], muted: bool) -> Answer:
        self.commands.append((command, request))
        self.said["muted"] = muted
        self.commanded.set()
        return {"muted": muted}


def tally() -> Tally:
    """Return sums that are all nothing."""
    return Tally(1.5)

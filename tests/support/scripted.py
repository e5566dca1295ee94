"""Hardware and models that follow a script: sources, outputs and models for tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.errors import NoFrameError
from edge.looker import Looker
from edge.manifest import FORMAT, Manifest, Tensor, Thresholds
from edge.records import Decision, Face, Frame, Verdict


class ScriptedSource:
    """Gives the frames of a script; None in it is a frame that does not come in time."""

    def __init__(self, frames: Sequence[Frame | None]) -> None:
        self._frames = list(frames)
        self.closed = False

    def next_frame(self, timeout_s: float) -> Frame | None:
        if not self._frames:
            return None
        frame = self._frames.pop(0)
        if frame is None:
            raise NoFrameError(f"no frame for {timeout_s} s")
        return frame

    def close(self) -> None:
        self.closed = True


class ScriptedEyes:
    """Detector and classifier in one: gives the verdicts that a script has for each frame; counts what it judged."""

    def __init__(self, script: Sequence[Sequence[Verdict]]) -> None:
        self._script = script
        self.judged: list[int] = []

    def detect(self, frame: Frame) -> tuple[Face, ...]:
        return tuple(verdict.face for verdict in self._script[frame.frame_index])

    def judge(self, frame: Frame, faces: Sequence[Face]) -> tuple[Verdict, ...]:
        self.judged.append(len(faces))
        said = {verdict.face: verdict for verdict in self._script[frame.frame_index]}
        return tuple(said[face] for face in faces)


def scripted_looker(script: Sequence[Sequence[Verdict]]) -> Looker:
    """Return a looker that follows a script."""
    eyes = ScriptedEyes(script)
    return Looker(eyes, eyes)


class RecordingOutput:
    """Remembers what it was shown."""

    def __init__(self) -> None:
        self.shown: list[Decision] = []
        self.closed = False

    def show(self, decision: Decision) -> None:
        self.shown.append(decision)

    def close(self) -> None:
        self.closed = True


class ScriptedModel:
    """A model whose outputs are given; remembers its inputs."""

    def __init__(self, outputs: dict[str, np.ndarray], size: tuple[int, int], labels: tuple[str, ...] = ()) -> None:
        self._outputs = outputs
        tensor = Tensor("picture", (1, size[1], size[0], 3), "uint8", 1 / 127.5, 127)
        self.manifest = Manifest(
            FORMAT, "scripted", "scripted.tflite", "", tensor, (), labels, Thresholds(0.6, 0.4), {}, {}
        )
        self.inputs: list[np.ndarray] = []

    def invoke(self, rgb: np.ndarray) -> dict[str, np.ndarray]:
        self.inputs.append(rgb)
        return self._outputs

"""The way through: frame → faces → verdicts → people → decision → outputs, again and again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge import alarm, tracker
from edge.alarm import AlarmMemory, Silence
from edge.errors import NoFrameError, NotDueError
from edge.looker import Looker
from edge.outputs import Output
from edge.records import Decision, Frame, Person, Verdict
from edge.settings import Settings
from edge.sources import Source
from edge.tracker import Tracks
from edge.zone import stands_at_door

_WAIT_S = 0.2
"""How long one wait for a frame lasts, so that a stop is noticed in between."""

CAMERA_LOST_S = 3.0
"""Without a frame for so long, the camera counts as lost."""


@dataclass(frozen=True, slots=True)
class Memory:
    """All that is kept from one frame to the next."""

    tracks: Tracks = Tracks()
    alarm: AlarmMemory = AlarmMemory()


@dataclass(frozen=True, slots=True)
class Turn:
    """All that came out of one frame."""

    frame: Frame
    verdicts: tuple[Verdict, ...]
    people: tuple[Person, ...]
    decision: Decision


def decide(
    memory: Memory, frame: Frame, verdicts: Sequence[Verdict], settings: Settings, silence: Silence
) -> tuple[Memory, Turn]:
    """Return what is remembered after a frame's verdicts, and the decision. Pure."""
    now_s = frame.captured_s
    tracks, people = tracker.follow(memory.tracks, verdicts, now_s, settings.tracking)
    height, width = frame.bgr.shape[:2]
    at_door = [person for person in people if stands_at_door(person, width, height, now_s, settings.zone)]
    alarm_memory, decision = alarm.step(memory.alarm, at_door, frame.frame_index, now_s, settings.alarm, silence)
    return Memory(tracks, alarm_memory), Turn(frame, tuple(verdicts), people, decision)


def watch(
    source: Source,
    looker: Looker,
    outputs: Sequence[Output],
    settings: Settings,
    stopped: Callable[[], bool],
    silence: Callable[[], Silence],
    on_turn: Callable[[Turn], None] = lambda turn: None,
) -> int:
    """Run until the source ends or `stopped` says so; return how many frames were decided.

    The outputs are switched before `on_turn` (drawing, writing) is called. Raises HardwareError when the camera is
    lost.
    """
    memory, decided = Memory(), 0
    looked_at: int | None = None
    while (frame := _next_frame(source, stopped)) is not None:
        if looked_at is not None and frame.frame_index - looked_at < settings.detector.every_n_frames:
            continue
        looked_at = frame.frame_index
        memory, turn = decide(memory, frame, looker.look(frame), settings, silence())
        for output in outputs:
            output.show(turn.decision)
        on_turn(turn)
        decided += 1
    return decided


def _next_frame(source: Source, stopped: Callable[[], bool]) -> Frame | None:
    waited_s = 0.0
    while not stopped():
        try:
            return source.next_frame(_WAIT_S)
        except NotDueError:
            continue
        except NoFrameError:
            waited_s += _WAIT_S
            if waited_s >= CAMERA_LOST_S:
                raise
    return None

"""The way through: frame → faces → tracks → verdicts → people → decision → outputs, again and again."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from math import ceil

from edge import alarm, tracker
from edge.alarm import AlarmMemory, Silence
from edge.errors import NoFrameError, NotDueError
from edge.looker import Looker
from edge.outputs import Output
from edge.records import Decision, Face, Frame, Person, StatusPattern, Verdict
from edge.settings import Settings
from edge.sources import Source
from edge.tracker import Tracks
from edge.zone import may_count_soon, stands_at_door

_WAIT_S = 0.2
"""How long one wait for a frame lasts, so that a stop is noticed in between."""

_LONGEST_SKIP_S = 1.0
"""However many pictures `detector.every_n_frames` passes over, one a second is looked at: a decision needs several."""


@dataclass(frozen=True, slots=True)
class Memory:
    """All that is kept from one frame to the next."""

    tracks: Tracks = Tracks()
    alarm: AlarmMemory = AlarmMemory()
    at_door: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Rig:
    """What the loop works with; between two frames another one can take its place.

    `fault` tells that the status lamp shall show a fault though there are pictures, `trouble` that it shall show a
    smaller one: the door is watched as it should be.
    """

    source: Source
    looker: Looker
    settings: Settings
    silence: Callable[[], Silence]
    fault: bool = False
    trouble: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """All that came out of one frame.

    `verdicts` has one for each face; for a face that was not judged in this frame it is what the last look at that
    person said. `at_door` are the people who count (`edge.zone`). `faces` is all that the detector found, with what the
    classifier took for no face.
    """

    frame: Frame
    verdicts: tuple[Verdict, ...]
    people: tuple[Person, ...]
    decision: Decision
    at_door: tuple[Person, ...] = ()
    faces: tuple[Face, ...] = ()


def take_turn(
    memory: Memory, frame: Frame, looker: Looker, settings: Settings, silence: Silence
) -> tuple[Memory, Turn]:
    """Return what is remembered after a frame, and what came out of it. Pure but for the looker."""
    faces = looker.find(frame)
    tracks = _look(memory.tracks, frame, faces, looker, settings)
    people = tracker.list_people(tracks)
    at_door = _pick_at_door(people, memory.at_door, frame, settings)
    alarm_memory, decision = alarm.step(
        memory.alarm, at_door, frame.frame_index, frame.captured_s, settings.alarm, silence
    )
    memory = Memory(tracks, alarm_memory, frozenset(person.id for person in at_door))
    return memory, Turn(frame, tracker.list_verdicts(tracks, faces), people, decision, tuple(at_door), faces)


def _look(tracks: Tracks, frame: Frame, faces: Sequence[Face], looker: Looker, settings: Settings) -> Tracks:
    """Return the tracks after those faces were judged where a look can change a decision."""
    now_s, config = frame.captured_s, settings.tracking
    height, width = frame.bgr.shape[:2]
    tracks = tracker.move(tracks, faces, now_s, config)
    wanted = tracker.choose(tracks, lambda box: may_count_soon(box, width, height, settings.zone), now_s, config)
    return tracker.vote(tracks, looker.judge(frame, wanted), now_s, config)


def _pick_at_door(
    people: Sequence[Person], were_there: Collection[int], frame: Frame, settings: Settings
) -> list[Person]:
    height, width = frame.bgr.shape[:2]
    now_s, zone = frame.captured_s, settings.zone
    return [each for each in people if stands_at_door(each, width, height, now_s, zone, each.id in were_there)]


def watch(
    source: Source,
    looker: Looker,
    outputs: Sequence[Output],
    settings: Settings,
    stopped: Callable[[], bool],
    silence: Callable[[], Silence],
    on_turn: Callable[[Turn], None] = lambda turn: None,
) -> int:
    """Do what `keep_watch` does with things that never change."""
    rig = Rig(source, looker, settings, silence)
    return keep_watch(lambda: rig, outputs, stopped, on_turn)


def keep_watch(
    rig: Callable[[], Rig],
    outputs: Sequence[Output],
    stopped: Callable[[], bool],
    on_turn: Callable[[Turn], None] = lambda turn: None,
    on_blind: Callable[[str], None] = lambda reason: None,
    on_other_source: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Run until the source ends or `stopped` says so; return how many frames were decided.

    `rig` is asked before each frame; with another source in it `on_other_source` is called, and nobody is at the door.
    While the source has no frame the outputs show it, and `on_blind` is called with the reason, several times a second.
    The outputs are switched before `on_turn` (drawing, writing), `on_blind` and `on_other_source` are called. `clock`
    gives monotonic seconds.
    """
    memory, decided = Memory(), 0
    source: Source | None = None
    looked_at: tuple[int, float] | None = None
    while not stopped():
        now = rig()
        if now.source is not source:
            if source is not None:
                _show(outputs, alarm.starting(clock()))
                on_other_source()
            source, looked_at, memory = now.source, None, Memory(Tracks(next_id=memory.tracks.next_id))
        try:
            frame = source.next_frame(_WAIT_S)
        except NotDueError:
            continue
        except NoFrameError as exc:
            looked_at, memory = None, start_over(memory)
            _show(outputs, alarm.blind(clock()))
            on_blind(str(exc))
            continue
        if frame is None:
            break
        if looked_at is not None and not _is_due(frame, looked_at, now.settings.detector.every_n_frames):
            continue
        looked_at = frame.frame_index, frame.captured_s
        memory, turn = take_turn(memory, frame, now.looker, now.settings, now.silence())
        _show(outputs, _with_faults(turn.decision, now))
        on_turn(turn)
        decided += 1
    return decided


def _is_due(frame: Frame, looked_at: tuple[int, float], every_n_frames: int) -> bool:
    last_index, last_s = looked_at
    return frame.frame_index - last_index >= every_n_frames or frame.captured_s - last_s >= _LONGEST_SKIP_S


def frames_per_look(every_n_frames: int, fps: float) -> int:
    """Return how many pictures come for each that is looked at, from a source of `fps` pictures a second."""
    return min(every_n_frames, max(1, ceil(fps * _LONGEST_SKIP_S)))


def start_over(memory: Memory) -> Memory:
    """Return what is left of a memory when nobody has been seen for a while.

    Nobody is there any more, and whoever is there at the next frame may be a poster, as at the start.
    """
    return Memory(tracker.start_over(memory.tracks), alarm.start_over(memory.alarm))


def _with_faults(decision: Decision, rig: Rig) -> Decision:
    if rig.fault:
        return replace(decision, status=StatusPattern.BLIND)
    return replace(decision, status=StatusPattern.TROUBLED) if rig.trouble else decision


def _show(outputs: Sequence[Output], decision: Decision) -> None:
    for output in outputs:
        output.show(decision)

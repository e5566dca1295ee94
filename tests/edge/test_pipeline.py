from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import pytest
from people import MASKED, UNMASKED, blank_frame, verdict, walk
from scripted import RecordingOutput, ScriptedSource, scripted_looker

from edge.alarm import Silence
from edge.errors import NoFrameError
from edge.pipeline import Turn, watch
from edge.records import AlarmState, Frame, VerdictKind
from edge.settings import Detector, Settings


def watch_walk(kind: VerdictKind, frames: Sequence[Frame | None] | None = None, **settings: object) -> list[Turn]:
    script = [[verdict(box, kind)] for box in walk(20)]
    source = ScriptedSource(frames or [blank_frame(i, i * 0.1) for i in range(20)])
    turns: list[Turn] = []
    watch(source, scripted_looker(script), [], Settings(**settings), lambda: False, Silence, turns.append)  # type: ignore[arg-type]
    return turns


def test_an_unmasked_walker_raises_the_alarm_and_a_masked_one_does_not() -> None:
    assert watch_walk(UNMASKED)[-1].decision.alarm is AlarmState.ALARM
    assert all(turn.decision.alarm is AlarmState.CLEAR for turn in watch_walk(MASKED))


def test_outputs_are_switched_before_anything_is_drawn() -> None:
    output, order = RecordingOutput(), []
    source = ScriptedSource([blank_frame(0, 0.0)])
    watch(
        source,
        scripted_looker([[]]),
        [output],
        Settings(),
        lambda: False,
        Silence,
        lambda t: order.append(len(output.shown)),
    )
    assert order == [1]


def test_every_second_frame_can_be_left_out() -> None:
    turns = watch_walk(UNMASKED, detector=Detector(every_n_frames=2))
    assert [turn.frame.frame_index for turn in turns] == list(range(0, 20, 2))


def test_a_short_gap_between_frames_is_waited_for() -> None:
    frames = [blank_frame(0, 0.0), None, None, blank_frame(1, 1.1)]
    assert len(watch_walk(UNMASKED, frames)) == 2


def test_a_camera_that_stays_silent_is_lost() -> None:
    with pytest.raises(NoFrameError):
        watch_walk(UNMASKED, [blank_frame(0, 0.0), *[None] * 20])


def test_a_stop_ends_the_watch_before_the_next_frame() -> None:
    asked = count()
    source = ScriptedSource([blank_frame(i, i * 0.1) for i in range(20)])
    decided = watch(source, scripted_looker([[]] * 20), [], Settings(), lambda: next(asked) >= 3, Silence)
    assert decided == 3

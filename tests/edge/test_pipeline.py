from __future__ import annotations

import json
import random
from collections.abc import Sequence
from itertools import count

import pytest
from door import Visitor, count_judged, film, watch_film
from people import MASKED, UNMASKED, blank_frame, square, verdict, walk
from scripted import RecordingOutput, ScriptedSource, scripted_looker

from edge.alarm import Silence
from edge.contract import result_line
from edge.errors import NoFrameError
from edge.geometry import Box
from edge.pipeline import Turn, watch
from edge.records import AlarmState, Frame, Verdict, VerdictKind
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


def crowd(size: int) -> list[Visitor]:
    """Return masked visitors who walk in one after the other and stay."""
    return [Visitor(2 + 0.1 * i, 60, (MASKED,), y=45.0 * i, side_px=44, door_x=100 + 40.0 * i) for i in range(size)]


@pytest.mark.parametrize("fps", [5, 10, 30])
def test_ten_decided_people_cost_a_look_each_a_second_whatever_the_frame_rate(fps: int) -> None:
    judged = count_judged(film(crowd(10), fps, 30), fps)[12 * fps :]
    assert 8 <= sum(judged) / 18 <= 12
    assert max(judged) <= 10 / fps + 1


def test_somebody_who_takes_the_mask_off_at_the_door_is_noticed_within_a_second_and_a_half() -> None:
    for off_s in (10.0, 10.3, 10.6, 10.9):
        looks = [verdict(square(min(40.0 * i, 280), 200), MASKED if i / 10 < off_s else UNMASKED) for i in range(130)]
        turns = watch_film([[], *([each] for each in looks)], 10)
        alarm_s = next(i for i, turn in enumerate(turns) if turn.decision.buzzer) / 10
        assert off_s < alarm_s <= off_s + 1.6


def test_somebody_who_takes_the_mask_off_among_nine_others_is_noticed_as_soon() -> None:
    frames = film(crowd(9), 10, 15)
    for index, frame in enumerate(frames):
        frame.append(verdict(square(min(40.0 * index, 500), 400, 60), MASKED if index < 100 else UNMASKED))
    alarm_s = next(i for i, turn in enumerate(watch_film(frames, 10)) if turn.decision.buzzer) / 10
    assert 10 < alarm_s <= 11.6


def test_a_face_that_was_not_judged_repeats_the_last_look_with_all_keys() -> None:
    frames = film([Visitor(2, 20, (MASKED,))], 10, 10)
    assert 0 in count_judged(frames, 10)[70:]
    for turn, verdicts in zip(watch_film(frames, 10), frames, strict=True):
        said = json.loads(result_line(turn.frame, turn.verdicts, turn.decision.alarm))["faces"]
        assert [each["box"] for each in said] == [
            [round(at, 1) for at in each.face.box.as_tuple()] for each in verdicts
        ]
        assert all((each["verdict"], each["label"], each["score"]) == ("masked", "with_mask", 1.0) for each in said)
        assert all(each["scores"] == {"with_mask": 1.0} for each in said)


def hang(index: int, jitter: float, x: float = 450) -> Verdict:
    """Return a bare face on a poster whose box jitters by a share of its side."""
    chance = random.Random(index)
    return verdict(Box(*(at + chance.gauss(0, 80 * jitter) for at in (x, 100, x + 80, 180))))


@pytest.mark.parametrize("jitter", [0.0, 0.03, 0.08])
@pytest.mark.parametrize("fps", [3, 15])
def test_a_poster_that_hung_there_from_the_start_never_raises_the_alarm(jitter: float, fps: int) -> None:
    frames = [[hang(index, jitter)] if index % 7 else [] for index in range(120 * fps)]
    assert not any(turn.decision.lamp for turn in watch_film(frames, fps))


def test_a_masked_visitor_who_walks_by_a_poster_does_not_bring_it_to_life() -> None:
    for hidden in (range(0), range(33, 38), range(30, 50)):
        frames = film([Visitor(2, 0, (MASKED,), y=110)], 10, 20)
        for index, frame in enumerate(frames):
            frame += [] if index in hidden else [hang(index, 0.02)]
        assert not any(turn.decision.lamp for turn in watch_film(frames, 10))


def test_a_poster_that_is_hung_up_later_is_ignored_after_a_while() -> None:
    turns = watch_film([[hang(index, 0.05)] if index > 40 else [] for index in range(200)], 10)
    assert any(turn.at_door for turn in turns[:141])
    assert not any(turn.at_door for turn in turns[145:])


def test_somebody_who_walked_in_and_stands_still_for_minutes_still_counts() -> None:
    turns = watch_film(film([Visitor(1, 200, (MASKED,))], 3, 180), 3)
    assert turns[-1].at_door
    assert turns[-1].decision.ok_lamp

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from itertools import count

import pytest
from door import Visitor, count_judged, film, watch_film
from people import MASKED, UNMASKED, blank_frame, square, verdict, walk
from scripted import RecordingOutput, ScriptedSource, scripted_looker

from edge.alarm import AlarmMemory, Offense, Silence
from edge.contract import result_line
from edge.geometry import Box
from edge.pipeline import Memory, Rig, Turn, frames_per_look, keep_watch, start_over, watch
from edge.records import AlarmState, Decision, Frame, StatusPattern, Verdict, VerdictKind
from edge.settings import Alarm, Detector, Settings


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


def test_however_many_frames_are_left_out_one_a_second_is_looked_at() -> None:
    frames = [blank_frame(i, i * 0.25) for i in range(20)]
    turns = watch_walk(UNMASKED, frames, detector=Detector(every_n_frames=30))
    assert [turn.frame.captured_s for turn in turns] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert frames_per_look(30, 4.0) == 4
    assert frames_per_look(3, 25.0) == 3
    assert frames_per_look(30, 0.5) == 1


def watch_gap(script: list[list[Verdict]], frames: list[Frame | None]) -> tuple[list[Decision], list[str]]:
    """Return what an output is shown of frames of which some do not come, and why they do not."""
    output, reasons = RecordingOutput(), list[str]()
    rig = Rig(ScriptedSource(frames), scripted_looker(script), Settings(), Silence)
    keep_watch(lambda: rig, [output], lambda: False, on_blind=reasons.append, clock=lambda: 0.0)
    return output.shown, reasons


def test_a_camera_that_is_lost_in_an_alarm_switches_everything_off_and_shows_the_fault() -> None:
    script = [[verdict(box)] for box in walk(20)]
    shown, reasons = watch_gap(script, [*(blank_frame(i, i * 0.1) for i in range(20)), None, None])
    assert (shown[19].lamp, shown[19].buzzer, shown[19].status) == (True, True, StatusPattern.WATCHING)
    assert [(each.lamp, each.buzzer, each.alarm, each.status) for each in shown[20:]] == [
        (False, False, AlarmState.CLEAR, StatusPattern.BLIND)
    ] * 2
    assert reasons == ["no frame for 0.2 s"] * 2


def test_after_a_gap_it_watches_again_and_alarms_about_a_newcomer_with_a_new_number() -> None:
    seen = [[verdict(box)] for box in walk(20)]
    frames = [blank_frame(i, i * 0.1) for i in range(20)]
    later = [blank_frame(i, 10 + i * 0.1) for i in range(20, 70)]
    shown, _ = watch_gap([*seen, *[[]] * 30, *seen], [*frames, None, *later])
    assert shown[21].alarm is AlarmState.CLEAR
    assert (shown[-1].alarm, shown[-1].status) == (AlarmState.ALARM, StatusPattern.WATCHING)
    assert shown[-1].person_ids > shown[19].person_ids


def test_alarms_before_a_gap_count_for_how_many_may_sound_in_a_minute() -> None:
    memory = Memory(
        alarm=AlarmMemory(AlarmState.ALARM, sounded=(1.0, 2.0), offenses={3: Offense(square(20, 20), 2.0, 2.0)})
    )
    assert start_over(memory).alarm == AlarmMemory(sounded=(1.0, 2.0))


def test_neither_a_poster_nor_whoever_had_the_alarm_is_a_newcomer_when_found_some_seconds_after_a_gap() -> None:
    walks_in = [verdict(square(min(20.0 * i, 280), 200)) for i in range(380)]
    for before in ([verdict(square(280, 200))] * 380, walks_in):
        script = [*([each] for each in before), *[[]] * 30, *[[before[-1]]] * 30]
        frames = [blank_frame(i, i * 0.1) for i in range(440)]
        shown, _ = watch_gap(script, [*frames[:380], None, *frames[380:]])
        assert not any(each.lamp for each in shown[380:])


def test_another_source_begins_with_nobody_at_the_door_and_everything_off() -> None:
    script, output = [[verdict(box)] for box in walk(20)], RecordingOutput()
    frames = [blank_frame(i, i * 0.1) for i in range(20)]
    rigs = [Rig(ScriptedSource(frames), scripted_looker(script), Settings(), Silence) for _ in range(2)]
    asked, told = count(), []
    keep_watch(
        lambda: rigs[next(asked) >= 20],
        [output],
        lambda: False,
        on_other_source=lambda: told.append(len(output.shown)),
        clock=lambda: 0.0,
    )
    assert told == [21]
    assert output.shown[19].alarm is AlarmState.ALARM
    assert (output.shown[20].lamp, output.shown[20].status) == (False, StatusPattern.STARTING)
    assert output.shown[21].alarm is AlarmState.CLEAR
    assert (output.shown[-1].alarm, output.shown[-1].person_ids) == (AlarmState.ALARM, (2,))


def test_a_longer_hold_that_comes_into_force_in_an_alarm_keeps_it_and_its_start() -> None:
    script = [[verdict(box)] for box in walk(20)] + [[]] * 60
    source, output, asked = ScriptedSource([blank_frame(i, i * 0.1) for i in range(80)]), RecordingOutput(), count()
    short, long = (Settings(alarm=Alarm(hold_s=hold_s)) for hold_s in (0.5, 4.0))
    rigs = [Rig(source, scripted_looker(script), settings, Silence) for settings in (short, long)]
    keep_watch(lambda: rigs[next(asked) >= 20], [output], lambda: False)
    lit = [each.lamp for each in output.shown]
    assert lit.index(True) < 20
    assert all(lit[lit.index(True) : 58])
    assert not lit[-1]


@pytest.mark.parametrize(
    ("faults", "shown"),
    [
        ({"fault": True}, StatusPattern.BLIND),
        ({"trouble": True}, StatusPattern.TROUBLED),
        ({"fault": True, "trouble": True}, StatusPattern.BLIND),
    ],
)
def test_a_fault_elsewhere_shows_on_the_status_lamp_while_lamp_and_buzzer_work(
    faults: dict[str, bool], shown: StatusPattern
) -> None:
    script, output = [[verdict(box)] for box in walk(20)], RecordingOutput()
    source = ScriptedSource([blank_frame(i, i * 0.1) for i in range(20)])
    rig = Rig(source, scripted_looker(script), Settings(), Silence, **faults)
    turns: list[Turn] = []
    keep_watch(lambda: rig, [output], lambda: False, turns.append)
    assert (output.shown[-1].lamp, output.shown[-1].buzzer) == (True, True)
    assert {each.status for each in output.shown} == {shown}
    assert turns[-1].decision.status is StatusPattern.WATCHING


def test_a_stop_ends_the_watch_before_the_next_frame() -> None:
    asked = count()
    source = ScriptedSource([blank_frame(i, i * 0.1) for i in range(20)])
    decided = watch(source, scripted_looker([[]] * 20), [], Settings(), lambda: next(asked) >= 3, Silence)
    assert decided == 3


def crowd(size: int) -> list[Visitor]:
    """Return masked visitors who walk in one after the other and stay, ten below each other, then the next column."""
    places = [(45.0 * (i % 10), 100 + 40.0 * (i % 10) + 55 * (i // 10)) for i in range(size)]
    return [Visitor(2 + 0.1 * i, 60, (MASKED,), y=y, side_px=44, door_x=x) for i, (y, x) in enumerate(places)]


@pytest.mark.parametrize("fps", [5, 10, 30])
def test_four_decided_people_cost_a_look_each_a_second_whatever_the_frame_rate(fps: int) -> None:
    judged = count_judged(film(crowd(4), fps, 30), fps)[12 * fps :]
    assert 3.2 <= sum(judged) / 18 <= 4.5
    assert max(judged) <= 4 / fps + 1


@pytest.mark.parametrize("size", [10, 20])
@pytest.mark.parametrize("fps", [2, 10, 15, 30])
def test_a_crowd_of_decided_people_costs_no_more_looks_than_four(size: int, fps: int) -> None:
    judged = count_judged(film(crowd(size), fps, 40), fps)[22 * fps :]
    assert 3.8 <= sum(judged) / 18 <= 4.2
    assert max(judged) <= max(1, 4 / fps)


def test_somebody_who_takes_the_mask_off_at_the_door_is_noticed_within_a_second_and_a_half() -> None:
    for off_s in (10.0, 10.3, 10.6, 10.9):
        looks = [verdict(square(min(40.0 * i, 280), 200), MASKED if i / 10 < off_s else UNMASKED) for i in range(130)]
        turns = watch_film([[], *([each] for each in looks)], 10)
        alarm_s = next(i for i, turn in enumerate(turns) if turn.decision.buzzer) / 10
        assert off_s < alarm_s <= off_s + 1.6


def test_somebody_who_takes_the_mask_off_among_nine_others_is_noticed_within_three_seconds() -> None:
    frames = film(crowd(9), 10, 15)
    for index, frame in enumerate(frames[40:], 40):  # the last one to come
        frame.append(verdict(square(min(40.0 * (index - 40), 500), 400, 60), MASKED if index < 100 else UNMASKED))
    alarm_s = next(i for i, turn in enumerate(watch_film(frames, 10)) if turn.decision.buzzer) / 10
    assert 10 < alarm_s <= 13


@pytest.mark.parametrize("off_s", [30, 31, 32, 33, 34, 35])
def test_somebody_who_takes_the_mask_off_below_a_wall_of_pictures_is_noticed_within_two_seconds(off_s: int) -> None:
    frames = film([Visitor(2, 60, (MASKED,))], 10, 45)
    for index, frame in enumerate(frames):
        said = [verdict(each.face.box, MASKED if index < 10 * off_s else UNMASKED) for each in frame]
        frame[:] = said + [hang(0, 0.0, x=24.0 * number, y=440, side=20) for number in range(25)]
    alarm_s = next(i for i, turn in enumerate(watch_film(frames, 10)) if turn.decision.buzzer) / 10
    assert off_s < alarm_s <= off_s + 2


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


def hang(index: int, jitter: float, x: float = 450, y: float = 100, side: float = 80) -> Verdict:
    """Return a bare face on a poster whose box jitters by a share of its side."""
    chance = random.Random(index)
    return verdict(Box(*(at + chance.gauss(0, side * jitter) for at in (x, y, x + side, y + side))))


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

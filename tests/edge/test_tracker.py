from __future__ import annotations

from collections.abc import Sequence

import pytest
from people import MASKED, UNMASKED, UNSURE, no_face, square, verdict, walk

from edge.geometry import Box
from edge.records import Person, Verdict
from edge.settings import Tracking
from edge.tracker import Tracks, choose, list_people, list_verdicts, move, vote

CONFIG = Tracking()


def drive(
    looks: Sequence[Sequence[Verdict]], step_s: float = 0.1, config: Tracking = CONFIG
) -> list[tuple[Person, ...]]:
    """Return who is in view after each frame when every face is judged."""
    state, history = Tracks(), []
    for index, verdicts in enumerate(looks):
        state, people = look(state, verdicts, index * step_s, config)
        history.append(people)
    return history


def look(
    state: Tracks, verdicts: Sequence[Verdict], now_s: float, config: Tracking = CONFIG
) -> tuple[Tracks, tuple[Person, ...]]:
    state = vote(move(state, [each.face for each in verdicts], now_s, config), verdicts, now_s, config)
    return state, list_people(state)


def test_one_look_does_not_decide() -> None:
    (people,) = drive([[verdict(square(100, 100))]])
    assert [p.kind for p in people] == [UNSURE]


def test_enough_agreeing_looks_decide() -> None:
    history = drive([[verdict(box)] for box in walk(3)])
    assert history[1][0].kind is UNSURE
    assert history[2][0].kind is UNMASKED
    assert history[2][0].label == "without_mask"


def test_unsure_looks_never_decide() -> None:
    history = drive([[verdict(box, UNSURE)] for box in walk(30, step_px=5)])
    assert all(people[0].kind is UNSURE for people in history)


def test_a_decided_person_stays_decided_over_a_single_contrary_look() -> None:
    kinds = [MASKED] * 6 + [UNMASKED] + [MASKED] * 3
    history = drive([[verdict(box, kind)] for box, kind in zip(walk(10), kinds, strict=True)])
    assert all(people[0].kind is MASKED for people in history[2:])


def test_a_person_who_takes_the_mask_off_turns() -> None:
    kinds = [MASKED] * 10 + [UNMASKED] * 20
    history = drive([[verdict(box, kind)] for box, kind in zip(walk(30, 5), kinds, strict=True)])
    assert history[9][0].kind is MASKED
    assert history[-1][0].kind is UNMASKED


def test_small_faces_need_more_looks_than_large_ones() -> None:
    small = [Box(x, 100, x + 16, 116) for x in range(100, 130, 2)]
    history = drive([[verdict(box)] for box in small])
    assert history[2][0].kind is UNSURE
    assert history[-1][0].kind is UNMASKED


def test_a_person_keeps_the_number_over_missed_frames() -> None:
    looks = [[verdict(box)] if index % 3 else [] for index, box in enumerate(walk(20, 8), 1)]
    history = drive(looks)
    assert {p.id for people in history for p in people} == {1}


def test_two_people_who_pass_each_other_keep_their_numbers() -> None:
    left, right = walk(20, 10, 0), [square(200 - 10 * i, 320) for i in range(20)]
    history = drive([[verdict(a), verdict(b, MASKED)] for a, b in zip(left, right, strict=True)])
    assert {p.id: p.kind for p in history[-1]} == {1: UNMASKED, 2: MASKED}


def test_a_face_seen_in_a_single_frame_is_gone_with_it() -> None:
    history = drive([[verdict(square(100, 100))], []])
    assert [len(people) for people in history] == [1, 0]


def test_whoever_comes_after_the_pause_is_somebody_new() -> None:
    looks = [[verdict(square(100, 100))]] * 2 + [[]] * 15 + [[verdict(square(100, 100))]]
    history = drive(looks)
    assert [p.id for p in history[11]] == [1]
    assert history[15] == ()
    assert history[17][0].id == 2


def test_a_face_that_was_there_from_the_start_has_not_moved() -> None:
    history = drive([[verdict(square(100 + index % 2, 100))] for index in range(100)])
    assert not any(people[0].moved for people in history)


def test_a_face_that_walks_has_moved() -> None:
    history = drive([[verdict(box)] for box in walk(5)])
    assert history[-1][0].moved


def test_a_face_that_appears_while_watching_has_moved() -> None:
    history = drive([[]] * 30 + [[verdict(square(100, 100))]])
    assert history[-1][0].moved


def test_a_poster_that_is_lost_and_found_again_is_no_newcomer() -> None:
    poster = [[verdict(square(100, 100))]] * 5
    history = drive(poster + [[]] * 30 + poster + [[]] * 30 + poster)
    assert not any(p.moved for people in history for p in people)


def test_state_goes_in_and_comes_out() -> None:
    before = Tracks()
    look(before, [verdict(square(100, 100))], 0.0)
    assert before == Tracks()


def test_at_two_frames_a_second_a_walker_is_still_one_person() -> None:
    history = drive([[verdict(box)] for box in walk(6, 55)], step_s=0.5, config=Tracking(window_s=3.0))
    assert {p.id for people in history for p in people} == {1}
    assert history[-1][0].kind is UNMASKED


def test_at_one_look_a_second_an_unmasked_walker_is_still_decided() -> None:
    for step_s in (1.0, 2.0):
        history = drive([[verdict(box)] for box in walk(8, 30)], step_s=step_s)
        assert history[-1][0].kind is UNMASKED


def test_after_a_gap_somebody_else_in_the_same_place_is_somebody_else() -> None:
    state = Tracks()
    for at_s in (0.0, 0.1, 0.2, 0.3, 58.0):
        state, people = look(state, [verdict(square(100, 100))], at_s)
    assert [(p.id, p.kind) for p in people] == [(2, UNSURE)]


def test_whoever_cannot_be_judged_for_a_while_is_undecided_again() -> None:
    kinds = [UNMASKED] * 5 + [UNSURE] * 60
    history = drive([[verdict(square(100 + i % 3, 100), kind)] for i, kind in enumerate(kinds)])
    assert history[20][0].kind is UNMASKED
    assert history[-1][0].kind is UNSURE


def test_a_poster_that_was_hung_up_later_is_no_newcomer_after_it_was_lost() -> None:
    poster = [[verdict(square(100, 100))]] * 60
    history = drive([[]] * 40 + poster + [[]] * 30 + poster[:5])
    assert history[60][0].moved
    assert not history[-1][0].moved


def test_whoever_comes_up_where_somebody_stood_who_had_walked_in_is_a_newcomer() -> None:
    visit = [[verdict(square(min(20.0 * index, 200), 100))] for index in range(100)]
    for stood in (visit, [[]] * 40 + [[verdict(square(200, 100))]] * 30):  # walked in; came up there, for three seconds
        history = drive([*stood, *[[]] * 30, [verdict(square(200, 100))]])
        assert history[-1][0].moved


def test_a_poster_that_is_lost_again_and_again_does_not_let_another_one_be_forgotten() -> None:
    flickers, hidden = (
        [[verdict(square(400, 100))]] * 2 + [[]] * 12,
        [[verdict(square(100, 100)), verdict(square(400, 100))]],
    )
    history = drive(hidden * 5 + flickers * 20 + hidden)
    assert not any(person.moved for person in history[-1])


def test_a_second_box_upon_a_poster_is_no_newcomer_and_one_upon_a_person_is() -> None:
    there = [[verdict(square(100, 100))]] * 40
    walked = [[verdict(square(100 + min(20.0 * index, 300), 100))] for index in range(40)]
    for before, at_x, moved in ((there, 100, False), (walked, 400, True)):
        *_, people = drive([*before, [verdict(square(at_x, 100)), verdict(square(at_x + 30, 100))]])
        assert [person.moved for person in people if person.id == 2] == [moved]


def test_a_false_face_does_not_lend_its_number_to_whoever_comes_up_there() -> None:
    history = drive([[verdict(square(100, 100))], *[[]] * 4, [verdict(square(100, 100))]])
    assert [person.id for person in history[-1]] == [2]


@pytest.mark.parametrize(("missed", "number"), [(1, 1), (2, 2)])
def test_a_look_may_miss_a_face_however_far_apart_the_looks_are_and_two_may_not(missed: int, number: int) -> None:
    standing = [[verdict(square(100, 100))]] * 3
    history = drive([*standing, *[[]] * missed, *standing], step_s=1.0)
    assert [person.id for person in history[-1]] == [number]


def test_people_who_cross_and_hide_each_other_keep_their_numbers() -> None:
    looks = []
    for index in range(24):
        both = [verdict(square(40 + 20 * index, 200)), verdict(square(500 - 20 * index, 205), MASKED)]
        looks.append(both[:1] if 9 <= index <= 13 else both)
    history = drive(looks)
    assert {p.id: p.kind for p in history[8]} == {p.id: p.kind for p in history[-1]} == {1: UNMASKED, 2: MASKED}


def test_a_face_that_the_detector_finds_only_every_other_time_is_one_person() -> None:
    history = drive([[verdict(box)] if index % 2 else [] for index, box in enumerate(walk(16, 8))])
    assert {p.id for people in history for p in people} == {1}
    assert history[-1][0].kind is UNMASKED


def test_a_frame_rate_that_falls_does_not_break_a_track() -> None:
    state, at_s, ids = Tracks(), 0.0, set()
    for index in range(25):
        at_s += 0.04 * 1.15**index
        state, people = look(state, [verdict(square(40 + 15 * at_s, 200))], at_s)
        ids |= {p.id for p in people}
    assert ids == {1}


def test_a_face_that_was_not_judged_moves_its_track_and_changes_no_opinion() -> None:
    state = Tracks()
    for index, box in enumerate(walk(10)):
        state, _ = look(state, [verdict(box, MASKED)], index * 0.1)
    face = verdict(walk(11)[10]).face
    state = vote(move(state, [face], 1.0, CONFIG), [], 1.0, CONFIG)
    (someone,) = list_people(state)
    assert (someone.box, someone.kind) == (face.box, MASKED)
    (repeated,) = list_verdicts(state, [face])
    assert (repeated.face, repeated.kind, repeated.label) == (face, MASKED, "with_mask")


def look_far(state: Tracks, now_s: float, at_door: bool) -> tuple[Tracks, int]:
    """Return the state after a look at somebody who stands there, and how many faces were chosen."""
    said = verdict(square(100, 100))
    state = move(state, [said.face], now_s, CONFIG)
    chosen = choose(state, lambda box: at_door, now_s, CONFIG)
    return vote(state, [said for _ in chosen], now_s, CONFIG), len(chosen)


def test_people_far_from_the_door_are_looked_at_once_and_then_rarely() -> None:
    state, looks = move(Tracks(), [], 0.0, CONFIG), []
    for index in range(100):
        state, count = look_far(state, 3 + index * 0.1, at_door=False)
        looks.append(count)
    assert looks[0] == 1
    assert sum(looks) == 2


def test_whoever_comes_back_after_half_a_second_is_looked_at_like_a_newcomer() -> None:
    state, looks = move(Tracks(), [], 0.0, CONFIG), []
    for index in range(121):
        away = 100 <= index < 106
        now_s = 3 + index * 0.1
        state, count = (move(state, [], now_s, CONFIG), 0) if away else look_far(state, now_s, at_door=True)
        looks.append(count)
    assert sum(looks[85:100]) <= 2
    assert sum(looks[106:]) >= 4


def test_a_face_that_hung_there_from_the_start_is_looked_at_rarely() -> None:
    state, looks = Tracks(), []
    for index in range(100):
        state, count = look_far(state, index * 0.1, at_door=True)
        looks.append(count)
    assert sum(looks) == 2


def test_nobody_stands_where_the_last_look_saw_no_face() -> None:
    history = drive([[no_face(box)] for box in walk(5)])
    assert history == [()] * 5


def test_a_face_that_shows_itself_after_all_is_somebody() -> None:
    history = drive([[no_face(box)] for box in walk(3)] + [[verdict(box)] for box in walk(3, start=100)])
    assert [person.kind for person in history[-1]] == [UNMASKED]


def test_a_decided_person_who_turns_away_is_still_there() -> None:
    looks = [[verdict(box)] for box in walk(5)] + [[no_face(box)] for box in walk(2, start=140)]
    assert [person.kind for person in drive(looks)[-1]] == [UNMASKED]


def test_what_was_no_face_has_no_verdict() -> None:
    hand = no_face(square(100, 100))
    state, _ = look(Tracks(), [hand], 0.0)
    assert list_verdicts(state, [hand.face]) == ()

"""Everybody counts once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from door import Visitor, film, watch_film
from people import MASKED, UNMASKED, UNSURE, no_face, person

from edge.records import Person, Verdict, VerdictKind
from edge.settings import Settings, Tracking
from edge.visits import Visits, count_visits

MIN_STAY_S = 1.5
STEP_S = 0.5


def count(frames: Sequence[Sequence[Person]], away: Sequence[Person] = ()) -> list[VerdictKind]:
    """Return who was counted over frames half a second apart; `away` are in view but not at the door."""
    visits, counted = Visits(), list[VerdictKind]()
    for number, people in enumerate(frames):
        at_door = [replace(each, seen_s=number * STEP_S) for each in people]
        visits, kinds = count_visits(visits, [*at_door, *away], at_door, number * STEP_S, MIN_STAY_S)
        counted += kinds
    return counted


def count_film(frames: Sequence[Sequence[Verdict]], fps: float, config: Tracking) -> list[VerdictKind]:
    """Return who was counted of those whom tracker and zone made of what the models said."""
    visits, counted = Visits(), list[VerdictKind]()
    for turn in watch_film(frames, fps, Settings(tracking=config)):
        now_s = turn.frame.captured_s
        visits, kinds = count_visits(visits, turn.people, turn.at_door, now_s, config.window_s)
        counted += kinds
    return counted


def test_a_visitor_counts_once_however_long_the_visit() -> None:
    assert count([[person(1, MASKED)]] * 20 + [[]]) == [MASKED]


def test_a_visitor_counts_as_what_was_decided_first() -> None:
    assert count([[person(1, UNMASKED)]] * 3 + [[person(1, MASKED)]] * 3 + [[]]) == [UNMASKED]


def test_a_visitor_counts_when_decided_not_before() -> None:
    assert count([[person(1, UNSURE)]] * 10) == []
    assert count([[person(1, UNSURE)]] * 10 + [[person(1, MASKED)]]) == [MASKED]


def test_who_leaves_undecided_counts_as_unsure() -> None:
    assert count([[person(1, UNSURE)]] * 10 + [[]] * 3) == [UNSURE]


def test_a_face_in_passing_does_not_count() -> None:
    assert count([[person(1, UNSURE)]] * 3 + [[]]) == []


def test_who_is_in_view_but_never_at_the_door_does_not_count() -> None:
    assert count([[]] * 10, away=[person(1, UNMASKED)]) == []


def test_who_steps_back_from_the_door_undecided_has_not_left() -> None:
    frames = [[person(1, UNSURE)]] * 5 + [[]] * 5 + [[person(1, MASKED)]]
    assert count(frames, away=[person(1, UNSURE)]) == [MASKED]


def test_who_comes_to_the_door_decided_counts_there() -> None:
    assert count([[], [person(1, UNMASKED)]]) == [UNMASKED]


def test_several_people_count_each() -> None:
    both = [person(1, MASKED), person(2, UNMASKED)]
    assert count([both, both, [person(3, UNSURE)], []]) == [MASKED, UNMASKED]


@pytest.mark.parametrize("forget_after_s", [1.0, 5.0, 30.0])
def test_a_face_in_passing_does_not_count_however_long_it_is_waited_for(forget_after_s: float) -> None:
    passing = film([Visitor(2, 20, (UNSURE,))], 10, 33)[:33] + [[]] * 350
    assert count_film(passing, 10, Tracking(forget_after_s=forget_after_s)) == []


@pytest.mark.parametrize(("later", "counts"), [(UNSURE, [UNSURE]), (MASKED, [MASKED])])
def test_somebody_counts_once_of_whom_a_look_now_and_then_sees_no_face(
    later: VerdictKind, counts: list[VerdictKind]
) -> None:
    frames = film([Visitor(2, 9, (UNSURE,))], 10, 10) + film([Visitor(2, 9, (later,))], 10, 18)[100:]
    hands = [
        [no_face(each.face.box) for each in frame] if 30 < i < 100 and i % 30 < 4 else frame
        for i, frame in enumerate(frames)
    ]
    assert count_film(hands, 10, Tracking()) == counts

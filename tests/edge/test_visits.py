"""Everybody counts once."""

from __future__ import annotations

from collections.abc import Sequence

from people import MASKED, UNMASKED, UNSURE, person

from edge.records import Person, VerdictKind
from edge.visits import Visits, count_visits

MIN_STAY_S = 1.5
STEP_S = 0.5


def count(frames: Sequence[Sequence[Person]], away: Sequence[Person] = ()) -> list[VerdictKind]:
    """Return who was counted over frames half a second apart; `away` are in view but not at the door."""
    visits, counted = Visits(), list[VerdictKind]()
    for number, at_door in enumerate(frames):
        visits, kinds = count_visits(visits, [*at_door, *away], at_door, number * STEP_S, MIN_STAY_S)
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


def test_who_comes_to_the_door_decided_counts_there() -> None:
    assert count([[], [person(1, UNMASKED)]]) == [UNMASKED]


def test_several_people_count_each() -> None:
    both = [person(1, MASKED), person(2, UNMASKED)]
    assert count([both, both, [person(3, UNSURE)], []]) == [MASKED, UNMASKED]

"""How many people came, masked or not: everybody counts once.

A visitor counts when first decided while at the door, as what was decided then: how somebody came in, not how they left
after the buzzer. Who leaves undecided counts as unsure, if seen there for as long as a decision may take; less is a
face in passing. Nobody has left who has been away for less than that: a look may take a hand for no face.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edge.records import Person, VerdictKind


@dataclass(frozen=True, slots=True)
class Stay:
    """When an undecided person was first and last seen at the door, in monotonic seconds."""

    first_s: float
    last_s: float


@dataclass(frozen=True, slots=True)
class Visits:
    """Who of the people in view has been counted, and who waits for a decision, by `Person.id`."""

    counted: frozenset[int] = frozenset()
    waiting: Mapping[int, Stay] = field(default_factory=dict)


def count_visits(
    visits: Visits, people: Sequence[Person], at_door: Sequence[Person], now_s: float, min_stay_s: float
) -> tuple[Visits, tuple[VerdictKind, ...]]:
    """Return what is remembered after a frame, and a kind for each visitor who counts now.

    `people` are all in view, `at_door` those of them who count (`edge.zone`). `now_s` is in monotonic seconds; infinity
    ends all visits.
    """
    new = [person for person in at_door if person.id not in visits.counted]
    if not (new or visits.waiting):
        return visits, ()  # most frames
    in_view = {person.id for person in people}
    decided = {person.id: person.kind for person in new if person.kind is not VerdictKind.UNSURE}
    waiting = dict(visits.waiting)
    for person in new:
        waiting[person.id] = Stay(waiting[person.id].first_s if person.id in waiting else now_s, person.seen_s)
    waiting = {number: stay for number, stay in waiting.items() if number not in decided}
    away = {number: stay for number, stay in waiting.items() if number not in in_view}
    left = {number: stay for number, stay in away.items() if now_s - stay.last_s >= min_stay_s}
    unsure = [VerdictKind.UNSURE for stay in left.values() if stay.last_s - stay.first_s >= min_stay_s]
    still = {number: stay for number, stay in waiting.items() if number not in left}
    return Visits((visits.counted | decided.keys()) & in_view, still), (*decided.values(), *unsure)

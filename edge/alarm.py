"""The alarm: clear → alarm → holding → cooldown → clear. Pure: what it remembers goes in and comes out, time is given.

It is about people, not frames. Whoever is still there when an alarm has lasted for `max_on_s`, and had at least half of
that time, is not alarmed about again before having been gone for `rearm_s` or put a mask on. More than `max_per_minute`
alarms a minute light the lamp without a sound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import hypot

from edge.geometry import Box
from edge.records import SOUNDING, AlarmState, Decision, Person, StatusPattern, VerdictKind
from edge.settings import Alarm

_MINUTE_S = 60.0

_SAME_SIDES = 1.5
_SAME_SIZE = 0.6
_WALKS_IN_S = 2.0
"""Somebody who comes up this near to where a spent person was lost, in sides, and alike in size, is that person; but
whoever leaves that place within this time is somebody else who walks in."""


@dataclass(frozen=True, slots=True)
class Offense:
    """Somebody whom the alarm is about: where, since when, and when last at the door without a mask, or unsure."""

    box: Box
    began_s: float
    seen_s: float


@dataclass(frozen=True, slots=True)
class Spent:
    """Somebody who has been alarmed about for long enough: where, and when last at the door.

    `found_again` tells that this one came up where a spent person was lost, and is taken for that person.
    """

    box: Box
    seen_s: float
    found_again: bool = False


@dataclass(frozen=True, slots=True)
class AlarmMemory:
    """What the alarm remembers: its state, since when, when the lamp went on, when an offender was last there.

    `loud` tells whether this alarm may sound, `sounded` when those that did, of the last minute, began. `offenses` are
    about whoever has the alarm, also while they are away for a moment; `spent` are those who have had it for long
    enough.
    """

    state: AlarmState = AlarmState.CLEAR
    since_s: float = 0.0
    on_since_s: float = 0.0
    offended_s: float = 0.0
    loud: bool = True
    sounded: tuple[float, ...] = ()
    offenses: Mapping[int, Offense] = field(default_factory=dict)
    spent: Mapping[int, Spent] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Silence:
    """What keeps the buzzer or the whole alarm off at the moment."""

    muted: bool = False
    quiet: bool = False
    inactive: bool = False


def step(
    memory: AlarmMemory, at_door: Sequence[Person], frame_index: int, now_s: float, config: Alarm, silence: Silence
) -> tuple[AlarmMemory, Decision]:
    """Return what the alarm remembers after a frame, and what the outputs shall show.

    `at_door` are the people who count (`edge.zone`); `now_s` is in monotonic seconds and never goes back.
    """
    if memory.spent:
        memory = replace(memory, spent=_update_spent(memory.spent, at_door, now_s, config))
    if silence.inactive:
        memory = replace(memory, state=AlarmState.CLEAR, since_s=now_s, offenses={})
        return memory, replace(dark(now_s), frame_index=frame_index, status=StatusPattern.WATCHING)
    unmasked = {person.id: person.box for person in at_door if person.kind is VerdictKind.UNMASKED}
    offenders = {number: box for number, box in unmasked.items() if number not in memory.spent}
    if offenders or memory.offenses:
        offended_s = now_s if offenders else memory.offended_s
        offenses = _update_offenses(memory, at_door, offenders, now_s, config)
        memory = replace(memory, offended_s=offended_s, offenses=offenses)
    memory = _advance(memory, offenders, now_s, config)
    decision = _decide(memory, at_door, offenders, frame_index, now_s, silence)
    if decision.buzzer and memory.on_since_s not in memory.sounded:
        memory = replace(memory, sounded=(*memory.sounded, memory.on_since_s))
    return memory, decision


def _update_offenses(
    memory: AlarmMemory, at_door: Sequence[Person], offenders: Mapping[int, Box], now_s: float, config: Alarm
) -> Mapping[int, Offense]:
    """Return who has the alarm: not those who put a mask on, nor those who have been gone for `rearm_s`, nor spent."""
    here = {person.id for person in at_door}
    known = {n: each for n, each in memory.offenses.items() if n not in memory.spent}
    away = {n: each for n, each in known.items() if n not in here and now_s - each.seen_s < config.rearm_s}
    there = {}
    for person in at_door:
        before = known.get(person.id)
        if person.id in offenders or (before and person.kind is VerdictKind.UNSURE):
            there[person.id] = Offense(person.box, before.began_s if before else now_s, now_s)
    return away | there


def _update_spent(
    spent: Mapping[int, Spent], at_door: Sequence[Person], now_s: float, config: Alarm
) -> Mapping[int, Spent]:
    """Return who is still spent: not those who put a mask on, nor those who have been gone for long enough."""
    here = {person.id: person for person in at_door}
    absent = {n: each for n, each in spent.items() if n not in here and now_s - each.seen_s < config.rearm_s}
    kept = {}
    for person in at_door:
        found_again = person.id not in spent or spent[person.id].found_again
        if person.id not in spent:
            lost = next((n for n, each in absent.items() if _came_up_at(person, each)), None)
            if lost is None:
                continue
            del absent[lost]
        if person.kind is not VerdictKind.MASKED and not (found_again and _walked_in(person)):
            kept[person.id] = Spent(person.box, now_s, found_again)
    return kept | absent


def _came_up_at(person: Person, spent: Spent) -> bool:
    """Return whether somebody is the spent person, lost for a moment: came up there and has not moved since."""
    (x, y), (spent_x, spent_y) = person.box.center, spent.box.center
    sides = sorted(max(box.width, box.height) for box in (person.box, spent.box))
    near = hypot(x - spent_x, y - spent_y) <= _SAME_SIDES * sides[1] and sides[0] >= _SAME_SIZE * sides[1]
    return near and person.since_s > spent.seen_s and person.still_s <= person.since_s


def _walked_in(person: Person) -> bool:
    """Return whether somebody last left a place soon after coming up."""
    return 0 < person.still_s - person.since_s <= _WALKS_IN_S


def _advance(memory: AlarmMemory, offenders: Mapping[int, Box], now_s: float, config: Alarm) -> AlarmMemory:
    match memory.state:
        case AlarmState.CLEAR if offenders:
            return _begin(memory, now_s, config)
        case AlarmState.COOLDOWN if now_s - memory.since_s >= config.cooldown_s:
            return _advance(replace(memory, state=AlarmState.CLEAR, since_s=now_s), offenders, now_s, config)
        case AlarmState.ALARM | AlarmState.HOLDING:
            return _advance_lit(memory, offenders, now_s, config)
        case _:
            return memory


def _begin(memory: AlarmMemory, now_s: float, config: Alarm) -> AlarmMemory:
    sounded = tuple(began_s for began_s in memory.sounded if now_s - began_s < _MINUTE_S)
    loud = len(sounded) < config.max_per_minute
    return replace(memory, state=AlarmState.ALARM, since_s=now_s, on_since_s=now_s, loud=loud, sounded=sounded)


def _advance_lit(memory: AlarmMemory, offenders: Mapping[int, Box], now_s: float, config: Alarm) -> AlarmMemory:
    if now_s - memory.on_since_s >= config.max_on_s:
        had_it = {n: each for n, each in memory.offenses.items() if now_s - each.began_s >= config.max_on_s / 2}
        spent = {**memory.spent, **{number: Spent(each.box, each.seen_s) for number, each in had_it.items()}}
        return replace(memory, state=AlarmState.COOLDOWN, since_s=now_s, spent=spent)
    if now_s - memory.offended_s >= config.hold_s and not offenders:
        return replace(memory, state=AlarmState.COOLDOWN, since_s=now_s)
    wanted = AlarmState.ALARM if offenders else AlarmState.HOLDING
    return memory if memory.state is wanted else replace(memory, state=wanted, since_s=now_s)


def _decide(
    memory: AlarmMemory, at_door: Sequence[Person], offenders: Mapping[int, Box], frame_index: int, now_s: float,
    silence: Silence,
) -> Decision:  # fmt: skip
    lit = memory.state in SOUNDING
    loud = memory.state is AlarmState.ALARM and memory.loud and not silence.muted and not silence.quiet
    all_masked = bool(at_door) and all(person.kind is VerdictKind.MASKED for person in at_door)
    return Decision(
        frame_index=frame_index,
        decided_s=now_s,
        alarm=memory.state,
        lamp=lit,
        buzzer=loud,
        relay=loud,
        ok_lamp=all_masked and not lit,
        status=StatusPattern.WATCHING,
        person_ids=tuple(sorted(offenders)) if lit else (),
    )


def starting(now_s: float) -> Decision:
    """Return what the outputs shall show before the first frame: everything off, the status lamp says so."""
    return replace(dark(now_s), status=StatusPattern.STARTING)


def blind(now_s: float) -> Decision:
    """Return what the outputs shall show without a picture: everything off, the status lamp says so."""
    return replace(dark(now_s), status=StatusPattern.BLIND)


def start_over(memory: AlarmMemory) -> AlarmMemory:
    """Return what is left of a memory when nobody has been seen for a while: no alarm, but how many there were."""
    return AlarmMemory(sounded=memory.sounded, spent=memory.spent)


def dark(now_s: float) -> Decision:
    """Return the decision that switches everything off, the status lamp too."""
    return Decision(
        frame_index=0,
        decided_s=now_s,
        alarm=AlarmState.CLEAR,
        lamp=False,
        buzzer=False,
        relay=False,
        ok_lamp=False,
        status=StatusPattern.OFF,
    )

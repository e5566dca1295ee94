"""The alarm: clear → alarm → holding → cooldown → clear. Pure: what it remembers goes in and comes out, time is given.

It is about people, not frames. Whoever is still there when an alarm has lasted for `max_on_s`, and had at least half of
that time, is not alarmed about again before having left or put a mask on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from edge.records import AlarmState, Decision, Person, StatusPattern, VerdictKind
from edge.settings import Alarm


@dataclass(frozen=True, slots=True)
class AlarmMemory:
    """What the alarm remembers: its state, since when, when lamp went on, when an offender was last there.

    `since` is when each offender's alarm began, `spent` are those who have been alarmed about for long enough.
    """

    state: AlarmState = AlarmState.CLEAR
    since_s: float = 0.0
    on_since_s: float = 0.0
    offended_s: float = 0.0
    since: Mapping[int, float] = field(default_factory=dict)
    spent: frozenset[int] = frozenset()


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
    unmasked = {person.id for person in at_door if person.kind is VerdictKind.UNMASKED}
    memory = replace(memory, spent=memory.spent & unmasked)
    offenders = frozenset() if silence.inactive else frozenset(unmasked - memory.spent)
    memory = _advance(memory, offenders, now_s, config)
    return memory, _decide(memory, at_door, offenders, frame_index, now_s, silence)


def _advance(memory: AlarmMemory, offenders: frozenset[int], now_s: float, config: Alarm) -> AlarmMemory:
    if offenders:
        memory = replace(memory, offended_s=now_s)
    memory = replace(memory, since={number: memory.since.get(number, now_s) for number in offenders})
    match memory.state:
        case AlarmState.CLEAR if offenders:
            return replace(memory, state=AlarmState.ALARM, since_s=now_s, on_since_s=now_s)
        case AlarmState.COOLDOWN if now_s - memory.since_s >= config.cooldown_s:
            return _advance(replace(memory, state=AlarmState.CLEAR, since_s=now_s), offenders, now_s, config)
        case AlarmState.ALARM | AlarmState.HOLDING:
            return _advance_lit(memory, offenders, now_s, config)
        case _:
            return memory


def _advance_lit(memory: AlarmMemory, offenders: frozenset[int], now_s: float, config: Alarm) -> AlarmMemory:
    if now_s - memory.on_since_s >= config.max_on_s:
        long_enough = {number for number, began_s in memory.since.items() if now_s - began_s >= config.max_on_s / 2}
        return replace(memory, state=AlarmState.COOLDOWN, since_s=now_s, spent=memory.spent | long_enough)
    if now_s - memory.offended_s >= config.hold_s and not offenders:
        return replace(memory, state=AlarmState.COOLDOWN, since_s=now_s)
    wanted = AlarmState.ALARM if offenders else AlarmState.HOLDING
    return memory if memory.state is wanted else replace(memory, state=wanted, since_s=now_s)


def _decide(
    memory: AlarmMemory, at_door: Sequence[Person], offenders: frozenset[int], frame_index: int, now_s: float,
    silence: Silence,
) -> Decision:  # fmt: skip
    lit = memory.state in (AlarmState.ALARM, AlarmState.HOLDING)
    loud = memory.state is AlarmState.ALARM and not silence.muted and not silence.quiet
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

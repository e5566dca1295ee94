from __future__ import annotations

from datetime import UTC, datetime

import pytest

from edge.schedule import contains, silence_at
from edge.settings import Schedule

FRIDAY = datetime(2026, 11, 20)


@pytest.mark.parametrize(
    ("span", "hour", "minute", "inside"),
    [
        ("07:00-19:00", 7, 0, True),
        ("07:00-19:00", 18, 59, True),
        ("07:00-19:00", 19, 0, False),
        ("mon-fri 07:00-19:00", 12, 0, True),
        ("sat 07:00-19:00", 12, 0, False),
        ("sat-mon 07:00-19:00", 12, 0, False),
        ("thu-sat 07:00-19:00", 12, 0, True),
        ("fri-mon 07:00-19:00", 12, 0, True),
        ("fri 22:00-06:00", 23, 0, True),
        ("sat 22:00-06:00", 23, 0, False),
        ("fri 22:00-06:00", 5, 0, False),
        ("thu 22:00-06:00", 5, 0, True),
        ("thu 22:00-06:00", 6, 0, False),
        ("sun-thu 22:00-06:00", 5, 59, True),
        ("7:00-9:30", 7, 0, True),
        ("7:00-9:30", 9, 30, False),
        ("fri 20:00-24:00", 23, 59, True),
        ("00:00-24:00", 0, 0, True),
    ],
)
def test_a_span_covers_its_days_and_hours(span: str, hour: int, minute: int, inside: bool) -> None:
    assert contains(span, FRIDAY.replace(hour=hour, minute=minute)) is inside


def test_a_night_that_begins_on_sunday_ends_on_monday() -> None:
    monday = FRIDAY.replace(day=23)
    assert contains("sun 22:00-06:00", monday.replace(hour=5))
    assert not contains("sun 22:00-06:00", monday.replace(hour=6))
    assert not contains("mon 22:00-06:00", monday.replace(hour=5))


def test_without_spans_the_alarm_is_always_active_and_never_quiet() -> None:
    silence = silence_at(FRIDAY, muted=False, config=Schedule(), clock_is_set=True)
    assert (silence.muted, silence.quiet, silence.inactive) == (False, False, False)


def test_outside_the_active_spans_it_is_inactive_and_in_quiet_hours_quiet() -> None:
    config = Schedule(active=("mon-fri 07:00-19:00",), quiet_hours=("12:00-13:00",))
    assert silence_at(FRIDAY.replace(hour=20), False, config, True).inactive
    assert silence_at(FRIDAY.replace(hour=12), False, config, True).quiet
    morning = silence_at(FRIDAY.replace(hour=11), False, config, True)
    assert (morning.quiet, morning.inactive) == (False, False)


def test_while_the_clock_is_not_set_it_is_active_and_not_quiet() -> None:
    config = Schedule(active=("mon-fri 07:00-19:00",), quiet_hours=("20:00-21:00",))
    silence = silence_at(FRIDAY.replace(hour=20), muted=True, config=config, clock_is_set=False)
    assert (silence.muted, silence.quiet, silence.inactive) == (True, False, False)


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("span", "month", "day", "inside_utc"),
    [
        ("02:15-02:45", 3, 29, []),  # the clock never shows it
        ("01:30-03:30", 3, 29, ["00:30", "00:45", "01:00", "01:15"]),
        ("sat 22:00-03:15", 3, 29, ["00:00", "00:15", "00:30", "00:45", "01:00"]),
        ("02:15-02:45", 10, 25, ["00:15", "00:30", "01:15", "01:30"]),  # it shows it twice
        ("02:45-03:00", 10, 25, ["00:45", "01:45"]),
        ("sun 02:30-02:00", 10, 25, ["00:30", "00:45", "01:30", "01:45"]),
    ],
)
def test_in_a_night_in_which_the_clock_jumps_a_span_covers_what_the_clock_shows(
    span: str, month: int, day: int, inside_utc: list[str]
) -> None:
    quarters = [datetime(2026, month, day, minute // 60, minute % 60, tzinfo=UTC) for minute in range(0, 120, 15)]
    assert [f"{each:%H:%M}" for each in quarters if contains(span, each.astimezone())] == inside_utc

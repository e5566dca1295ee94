"""Days as people name them."""

from __future__ import annotations

from datetime import date

import pytest

from edge.days import begin_of, end_of, parse_day

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("today", TODAY),
        ("yesterday", date(2026, 11, 19)),
        ("7d", date(2026, 11, 13)),
        ("0d", TODAY),
        ("2026-02-28", date(2026, 2, 28)),
    ],
)
def test_a_day_can_be_named_in_several_ways(text: str, expected: date) -> None:
    assert parse_day(text, TODAY) == expected


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "7", "d", "2026-02-30", "20.11.2026", "٧d", "2026-1-1", "9999d" * 9, "9999-12-31", "0001-01-01"],
)
def test_other_words_are_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be today, yesterday, 7d|there is no such day"):
        parse_day(text, TODAY)


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 20), 24)]
)
def test_a_day_has_as_many_hours_as_its_clock_shows(day: date, hours: int) -> None:
    assert end_of(day) - begin_of(day) == hours * 3600


@pytest.mark.usefixtures("berlin")
def test_a_day_begins_at_local_midnight() -> None:
    assert begin_of(date(2026, 11, 20)) == 1_795_129_200

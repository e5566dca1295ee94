"""The numbers and places on the chart."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from edge.chart import Bar
from edge.days import begin_of
from edge.journal_file import Entry, EntryKind
from edge.report import add_up, describe_sums, find_unwatched, list_hours, plan_chart, sort_into_hours

DAY = date(2026, 11, 17)
BEGIN_S = begin_of(DAY)
LATER_S = 2e9


def counts(hour: float, masked: int = 0, unmasked: int = 0, unsure: int = 0) -> Entry:
    return Entry(BEGIN_S + hour * 3600, True, EntryKind.COUNTS, "", masked, unmasked, unsure)


def event(hour: float, kind: EntryKind, clock_set: bool = True) -> Entry:
    return Entry(BEGIN_S + hour * 3600, clock_set, kind)


def test_visitors_are_in_the_bar_of_their_hour() -> None:
    chart = plan_chart([counts(0.0, 1), counts(8.0, 2, 1), counts(8.99, 3, 0, 1), counts(23.99, 4)], DAY, DAY, LATER_S)
    assert len(chart.bars) == 24
    assert {hour: bar for hour, bar in enumerate(chart.bars) if bar.height} == {
        0: Bar(1),
        8: Bar(5, 1, 1),
        23: Bar(4),
    }


def test_entries_are_in_the_hour_that_begins_with_them_and_those_of_the_very_end_in_the_last() -> None:
    entries = [counts(hour) for hour in (0.0, 0.99, 1.0, 2.0)]
    hours = sort_into_hours(entries, list_hours(BEGIN_S, BEGIN_S + 2 * 3600))
    assert hours == [entries[:2], entries[2:]]


def test_a_week_has_a_bar_for_each_of_its_hours_and_a_label_for_each_day() -> None:
    chart = plan_chart([counts(25.0, 7)], DAY, date(2026, 11, 23), LATER_S)
    assert (len(chart.bars), chart.bars[25]) == (168, Bar(7))
    assert [tick.text for tick in chart.ticks][:2] == ["Tue 17 Nov", "Wed 18 Nov"]
    assert chart.title == "17 to 23 November 2026"


def test_the_hours_of_a_day_are_labeled() -> None:
    ticks = plan_chart([], DAY, DAY, LATER_S).ticks
    assert [tick.text for tick in ticks] == [*(f"{hour:02}:00" for hour in range(0, 24, 3)), "24:00"]
    assert [tick.place for tick in ticks] == [hour / 24 for hour in range(0, 25, 3)]


def test_alarms_stand_at_their_time() -> None:
    chart = plan_chart([event(6.0, EntryKind.ALARM_ON), event(6.1, EntryKind.ALARM_OFF)], DAY, DAY, LATER_S)
    assert chart.alarms == (0.25,)


def test_titles_name_the_days() -> None:
    assert plan_chart([], DAY, DAY, LATER_S).title == "Tuesday, 17 November 2026"
    assert plan_chart([], date(2026, 11, 28), date(2026, 12, 4), LATER_S).title == "28 November to 4 December 2026"
    assert plan_chart([], date(2026, 12, 30), date(2027, 1, 5), LATER_S).title == "30 December 2026 to 5 January 2027"


def test_the_sums_are_said_below_the_title() -> None:
    entries = [counts(8.0, 3, 1), counts(9.0, 0, 0, 1), event(8.0, EntryKind.ALARM_ON)]
    assert describe_sums(entries) == "5 people: 3 with a mask (60 %), 1 without, 1 unsure; 1 alarm"
    assert add_up(entries).people == 5
    assert "clock not set" in describe_sums([event(1.0, EntryKind.START, clock_set=False)])


def test_nobody_watched_from_a_stop_to_the_next_start() -> None:
    entries = [counts(8.0, 1), event(9.0, EntryKind.STOP), event(10.0, EntryKind.START), event(12.0, EntryKind.STOP)]
    spans = list(find_unwatched(entries, BEGIN_S, BEGIN_S + 13 * 3600))
    assert [((a - BEGIN_S) / 3600, (b - BEGIN_S) / 3600) for a, b in spans] == [(9.0, 10.0), (12.0, 13.0)]


def test_before_the_first_start_nobody_watched() -> None:
    spans = list(find_unwatched([event(5.0, EntryKind.START)], BEGIN_S, LATER_S))
    assert spans == [(BEGIN_S, BEGIN_S + 5 * 3600)]


def test_visitors_in_the_minute_of_the_first_start_do_not_hide_that_nobody_watched_before() -> None:
    minute, start, later = counts(5.0, 1), event(5 + 59 / 3600, EntryKind.START), counts(5.5, 1)
    assert list(find_unwatched([minute, start, later], BEGIN_S, LATER_S)) == [(BEGIN_S, minute.at_s)]
    assert not list(find_unwatched([counts(5.0, 1), event(5 + 60 / 3600, EntryKind.START)], BEGIN_S, LATER_S))


def test_a_start_after_a_crash_does_not_say_that_nobody_watched_before_it() -> None:
    started, seen, stopped = event(-20.0, EntryKind.START), counts(-15.0, 1), event(-14.0, EntryKind.STOP)
    for before in (started, seen):
        assert not list(find_unwatched([event(10.0, EntryKind.START)], BEGIN_S, LATER_S, before))
    spans = list(find_unwatched([event(10.0, EntryKind.START)], BEGIN_S, LATER_S, stopped))
    assert spans == [(BEGIN_S, BEGIN_S + 10 * 3600)]
    assert plan_chart([], DAY, DAY, LATER_S, stopped).unwatched == ((0.0, 1.0),)


def test_a_day_without_entries_says_nothing_about_watching() -> None:
    assert plan_chart([], DAY, DAY, LATER_S).unwatched == ()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(("day", "hours", "three_o_clock"), [(date(2026, 3, 29), 23, 2), (date(2026, 10, 25), 25, 4)])
def test_in_a_night_in_which_the_clock_jumps_each_hour_that_passes_has_its_bar(
    day: date, hours: int, three_o_clock: int
) -> None:
    times_s = [datetime(day.year, day.month, day.day, hour, 30, tzinfo=UTC).timestamp() for hour in (0, 1, 21)]
    entries = [Entry(at_s, True, EntryKind.COUNTS, masked=1 + number) for number, at_s in enumerate(times_s)]
    chart = plan_chart(entries, day, day, LATER_S)
    first = int((times_s[0] - begin_of(day)) // 3600)
    assert [bar.masked for bar in chart.bars[first : first + 2]] == [1, 2]
    assert (len(chart.bars), sum(bar.masked for bar in chart.bars)) == (hours, 6)
    assert [(tick.text, tick.place) for tick in chart.ticks][1] == ("03:00", three_o_clock / hours)

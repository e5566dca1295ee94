"""What adds up, and how long decisions took."""

from __future__ import annotations

from dataclasses import replace

import pytest
from onlookers import ALARM, CLEAR, tally, turn
from people import MASKED, UNMASKED, UNSURE, person

from edge.observers.tally import BOUNDS_S, percentile
from edge.records import AlarmState


def test_everybody_counts_once_and_every_alarm_once() -> None:
    sums = tally()
    alarms = (CLEAR, ALARM, ALARM, AlarmState.HOLDING, CLEAR, ALARM)
    for number, alarm in enumerate(alarms):
        sums.add(turn(float(number), alarm, [person(1, MASKED), person(2, UNMASKED)]), float(number))
    found = sums.read()
    assert (found.frames, found.alarms) == (6, 2)
    assert found.visitors == {MASKED: 1, UNMASKED: 1, UNSURE: 0}


def test_an_alarm_that_goes_on_after_blindness_counts_again() -> None:
    sums = tally()
    sums.add(turn(0.0, ALARM), 0.0)
    sums.add_blind()
    sums.add(turn(9.0, ALARM), 9.0)
    assert sums.read().alarms == 2


def test_who_stood_there_undecided_counts_as_unsure_when_the_picture_is_lost() -> None:
    sums = tally()
    for at_s in (0.0, 2.0):
        sums.add(turn(at_s, CLEAR, [replace(person(1, UNSURE), seen_s=at_s)]), at_s)
    sums.add_blind()
    assert sums.read().visitors[UNSURE] == 1


def test_latencies_are_from_the_picture_to_now() -> None:
    sums = tally()
    for number in range(100):
        sums.add(turn(float(number)), number + {0: 0.4, 1: 0.02, 2: 0.02, 3: 0.02}.get(number % 10, 0.06))
    found = sums.read().latencies
    assert found.p50_s == pytest.approx(0.06)
    assert found.p95_s == pytest.approx(0.4)
    assert sum(found.counts) == 100
    assert found.sum_s == pytest.approx(30 * 0.02 + 60 * 0.06 + 10 * 0.4)
    assert dict(zip(BOUNDS_S, found.counts, strict=False))[0.5] == 10


def test_what_takes_longer_than_the_last_bound_has_a_bucket_of_its_own() -> None:
    sums = tally()
    sums.add(turn(0.0), 30.0)
    assert sums.read().latencies.counts == (*[0] * len(BOUNDS_S), 1)


def test_a_file_that_counts_its_own_seconds_gives_no_latency() -> None:
    sums = tally()
    sums.add(turn(0.0), 5000.0)
    assert sums.read().latencies.p95_s is None


@pytest.mark.parametrize(("share", "wanted"), [(0.0, 1), (0.5, 2), (0.95, 4), (1.0, 4)])
def test_percentile_is_one_of_the_numbers(share: float, wanted: float) -> None:
    assert percentile([1, 2, 3, 4], share) == wanted


def test_no_numbers_have_no_percentile() -> None:
    assert percentile([], 0.5) is None

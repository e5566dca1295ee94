from __future__ import annotations

import logging
from datetime import datetime, timedelta

import pytest

from edge.settings import Schedule
from edge.silencer import Silencer, read_local_time

FRIDAY_NIGHT = datetime(2026, 11, 20, 23)
DAYTIME = Schedule(active=("mon-fri 07:00-19:00",))


def test_a_clock_that_is_not_set_is_said_once_and_leaves_the_alarm_active(caplog: pytest.LogCaptureFixture) -> None:
    silencer = Silencer(DAYTIME, lambda: FRIDAY_NIGHT, lambda: False)
    assert not any(silencer.silence(muted=False).inactive for _ in range(5))
    assert [record.message.split(":")[0] for record in caplog.records] == ["clock not set yet"]


def test_the_schedule_counts_as_soon_as_the_clock_is_set_and_that_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    answers = iter([False, True])
    silencer = Silencer(DAYTIME, lambda: FRIDAY_NIGHT, lambda: next(answers))
    assert [silencer.silence(muted=False).inactive for _ in range(3)] == [False, True, True]
    assert [record.message.split(":")[0] for record in caplog.records] == ["clock not set yet", "clock set"]


@pytest.mark.parametrize("spans", ["active", "quiet_hours"])
def test_either_kind_of_span_counts_without_the_other(spans: str) -> None:
    silence = Silencer(Schedule(**{spans: ("22:00-24:00",)}), lambda: FRIDAY_NIGHT, lambda: True).silence(muted=False)
    assert (silence.inactive, silence.quiet) == (False, spans == "quiet_hours")
    silence = Silencer(Schedule(**{spans: ("01:00-02:00",)}), lambda: FRIDAY_NIGHT, lambda: True).silence(muted=False)
    assert (silence.inactive, silence.quiet) == (spans == "active", False)


def test_a_clock_that_was_set_counts_though_its_time_server_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    answers = iter([True, False, False])
    silencer = Silencer(DAYTIME, lambda: FRIDAY_NIGHT, lambda: next(answers))
    assert [silencer.silence(muted=False).inactive for _ in range(3)] == [True, True, True]
    assert not caplog.records


def test_without_spans_nobody_asks_whether_the_clock_is_set(caplog: pytest.LogCaptureFixture) -> None:
    silencer = Silencer(Schedule(), lambda: FRIDAY_NIGHT, lambda: pytest.fail("asked"))
    assert silencer.silence(muted=True).muted
    assert not caplog.records


@pytest.mark.usefixtures("berlin")
def test_a_time_zone_that_is_changed_meanwhile_counts_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_local_time().utcoffset() in (timedelta(hours=1), timedelta(hours=2))
    monkeypatch.setenv("TZ", "IST-5:30")
    assert read_local_time().utcoffset() == timedelta(hours=5, minutes=30)

"""What the log says about the alarm."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import pytest

from edge.outputs.log import LogOutput
from edge.records import AlarmState, Decision, StatusPattern

CLEAR, ALARM, HOLDING, COOLDOWN = AlarmState.CLEAR, AlarmState.ALARM, AlarmState.HOLDING, AlarmState.COOLDOWN


def decision(alarm: AlarmState, person_ids: tuple[int, ...] = ()) -> Decision:
    return Decision(0, 0.0, alarm, False, False, False, False, StatusPattern.WATCHING, person_ids)


def logged(caplog: pytest.LogCaptureFixture, decisions: Sequence[Decision], close: bool = False) -> list[str]:
    caplog.set_level(logging.INFO)
    output = LogOutput()
    for each in decisions:
        output.show(each)
    if close:
        output.close()
        output.close()
    return [record.getMessage() for record in caplog.records]


def test_alarm_is_logged_when_it_goes_on_and_off_not_in_between(caplog: pytest.LogCaptureFixture) -> None:
    states = [CLEAR, CLEAR, ALARM, ALARM, HOLDING, CLEAR, CLEAR]
    lines = logged(caplog, [decision(state, (3,) if state is ALARM else ()) for state in states])
    assert lines == ["alarm on, person 3", "alarm off"]


def test_all_persons_of_an_alarm_are_named(caplog: pytest.LogCaptureFixture) -> None:
    assert logged(caplog, [decision(ALARM, (3, 5))]) == ["alarm on, persons 3, 5"]


def test_cooldown_is_the_end_of_the_alarm(caplog: pytest.LogCaptureFixture) -> None:
    assert logged(caplog, [decision(ALARM, (3,)), decision(COOLDOWN), decision(CLEAR)])[1:] == ["alarm off"]


def test_stopping_during_an_alarm_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    assert logged(caplog, [decision(ALARM, (3,))], close=True)[1:] == ["alarm off, stopping"]


def test_nothing_is_logged_while_all_is_well(caplog: pytest.LogCaptureFixture) -> None:
    assert logged(caplog, [decision(CLEAR)] * 3, close=True) == []

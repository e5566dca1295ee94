"""Several outputs, some of which fail."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import pytest
from scripted import RecordingOutput

from edge.outputs.together import Together
from edge.records import AlarmState, Decision, StatusPattern

CLEAR = Decision(0, 0.0, AlarmState.CLEAR, False, False, False, False, StatusPattern.WATCHING)


@dataclass(eq=False)
class FailingOutput:
    """Raises what it is told to."""

    error: Exception | None = field(default_factory=lambda: OSError("no space left"))
    shown: int = 0

    def show(self, decision: Decision) -> None:
        self.shown += 1
        if self.error:
            raise self.error

    def close(self) -> None:
        if self.error:
            raise self.error


def test_an_output_that_fails_does_not_stop_the_others_and_is_asked_again() -> None:
    failing, fine = FailingOutput(), RecordingOutput()
    outputs = Together([failing, fine])
    outputs.show(CLEAR)
    outputs.show(CLEAR)
    assert fine.shown == [CLEAR, CLEAR]
    assert failing.shown == 2


def test_a_failure_is_logged_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    failing = FailingOutput()
    outputs = Together([failing])
    for _ in range(3):
        outputs.show(CLEAR)
    failing.error = None
    for _ in range(3):
        outputs.show(CLEAR)
    assert [record.getMessage() for record in caplog.records] == [
        "FailingOutput failed: no space left; the other outputs go on, it is tried again",
        "FailingOutput works again",
    ]


def test_close_closes_all_even_when_one_fails() -> None:
    first, last = RecordingOutput(), RecordingOutput()
    outputs = Together([first, FailingOutput(), last])
    outputs.close()
    outputs.close()
    assert (first.closed, last.closed) == (True, True)


def test_a_mistake_in_the_program_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        Together([FailingOutput(ZeroDivisionError())]).show(CLEAR)

"""Whether the clock was set."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from edge import clock
from edge.clock import is_clock_set, read_clock


def test_the_clock_is_set_once_timesyncd_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_ask_kernel", lambda: 5)
    marker = tmp_path / "synchronized"
    assert not is_clock_set(marker)
    marker.touch()
    assert is_clock_set(marker)


@pytest.mark.parametrize(("answer", "expected"), [(0, True), (5, False), (-1, False)])
def test_the_kernel_is_asked_where_timesyncd_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: int, expected: bool
) -> None:
    monkeypatch.setattr(clock, "_ask_kernel", lambda: answer)
    assert is_clock_set(tmp_path / "none") is expected


def test_the_kernel_gives_one_of_its_six_answers_or_refuses() -> None:
    assert clock._ask_kernel() in range(-1, 6)


def test_reading_the_clock_gives_the_time_of_now() -> None:
    moment = read_clock()
    assert abs(moment.utc_s - time.time()) < 5
    assert abs(moment.monotonic_s - time.monotonic()) < 5

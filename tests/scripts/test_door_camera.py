"""The camera of known frame times that benchmarks use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import NotDueError

PICTURES = [np.full((2, 2, 3), number, np.uint8) for number in range(3)]


class Time:
    """Passes only while somebody sleeps, or is told to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def camera(time: Time, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "scripts" / "bench"))
    from door_camera import DoorCamera

    return DoorCamera(PICTURES, 10.0, time.clock, time.sleep)


def test_each_picture_comes_when_it_is_due(camera: Any, time: Time) -> None:
    for index in range(5):
        frame = camera.next_frame(0.2)
        assert (frame.frame_index, frame.bgr[0, 0, 0]) == (index, index % 3)
        assert frame.captured_s == pytest.approx(100 + index / 10)
        assert time.now_s == pytest.approx(frame.captured_s)


def test_pictures_that_nobody_took_in_time_are_dropped(camera: Any, time: Time) -> None:
    camera.next_frame(0.2)
    time.sleep(0.55)
    frame = camera.next_frame(0.2)
    assert frame.frame_index == 5
    assert frame.captured_s == pytest.approx(100.5)  # it was due a while ago: that is latency
    assert camera.next_frame(0.2).frame_index == 6


def test_nobody_waits_longer_than_asked(camera: Any, time: Time) -> None:
    camera.next_frame(0.2)
    with pytest.raises(NotDueError):
        camera.next_frame(0.05)
    assert time.now_s == pytest.approx(100.05)
    assert camera.next_frame(0.2).frame_index == 1


def test_a_closed_camera_has_ended(camera: Any) -> None:
    camera.close()
    assert camera.next_frame(0.2) is None

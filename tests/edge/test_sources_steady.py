"""A camera that is missing, lost, silent, frozen or hangs, and the loop that goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from threading import Event

import numpy as np
import pytest

from edge.errors import ConfigError, HardwareError, NoFrameError, NotDueError
from edge.records import Frame
from edge.settings import Camera
from edge.sources import Source
from edge.sources.steady import HUNG_S, LOST_S, PAUSES_S, START_S, Steady, open_steady

PATIENCE_S = 10.0
GONE = HardwareError("camera 0: /dev/video0 does not exist")


class FakeCamera:
    """Gives pictures while it is on; each with noise of its own unless it is frozen."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.on, self.frozen = True, False
        self.error: Exception | None = None
        self.closed = Event()
        self._index = 0

    def next_frame(self, timeout_s: float) -> Frame | None:
        if self.error:
            raise self.error
        if not self.on:
            raise NoFrameError("camera 0: no frame")
        noise = np.random.default_rng(0 if self.frozen else self._index + 1)
        frame = Frame(self._index, self._clock(), noise.integers(0, 256, (64, 64, 3), np.uint8))
        self._index += 1
        return frame

    def close(self) -> None:
        self.closed.set()


class Driver:
    """Opens cameras, or fails to, as a script says; time and pauses are the test's."""

    def __init__(self, *script: Exception | Event | None, free_pauses: int = 99) -> None:
        self._script, self._free = list(script), free_pauses
        self.now_s = 100.0
        self.frozen = self.off = False
        self.pauses: list[float] = []
        self.cameras: list[FakeCamera] = []
        self.opening, self.resting = Event(), Event()

    def open(self) -> Source:
        step = self._script.pop(0) if self._script else None
        if isinstance(step, Exception):
            raise step
        if isinstance(step, Event):  # the driver hangs until then
            self.opening.set()
            assert step.wait(PATIENCE_S)
        self.cameras.append(FakeCamera(self.clock))
        self.cameras[-1].frozen, self.cameras[-1].on = self.frozen, not self.off
        return self.cameras[-1]

    def clock(self) -> float:
        return self.now_s

    def pause(self, stop: Event, seconds: float) -> bool:
        self.pauses.append(seconds)
        if len(self.pauses) > self._free:
            self.resting.set()
            return stop.wait(PATIENCE_S)
        return stop.is_set()

    def steady(self) -> Steady:
        return Steady(self.open, 10.0, self.clock, self.pause)


def lose(steady: Steady) -> str:
    with pytest.raises(NoFrameError) as caught:
        steady.next_frame(0.01)
    assert not isinstance(caught.value, NotDueError)
    return str(caught.value)


def join_openers() -> None:
    for thread in threading.enumerate():
        if thread.name == "opening camera":
            thread.join(PATIENCE_S)


def find(steady: Steady) -> str:
    """Return why the camera that is opened next is lost."""
    with pytest.raises(NoFrameError) as caught:
        steady.next_frame(PATIENCE_S)
    return str(caught.value)


def take(steady: Steady) -> Frame:
    """Return the next frame, however long the thread takes to open the camera."""
    frame = steady.next_frame(PATIENCE_S)
    assert frame is not None
    return frame


def test_a_camera_that_is_there_gives_its_frames() -> None:
    driver = Driver()
    steady = driver.steady()
    assert [take(steady).frame_index for _ in range(3)] == [0, 1, 2]
    steady.close()
    steady.close()
    assert driver.cameras[0].closed.is_set()
    assert steady.next_frame(1.0) is None


def test_a_camera_that_never_was_there_is_tried_for_ever_with_growing_pauses() -> None:
    driver = Driver(*[GONE] * 10, free_pauses=10)
    steady = driver.steady()
    assert driver.resting.wait(PATIENCE_S)
    assert driver.pauses == [0.0, *PAUSES_S, *[PAUSES_S[-1]] * 4]
    assert lose(steady) == str(GONE)
    steady.close()


def test_a_camera_that_is_plugged_in_later_is_found() -> None:
    driver = Driver(GONE, GONE, FileNotFoundError("it vanished while it was listed"))
    steady = driver.steady()
    assert take(steady).frame_index == 0
    steady.close()


def test_a_camera_that_is_unplugged_is_lost_at_once_closed_and_opened_again() -> None:
    driver = Driver()
    steady = driver.steady()
    take(steady)
    driver.cameras[0].error = HardwareError("camera 0: unplugged")
    assert lose(steady) == "camera 0: unplugged"
    assert take(steady).frame_index == 1
    assert driver.cameras[0].closed.is_set()
    assert driver.pauses == [0.0, PAUSES_S[0]]
    steady.close()


def test_a_camera_that_falls_silent_is_waited_for_and_lost_before_three_seconds_are_over() -> None:
    driver = Driver()
    steady = driver.steady()
    take(steady)
    driver.cameras[0].on = False
    driver.now_s += LOST_S - 0.01
    with pytest.raises(NotDueError):
        steady.next_frame(0.01)
    driver.now_s += 0.01
    assert LOST_S + 0.3 < 3.0
    assert "no frame" in lose(steady)
    steady.close()


def test_a_camera_that_ends_its_stream_is_opened_again() -> None:
    driver = Driver()
    steady = driver.steady()
    take(steady)
    driver.cameras[0].next_frame = lambda timeout_s: None  # type: ignore[method-assign]
    assert "ended" in lose(steady)
    take(steady)
    steady.close()


def test_a_camera_that_was_just_opened_again_has_ten_seconds_for_its_first_frame_and_is_lost_meanwhile() -> None:
    driver = Driver()
    steady = driver.steady()
    take(steady)
    driver.off = True
    driver.cameras[0].error = GONE
    lose(steady)
    assert find(steady) == str(GONE)
    driver.now_s += 9.9
    assert lose(steady) == str(GONE)
    assert not driver.cameras[1].closed.is_set()
    driver.now_s += 0.1
    assert lose(steady) == "camera 0: no frame"
    assert driver.cameras[1].closed.wait(PATIENCE_S)
    steady.close()


def test_a_driver_that_hangs_in_opening_holds_nothing_up_and_its_camera_is_used_when_it_comes() -> None:
    gate = Event()
    driver = Driver(gate)
    steady = driver.steady()
    assert driver.opening.wait(PATIENCE_S)
    with pytest.raises(NotDueError):
        steady.next_frame(0.01)
    driver.now_s += START_S
    assert "takes long to open" in lose(steady)
    gate.set()
    assert take(steady).frame_index == 0
    steady.close()


def test_a_camera_that_hangs_while_the_daemon_stops_is_closed_when_it_opens_after_all() -> None:
    gate = Event()
    driver = Driver(gate)
    steady = driver.steady()
    assert driver.opening.wait(PATIENCE_S)
    steady.close()
    gate.set()
    join_openers()
    assert driver.cameras[0].closed.is_set()


def test_a_driver_that_hangs_for_minutes_ends_the_process_so_that_a_new_one_begins() -> None:
    gate = Event()
    driver = Driver(gate)
    steady = driver.steady()
    assert driver.opening.wait(PATIENCE_S)
    driver.now_s += HUNG_S
    with pytest.raises(HardwareError, match="hangs for 300 s") as caught:
        steady.next_frame(0.01)
    assert not isinstance(caught.value, NoFrameError)
    gate.set()
    steady.close()


def test_a_frozen_camera_is_lost_opened_again_and_stays_lost_until_its_picture_changes() -> None:
    thawed = Event()
    driver = Driver(None, None, thawed)
    steady = driver.steady()
    take(steady)
    driver.frozen = driver.cameras[0].frozen = True
    take(steady)
    driver.now_s += 10.0
    assert "same picture" in lose(steady)
    assert "same picture" in find(steady)
    assert driver.cameras[1].closed.wait(PATIENCE_S)
    driver.frozen = False
    thawed.set()
    assert take(steady).frame_index == 2
    steady.close()


def test_pauses_grow_while_a_camera_comes_and_goes_and_begin_anew_when_it_has_settled() -> None:
    driver = Driver()
    steady = driver.steady()
    for _ in range(3):
        take(steady)
        driver.cameras[-1].error = GONE
        lose(steady)
    take(steady)
    assert driver.pauses == [0.0, *PAUSES_S[:3]]
    driver.now_s += 30.0
    take(steady)
    driver.cameras[-1].error = GONE
    lose(steady)
    take(steady)
    assert driver.pauses[-1] == PAUSES_S[0]
    steady.close()


def test_a_setting_that_this_version_lacks_stays_an_error() -> None:
    steady = Driver(ConfigError("camera.source: must be auto")).steady()
    with pytest.raises(ConfigError):
        steady.next_frame(PATIENCE_S)
    steady.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_mistake_in_a_driver_is_not_swallowed_but_ends_the_loop() -> None:
    steady = Driver(KeyError("a mistake")).steady()
    with pytest.raises(KeyError, match="a mistake"):
        steady.next_frame(PATIENCE_S)
    join_openers()
    steady.close()


def test_a_missing_file_in_the_place_of_a_camera_is_an_error_at_once(tmp_path: object) -> None:
    with pytest.raises(ValueError, match="no such file"):
        open_steady(Camera(source="files", device=f"{tmp_path}/none.mp4"))


def test_what_auto_became_is_logged_once_however_often_it_is_tried(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    driver = Driver(free_pauses=3)
    steady = open_steady(Camera(device="/dev/none"), driver.pause)
    assert driver.resting.wait(PATIENCE_S)
    assert "does not exist" in lose(steady)
    steady.close()
    assert caplog.messages == ["camera.source auto: v4l2, device is a path"]

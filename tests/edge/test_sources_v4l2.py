"""The V4L2 camera, with a scripted driver in place of OpenCV's."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from fake_capture import FakeCapture
from numpy.typing import NDArray

from edge.errors import HardwareError, NoFrameError
from edge.settings import Camera
from edge.sources.latest import LatestSlot, RateLimit
from edge.sources.v4l2 import V4l2Camera, fourcc_name, open_source

LONG_S = 5.0
"""More than any of these tests waits when all is well."""


def picture(value: int) -> NDArray[np.uint8]:
    return np.full((4, 6, 3), value, np.uint8)


class Driver(FakeCapture):
    """A USB camera's driver as OpenCV shows it: in place of a format that it lacks it gives BGR3, and says yes."""

    def __init__(self, formats: tuple[str, ...] = ("MJPG", "YUYV"), opens: bool = True) -> None:
        super().__init__()
        self.formats, self.opens = formats, opens
        self.asked: list[tuple[int, float]] = []
        self.format = "BGR3"

    def isOpened(self) -> bool:  # noqa: N802
        return self.opens

    def set(self, prop: int, value: float) -> bool:
        self.asked.append((prop, value))
        if prop == cv2.CAP_PROP_FOURCC:
            self.format = fourcc_name(value) if fourcc_name(value) in self.formats else "BGR3"
        return True

    def get(self, prop: int) -> float:
        return float(cv2.VideoWriter.fourcc(*self.format)) if prop == cv2.CAP_PROP_FOURCC else 0.0


OpenCamera = Callable[..., V4l2Camera]


@pytest.fixture
def opened(root: Path) -> Iterator[Callable[[Driver, Camera], V4l2Camera]]:
    """Give a function that starts the camera /dev/video0 of `root`; all are stopped at the end."""
    started: list[tuple[Driver, V4l2Camera]] = []

    def start(capture: Driver, settings: Camera) -> V4l2Camera:
        camera = V4l2Camera(str(root / "dev/video0"), capture, settings, capture.clock)
        started.append((capture, camera))
        return camera

    yield start
    for capture, camera in started:
        capture.end()
        camera.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine with two cameras."""
    for node, name in (("video0", "HD Webcam"), ("video10", "Capture Card")):
        (tmp_path / "sys/class/video4linux" / node).mkdir(parents=True)
        (tmp_path / "sys/class/video4linux" / node / "name").write_text(f"{name}\n")
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/video0").touch()
    return tmp_path


def open_with(capture: Driver, root: Path, device: int | str = 0) -> V4l2Camera:
    settings = Camera(device=device, width_px=800, height_px=600, max_fps=12)
    return open_source(settings, lambda path: capture, capture.clock, root, lambda path, mode: True)


def test_slow_reader_gets_the_newest_frame_only(opened: OpenCamera) -> None:
    capture = Driver()
    for index in range(4):
        capture.deliver(float(index), picture(index))
    camera = opened(capture, Camera())
    assert capture.waiting.wait(LONG_S)
    frame = camera.next_frame(LONG_S)
    assert (frame.captured_s, frame.frame_index, frame.bgr[0, 0, 0]) == (3.0, 3, 3)


def test_frame_is_returned_once(opened: OpenCamera) -> None:
    capture = Driver()
    capture.deliver(1.0, picture(1))
    camera = opened(capture, Camera())
    camera.next_frame(LONG_S)
    with pytest.raises(NoFrameError):
        camera.next_frame(0.0)


def test_waiting_reader_is_woken_by_the_next_frame(opened: OpenCamera) -> None:
    capture = Driver()
    camera = opened(capture, Camera())
    assert capture.waiting.wait(LONG_S)
    capture.deliver(7.0, picture(9))
    assert camera.next_frame(LONG_S).captured_s == 7.0


def test_silent_camera_is_an_error_that_says_for_how_long(opened: OpenCamera, root: Path) -> None:
    capture = Driver()
    camera = opened(capture, Camera(device=0))
    capture.now_s = 3.0
    with pytest.raises(NoFrameError) as caught:
        camera.next_frame(0.01)
    assert str(caught.value) == (
        f"camera 0: no frame for 3.0 s; check the cable and that no other program uses it (fuser {root}/dev/video0)"
    )


def test_camera_that_comes_back_is_read_again(opened: OpenCamera) -> None:
    capture = Driver()
    capture.end()
    capture.deliver(2.0, picture(2))
    assert opened(capture, Camera()).next_frame(LONG_S).captured_s == 2.0


def test_camera_that_is_unplugged_is_let_go_at_once_as_its_number_is_taken_until_then(
    opened: OpenCamera, root: Path
) -> None:
    capture = Driver()
    camera = opened(capture, Camera())
    (root / "dev/video0").unlink()
    capture.end()
    assert capture.released.wait(LONG_S)
    with pytest.raises(HardwareError, match=r"^camera 0: .*/dev/video0 is gone; check the cable$"):
        camera.next_frame(LONG_S)


def test_frames_are_turned_as_the_camera_hangs(opened: OpenCamera) -> None:
    capture = Driver()
    capture.deliver(1.0, picture(1))
    assert opened(capture, Camera(rotate_deg=90)).next_frame(LONG_S).bgr.shape == (6, 4, 3)


def test_undecoded_frames_are_an_error_that_names_the_format(opened: OpenCamera) -> None:
    capture = Driver()
    capture.deliver(1.0, np.zeros((1, 921_600), np.uint8))
    camera = opened(capture, Camera())
    with pytest.raises(HardwareError, match=r"BGR3.*MJPG or YUYV"):
        camera.next_frame(LONG_S)
    assert capture.released.wait(LONG_S)


def test_close_gives_the_camera_back_and_may_be_called_again() -> None:
    capture = Driver()
    camera = V4l2Camera("/dev/video0", capture, Camera(), capture.clock)
    capture.end()
    camera.close()
    camera.close()
    assert capture.released.is_set()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_reader_that_fails_gives_the_camera_back(opened: OpenCamera) -> None:
    capture = Driver()
    opened(capture, Camera())
    capture.fail(MemoryError())
    assert capture.released.wait(LONG_S)


def test_a_driver_that_waits_holds_up_no_close_and_is_not_worth_a_line_with_each(
    caplog: pytest.LogCaptureFixture,
) -> None:
    capture = Driver()
    camera = V4l2Camera("/dev/video0", capture, Camera(), capture.clock)
    assert capture.waiting.wait(LONG_S)
    camera.close()
    assert not caplog.records
    assert not capture.released.is_set()
    capture.end()
    assert capture.released.wait(LONG_S)


def test_format_size_rate_and_buffer_are_asked_for_in_order(root: Path) -> None:
    capture = Driver()
    with closing(open_with(capture, root)):
        capture.end()
    assert capture.asked == [
        (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
        (cv2.CAP_PROP_FRAME_WIDTH, 800),
        (cv2.CAP_PROP_FRAME_HEIGHT, 600),
        (cv2.CAP_PROP_FPS, 12),
        (cv2.CAP_PROP_BUFFERSIZE, 1),
    ]


def test_camera_without_mjpg_is_asked_for_yuyv(root: Path) -> None:
    capture = Driver(formats=("YUYV",))
    with closing(open_with(capture, root)):
        capture.end()
    asked = [fourcc_name(value) for prop, value in capture.asked if prop == cv2.CAP_PROP_FOURCC]
    assert asked == ["MJPG", "YUYV"]


def test_granted_format_is_logged(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    capture = Driver(formats=())
    with closing(open_with(capture, root)):
        capture.end()
    assert "camera 0: 0x0 px, BGR3" in caplog.text


def test_missing_camera_lists_those_that_are_there(root: Path) -> None:
    with pytest.raises(HardwareError) as caught:
        open_with(Driver(), root, device=3)
    assert "video3 does not exist" in str(caught.value)
    assert "connected are /dev/video0 (HD Webcam), /dev/video10 (Capture Card)" in str(caught.value)


def test_camera_whose_name_the_kernel_cut_inside_a_character_is_listed(root: Path) -> None:
    (root / "sys/class/video4linux/video0/name").write_bytes("Caméra é".encode()[:-1] + b"\n")
    with pytest.raises(HardwareError, match=r"/dev/video0 \(Caméra \ufffd\), /dev/video10"):
        open_with(Driver(), root, device=3)


def test_missing_camera_on_a_machine_without_any_says_so(tmp_path: Path) -> None:
    with pytest.raises(HardwareError, match="no camera is connected"):
        open_with(Driver(), tmp_path, device="/dev/v4l/by-id/none")


def test_camera_without_permission_names_the_group(root: Path) -> None:
    capture = Driver()
    with pytest.raises(HardwareError, match="usermod -aG video"):
        open_source(Camera(), lambda path: capture, root=root, access=lambda path, mode: mode != os.R_OK | os.W_OK)


def test_camera_that_is_in_use_is_an_error_and_is_released(root: Path) -> None:
    capture = Driver(opens=False)
    with pytest.raises(HardwareError, match="no other program uses it"):
        open_with(capture, root)
    assert capture.released.is_set()


def test_max_fps_drops_frames_of_a_faster_camera() -> None:
    limit = RateLimit(10)
    accepted = [index for index in range(300) if limit.accepts(index / 30 + (0.01 if index % 2 else 0.0))]
    assert len(accepted) == pytest.approx(100, abs=1)


def test_max_fps_keeps_every_frame_of_a_camera_that_jitters_at_that_rate() -> None:
    limit = RateLimit(10)
    assert all(limit.accepts(index / 10 + jitter_s) for index, jitter_s in enumerate([0.0, 0.02, -0.02, 0.01] * 5))


def test_max_fps_counts_anew_after_a_pause() -> None:
    limit = RateLimit(10)
    assert [limit.accepts(at_s) for at_s in (0.0, 5.0, 5.01, 5.02, 5.1)] == [True, True, False, False, True]


def test_slot_is_empty_after_its_item_was_taken() -> None:
    slot: LatestSlot[int] = LatestSlot()
    slot.put_latest(1)
    slot.put_latest(2)
    assert (slot.take(0.0), slot.take(0.0)) == (2, None)


def test_failed_slot_raises_at_every_take() -> None:
    slot: LatestSlot[int] = LatestSlot()
    slot.fail(HardwareError("gone"))
    for _ in range(2):
        with pytest.raises(HardwareError, match="gone"):
            slot.take(0.0)


def test_a_frame_that_was_cut_off_is_left_out_and_the_next_one_comes(
    opened: Callable[[Driver, Camera], V4l2Camera],
) -> None:
    capture = Driver()
    camera = opened(capture, Camera(source="v4l2"))
    capture.deliver(1.0, picture(0)[:0])
    capture.deliver(2.0, picture(9))
    frame = camera.next_frame(LONG_S)
    assert frame is not None
    assert (frame.captured_s, int(frame.bgr.max())) == (2.0, 9)

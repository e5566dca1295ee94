"""The Pi camera, with a scripted picamera2 in place of the real one."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from fake_picamera2 import IMX708, LONG_S, FakeManager, FakePicamera2
from numpy.typing import NDArray

from edge.errors import ConfigError, HardwareError, NoFrameError
from edge.settings import Camera
from edge.sources.picamera import PiCamera, boot_clock, find_cameras, open_source, to_monotonic

USB = {"Id": "/base/soc/usb@1/1-1.2:1.0-046d:0825", "Model": "Webcam", "Num": 1}


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> type[FakePicamera2]:
    """A picamera2 of the test's own, whose attributes it may change."""

    class Library(FakePicamera2):
        opened: list[FakePicamera2] = []
        refused: list[FakePicamera2] = []
        _cm = FakeManager()

    module = ModuleType("picamera2")
    module.Picamera2 = Library  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    return Library


def picture(value: int = 0, height_px: int = 4, width_px: int = 6) -> NDArray[np.uint8]:
    return np.full((height_px, width_px, 3), value, np.uint8)


def settings(**values: Any) -> Camera:
    return Camera(**{"source": "picamera", "width_px": 6, "height_px": 4, **values})


def open_at(now_s: float, camera: Camera) -> PiCamera:
    return open_source(camera, lambda: now_s, lambda: now_s)


def test_camera_is_asked_for_size_rate_and_a_small_queue_of_bgr(library: type[FakePicamera2]) -> None:
    open_source(Camera(source="picamera", width_px=800, height_px=600, max_fps=20)).close()
    assert library.opened[0].config == {
        "main": {"format": "RGB888", "size": (800, 600)},
        "raw": None,
        "buffer_count": 4,
        "queue": False,
        "controls": {"FrameDurationLimits": (50_000, 50_000), "AfMode": 2},
    }


def test_low_max_fps_does_not_make_exposures_long(library: type[FakePicamera2]) -> None:
    open_source(settings(max_fps=0.5)).close()
    assert library.opened[0].config["controls"]["FrameDurationLimits"] == (100_000, 100_000)


def test_camera_without_autofocus_or_rate_is_not_asked_for_them(library: type[FakePicamera2]) -> None:
    library.camera_controls = {}
    open_source(settings()).close()
    assert library.opened[0].config["controls"] == {}


def test_frames_carry_the_time_at_which_the_sensor_took_them(library: type[FakePicamera2]) -> None:
    with closing(open_at(50.0, settings())) as camera:
        library.opened[0].deliver(picture(7), SensorTimestamp=49_900_000_000)
        frame = camera.next_frame(LONG_S)
    assert frame.captured_s == pytest.approx(49.9)
    assert (frame.frame_index, frame.name, frame.bgr.shape, int(frame.bgr.max())) == (0, "camera 0", (4, 6, 3), 7)


def test_frame_without_a_timestamp_is_from_now(library: type[FakePicamera2]) -> None:
    with closing(open_at(50.0, settings())) as camera:
        library.opened[0].deliver(picture())
        assert camera.next_frame(LONG_S).captured_s == 50.0


def test_timestamp_of_either_clock_becomes_monotonic_time() -> None:
    slept_s = 3600.0
    assert to_monotonic(99.9, now_s=100.0, boot_s=100.0 + slept_s) == pytest.approx(99.9)
    assert to_monotonic(99.9 + slept_s, now_s=100.0, boot_s=100.0 + slept_s) == pytest.approx(99.9)


@pytest.mark.parametrize("stamp_s", [-1.0, 3.0, 90.0, 200.0, 1.7e9])
def test_timestamp_of_an_unknown_clock_becomes_now(stamp_s: float) -> None:
    assert to_monotonic(stamp_s, now_s=100.0, boot_s=100.0) == 100.0


def test_boot_clock_is_never_behind_the_monotonic_one() -> None:
    now_s = time.monotonic()
    assert boot_clock() >= now_s


def test_slow_reader_gets_the_newest_frame_once(library: type[FakePicamera2]) -> None:
    with closing(open_at(50.0, settings(max_fps=10))) as camera:
        for index in range(3):
            library.opened[0].deliver(picture(index), SensorTimestamp=49_000_000_000 + index * 100_000_000)
        frame = camera.next_frame(LONG_S)
        assert (frame.frame_index, int(frame.bgr.max())) == (2, 2)
        with pytest.raises(NoFrameError):
            camera.next_frame(0.0)


def test_frames_beyond_max_fps_are_not_even_copied(library: type[FakePicamera2]) -> None:
    with closing(open_at(50.0, settings(max_fps=5))):
        requests = [
            library.opened[0].deliver(picture(), SensorTimestamp=49_000_000_000 + index * 10_000_000)
            for index in range(10)
        ]
    assert [each.copies for each in requests] == [1] + [0] * 9


def test_frames_are_turned_and_mirrored_as_the_camera_hangs(library: type[FakePicamera2]) -> None:
    pixels = picture()
    pixels[0, 0] = 255
    with closing(open_at(50.0, settings(rotate_deg=90, mirror=True))) as camera:
        library.opened[0].deliver(pixels)
        bgr = camera.next_frame(LONG_S).bgr
    assert bgr.shape == (6, 4, 3)
    assert bgr[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    ("granted", "pixel"),
    [("RGB888", (1, 2, 3)), ("BGR888", (3, 2, 1)), ("XRGB8888", (1, 2, 3, 255)), ("XBGR8888", (3, 2, 1, 255))],
)
def test_other_formats_become_bgr(library: type[FakePicamera2], granted: str, pixel: tuple[int, ...]) -> None:
    library.granted = granted
    with closing(open_at(50.0, settings())) as camera:
        library.opened[0].deliver(np.full((4, 6, len(pixel)), pixel, np.uint8))
        assert camera.next_frame(LONG_S).bgr[2, 2].tolist() == [1, 2, 3]


def test_padding_of_yuv_rows_is_cut_off(library: type[FakePicamera2]) -> None:
    library.granted = "YUV420"
    planes = np.full((6, 8), 128, np.uint8)
    planes[:4, 6:] = 0
    with closing(open_at(50.0, settings())) as camera:
        library.opened[0].deliver(planes)
        bgr = camera.next_frame(LONG_S).bgr
    assert bgr.shape == (4, 6, 3)
    assert np.ptp(bgr) == 0


def test_unknown_format_is_an_error_that_names_it(library: type[FakePicamera2]) -> None:
    library.granted = "MJPEG"
    with pytest.raises(HardwareError, match="camera 0: does not start .it sends MJPEG, which is none of RGB888"):
        open_source(settings())
    assert library.opened[0].closed == 1


def test_silent_camera_is_an_error_that_says_for_how_long(library: type[FakePicamera2]) -> None:
    times_s = iter([10.0, 13.0])
    with closing(open_source(settings(), lambda: next(times_s))) as camera, pytest.raises(NoFrameError) as caught:
        camera.next_frame(0.0)
    assert str(caught.value) == (
        "camera 0: no frame for 3.0 s; switch the board off and check the ribbon cable at both ends"
    )


def test_camera_that_another_program_has_is_an_error_that_says_so(library: type[FakePicamera2]) -> None:
    library.refusal = RuntimeError("Failed to acquire camera: Device or resource busy")
    with pytest.raises(HardwareError, match="camera 0: another program uses it .*busy.*; stop that one"):
        open_source(settings())


def test_camera_that_cannot_be_opened_says_why(library: type[FakePicamera2]) -> None:
    library.refusal = RuntimeError("Failed to initialize camera")
    with pytest.raises(HardwareError, match=r"cannot be opened .*Failed to initialize.*; list the cameras with rpicam"):
        open_source(settings())


@pytest.mark.parametrize("late", [False, True])
def test_tries_in_vain_leave_nothing_open(library: type[FakePicamera2], late: bool) -> None:
    library.refusal, library.fails_late = RuntimeError("Device or resource busy"), late
    files = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with pytest.raises(HardwareError):
            open_source(settings())
    assert len(list(Path("/proc/self/fd").iterdir())) == files
    assert [device.libcamera.releases for device in library.refused] == [int(late)] * 3
    assert [device.camera for device in library.refused] == [None] * 3


def test_camera_that_comes_after_the_first_look_is_found(library: type[FakePicamera2]) -> None:
    library.cameras = ()
    with pytest.raises(HardwareError, match="no Pi camera is connected"):
        open_source(settings())
    library.cameras = (IMX708,)
    open_source(settings()).close()
    assert len(library.opened) == 1


def test_cameras_are_not_listed_anew_while_one_is_open(library: type[FakePicamera2]) -> None:
    with closing(open_source(settings())):
        library.cameras = ()
        assert find_cameras() == ("imx708",)
    assert find_cameras() == ()


def test_camera_that_does_not_start_is_given_back(library: type[FakePicamera2]) -> None:
    library.start_error = OSError(12, "Cannot allocate memory")
    with pytest.raises(HardwareError, match=r"camera 0: does not start .*Cannot allocate memory"):
        open_source(settings())
    assert library.opened[0].closed == 1


def test_board_without_a_camera_says_to_check_the_cable(library: type[FakePicamera2]) -> None:
    library.cameras = ()
    with pytest.raises(HardwareError, match="camera 0: no Pi camera is connected; .*ribbon cable"):
        open_source(settings())


def test_number_of_a_missing_camera_lists_those_that_are_there(library: type[FakePicamera2]) -> None:
    library.cameras = (IMX708, USB)
    with pytest.raises(HardwareError, match=r"camera 1: there is no such Pi camera; connected are 0 \(imx708\)$"):
        open_source(settings(device=1))


def test_path_in_the_place_of_the_number_is_refused(library: type[FakePicamera2]) -> None:
    with pytest.raises(ConfigError, match=r"camera\.device: must be a number"):
        open_source(settings(device="/dev/video0"))


def test_missing_picamera2_names_the_package_and_what_brings_it_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(HardwareError, match=r"apt install python3-picamera2, then sudo \./setup\.sh install"):
        find_cameras()


def test_picamera2_for_another_numpy_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clash:
        def find_spec(self, name: str, *rest: object) -> None:
            if name == "picamera2":
                raise ValueError("numpy.dtype size changed, may indicate binary incompatibility")

    monkeypatch.delitem(sys.modules, "picamera2", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Clash(), *sys.meta_path])
    with pytest.raises(HardwareError, match="does not work with this environment's numpy .numpy.dtype size changed"):
        open_source(settings())


def test_close_gives_the_camera_back_once(library: type[FakePicamera2]) -> None:
    camera = open_source(settings())
    camera.close()
    camera.close()
    assert library.opened[0].closed == 1


def test_hung_driver_does_not_hang_close(library: type[FakePicamera2], caplog: pytest.LogCaptureFixture) -> None:
    library.hangs = threading.Event()
    PiCamera(library(0), settings(), close_s=0.01).close()
    library.hangs.set()
    assert "camera 0: its driver hangs, left open" in caplog.text

"""The network camera, with real streams from this machine and, for what they cannot do on time, a scripted capture."""

from __future__ import annotations

import base64
import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from camera_servers import LONG_S, OPTIONS, SECRET, MjpegServer, RtspServer
from fake_capture import FakeCapture
from numpy.typing import NDArray

from edge.errors import ConfigError, HardwareError, NoFrameError
from edge.settings import Camera
from edge.sources.rtsp import NetworkCamera, open_source


def picture(value: int = 0, height_px: int = 48, width_px: int = 64) -> NDArray[np.uint8]:
    return np.full((height_px, width_px, 3), value, np.uint8)


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    with closing(MjpegServer()) as server:
        yield server


@pytest.fixture
def capture() -> Iterator[FakeCapture]:
    capture = FakeCapture()
    yield capture
    capture.end()


def start(capture: FakeCapture, **values: object) -> NetworkCamera:
    camera = Camera(**{"source": "rtsp", "device": f"rtsp://door:{SECRET}@cam/{SECRET}", **values})  # type: ignore[arg-type]
    return open_source(camera, lambda address: capture, capture.clock)


def test_pictures_of_a_real_stream_arrive_turned(server: MjpegServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    server.deliver(picture(200))
    settings = Camera(source="rtsp", device=f"http://door:{SECRET}@{server.host}/{SECRET}", rotate_deg=90)
    with closing(open_source(settings)) as camera:
        frame = camera.next_frame(LONG_S)
        server.hang_up()
    assert (frame.bgr.shape, frame.name) == ((64, 48, 3), f"http://{server.host}")
    assert int(frame.bgr.mean()) == pytest.approx(200, abs=3)
    assert f"camera http://{server.host}: 64x48 px" in caplog.messages


def test_password_reaches_the_camera_and_nobody_else(
    server: MjpegServer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    server.deliver(picture())
    with closing(open_source(Camera(device=f"http://door:{SECRET}@{server.host}/{SECRET}"))) as camera:
        camera.next_frame(LONG_S)
        server.hang_up()
        with pytest.raises(HardwareError) as caught:
            camera.next_frame(LONG_S)
        names = [thread.name for thread in threading.enumerate()]
    assert base64.b64decode(server.asked_by[-1].removeprefix("Basic ")).decode() == f"door:{SECRET}"
    assert SECRET not in f"{caught.value} {caught.value.__cause__} {caplog.text} {capfd.readouterr()} {names}"


def test_stream_that_ends_is_an_error_at_once(server: MjpegServer) -> None:
    server.deliver(picture())
    with closing(open_source(Camera(device=f"http://door:{SECRET}@{server.host}/live"))) as camera:
        camera.next_frame(LONG_S)
        server.hang_up()
        for _ in range(2):
            with pytest.raises(HardwareError, match=f"camera http://{server.host}: the stream has ended or fell silen"):
                camera.next_frame(LONG_S)


def test_rtsp_is_asked_for_over_tcp_and_the_environment_stays_as_it_was(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(OPTIONS, raising=False)
    with closing(RtspServer()) as server, pytest.raises(HardwareError) as caught:
        open_source(Camera(source="rtsp", device=server.address))
    assert server.transports[0].startswith("RTP/AVP/TCP")
    assert OPTIONS not in os.environ
    assert "cannot be opened; check user and password, and the address" in str(caught.value)
    assert SECRET not in f"{caught.value} {caught.value.__cause__} {caplog.text} {capfd.readouterr()}"


def test_owners_own_ffmpeg_options_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OPTIONS, "rtsp_transport;udp")
    with closing(RtspServer()) as server, pytest.raises(HardwareError):
        open_source(Camera(source="rtsp", device=server.address))
    assert server.options == {"rtsp_transport;udp"}
    assert os.environ[OPTIONS] == "rtsp_transport;udp"


def test_camera_that_is_not_there_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(HardwareError, match=f"camera rtsp://127.0.0.1:{port}: cannot be opened; .*network on"):
        open_source(Camera(source="rtsp", device=f"rtsp://door:{SECRET}@127.0.0.1:{port}/live"))
    assert SECRET not in str(capfd.readouterr())


def test_opening_that_hangs_is_given_up(capture: FakeCapture, caplog: pytest.LogCaptureFixture) -> None:
    answer = threading.Event()

    def hang(address: str) -> FakeCapture:
        answer.wait(LONG_S)
        return capture

    with pytest.raises(HardwareError, match=r"camera rtsp://cam: no answer for 0\.01 s"):
        open_source(Camera(device=f"rtsp://door:{SECRET}@cam/{SECRET}"), hang, answer_s=0.01)
    assert "camera rtsp://cam: the connection hangs" in caplog.text
    answer.set()
    assert capture.released.wait(LONG_S)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_ends_the_opening_is_raised_at_once() -> None:
    def fail(address: str) -> FakeCapture:
        raise MemoryError

    with closing(NetworkCamera(Camera(), "rtsp://cam/live", fail)) as camera, pytest.raises(MemoryError):
        camera.wait_until_open()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_reader_that_fails_closes_the_connection(capture: FakeCapture) -> None:
    with closing(start(capture)):
        capture.fail(MemoryError())
        assert capture.released.wait(LONG_S)


def test_slow_reader_gets_the_newest_frame_once(capture: FakeCapture) -> None:
    for index in range(4):
        capture.deliver(float(index), picture(index))
    camera = start(capture)
    assert capture.waiting.wait(LONG_S)
    frame = camera.next_frame(LONG_S)
    assert (frame.captured_s, frame.frame_index, int(frame.bgr.max())) == (3.0, 3, 3)
    with pytest.raises(NoFrameError):
        camera.next_frame(0.0)


def test_frames_beyond_max_fps_are_dropped(capture: FakeCapture) -> None:
    for index in range(10):
        capture.deliver(1 + index / 100, picture(index))
    camera = start(capture, max_fps=5)
    assert capture.waiting.wait(LONG_S)
    assert camera.next_frame(LONG_S).captured_s == 1.0


def test_silent_stream_is_an_error_that_says_for_how_long(capture: FakeCapture) -> None:
    camera = start(capture)
    assert capture.waiting.wait(LONG_S)
    capture.now_s = 3.0
    with pytest.raises(NoFrameError, match=r"^camera rtsp://cam: no frame for 3\.0 s; check the address"):
        camera.next_frame(0.0)


def test_damaged_frame_is_left_out_and_the_next_one_comes(capture: FakeCapture) -> None:
    capture.deliver(1.0, picture(0)[:0])
    capture.deliver(2.0, picture(9))
    assert start(capture).next_frame(LONG_S).captured_s == 2.0


def test_frames_are_mirrored(capture: FakeCapture) -> None:
    bgr = picture()
    bgr[:, 0] = 255
    capture.deliver(1.0, bgr)
    assert start(capture, mirror=True).next_frame(LONG_S).bgr[0, -1].tolist() == [255, 255, 255]


def test_close_ends_the_connection_and_may_be_called_again(capture: FakeCapture) -> None:
    camera = start(capture)
    capture.end()
    camera.close()
    camera.close()
    assert capture.released.is_set()


def test_number_in_the_place_of_the_address_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"camera\.device: must be an address when camera\.source is rtsp, got 0"):
        open_source(Camera(source="rtsp", device=0))

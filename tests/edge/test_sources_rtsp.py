"""The network camera, with real streams from this machine and, for what they cannot do on time, a scripted capture."""

from __future__ import annotations

import base64
import logging
import os
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.errors import ConfigError, HardwareError, NoFrameError
from edge.settings import Camera
from edge.sources.rtsp import NetworkCamera, open_source

LONG_S = 10.0
"""More than any of these tests waits when all is well."""

SECRET = "hush"  # noqa: S105
OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"


def picture(value: int = 0, height_px: int = 48, width_px: int = 64) -> NDArray[np.uint8]:
    return np.full((height_px, width_px, 3), value, np.uint8)


class MjpegServer:
    """A camera that sends what the test puts in `deliver` as MJPEG over HTTP, to whoever gives a name and password."""

    def __init__(self) -> None:
        self.asked_by: list[str] = []
        self._pictures: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802
                outer.asked_by.append(self.headers.get("Authorization", ""))
                if not outer.asked_by[-1]:
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                    self.end_headers()
                    return
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                while (jpeg := outer._pictures.get(timeout=LONG_S)) is not None:
                    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                    self.wfile.write(head.encode() + jpeg + b"\r\n")

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.host = f"127.0.0.1:{self._server.server_port}"

    def deliver(self, bgr: NDArray[np.uint8]) -> None:
        """Send a picture five times, as FFmpeg wants more than one before it calls a stream open."""
        jpeg = cv2.imencode(".jpg", bgr)[1].tobytes()
        for _ in range(5):
            self._pictures.put(jpeg)

    def hang_up(self) -> None:
        self._pictures.put(None)

    def close(self) -> None:
        self.hang_up()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    with closing(MjpegServer()) as server:
        yield server


class RtspServer:
    """A camera that describes one track, writes down what transport it is asked for, and grants none."""

    def __init__(self) -> None:
        self.transports: list[str] = []
        self.options: set[str | None] = set()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"rtsp://door:{SECRET}@127.0.0.1:{self._socket.getsockname()[1]}/{SECRET}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        client, _ = self._socket.accept()
        with client, client.makefile("rwb") as stream:
            while lines := list(iter(lambda: stream.readline().decode().strip(), "")):
                self.options.add(os.environ.get(OPTIONS))
                fields = dict(line.split(": ", 1) for line in lines[1:])
                self.transports += [fields["Transport"]] if "Transport" in fields else []
                stream.write(self._answer(lines[0].split()[0], fields["CSeq"]).encode())
                stream.flush()

    def _answer(self, method: str, sequence: str) -> str:
        status = "461 Unsupported transport" if method == "SETUP" else "200 OK"
        body = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\na=control:1\r\n"
        head = f"RTSP/1.0 {status}\r\nCSeq: {sequence}\r\n"
        if method != "DESCRIBE":
            return f"{head}\r\n"
        return f"{head}Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"

    def close(self) -> None:
        self._socket.close()
        self._thread.join(LONG_S)


class FakeCapture:
    """A stream that gives what the test delivers, at the times that the test says."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.waiting = threading.Event()
        self.released = threading.Event()
        self._pictures: queue.SimpleQueue[tuple[float, NDArray[np.uint8]] | None] = queue.SimpleQueue()
        self._grabbed = picture()

    def deliver(self, at_s: float, bgr: NDArray[np.uint8]) -> None:
        self._pictures.put((at_s, bgr))

    def end(self) -> None:
        self._pictures.put(None)

    def clock(self) -> float:
        return self.now_s

    def isOpened(self) -> bool:  # noqa: N802
        return True

    def grab(self) -> bool:
        if self._pictures.empty():
            self.waiting.set()
        item = self._pictures.get(timeout=LONG_S)
        if item is not None:
            self.now_s, self._grabbed = item
        return item is not None

    def retrieve(self) -> tuple[bool, NDArray[np.uint8]]:
        if not self._grabbed.size:
            raise cv2.error("damaged")
        return True, self._grabbed

    def release(self) -> None:
        self.released.set()


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

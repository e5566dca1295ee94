"""A network camera: an RTSP stream, or MJPEG and the like over HTTP, through OpenCV and FFmpeg."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Protocol

import cv2
import numpy as np

from edge.devices import name_address
from edge.errors import ConfigError, HardwareError, NoFrameError
from edge.network import REMEDY as NETWORK_REMEDY
from edge.network import is_network_forbidden
from edge.records import Frame
from edge.settings import Camera
from edge.sources.newest import NewestFrame
from edge.sources.quiet import quiet_opencv

log = logging.getLogger(__name__)

OPEN_TIMEOUT_S = 5.0
"""How long FFmpeg may take to connect and to understand the stream."""

READ_TIMEOUT_S = 5.0
"""How long it may wait for a picture before the stream counts as lost."""

_ANSWER_S = OPEN_TIMEOUT_S + 2.0
"""Looking up a name is not under FFmpeg's timeout, so that opening is waited for no longer than this."""

_JOIN_S = 0.3
_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_REMEDY = "check the address, the camera's power and the network (a service needs: sudo ./setup.sh network on)"


class Capture(Protocol):
    """The part of cv2.VideoCapture that is used here."""

    def isOpened(self) -> bool:  # noqa: N802
        """Return whether the stream is there."""
        ...

    def grab(self) -> bool:
        """Wait for the next picture; return False when the stream has ended or is silent for too long."""
        ...

    def retrieve(self) -> tuple[bool, Any]:
        """Return whether there is a picture, and the picture."""
        ...

    def release(self) -> None:
        """Close the connection."""
        ...


def open_stream(address: str) -> Capture:
    """Return OpenCV's capture of a stream, with timeouts; ask it whether it is open.

    RTSP goes through TCP, unless the environment's OPENCV_FFMPEG_CAPTURE_OPTIONS says otherwise.
    """
    quiet_opencv()
    timeouts = (
        *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, int(1000 * OPEN_TIMEOUT_S)),
        *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(1000 * READ_TIMEOUT_S)),
    )
    with _rtsp_through_tcp():
        return cv2.VideoCapture(address, cv2.CAP_FFMPEG, timeouts)


@contextmanager
def _rtsp_through_tcp() -> Iterator[None]:
    """Have FFmpeg ask for TCP while a stream is opened.

    Left alone, OpenCV 4.11 asks for UDP first, which brings no picture through many routers (opencv#27091), and it
    takes this option from the environment only.
    """
    if _OPTIONS in os.environ:
        yield
        return
    os.environ[_OPTIONS] = "rtsp_transport;tcp"
    try:
        yield
    finally:
        os.environ.pop(_OPTIONS, None)


class NetworkCamera:
    """A stream whose newest picture is kept by a thread of its own; the thread opens it too, as that may hang."""

    def __init__(
        self,
        camera: Camera,
        address: str,
        open_capture: Callable[[str], Capture] = open_stream,
        clock: Callable[[], float] = time.monotonic,
        say: Callable[[str], None] = log.info,
    ) -> None:
        """Start opening and then reading; `clock` gives monotonic seconds. Call `wait_until_open` next.

        `say` is told the size of the first picture.
        """
        self.name = name_address(address)
        """What messages call it: never the user, the password or the path."""
        self._address = address
        self._open_capture = open_capture
        self._clock = clock
        self._say = say
        self._newest = NewestFrame(camera, self.name)
        self._opened: Future[None] = Future()
        self._stop = threading.Event()
        self._closed = False
        self._seen = False
        self._alive_s = clock()
        self._reader = threading.Thread(target=self._open_and_read, name=f"camera {self.name}", daemon=True)
        self._reader.start()

    def wait_until_open(self, timeout_s: float = _ANSWER_S) -> None:
        """Return when the stream is open.

        Raises HardwareError when it cannot be, or not within `timeout_s`, and what else opening raises.
        """
        try:
            self._opened.result(timeout_s)
        except TimeoutError as exc:
            raise HardwareError(f"camera {self.name}: no answer for {timeout_s:g} s; {_REMEDY}") from exc

    def next_frame(self, timeout_s: float) -> Frame:
        """Return the newest frame that was not returned yet, waiting for one up to `timeout_s` seconds.

        Raises NoFrameError when none comes, HardwareError when the stream was lost: open it anew.
        """
        frame = self._newest.take(timeout_s)
        if frame is None:
            raise NoFrameError(f"camera {self.name}: no frame for {self._clock() - self._alive_s:.1f} s; {_REMEDY}")
        self._alive_s = frame.captured_s
        return frame

    def close(self) -> None:
        """Stop reading and close the connection. Calling it again does nothing.

        A connection that hangs is left to its thread, which ends at its timeout or with the process.
        """
        if self._closed:
            return
        self._closed = True
        self._stop.set()
        self._reader.join(_JOIN_S)
        if self._reader.is_alive():
            log.warning("camera %s: the connection hangs, left to its timeout", self.name)

    def _open_and_read(self) -> None:
        try:
            self._read_until_stopped(self._open_capture(self._address))
        except BaseException as exc:
            if not self._opened.done():
                self._opened.set_exception(exc)
            raise

    def _read_until_stopped(self, capture: Capture) -> None:
        try:
            if not capture.isOpened():
                advice = f"check user and password, and {_REMEDY.removeprefix('check ')}"
                self._opened.set_exception(HardwareError(f"camera {self.name}: cannot be opened; {advice}"))
                return
            self._alive_s = self._clock()
            self._opened.set_result(None)
            while not self._stop.is_set():
                self._read_one(capture)
        finally:
            capture.release()

    def _read_one(self, capture: Capture) -> None:
        if not capture.grab():
            self._newest.fail(HardwareError(f"camera {self.name}: the stream has ended or fell silent; {_REMEDY}"))
            self._stop.set()
            return
        captured_s = self._clock()
        if self._newest.is_wanted(captured_s):
            self._keep(capture, captured_s)

    def _keep(self, capture: Capture, captured_s: float) -> None:
        try:
            found, bgr = capture.retrieve()
        except cv2.error as exc:  # damaged on its way; the next one may be whole
            log.debug("camera %s: a frame could not be decoded: %s", self.name, exc)
            return
        if not found:
            return
        if not self._seen:
            self._say(f"camera {self.name}: {bgr.shape[1]}x{bgr.shape[0]} px")
            self._seen = True
        self._newest.keep(np.asarray(bgr, np.uint8), captured_s)


def open_source(
    camera: Camera,
    open_capture: Callable[[str], Capture] = open_stream,
    clock: Callable[[], float] = time.monotonic,
    answer_s: float = _ANSWER_S,
    forbidden: Callable[[], bool] = is_network_forbidden,
    say: Callable[[str], None] = log.info,
) -> NetworkCamera:
    """Return the stream at the address `camera.device`, open and reading; its size is what the camera sends.

    `say` is told that size; all but it and `camera` is for tests. Raises ConfigError when `device` is a number,
    HardwareError when the stream cannot be opened within `answer_s` seconds or the service may not use the network.
    """
    if isinstance(camera.device, int):
        raise ConfigError(f"camera.device: must be an address when camera.source is rtsp, got {camera.device}")
    if forbidden():
        raise HardwareError(f"camera {name_address(camera.device)}: {NETWORK_REMEDY}")
    stream = NetworkCamera(camera, camera.device, open_capture, clock, say)
    try:
        stream.wait_until_open(answer_s)
    except HardwareError:
        stream.close()
        raise
    return stream

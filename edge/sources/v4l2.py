"""A camera on USB, or any other that Linux shows as /dev/videoN, through OpenCV."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import cv2

from edge.errors import HardwareError, NoFrameError
from edge.records import Frame
from edge.sensors import read_fact
from edge.settings import Camera
from edge.sources.newest import NewestFrame
from edge.sources.quiet import quiet_opencv

log = logging.getLogger(__name__)

_FORMATS = ("MJPG", "YUYV")
"""Asked for in this order: MJPG fits full size and rate through USB 2, YUYV is what every camera has."""

_RETRY_S = 0.1
_JOIN_S = 0.3


class Capture(Protocol):
    """The part of cv2.VideoCapture that is used here."""

    def isOpened(self) -> bool:  # noqa: N802
        """Return whether the driver gave the camera to us."""
        ...

    def set(self, prop: int, value: float) -> bool:
        """Ask the driver for a property; return whether it agreed."""
        ...

    def get(self, prop: int) -> float:
        """Return a property."""
        ...

    def grab(self) -> bool:
        """Wait for the next picture; return False when there is none."""
        ...

    def retrieve(self) -> tuple[bool, Any]:
        """Return whether the grabbed picture could be decoded, and the picture."""
        ...

    def release(self) -> None:
        """Give the camera back."""
        ...


def open_v4l2(path: str) -> Capture:
    """Return OpenCV's capture of a device like /dev/video0; ask it whether it is open."""
    quiet_opencv()
    return cv2.VideoCapture(path, cv2.CAP_V4L2)


class V4l2Camera:
    """A camera whose newest picture is kept by a thread of its own, whatever the reader's pace."""

    def __init__(self, path: str, capture: Capture, camera: Camera, clock: Callable[[], float]) -> None:
        """Start reading from a capture that is open and set up; `clock` gives monotonic seconds."""
        self._path = path
        self._capture = capture
        self._camera = camera
        self._clock = clock
        self._newest = NewestFrame(camera, path)
        self._stop = threading.Event()
        self._closed = False
        self._alive_s = clock()
        self._reader = threading.Thread(target=self._read_until_stopped, name=f"camera {path}", daemon=True)
        self._reader.start()

    def next_frame(self, timeout_s: float) -> Frame:
        """Return the newest frame that was not returned yet, waiting for one up to `timeout_s` seconds.

        Raises NoFrameError when none comes, HardwareError when the camera is gone or sends what cannot be decoded.
        """
        frame = self._newest.take(timeout_s)
        if frame is None:
            raise NoFrameError(
                f"camera {self._camera.device}: no frame for {self._clock() - self._alive_s:.1f} s; check the cable "
                f"and that no other program uses it (fuser {self._path})"
            )
        self._alive_s = frame.captured_s
        return frame

    def close(self) -> None:
        """Stop reading and give the camera back. Calling it again does nothing.

        Waits a moment for the driver; one that waits or hangs is left to its thread, which gives the camera back.
        """
        if self._closed:
            return
        self._closed = True
        self._stop.set()
        self._reader.join(_JOIN_S)
        if self._reader.is_alive():
            # not worth a line with every try: OpenCV waits ten seconds for a picture before it gives up
            log.debug("camera %s: its driver still waits for a picture, left open until then", self._camera.device)

    def _read_until_stopped(self) -> None:
        try:
            while not self._stop.is_set():
                self._read_one()
        finally:  # else a reader that fails leaves the camera busy until the process ends
            self._capture.release()

    def _read_one(self) -> None:
        if not self._capture.grab():
            if not Path(self._path).exists():
                # at once: while it is held open, its number is taken, and a camera that is back gets another one
                # (linux, v4l2-dev.c, v4l2_device_release)
                self._give_up(HardwareError(f"camera {self._camera.device}: {self._path} is gone; check the cable"))
            self._stop.wait(_RETRY_S)
            return
        captured_s = self._clock()
        if self._newest.is_wanted(captured_s):
            self._keep(captured_s)

    def _keep(self, captured_s: float) -> None:
        try:
            found, bgr = self._capture.retrieve()
        except cv2.error as exc:  # a frame that was cut off on its way; the next one may be whole
            log.debug("camera %s: a frame could not be decoded: %s", self._camera.device, exc)
            return
        if not found:
            return
        if bgr.ndim != 3 or bgr.shape[2] != 3:  # OpenCV 4.11 gives (1, n) when a driver grants native BGR3
            self._give_up(self._undecoded(bgr.shape))
            return
        self._newest.keep(bgr, captured_s)

    def _give_up(self, error: HardwareError) -> None:
        self._newest.fail(error)
        self._stop.set()

    def _undecoded(self, shape: tuple[int, ...]) -> HardwareError:
        code = _granted_format(self._capture)
        return HardwareError(
            f"camera {self._camera.device}: sends format {code}, which OpenCV leaves undecoded (shape {shape}); "
            f"it needs {' or '.join(_FORMATS)} (v4l2-ctl --device {self._path} --list-formats)"
        )


def open_source(
    camera: Camera,
    open_capture: Callable[[str], Capture] = open_v4l2,
    clock: Callable[[], float] = time.monotonic,
    root: Path = Path("/"),
    access: Callable[[str, int], bool] = os.access,
    say: Callable[[str], None] = log.info,
) -> V4l2Camera:
    """Return the camera that `camera.device` names, by number or path, set up and reading.

    `say` is told what the driver grants. The others are for tests: `root` is where dev and sys are, `access` tells
    about permissions. Raises HardwareError when there is no such camera, when it may not be used, or when something
    else uses it.
    """
    path = _device_path(camera.device, root)
    _require_device(camera, path, root, access)
    capture = open_capture(path)
    if not capture.isOpened():
        capture.release()
        raise HardwareError(
            f"camera {camera.device}: {path} cannot be opened; check that it is a camera (v4l2-ctl --list-devices) "
            f"and that no other program uses it (fuser {path})"
        )
    _set_up(capture, camera, say)
    return V4l2Camera(path, capture, camera, clock)


def fourcc_name(code: float) -> str:
    """Return the four letters of a FOURCC, for example MJPG; ???? where they are not printable."""
    letters = (int(code) & 0xFFFFFFFF).to_bytes(4, "little").decode("latin-1")
    return letters if letters.isascii() and letters.isprintable() else "????"


def _device_path(device: int | str, root: Path) -> str:
    return str(root / "dev" / f"video{device}") if isinstance(device, int) else device


def _require_device(camera: Camera, path: str, root: Path, access: Callable[[str, int], bool]) -> None:
    if not Path(path).exists():
        raise HardwareError(f"camera {camera.device}: {path} does not exist; {_list_cameras(root)}")
    if not access(path, os.R_OK | os.W_OK):
        raise HardwareError(
            f"camera {camera.device}: no permission for {path}; "
            "add the user to group video (sudo usermod -aG video USER) and log in again"
        )


def _list_cameras(root: Path) -> str:
    nodes = sorted((root / "sys/class/video4linux").glob("video*"), key=lambda node: (len(node.name), node.name))
    cameras = [f"/dev/{node.name} ({read_fact(node / 'name')})" for node in nodes]
    return f"connected are {', '.join(cameras)}" if cameras else "no camera is connected, check the cable"


def _set_up(capture: Capture, camera: Camera, say: Callable[[str], None]) -> None:
    """Ask for format, size and rate, in this order; drivers may grant others, and `say` is told what they granted."""
    for name in _FORMATS:  # OpenCV agrees to what the driver lacks, and takes another: what was granted counts
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*name))
        if _granted_format(capture) == name:
            break
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, camera.width_px)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, camera.height_px)
    capture.set(cv2.CAP_PROP_FPS, camera.max_fps)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    width, height, fps = (
        capture.get(each) for each in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS)
    )
    granted = _granted_format(capture)
    say(f"camera {camera.device}: {width:.0f}x{height:.0f} px, {granted}, {fps:.3g} frames a second")


def _granted_format(capture: Capture) -> str:
    return fourcc_name(capture.get(cv2.CAP_PROP_FOURCC))

"""A camera on a Raspberry Pi's ribbon cable, through picamera2 and libcamera. The only file that imports picamera2."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ConfigError, HardwareError, NoFrameError
from edge.records import Frame
from edge.settings import Camera
from edge.sources.newest import NewestFrame

log = logging.getLogger(__name__)

_FORMAT = "RGB888"
"""Bytes in the order B, G, R: libcamera names formats from the last byte on (picamera2 manual, appendix A)."""

_TO_BGR = {
    _FORMAT: None,
    "BGR888": cv2.COLOR_RGB2BGR,
    "XRGB8888": cv2.COLOR_BGRA2BGR,
    "XBGR8888": cv2.COLOR_RGBA2BGR,
    "YUV420": cv2.COLOR_YUV2BGR_I420,
}
"""Formats that a camera may grant in the place of the one it was asked for, and what makes BGR of them."""

_BUFFERS = 4
"""As in picamera2's previews: fewer cost frames, more cost memory that a Pi 3B+ is short of."""

_SLOWEST_FRAME_S = 0.1
"""The sensor gives a frame at least this often, whatever `max_fps`: longer exposures blur whoever walks."""

_CONTINUOUS_AF = 2
"""libcamera's AfModeContinuous; without it a Camera Module 3 stays focused on where it was at the start."""

_OLDEST_S = 2.0
"""A frame that seems older was stamped by a clock that we do not know."""

_LIST = "list the cameras with rpicam-hello --list-cameras"


def boot_clock() -> float:
    """Return seconds since the board was switched on, sleep included (CLOCK_BOOTTIME)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def find_cameras() -> tuple[str, ...]:
    """Return the models of the cameras on ribbon cables, such as imx708, in the order of their numbers.

    USB cameras, which libcamera lists last, are left out. Raises HardwareError when picamera2 cannot be used.
    """
    return _list_models(_load_picamera2())


class PiCamera:
    """A camera whose newest picture is kept by picamera2's own thread, whatever the reader's pace."""

    def __init__(
        self,
        device: Any,
        camera: Camera,
        clock: Callable[[], float] = time.monotonic,
        boot: Callable[[], float] = boot_clock,
        close_s: float = 2.0,
        say: Callable[[str], None] = log.info,
    ) -> None:
        """Set up and start a Picamera2 that is open.

        `clock` and `boot` give seconds, monotonic and since boot; `close_s` is how long closing may take, and
        `say` is told what was granted. Raises HardwareError when it does not start or grants no format that we can use.
        """
        self._device = device
        self._camera = camera
        self._clock = clock
        self._boot = boot
        self._close_s = close_s
        self._newest = NewestFrame(camera, f"camera {camera.device}")
        self._closed = False
        self._alive_s = clock()
        try:
            self._to_bgr, self._size = _set_up(device, camera, say)
            device.pre_callback = self._keep
            device.start()
        except (RuntimeError, OSError) as exc:
            self.close()
            raise HardwareError(f"camera {camera.device}: does not start ({_reasons(exc)}); {_LIST}") from exc

    def next_frame(self, timeout_s: float) -> Frame:
        """Return the newest frame that was not returned yet, waiting for one up to `timeout_s` seconds.

        Raises NoFrameError when none comes.
        """
        frame = self._newest.take(timeout_s)
        if frame is None:
            silent_s = self._clock() - self._alive_s
            raise NoFrameError(
                f"camera {self._camera.device}: no frame for {silent_s:.1f} s; "
                "switch the board off and check the ribbon cable at both ends"  # picamera2#952: a loose or long cable
            )
        self._alive_s = self._clock()
        return frame

    def close(self) -> None:
        """Stop and give the camera back. Calling it again does nothing.

        Waits a moment; a driver that hangs is left to a thread, which ends with the process.
        """
        if self._closed:
            return
        self._closed = True
        closer = threading.Thread(target=self._give_back, name=f"closing camera {self._camera.device}", daemon=True)
        closer.start()
        closer.join(self._close_s)
        if closer.is_alive():
            log.warning("camera %s: its driver hangs, left open", self._camera.device)

    def _give_back(self) -> None:
        try:
            self._device.close()
        except (RuntimeError, OSError) as exc:
            log.warning("camera %s: did not close: %s", self._camera.device, _reasons(exc))

    def _keep(self, request: Any) -> None:
        """Copy a frame that was just taken; the memory of `request` is the driver's and goes back to it."""
        now_s = self._clock()
        stamp_ns = request.get_metadata().get("SensorTimestamp")
        captured_s = now_s if stamp_ns is None else to_monotonic(stamp_ns / 1e9, now_s, self._boot())
        if self._closed or not self._newest.is_wanted(captured_s):
            return
        self._newest.keep(self._convert(request.make_array("main")), captured_s)

    def _convert(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        bgr = pixels if self._to_bgr is None else cv2.cvtColor(pixels, self._to_bgr)
        width_px, height_px = self._size
        return np.ascontiguousarray(bgr[:height_px, :width_px])  # YUV420 comes with padded rows


def to_monotonic(stamp_s: float, now_s: float, boot_s: float) -> float:
    """Return the monotonic time of a sensor's timestamp; `now_s` and `boot_s` are the two clocks' readings now.

    libcamera says SensorTimestamp is CLOCK_BOOTTIME, the Pi's drivers stamp CLOCK_MONOTONIC (libcamera bug 254). They
    differ by the time that the board slept: a stamp that lies in the monotonic clock's future is of the other. What
    fits neither gives `now_s`.
    """
    monotonic_age_s, boot_age_s = now_s - stamp_s, boot_s - stamp_s
    age_s = monotonic_age_s if monotonic_age_s >= 0 else boot_age_s
    return now_s - age_s if 0 <= age_s <= _OLDEST_S else now_s


def open_source(
    camera: Camera,
    clock: Callable[[], float] = time.monotonic,
    boot: Callable[[], float] = boot_clock,
    say: Callable[[str], None] = log.info,
) -> PiCamera:
    """Return the Pi camera with the number `camera.device`, set up and giving frames.

    The clocks are for tests; `say` is told what the camera grants.

    Raises HardwareError without picamera2, without that camera, or when something else uses it; ConfigError when
    `device` is not a number.
    """
    if not isinstance(camera.device, int):
        raise ConfigError("camera.device: must be a number when camera.source is picamera, such as 0")
    picamera2 = _load_picamera2()
    _require_camera(camera.device, _list_models(picamera2))
    return PiCamera(_open_device(picamera2, camera.device), camera, clock, boot, say=say)


def _load_picamera2() -> Any:
    """Return the class Picamera2."""
    try:
        from picamera2 import Picamera2
    except ImportError as exc:  # picamera2#446, #466, #1266: it comes from apt, and a closed environment hides it
        raise HardwareError(
            f"the Pi camera needs picamera2, which is not there ({exc}); sudo apt install python3-picamera2, then "
            "sudo ./setup.sh install"
        ) from exc
    except ValueError as exc:  # picamera2#1088, #1211: its compiled parts belong to the system's numpy
        raise HardwareError(
            f"picamera2 does not work with this environment's numpy ({exc}); install Maskwatch's locked versions again"
        ) from exc
    return Picamera2


def _list_models(picamera2: Any) -> tuple[str, ...]:
    try:
        _look_anew(picamera2)
        found = picamera2.global_camera_info()
    except (RuntimeError, OSError) as exc:
        raise HardwareError(f"libcamera cannot list the cameras ({_reasons(exc)}); {_LIST}") from exc
    return tuple(str(each.get("Model", "?")) for each in found if "/usb" not in each["Id"])


def _look_anew(picamera2: Any) -> None:
    """Have libcamera list the cameras anew, unless one is open; picamera2 has no public way.

    Otherwise it stays with those of its first look, which at boot may come before the sensor's driver: it hears of
    others over netlink, which the service may not use.
    """
    manager = getattr(picamera2, "_cm", None)
    if manager is not None and not manager.cameras:
        manager.reset()


def _open_device(picamera2: Any, number: int) -> Any:
    device = picamera2.__new__(picamera2)  # to have it also when it fails
    try:
        device.__init__(number)
    except (RuntimeError, OSError) as exc:
        _give_up(device)
        raise HardwareError(f"camera {number}: {_explain_refusal(_reasons(exc))}") from exc
    return device


def _give_up(device: Any) -> None:
    """Close what picamera2 0.3.38 leaves open when it fails: the camera and a pipe, one more with every try."""
    if getattr(device, "is_open", False):
        with suppress(RuntimeError):
            device.camera.release()
    device.camera = None  # which holds on to libcamera's list of cameras
    pipe = getattr(device, "notifymeread", None)
    if pipe is not None and not pipe.closed:
        pipe.close()
        os.close(device.notifyme_w)


def _require_camera(number: int, models: tuple[str, ...]) -> None:
    if not models:
        raise HardwareError(
            f"camera {number}: no Pi camera is connected; switch the board off, check the ribbon cable, then {_LIST}"
        )
    if number >= len(models):
        connected = ", ".join(f"{index} ({model})" for index, model in enumerate(models))
        raise HardwareError(f"camera {number}: there is no such Pi camera; connected are {connected}")


def _set_up(device: Any, camera: Camera, say: Callable[[str], None]) -> tuple[int | None, tuple[int, int]]:
    """Configure size, format and rate.

    Return what OpenCV needs to make BGR (None: it is), and the (width, height) that was granted. Raises RuntimeError,
    as picamera2 does, for a format that has no such conversion.
    """
    frame_us = round(1e6 * min(1 / camera.max_fps, _SLOWEST_FRAME_S))
    asked = {"FrameDurationLimits": (frame_us, frame_us), "AfMode": _CONTINUOUS_AF}
    controls = {name: value for name, value in asked.items() if name in device.camera_controls}
    size = (camera.width_px, camera.height_px)
    wanted = device.create_video_configuration(
        main={"format": _FORMAT, "size": size}, raw=None, buffer_count=_BUFFERS, queue=False, controls=controls
    )
    device.configure(wanted)
    granted = device.camera_configuration()["main"]
    if granted["format"] not in _TO_BGR:
        raise RuntimeError(f"it sends {granted['format']}, which is none of {', '.join(_TO_BGR)}")
    width, height = granted["size"]
    say(f"camera {camera.device}: {width}x{height} px, {granted['format']}")
    return _TO_BGR[granted["format"]], granted["size"]


def _explain_refusal(reasons: str) -> str:
    # picamera2#399: "Failed to acquire camera: Device or resource busy"
    if "busy" in reasons or "acquire" in reasons:
        return f"another program uses it ({reasons}); stop that one (fuser /dev/media* /dev/video*)"
    return f"cannot be opened ({reasons}); {_LIST}"


def _reasons(exc: BaseException) -> str:
    """Return what an error says, and what the error behind it says, which is where picamera2 keeps the reason."""
    said = str(exc).rstrip(".") or type(exc).__name__
    return said if exc.__cause__ is None else f"{said}: {_reasons(exc.__cause__)}"

"""A scripted picamera2."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

LONG_S = 5.0
"""More than any of these tests waits when all is well."""

IMX708 = {"Id": "/base/soc/i2c0mux/i2c@1/imx708@1a", "Model": "imx708", "Num": 0}


class FakeRequest:
    """A frame that the driver lends."""

    def __init__(self, pixels: NDArray[np.uint8], metadata: dict[str, Any]) -> None:
        self.pixels = pixels
        self.metadata = metadata
        self.copies = 0

    def get_metadata(self) -> dict[str, Any]:
        return self.metadata

    def make_array(self, name: str) -> NDArray[np.uint8]:
        assert name == "main"
        self.copies += 1
        return self.pixels.copy()


class FakeManager:
    """Keeps the list of cameras from its first look to the next reset, as libcamera does without netlink."""

    def __init__(self) -> None:
        self.cameras: dict[int, FakePicamera2] = {}
        self.seen: tuple[dict[str, Any], ...] | None = None

    def reset(self) -> None:
        self.seen = None


class FakeCamera:
    """libcamera's own side of a camera."""

    def __init__(self) -> None:
        self.releases = 0

    def release(self) -> None:
        self.releases += 1


class FakePicamera2:
    """What picamera2 does, as the class attributes say; a test delivers frames with `deliver`."""

    cameras: tuple[dict[str, Any], ...] = (IMX708,)
    camera_controls = {"FrameDurationLimits": (1, 2, 3), "AfMode": (0, 2, 0)}
    granted = "RGB888"
    refusal: Exception | None = None
    start_error: Exception | None = None
    hangs: threading.Event | None = None
    opened: list[FakePicamera2] = []
    refused: list[FakePicamera2] = []
    fails_late = False
    _cm = FakeManager()

    @classmethod
    def global_camera_info(cls) -> list[dict[str, Any]]:
        if cls._cm.seen is None:
            cls._cm.seen = cls.cameras
        return list(cls._cm.seen)

    def __init__(self, number: int) -> None:
        if self.refusal:
            self._fail()
            raise RuntimeError("Camera __init__ sequence did not complete.") from self.refusal
        self._cm.cameras[number] = self
        self.number = number
        self.pre_callback: Callable[[FakeRequest], None] = lambda request: None
        self.config: dict[str, Any] = {}
        self.started = False
        self.closed = 0
        self.opened.append(self)

    def _fail(self) -> None:
        reader, self.notifyme_w = os.pipe()
        self.notifymeread = os.fdopen(reader, "rb")
        self.is_open = self.fails_late
        self.camera: FakeCamera | None = FakeCamera()
        self.libcamera = self.camera
        self.refused.append(self)

    def create_video_configuration(self, **wanted: Any) -> dict[str, Any]:
        return wanted

    def configure(self, config: dict[str, Any]) -> None:
        assert not self.started
        self.config = config

    def camera_configuration(self) -> dict[str, Any]:
        return {**self.config, "main": {**self.config["main"], "format": self.granted}}

    def start(self) -> None:
        if self.start_error:
            raise self.start_error
        self.started = True

    def deliver(self, pixels: NDArray[np.uint8], **metadata: Any) -> FakeRequest:
        request = FakeRequest(pixels, metadata)
        self.pre_callback(request)
        return request

    def close(self) -> None:
        if self.hangs:
            self.hangs.wait(LONG_S)
        self._cm.cameras.pop(self.number, None)
        self.closed += 1

"""Where frames come from. One file a kind of source; only the one that is asked for is imported."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from typing import Protocol, cast

from edge.devices import is_address
from edge.errors import ConfigError, HardwareError
from edge.records import Frame
from edge.settings import Camera

log = logging.getLogger(__name__)

SOURCES = {
    "files": "edge.sources.files:open_source",
    "picamera": "edge.sources.picamera:open_source",
    "rtsp": "edge.sources.rtsp:open_source",
    "v4l2": "edge.sources.v4l2:open_source",
}
"""Where each `camera.source` is opened; imported when it is asked for."""


class Source(Protocol):
    """Gives frames until it ends."""

    def next_frame(self, timeout_s: float) -> Frame | None:
        """Return the next frame (a camera: the newest one), or None when the source has ended.

        Raises NoFrameError when a camera gives none within `timeout_s`, DataError when a file cannot be read.
        """
        ...

    def close(self) -> None:
        """Give the camera or file back. Calling it again does nothing."""
        ...


def open_source(camera: Camera, say: Callable[[str], None] = log.info) -> Source:
    """Return the source that the settings ask for, opened and giving frames.

    `say` is told what `auto` became and what the camera grants. Raises ConfigError for a source that this version
    lacks, HardwareError without a camera, DataError without a file.
    """
    name = choose_source(camera.device, say) if camera.source == "auto" else camera.source
    if name not in SOURCES:
        raise ConfigError(f"camera.source: must be auto or one of {', '.join(sorted(SOURCES))}, got {name}")
    module, function = SOURCES[name].split(":")
    options = {} if name == "files" else {"say": say}
    return cast(Source, getattr(importlib.import_module(module), function)(camera, **options))


def choose_source(device: int | str, say: Callable[[str], None] = log.info) -> str:
    """Return what `camera.source: auto` stands for with this `camera.device`, and `say` so, in the log.

    A number is the Pi camera if there is one, else a USB camera; a path is a USB camera, an address a network camera.
    """
    name, reason = _choose(device)
    say(f"camera.source auto: {name}, {reason}")
    return name


def _choose(device: int | str) -> tuple[str, str]:
    if isinstance(device, str):
        return ("rtsp", "device is an address") if is_address(device) else ("v4l2", "device is a path")
    from edge.sources.picamera import find_cameras  # here, as that file imports this package

    try:
        models = find_cameras()
    except HardwareError as exc:
        return "v4l2", str(exc)
    return ("picamera", f"found {', '.join(models)}") if models else ("v4l2", "no Pi camera is connected")

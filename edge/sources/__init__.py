"""Where frames come from. One file a kind of source; only the one that is asked for is imported."""

from __future__ import annotations

import importlib
import logging
from typing import Protocol, cast

from edge.errors import ConfigError
from edge.records import Frame
from edge.settings import Camera

log = logging.getLogger(__name__)

SOURCES = {
    "files": "edge.sources.files:open_source",
    "v4l2": "edge.sources.v4l2:open_source",
}
"""Where each `camera.source` is opened; imported when it is asked for."""

AUTO = "v4l2"
"""What `camera.source: auto` stands for."""


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


def open_source(camera: Camera) -> Source:
    """Return the source that the settings ask for, opened and giving frames.

    Raises ConfigError for a source that this version lacks, HardwareError without a camera, DataError without a file.
    """
    name = AUTO if camera.source == "auto" else camera.source
    if name not in SOURCES:
        raise ConfigError(f"camera.source: must be auto or one of {', '.join(sorted(SOURCES))}, got {name}")
    if camera.source == "auto":
        log.info("camera.source auto: %s", name)
    module, function = SOURCES[name].split(":")
    return cast(Source, getattr(importlib.import_module(module), function)(camera))

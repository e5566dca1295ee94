"""Where frames come from. One file a kind of source; only the one that is asked for is imported."""

from __future__ import annotations

from typing import Protocol

from edge.records import Frame


class Source(Protocol):
    """Gives frames until it ends."""

    def next_frame(self, timeout_s: float) -> Frame | None:
        """Return the next frame (a camera: the newest one), or None when the source has ended.

        Raises HardwareError when a camera gives none within `timeout_s`, DataError when a file cannot be read.
        """
        ...

    def close(self) -> None:
        """Give the camera or file back. Calling it again does nothing."""
        ...

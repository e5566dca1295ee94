"""The newest frame of a camera: thinned out to `max_fps`, turned as the settings say, numbered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.records import Frame
from edge.settings import Camera
from edge.sources.latest import LatestSlot, RateLimit
from edge.sources.orient import orient


class NewestFrame:
    """Where a camera's thread leaves frames and the reader takes the newest one."""

    def __init__(self, camera: Camera, origin: str) -> None:
        """Start without a frame; `origin` is what each frame says it comes from."""
        self._camera, self._origin = camera, origin
        self._limit = RateLimit(camera.max_fps)
        self._slot: LatestSlot[Frame] = LatestSlot()
        self._frame_index = 0

    def is_wanted(self, captured_s: float) -> bool:
        """Return whether to keep a frame taken at `captured_s`, in monotonic seconds; ask once a frame."""
        return self._limit.accepts(captured_s)

    def keep(self, bgr: NDArray[np.uint8], captured_s: float) -> None:
        """Put a picture, (height, width, 3), in the place of one that nobody took."""
        turned = orient(bgr, self._camera.rotate_deg, self._camera.mirror)
        self._slot.put_latest(Frame(self._frame_index, captured_s, turned, self._origin))
        self._frame_index += 1

    def fail(self, error: Exception) -> None:
        """Let every `take` from now on raise `error`, as nothing more will come."""
        self._slot.fail(error)

    def take(self, timeout_s: float) -> Frame | None:
        """Return the newest frame that was not taken yet, or None when none comes within `timeout_s` seconds.

        Raises what `fail` was given.
        """
        return self._slot.take(timeout_s)

"""A camera that is not there: pictures in memory, as many and as fast as they are wanted, for the daemon to watch.

What the other scripts of this folder share. `watch` runs the whole daemon, with pins that are not there, on them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
for each in (ROOT, ROOT / "scripts" / "demo", ROOT / "scripts" / "peers"):
    if str(each) not in sys.path:
        sys.path.insert(0, str(each))

from edge.daemon import run_daemon  # noqa: E402
from edge.pipeline import Turn  # noqa: E402
from edge.records import Frame  # noqa: E402
from edge.settings import Control, Gpio, Journal, Settings  # noqa: E402
from edge.sources.files import read_picture  # noqa: E402

STEP_S = 0.1
"""Time between two frames as the alarm sees it: 10 frames a second, however fast they are taken."""

Picture = NDArray[np.uint8]


class MemoryCamera:
    """Gives pictures again and again, `count` of them."""

    def __init__(self, pictures: Sequence[Picture], count: int, step_s: float = STEP_S) -> None:
        """Begin with the first; `captured_s` grows by `step_s` from frame to frame."""
        self._pictures, self._count, self._step_s = pictures, count, step_s
        self._given = 0

    def next_frame(self, timeout_s: float) -> Frame | None:
        """Return the next frame, None after the last."""
        if self._given >= self._count:
            return None
        index = self._given
        self._given += 1
        return Frame(index, index * self._step_s, self._pictures[index % len(self._pictures)], "memory")

    def close(self) -> None:
        """Do nothing."""


def every_frame_judged(settings: Settings) -> Settings:
    """Return settings with which a person who has moved is judged in every frame, so that both models always run."""
    return replace(settings, tracking=replace(settings.tracking, recheck_s=STEP_S))


def daemon_settings(folder: Path) -> Settings:
    """Return the defaults, with pins that are not there and the journal in a folder."""
    return Settings(
        accelerator="cpu",
        gpio=Gpio(driver="mock"),
        journal=Journal(path=str(folder / "journal.db")),
        control=Control(str(folder / "control.sock")),
    )


def watch(
    pictures: Sequence[Picture], count: int, settings: Settings, on_turn: Callable[[Turn], None], step_s: float = STEP_S
) -> int:
    """Let the daemon watch `count` frames in memory, and return how many were decided."""
    with closing(MemoryCamera(pictures, count, step_s)) as camera:
        return run_daemon(settings, ROOT, lambda: False, on_turn, open_camera=lambda _: camera)


def door_picture(path: Path | None, width: int = 640, height: int = 480) -> Picture:
    """Return a portrait on a plain wall, (height, width, 3) uint8 BGR; scikit-image's astronaut without a `path`."""
    from make_clip import fetch_portrait

    bgr = read_picture(path or fetch_portrait(ROOT / ".cache" / "astronaut.png"))
    scale = min(width / bgr.shape[1], height / bgr.shape[0])
    size = (round(bgr.shape[1] * scale), round(bgr.shape[0] * scale))
    bgr = np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC), np.uint8)
    wall = np.full((height, width, 3), 90, np.uint8)
    left = (width - size[0]) // 2
    wall[: size[1], left : left + size[0]] = bgr
    return wall


def sway(picture: Picture, steps: int = 40, reach_frac: float = 0.1) -> list[Picture]:
    """Return the picture moved left and right by a fraction of its width, once there and back: people in it move."""
    reach = picture.shape[1] * reach_frac
    shifts = reach * np.sin(np.arange(steps) * 2 * np.pi / steps)
    return [np.roll(picture, int(shift), axis=1) for shift in shifts]


def face_crowd(faces: int, width: int = 640, height: int = 480, path: Path | None = None) -> Picture:
    """Return a picture with the same portrait `faces` times, in rows of five."""
    wall = np.full((height, width, 3), 90, np.uint8)
    side_x, side_y = width // 5, height // 4
    portrait = door_picture(path, side_x, side_y)
    for number in range(faces):
        top, left = number // 5 * side_y, number % 5 * side_x
        wall[top : top + side_y, left : left + side_x] = portrait
    return wall

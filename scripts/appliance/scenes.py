"""The scenes that the simulated camera plays: the demo's visitor without a mask, with one, and the empty entrance.

They are pictures of a person, drawn from the portrait that the demo fetches: they go into a temporary folder and never
into the repository.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from tools import ROOT

sys.path.insert(0, str(ROOT / "scripts/demo"))
from make_clip import fetch_portrait, make_clip  # noqa: E402

SECONDS: Final = 25.0
_EVERY: Final = 3
"""Of the clip's pictures every third one is kept: 5 a second, which is what an emulated processor can look at."""


def to_yuyv(bgr: NDArray[np.uint8]) -> bytes:
    """Return a picture (height, width, 3) uint8 BGR as YUYV, two bytes a pixel; the width is even."""
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_YUY2).tobytes()


def name_of(masked: bool | None) -> str:
    """Return the scene that a picture belongs to, by what is to be seen in it."""
    return {None: "empty", False: "bare", True: "masked"}[masked]


def make_scenes(folder: Path) -> None:
    """Write bare.yuyv, masked.yuyv and empty.yuyv, each some seconds of 640×480 pictures. Raises ClipError."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as opened:
        names = ("bare", "masked", "empty")
        files = {name: opened.enter_context((folder / f"{name}.yuyv").open("wb")) for name in names}
        for bgr, masked in _pictures(folder / "clip.mp4"):
            files[name_of(masked)].write(to_yuyv(bgr))


def _pictures(clip: Path) -> Iterator[tuple[NDArray[np.uint8], bool | None]]:
    """Make the demo's clip, and yield every _EVERY-th picture of it with whether a mask is to be seen."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "maskwatch/astronaut.png"
    make_clip(fetch_portrait(cache), clip, SECONDS)
    video = cv2.VideoCapture(str(clip))
    for truth in json.loads(clip.with_suffix(".json").read_text(encoding="utf-8"))["frames"]:
        found, bgr = video.read()
        if found and truth["frame_index"] % _EVERY == 0:
            yield np.asarray(bgr, np.uint8), truth["masked"]
    video.release()

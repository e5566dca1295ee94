"""Pictures whose halves differ, and the frames of a source."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.records import Frame
from edge.sources import Source

RED, BLUE = (0, 0, 255), (255, 0, 0)


def two_colors(left: tuple[int, int, int] = RED, right: tuple[int, int, int] = BLUE) -> NDArray[np.uint8]:
    """Return a picture of 40×20 pixels whose halves differ."""
    picture = np.zeros((20, 40, 3), np.uint8)
    picture[:, :20], picture[:, 20:] = left, right
    return picture


def write(path: Path, picture: NDArray[np.integer], suffix: str = ".png") -> Path:
    path.write_bytes(cv2.imencode(suffix, picture)[1].tobytes())
    return path


def all_frames(source: Source) -> list[Frame]:
    return list(iter(lambda: source.next_frame(5.0), None))

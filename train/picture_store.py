"""Keeps decoded pictures in memory as far as there is room: reading JPEG files is half of what a batch costs."""

from __future__ import annotations

import os
from pathlib import Path

from edge.preprocess import Picture
from train.faces import read_picture


class PictureStore:
    """Reads pictures, and keeps those that were read first while they fit; the others are read again each time."""

    def __init__(self, max_bytes: int | None = None) -> None:
        """Keep at most `max_bytes`; by default a third of this computer's memory."""
        self._room = max_bytes if max_bytes is not None else _memory_bytes() // 3
        self._kept: dict[Path, Picture] = {}

    def read(self, path: Path) -> Picture:
        """Return a picture, (height, width, 3) uint8 BGR, which must not be written to.

        Raises DataError when it cannot be read.
        """
        kept = self._kept.get(path)
        if kept is not None:
            return kept
        bgr = read_picture(path)
        bgr.flags.writeable = False
        if bgr.nbytes <= self._room:
            self._room -= bgr.nbytes
            self._kept[path] = bgr
        return bgr


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

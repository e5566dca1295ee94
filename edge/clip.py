"""Writes annotated clips."""

from __future__ import annotations

from pathlib import Path

import cv2

from edge.errors import DataError
from edge.preprocess import Picture


class ClipWriter:
    """An MP4 file that opens with its first picture; all others must be of its size."""

    def __init__(self, path: Path, fps: float) -> None:
        """Prepare to write `path` at `fps` frames a second."""
        self._path, self._fps = path, fps
        self._writer: cv2.VideoWriter | None = None

    def write(self, bgr: Picture) -> None:
        """Add a picture (height, width, 3) uint8 BGR. Raises DataError when the file cannot be written."""
        if self._writer is None:
            self._writer = self._open(bgr.shape[1], bgr.shape[0])
        self._writer.write(bgr)

    def close(self) -> None:
        """Finish the file. Calling it again does nothing."""
        if self._writer is not None:
            self._writer.release()

    def _open(self, width: int, height: int) -> cv2.VideoWriter:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        codec = cv2.VideoWriter.fourcc(*"mp4v")  # the one that every headless wheel can write
        writer = cv2.VideoWriter(str(self._path), codec, self._fps, (width, height))
        if not writer.isOpened():
            raise DataError(f"{self._path}: cannot be written; choose another place, ending in .mp4, with --output")
        return writer

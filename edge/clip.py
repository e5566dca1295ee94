"""Draws what came out of a frame, and writes annotated clips."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2

from edge.annotate import annotate
from edge.errors import DataError
from edge.pipeline import Turn
from edge.preprocess import Picture
from edge.sources.files import name_for_opencv


def annotate_turn(turn: Turn, polygon: Sequence[tuple[float, float]] = ()) -> Picture:
    """Return a copy of the frame with its faces boxed and numbered by person, the alarm's banner and the zone."""
    numbers = {person.box: person.id for person in turn.people}
    ids = {v.face: numbers[v.face.box] for v in turn.verdicts if v.face.box in numbers}
    return annotate(turn.frame.bgr, turn.verdicts, turn.decision.alarm, polygon, ids)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it. Raises DataError when that cannot be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise DataError(f"{folder}: cannot be made ({exc.strerror}); choose another place") from exc


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
        make_folder(self._path.parent)
        codec = cv2.VideoWriter.fourcc(*"mp4v")  # the one that every headless wheel can write
        writer = cv2.VideoWriter(name_for_opencv(self._path), codec, self._fps, (width, height))
        if not writer.isOpened():
            raise DataError(f"{self._path}: cannot be written; choose another place, ending in .mp4, with --output")
        return writer

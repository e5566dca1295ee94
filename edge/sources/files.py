"""Pictures, videos and GIFs on disk."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ConfigError, DataError
from edge.records import Frame
from edge.settings import Camera
from edge.sources import Source
from edge.sources.orient import Oriented
from edge.sources.paced import Paced
from edge.sources.quiet import quiet_opencv

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".png", ".webp", ".bmp", ".tif", ".tiff"})
"""What counts as a picture when a folder is listed; a file that is named itself may be called anything."""

VIDEO_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".gif"})
"""What is played rather than looked at."""

_UNKNOWN_FPS = 25.0
"""Taken for a video that does not say."""

_MAX_FPS = 1000.0
log = logging.getLogger(__name__)

_MAX_FRAMES = 100_000_000


def list_pictures(paths: Iterable[Path]) -> list[Path]:
    """Return the pictures that `paths` name: files as they are, and those that lie directly in folders, by name.

    What cannot be looked into is returned itself, as are a folder without pictures and a missing file, so that reading
    it gives the error.
    """
    return [picture for path in paths for picture in (_pictures_in(path) or [path])]


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Return a picture as (height, width, 3) uint8 BGR, turned as its EXIF orientation says.

    Grey becomes color, 16 bits become 8, alpha is dropped. Raises DataError when there is no readable picture.
    """
    data = _read_bytes(path)
    try:
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as exc:
        raise DataError(f"{path}: is larger than OpenCV decodes, or damaged; save it again in a smaller size") from exc
    if bgr is None and path.suffix.lower() in VIDEO_SUFFIXES:
        raise DataError(f"{path}: is a video, not a picture; `maskwatch video` takes it")
    if bgr is None:
        raise DataError(f"{path}: not a readable picture (damaged, cut off or another kind of file); save it as JPEG")
    return np.asarray(bgr, np.uint8)


def name_for_opencv(path: Path) -> str:
    """Return a path as OpenCV's videos take it. Raises DataError where it is not UTF-8: OpenCV 4.11 crashes on that."""
    name = str(path)
    try:
        name.encode()
    except UnicodeEncodeError as exc:
        raise DataError(f"{path}: OpenCV takes only names in UTF-8 for videos; rename it, or its folder") from exc
    return name


class PictureFiles:
    """Pictures one after the other, `interval_s` seconds apart; each keeps its own size."""

    def __init__(self, paths: Iterable[Path], interval_s: float = 0.0, loop: bool = False) -> None:
        """List the pictures; none is read yet. With `loop` they start over after the last."""
        self._paths = list_pictures(paths)
        self._interval_s = interval_s
        self._loop = loop
        self._frame_index = 0
        self._next = 0
        self._bad = 0
        self._closed = False

    def __len__(self) -> int:
        """Return how many pictures there are."""
        return len(self._paths)

    def next_frame(self, timeout_s: float) -> Frame | None:
        """Return the next picture that can be read, or None after the last; the others are logged.

        Raises DataError when none of them can be read.
        """
        while not self._closed and self._bad < len(self._paths) and (self._has_more() or self._loop):
            path = self._paths[self._next % len(self._paths)]
            self._next += 1
            frame = self._read(path)
            if frame is not None:
                return frame
        if self._paths and self._bad >= len(self._paths):
            raise DataError(f"{self._paths[0]}: cannot be read, and no other picture was given that can")
        return None

    def _has_more(self) -> bool:
        return self._next < len(self._paths)

    def _read(self, path: Path) -> Frame | None:
        """Return the picture as a frame; `_bad` counts those in a row that cannot be read."""
        try:
            bgr = read_picture(path)
        except DataError as exc:
            log.error("%s", exc)
            self._bad += 1
            return None
        self._bad = 0
        frame_index = self._frame_index
        self._frame_index += 1
        return Frame(frame_index, frame_index * self._interval_s, bgr, str(path))

    def close(self) -> None:
        """Forget the pictures that were not read. Calling it again does nothing."""
        self._closed = True


class VideoFile:
    """A video or GIF, frame by frame, as fast as it is read."""

    def __init__(self, path: Path, loop: bool = False) -> None:
        """Open the file; with `loop` it starts over at its end, and `captured_s` keeps growing.

        Raises DataError when it is missing or no video.
        """
        self._path = path
        self._loop = loop
        self._capture = _open_video(path)
        self.fps = _sane_fps(self._capture.get(cv2.CAP_PROP_FPS))
        """Frames a second that the file states, on average; 25 when it states none."""
        self._times = FrameTimes(self.fps)
        self._frame_index = 0

    @property
    def frame_count(self) -> int | None:
        """How many frames one pass has, as the file states, which may be off by a few; None when it does not say."""
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        return int(count) if 0 < count < _MAX_FRAMES else None

    def next_frame(self, timeout_s: float) -> Frame | None:
        """Return the next frame, or None after the last. Raises DataError when the file has no frame at all."""
        bgr = self._read()
        if bgr is None and self._loop and self._frame_index and self._capture.isOpened():
            self._rewind()
            bgr = self._read()
        if bgr is None:
            self._require_frames()
            return None
        captured_s = self._times.next_s(self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
        frame = Frame(self._frame_index, captured_s, bgr, str(self._path))
        self._frame_index += 1
        return frame

    def close(self) -> None:
        """Close the file. Calling it again does nothing."""
        self._capture.release()

    def _read(self) -> NDArray[np.uint8] | None:
        found, bgr = self._capture.read()
        return np.asarray(bgr, np.uint8) if found else None

    def _rewind(self) -> None:
        self._capture.release()
        self._capture = _open_video(self._path)  # seeking back is not exact in every container
        self._times.start_over()

    def _require_frames(self) -> None:
        if self._frame_index == 0 and self._capture.isOpened():
            raise DataError(f"{self._path}: has no frame that can be decoded; convert it to MP4 (H.264)")


class FrameTimes:
    """Turns the timestamps of a container into seconds from the start that always grow."""

    def __init__(self, fps: float) -> None:
        """`fps` fills in where a timestamp is missing or does not grow."""
        self._interval_s = 1 / fps
        self._last_s: float | None = None
        self._shift_s: float | None = None

    def next_s(self, stamp_s: float) -> float:
        """Return the time of the next frame, 0.0 for the first, given its timestamp in seconds."""
        planned_s = 0.0 if self._last_s is None else self._last_s + self._interval_s
        if self._shift_s is None and math.isfinite(stamp_s):
            self._shift_s = planned_s - stamp_s
        stamped_s = stamp_s + (self._shift_s or 0.0)
        grows = math.isfinite(stamped_s) and (self._last_s is None or stamped_s > self._last_s)
        self._last_s = stamped_s if grows else planned_s
        return self._last_s

    def start_over(self) -> None:
        """Let the next timestamp be the first of another pass, one interval after the last frame."""
        self._shift_s = None


def open_path(path: Path, interval_s: float = 0.0, loop: bool = False) -> PictureFiles | VideoFile:
    """Return a source for a video or GIF, a picture, or a folder of pictures that are `interval_s` seconds apart.

    Raises DataError when a video is missing or none; a bad picture says so when it is its turn.
    """
    if path.suffix.lower() in VIDEO_SUFFIXES and not _is_folder(path):
        return VideoFile(path, loop)
    return PictureFiles([path], interval_s, loop)


def open_source(camera: Camera, loop: bool = False) -> Source:
    """Return what `camera.device` names (a picture, a folder of pictures, a video or GIF) in the place of a camera.

    Frames come at their own times, pictures at `max_fps`, turned as the settings say; with `loop` for ever. Raises
    DataError when the file cannot be read, ConfigError when `device` is a number.
    """
    if isinstance(camera.device, int):
        raise ConfigError(f"camera.device: must name a file or folder when camera.source is files, got {camera.device}")
    path = Path(camera.device)
    frames = open_path(path, 1 / camera.max_fps, loop)
    if isinstance(frames, PictureFiles) and list_pictures([path]) == [path]:  # a picture alone, or nothing to look at
        read_picture(path)
    return Paced(Oriented(frames, camera.rotate_deg, camera.mirror))


def _pictures_in(folder: Path) -> list[Path]:
    try:
        paths = list(folder.iterdir())
    except OSError:  # missing, a file, or not for this user: reading it says which
        return []
    return sorted(path for path in paths if path.suffix.lower() in PICTURE_SUFFIXES)


def _read_bytes(path: Path) -> bytes:
    _require_file(path, f"a folder without pictures ({', '.join(sorted(PICTURE_SUFFIXES))})")
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise DataError(_explain(path, exc)) from exc
    if not data:
        raise DataError(f"{path}: an empty file (0 bytes); copy it again")
    return data


def _open_video(path: Path) -> cv2.VideoCapture:
    _require_file(path, "is a folder; name one video (`maskwatch image` takes folders of pictures)")
    quiet_opencv()
    # absolute, or FFmpeg takes what comes before a colon for a protocol
    capture = cv2.VideoCapture(name_for_opencv(path.absolute()), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise DataError(f"{path}: not a readable video (damaged or another kind of file); convert it to MP4 (H.264)")
    return capture


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # reading it says why
        return False


def _require_file(path: Path, folder: str) -> None:
    """Raise DataError unless there is a file that may be read; `folder` is what to say where a folder is there."""
    try:
        there = path.is_file() or path.is_dir()
        if there:
            path.open("rb").close()
    except IsADirectoryError as exc:
        raise DataError(f"{path}: {folder}") from exc
    except OSError as exc:
        raise DataError(_explain(path, exc)) from exc
    if not there:
        raise DataError(f"{path}: no such file")


def _explain(path: Path, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"{path}: may not be read by this user; `namei -l {path}` shows who may"
    return f"{path}: cannot be read ({error.strerror}); check the name and the disk"


def _sane_fps(stated: float) -> float:
    return stated if 0 < stated <= _MAX_FPS else _UNKNOWN_FPS

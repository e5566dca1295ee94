"""The folder that pictures of alarms are kept in: whole files only, for some days and up to some megabytes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

_NAME: Final = "alarm-%Y%m%dT%H%M%S"
_PART: Final = ".alarm.part"


@dataclass(frozen=True, slots=True)
class Kept:
    """A picture in the folder: its name, when it was taken (UTC, from its name), its size in bytes."""

    name: str
    taken: datetime
    size_bytes: int


def picture_name(taken: datetime) -> str:
    """Return the file name of a picture, by UTC: alarm-20260314T091500.250Z.jpg."""
    utc = taken.astimezone(UTC)
    return f"{utc.strftime(_NAME)}.{utc.microsecond // 1000:03d}Z.jpg"


def find_surplus(pictures: Sequence[Kept], now: datetime, keep_days: int, max_mb: int) -> tuple[str, ...]:
    """Return the names of pictures to delete: those that are too old, and the oldest until the rest fits. Pure.

    One from the future (the clock was wrong) is kept until it is the oldest.
    """
    oldest = now - timedelta(days=keep_days)
    surplus, room_bytes = [], max_mb * 1_000_000
    for picture in sorted(pictures, key=lambda each: each.taken, reverse=True):
        room_bytes -= picture.size_bytes
        if picture.taken < oldest or room_bytes < 0:
            surplus.append(picture.name)
    return tuple(surplus)


class SnapshotFolder:
    """Writes pictures and deletes old ones. It touches no file whose name is not one of its own.

    Every method raises OSError when the disk does not let it.
    """

    def __init__(self, path: Path) -> None:
        """Point to a folder; it is made when it is first written to."""
        self._path = path

    def write(self, taken: datetime, jpeg: bytes) -> Path:
        """Write a picture that only its user and group can read, all of it or nothing, and return its path."""
        self._path.mkdir(mode=0o750, parents=True, exist_ok=True)
        part, path = self._path / _PART, self._path / picture_name(taken)
        part.unlink(missing_ok=True)
        try:
            _write_whole(part, jpeg)
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        return path

    def tidy(self, now: datetime, keep_days: int, max_mb: int) -> None:
        """Delete pictures that are too old or too many, and what a power cut left half written."""
        (self._path / _PART).unlink(missing_ok=True)
        for name in find_surplus(tuple(self._pictures()), now, keep_days, max_mb):
            (self._path / name).unlink(missing_ok=True)

    def _pictures(self) -> Iterator[Kept]:
        for path in self._path.glob("alarm-*Z.jpg"):
            taken = _taken(path.name)
            if taken is not None:
                yield Kept(path.name, taken, path.lstat().st_size)


def _taken(name: str) -> datetime | None:
    try:
        return datetime.strptime(name, f"{_NAME}.%fZ.jpg").replace(tzinfo=UTC)
    except ValueError:
        return None


def _write_whole(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o640), "wb") as file:
        os.fchmod(file.fileno(), 0o640)  # whatever the umask is
        file.write(data)
        file.flush()
        os.fsync(file.fileno())  # else a power cut after the rename can leave an empty file

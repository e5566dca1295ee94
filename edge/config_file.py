"""Notices that config.yaml has changed, however the editor does it: writing into it, replacing it, or moving it away.

The file is looked at, not subscribed to: that works for every editor and file system. An editor that writes into the
file empties it first, and an empty file is a valid one. So a change counts only when the next look finds it unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Final, TypeAlias

from edge.config import decode_settings, read_config
from edge.errors import ConfigError
from edge.settings import Settings

EVERY_S: Final = 1.0

Stamp: TypeAlias = tuple[int, int, int, int, int] | None
"""Device, inode, size in bytes, times of the last change of content and of anything; None: no file."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the file held: its bytes, and either the settings or, line by line, what is wrong."""

    data: bytes = b""
    settings: Settings | None = None
    problem: str = ""


class ConfigFile:
    """A configuration file that is looked at again and again."""

    def __init__(self, path: Path) -> None:
        """Begin with a file that was not read yet."""
        self.path = path
        self._read_stamp: Stamp = None
        self._seen_stamp: Stamp = None
        self._due_s = -inf

    def read(self) -> Reading:
        """Return what the file holds now."""
        self._read_stamp = self._seen_stamp = read_stamp(self.path)
        try:
            data = read_config(self.path)
            return Reading(data, decode_settings(data, str(self.path)))
        except ConfigError as exc:
            return Reading(problem=str(exc))

    def has_changed(self, now_s: float) -> bool:
        """Return whether the file has changed and come to rest since it was read.

        It is looked at no more than once a second; `now_s` is in monotonic seconds.
        """
        if now_s < self._due_s:
            return False
        self._due_s = now_s + EVERY_S
        before, self._seen_stamp = self._seen_stamp, read_stamp(self.path)
        return before == self._seen_stamp != self._read_stamp


def read_stamp(path: Path) -> Stamp:
    """Return what changes whenever a file does, None where there is none or it may not be looked at."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

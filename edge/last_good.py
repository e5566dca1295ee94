"""A copy of the configuration that was last in force, for a start with a broken one."""

from __future__ import annotations

import codecs
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from edge.config import decode_settings
from edge.config_file import ConfigFile, Reading
from edge.errors import ConfigError
from edge.settings import Settings

log = logging.getLogger(__name__)

_NAME: Final = "last-good.yaml"
_STATE: Final = "/var/lib/maskwatch"


class LastGood:
    """The copy of one configuration file. Its first line names that file, so that another one's is never taken."""

    def __init__(self, config: Path, environment: Mapping[str, str] = os.environ) -> None:
        """Keep the copy of `config` where the service manager says (STATE_DIRECTORY), else in /var/lib/maskwatch."""
        folder = environment.get("STATE_DIRECTORY", "").partition(":")[0] or _STATE
        self.path = Path(folder) / _NAME
        self._head = f"# The last good {config.absolute()}, kept by Maskwatch. Edit that one.\n".encode()
        self._failing = False

    def exists(self) -> bool:
        """Return whether there is a copy of this very file that says something."""
        data = self._read()
        return data.startswith(self._head) and bool(data.removeprefix(self._head).strip())

    def load(self) -> Settings:
        """Return the settings that were last in force. Raises ConfigError when there are none, or no good ones."""
        data = self._read()
        if not data.startswith(self._head):
            raise ConfigError(f"{self.path}: is not there, cannot be read, or is of another configuration")
        return decode_settings(data, str(self.path))

    def keep(self, data: bytes) -> None:
        """Keep what is in force, whole or not at all, and through a power cut. A disk that fails is logged once."""
        wanted = self._head + data.removeprefix(codecs.BOM_UTF8)
        if self._read() == wanted:
            return
        try:
            _replace(self.path, wanted)
        except OSError as exc:
            if not self._failing:
                advice = "after a bad edit the next start would end with exit code 2"
                log.warning("%s: the settings in force cannot be kept (%s); %s", self.path, exc.strerror, advice)
            self._failing = True
        else:
            self._failing = False

    def _read(self) -> bytes:
        try:
            return self.path.read_bytes()
        except OSError:  # not there yet; or unreadable, and keeping it will say so
            return b""


def read_in_force(file: ConfigFile, last_good: LastGood) -> Reading:
    """Return what a file holds now; an empty one is a broken one where there is a last good copy.

    A full disk or a power cut leaves empty files, and going by the defaults would move the pins.
    """
    reading = file.read()
    if reading.settings is None or reading.data.strip() or not last_good.exists():
        return reading
    return Reading(problem=f"{file.path}: is empty; save it again, or write a # into it to go by the defaults")


def load_in_force(config: Path, last_good: LastGood) -> Settings:
    """Return the settings of a file, or of its last good copy where the file is broken.

    Raises ConfigError, with what is wrong with the file, when neither is good.
    """
    reading = read_in_force(ConfigFile(config), last_good)
    if reading.settings is not None:
        return reading.settings
    try:
        return last_good.load()
    except ConfigError as exc:
        log.debug("%s", exc)
        raise ConfigError(reading.problem) from exc


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o640), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())  # else a power cut after the rename can leave an empty file
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

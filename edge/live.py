"""The configuration while the daemon runs: what is good comes into force, what is broken leaves the last good one."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path

from edge.config_file import ConfigFile, Reading
from edge.errors import ConfigError
from edge.last_good import LastGood, read_in_force
from edge.settings import Settings

log = logging.getLogger(__name__)

_STAYS = "the last good settings stay in force until it is corrected"


class LiveConfig:
    """A configuration file, the settings in force, and what is wrong with the file.

    What `look` returns is to be tried, and `accept` or `refuse` to be called.
    """

    def __init__(
        self, path: Path, forced: Callable[[], bool] = lambda: False, environment: Mapping[str, str] = os.environ
    ) -> None:
        """Read the file, or the last good copy where it is broken.

        `forced` tells whether somebody asked for another look since it was last called. Raises ConfigError when
        neither is good.
        """
        self.fault = ""
        """What is wrong with the file, "" for nothing."""
        self._forced, self._accepted = forced, False
        self._file, self._last_good = ConfigFile(path), LastGood(path, environment)
        self._reading = self._read()
        self.settings = self._reading.settings or self._load_last_good()
        """What is in force."""

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._file.path

    def look(self, now_s: float) -> Settings | None:
        """Return settings that shall come into force, None when there are none; `now_s` is in monotonic seconds."""
        forced = self._forced()
        if not forced and not self._file.has_changed(now_s):
            return None
        reading = self._read()
        if reading.settings is None:
            self.refuse(reading.problem)
            return None
        self._reading = reading
        if reading.settings == self.settings:
            self._come_back(forced)
            return None
        return reading.settings

    def accept(self) -> None:
        """Take notice that what was read last is in force: it is good, and kept for the next start."""
        self._accepted = True
        if self._reading.settings is None:
            return
        before, self.settings = self.settings, self._reading.settings
        if changed := list_changes(before, self.settings):
            log.info("%s: applied, changed: %s", self.path, ", ".join(changed))
        self.fault = ""
        self._last_good.keep(self._reading.data)

    def refuse(self, problem: str) -> None:
        """Take notice that the file is broken, or asks for what does not work here."""
        if problem != self.fault:
            log.error("%s\n%s", problem, _STAYS)
        self.fault = problem

    def fall_back(self, problem: str) -> bool:
        """Go by the last good copy at the start, as the file asks for what does not work here.

        Return whether there is one that asks for something else. What fails once all has worked is no matter of the
        file, and pins that cannot be had are not replaced by none: then nobody would notice.
        """
        if self._accepted:
            return False
        try:
            settings = self._last_good.load()
        except ConfigError as exc:
            log.debug("%s", exc)
            return False
        if settings == self.settings or (settings.gpio.driver == "mock" != self.settings.gpio.driver):
            return False
        self.refuse(problem)
        self.settings, self._reading = settings, Reading()
        log.warning("starting with %s", self._last_good.path)
        return True

    def _read(self) -> Reading:
        return read_in_force(self._file, self._last_good)

    def _come_back(self, forced: bool) -> None:
        if self.fault or forced:
            log.info("%s: fine, and in force", self.path)
        self.accept()

    def _load_last_good(self) -> Settings:
        try:
            settings = self._last_good.load()
        except ConfigError as exc:
            log.debug("%s", exc)
            raise ConfigError(self._reading.problem) from exc
        self.refuse(self._reading.problem)
        log.warning("starting with %s", self._last_good.path)
        return settings


def list_changes(before: Settings, after: Settings) -> list[str]:
    """Return the names of the sections in which two settings differ."""
    return [each.name for each in fields(Settings) if getattr(before, each.name) != getattr(after, each.name)]

"""What keeps the alarm down at this moment: the mute, and the schedule by the wall clock."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from edge.alarm import Silence
from edge.clock import is_clock_set
from edge.schedule import needs_clock, silence_at
from edge.settings import Schedule

log = logging.getLogger(__name__)


def read_local_time() -> datetime:
    """Return the wall clock's time in the local time zone."""
    return datetime.now().astimezone()


class Silencer:
    """Asks the schedule; while nobody has set the wall clock it says so once and leaves the schedule alone."""

    def __init__(
        self,
        config: Schedule,
        read_time: Callable[[], datetime] = read_local_time,
        clock_is_set: Callable[[], bool] = is_clock_set,
    ) -> None:
        """Begin with a clock that is taken to be set; without spans no clock is ever read for it."""
        self._config, self._read_time, self._clock_is_set = config, read_time, clock_is_set
        self._was_set = True

    def silence(self, muted: bool) -> Silence:
        """Return what keeps the alarm down now."""
        is_set = not needs_clock(self._config) or self._clock_is_set()
        if is_set is not self._was_set:
            self._say(is_set)
        self._was_set = is_set
        return silence_at(self._read_time(), muted, self._config, is_set)

    def _say(self, is_set: bool) -> None:
        if is_set:
            log.info("clock set: schedule.active and schedule.quiet_hours count from now on")
        else:
            log.warning("clock not set yet: always active, no quiet hours; connect a network, or a clock module")

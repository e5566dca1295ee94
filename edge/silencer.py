"""What keeps the alarm down at this moment: the mute, and the schedule by the wall clock."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from edge.alarm import Silence
from edge.clock import follow_time_zone, is_clock_set
from edge.schedule import needs_clock, silence_at
from edge.settings import Schedule

log = logging.getLogger(__name__)


def read_local_time() -> datetime:
    """Return the wall clock's time in the time zone that the device has now."""
    follow_time_zone()
    return datetime.now().astimezone()


class Silencer:
    """Asks the schedule; while nobody has set the wall clock it says so once and leaves the schedule alone.

    A clock that was set stays good enough for hours of the day, even when its time server is gone.
    """

    def __init__(
        self,
        config: Schedule,
        read_time: Callable[[], datetime] = read_local_time,
        clock_is_set: Callable[[], bool] = is_clock_set,
    ) -> None:
        """Begin with a clock of which nothing is known; without spans nobody ever asks whether it is set."""
        self._config, self._read_time, self._clock_is_set = config, read_time, clock_is_set
        self._needs_clock = needs_clock(config)
        self._is_set: bool | None = None

    def silence(self, muted: bool) -> Silence:
        """Return what keeps the alarm down now."""
        if not self._needs_clock:
            return Silence(muted=muted)
        if not self._is_set:
            self._ask()
        return silence_at(self._read_time(), muted, self._config, bool(self._is_set))

    def _ask(self) -> None:
        is_set = self._clock_is_set()
        if is_set and self._is_set is False:
            log.info("clock set: schedule.active and schedule.quiet_hours count from now on")
        elif not is_set and self._is_set is None:
            log.warning("clock not set yet: always active, no quiet hours; connect a network")
        self._is_set = is_set

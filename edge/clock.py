"""The wall clock, and whether anybody has set it: a Pi without a network wakes up with an old time."""

from __future__ import annotations

import ctypes
import time
from dataclasses import dataclass
from pathlib import Path

_TIMESYNC = Path("/run/systemd/timesync/synchronized")
"""There once systemd-timesyncd has set the clock (systemd-timesyncd.service(8), "Files")."""

_NOT_SET = (-1, 5)
"""What adjtimex(2) gives when it may not be called, and (TIME_ERROR) while the clock is not synchronized."""

_TIMEX_BYTES = 512
"""More than `struct timex` needs on any Linux; all zero, it asks and changes nothing."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A look at the clocks: UTC in seconds since 1970, whether that clock was set, and monotonic seconds."""

    utc_s: float
    clock_set: bool
    monotonic_s: float


def read_clock() -> Moment:
    """Return what the clocks show now."""
    return Moment(time.time(), is_clock_set(), time.monotonic())


def follow_time_zone() -> None:
    """Have local times follow a time zone that was changed while the process runs: glibc reads it once by itself.

    Takes 5 µs where nothing changed; a zone in the environment (TZ) stays in force (tzset(3)).
    """
    time.tzset()


def is_clock_set(marker: Path = _TIMESYNC) -> bool:
    """Return whether a time server has set the wall clock since the device started. Linux only.

    The kernel knows for every time service. Our service's sandbox forbids asking it: there only systemd-timesyncd's
    marker counts.
    """
    return is_marked(marker) or _ask_kernel() not in _NOT_SET


def is_marked(marker: Path = _TIMESYNC) -> bool:
    """Return whether systemd-timesyncd says that it has set the clock: what the service can see of it."""
    return marker.exists()


def _ask_kernel() -> int:
    answer: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return answer

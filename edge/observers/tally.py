"""What adds up while the daemon runs: visitors, alarms, and how long decisions take."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, inf
from typing import Final

from edge.pipeline import Turn
from edge.records import SOUNDING, VerdictKind
from edge.visits import Visits, count_visits

BOUNDS_S: Final = (0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0)
"""Upper ends of the histogram's buckets, in seconds; one more without an end follows."""

_RECENT: Final = 900
"""How many frames the percentiles are about: a minute at the fastest default rate."""

_BELIEVABLE_S: Final = 60.0
"""A file in the place of a camera counts its own seconds: what comes out beyond this is no latency."""


@dataclass(frozen=True, slots=True)
class Latencies:
    """How long frames took from the camera to the decision.

    `p50_s` and `p95_s` are about recent frames, None without any. `counts` has a number for each bucket of `BOUNDS_S`
    and one more, `sum_s` adds all up; both since the start.
    """

    p50_s: float | None
    p95_s: float | None
    counts: tuple[int, ...]
    sum_s: float


@dataclass(frozen=True, slots=True)
class Tallies:
    """Sums since the daemon's start."""

    frames: int
    visitors: Mapping[VerdictKind, int]
    alarms: int
    latencies: Latencies


class Tally:
    """Safe to tell and to ask from several threads."""

    def __init__(self, min_stay_s: float) -> None:
        """Begin with nobody; who stays undecided for less than `min_stay_s` is not counted (`edge.visits`)."""
        self.min_stay_s = min_stay_s
        self._lock = threading.Lock()
        self._visits = Visits()
        self._frames = self._alarms = 0
        self._sounding = False
        self._visitors = dict.fromkeys(VerdictKind, 0)
        self._recent_s: deque[float] = deque(maxlen=_RECENT)
        self._counts, self._sum_s = [0] * (len(BOUNDS_S) + 1), 0.0

    def add(self, turn: Turn, now_s: float) -> None:
        """Take in what a frame gave; `now_s` is in monotonic seconds."""
        at_s = turn.frame.captured_s
        with self._lock:
            self._frames += 1
            self._visits, kinds = count_visits(self._visits, turn.people, turn.at_door, at_s, self.min_stay_s)
            self._count(kinds)
            sounding = turn.decision.alarm in SOUNDING
            self._alarms += sounding and not self._sounding
            self._sounding = sounding
            if 0 <= now_s - at_s <= _BELIEVABLE_S:
                self._time(now_s - at_s)

    def add_blind(self) -> None:
        """Take in that there is no picture: nobody is at the door any more, as far as anybody can tell."""
        with self._lock:
            kinds = count_visits(self._visits, (), (), inf, self.min_stay_s)[1]
            self._visits, self._sounding = Visits(), False
            self._count(kinds)

    def read(self) -> Tallies:
        """Return the sums."""
        with self._lock:
            recent, counts, sum_s = sorted(self._recent_s), tuple(self._counts), self._sum_s
            frames, visitors, alarms = self._frames, dict(self._visitors), self._alarms
        latencies = Latencies(percentile(recent, 0.5), percentile(recent, 0.95), counts, sum_s)
        return Tallies(frames, visitors, alarms, latencies)

    def _count(self, kinds: Sequence[VerdictKind]) -> None:
        for kind in kinds:
            self._visitors[kind] += 1

    def _time(self, latency_s: float) -> None:
        self._recent_s.append(latency_s)
        self._counts[bisect_left(BOUNDS_S, latency_s)] += 1
        self._sum_s += latency_s


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Return the smallest of sorted numbers that at least `share` (0..1) of them do not exceed; None without any."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else None

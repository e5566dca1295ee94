"""Keeps the board from getting too hot: looks at its thermometers and power supply, and says how fast to go."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Final

from edge.sensors import has_low_voltage, read_celsius

log = logging.getLogger(__name__)

HOT_C: Final = 80.0
COOL_C: Final = 75.0
"""A Pi begins to slow itself down at 80 °C, unevenly (raspberrypi.com, "Frequency management and thermal control").
Above it the frame rate is lowered a step at each look, below the other it is raised again."""

SLOWEST_FPS: Final = 2.0
"""Never slower, as people are followed from frame to frame (`tracking.forget_after_s`)."""

_STEP: Final = 0.6
_EVERY_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Board:
    """How the board is: its hottest thermometer, the frames a second that are allowed, whether its supply is weak.

    None: no thermometer, no limit.
    """

    celsius: float | None = None
    limit_fps: float | None = None
    low_voltage: bool = False


def next_limit(limit_fps: float | None, celsius: float | None, fps: float, max_fps: float) -> float | None:
    """Return how many frames a second are allowed from now on, None for all. Pure.

    `fps` is what it was lately, since a board that does not reach `max_fps` is not helped by less of that; one at
    SLOWEST_FPS or below is slowed no further.
    """
    if celsius is None or (celsius <= HOT_C and limit_fps is None):
        return None
    if celsius > HOT_C:
        slow = min(fps, max_fps) <= SLOWEST_FPS
        return limit_fps if slow else max(SLOWEST_FPS, _STEP * min(limit_fps or inf, fps))
    if celsius >= COOL_C or limit_fps is None:
        return limit_fps
    raised_fps = limit_fps / _STEP
    return raised_fps if raised_fps < max_fps else None


class Thermal:
    """Looks at the board now and then; what changes is logged."""

    def __init__(self, sys: Path = Path("/sys")) -> None:
        """Begin with a cool board; `sys` is where the kernel shows its sensors."""
        self.board = Board()
        self._sys = sys
        self._due_s = -inf

    def look(self, now_s: float, rate: Callable[[float], float], max_fps: float) -> bool:
        """Read the sensors if it is time to; return whether it was.

        `now_s` is in monotonic seconds; `rate` gives the frames a second that came lately, `max_fps` may come.
        """
        if now_s < self._due_s:
            return False
        self._due_s = now_s + _EVERY_S
        celsius = read_celsius(self._sys)
        limit_fps = next_limit(self.board.limit_fps, celsius, rate(now_s), max_fps)
        before, self.board = self.board, Board(celsius, limit_fps, bool(has_low_voltage(self._sys)))
        _say(before, self.board)
        return True


def _say(before: Board, board: Board) -> None:
    if board.limit_fps != before.limit_fps:
        slowed = board.limit_fps is not None and board.limit_fps < (before.limit_fps or inf)
        pace = f"at most {board.limit_fps:.1f} frames a second" if board.limit_fps else "full frame rate"
        words = "slowing down; give the board air or a heat sink" if slowed else "going faster again"
        log.log(logging.WARNING if slowed else logging.INFO, "%.0f °C: %s, %s", board.celsius or 0.0, pace, words)
    if board.low_voltage and not before.low_voltage:
        log.warning("the supply voltage is too low; use the Pi's own power supply and a short, thick cable")
    elif before.low_voltage and not board.low_voltage:
        log.info("the supply voltage is fine again")

"""Draws stacked bars with OpenCV: no plotting library is on the device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np

from edge.preprocess import Picture

Color = tuple[int, int, int]
Point = tuple[float, float]

WIDTH_PX, HEIGHT_PX = 1200, 600

# Okabe and Ito's colors, which those who do not see red and green apart can tell (jfly.uni-koeln.de/color), as BGR
MASKED_BGR: Color = (115, 158, 0)
UNMASKED_BGR: Color = (0, 94, 213)
UNSURE_BGR: Color = (170, 170, 170)
_ALARM_BGR: Color = (40, 20, 160)
_INK_BGR: Color = (50, 45, 40)
_FADED_BGR: Color = (120, 115, 110)
_GRID_BGR: Color = (228, 226, 224)
_UNWATCHED_BGR: Color = (242, 240, 238)

_FINER = 4
"""Drawn this much larger, then reduced: OpenCV's lines and letters look smooth that way."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 1164, 132, 478
"""The field of the bars, in pixels of the result."""

_MARGIN = 24
_LANE = (486, 512)
_LABELS_Y, _X_LABEL_Y = 538, 574
_STEPS = (1, 2, 5)
_FEWEST_LINES = 4
_BAR_FRAC = 0.8
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_HEIGHT_PX = 21.0


@dataclass(frozen=True, slots=True)
class Bar:
    """How many of each kind, drawn on top of each other."""

    masked: int = 0
    unmasked: int = 0
    unsure: int = 0

    @property
    def height(self) -> int:
        """All of them."""
        return self.masked + self.unmasked + self.unsure


@dataclass(frozen=True, slots=True)
class Tick:
    """A label on the horizontal axis, and a line across the field; places are 0..1 of the axis."""

    place: float
    text: str
    line: float | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """All that is drawn. Texts are ASCII; `alarms`, `unwatched` and ticks are places 0..1 on the horizontal axis."""

    title: str
    subtitle: str
    bars: tuple[Bar, ...]
    alarms: tuple[float, ...]
    unwatched: tuple[tuple[float, float], ...]
    ticks: tuple[Tick, ...]
    x_label: str
    y_label: str


def draw_chart(chart: Chart) -> Picture:
    """Return the chart as a picture (600, 1200, 3) uint8 BGR."""
    canvas = _Canvas()
    top = find_top(max((bar.height for bar in chart.bars), default=0))
    _draw_unwatched(canvas, chart.unwatched)
    _draw_scale(canvas, top, chart.y_label)
    _draw_ticks(canvas, chart.ticks, chart.x_label)
    _draw_bars(canvas, chart.bars, top)
    _draw_alarms(canvas, chart.alarms)
    _draw_heading(canvas, chart)
    return canvas.finish()


def find_step(highest: int) -> int:
    """Return the distance of the grid lines: 1, 2 or 5 times a power of ten, so that there are four to ten of them."""
    step = 1
    for power in (10**exponent for exponent in range(12)):
        for factor in _STEPS:
            if highest / (factor * power) >= _FEWEST_LINES:
                step = factor * power
    return step


def find_top(highest: int) -> int:
    """Return where the vertical axis ends: a grid line at or above the highest bar, never below four."""
    step = find_step(highest)
    return max(_FEWEST_LINES, ceil(highest / step) * step)


class _Canvas:
    """A white picture that is drawn on in pixels of the result, with fractions of them."""

    def __init__(self) -> None:
        self._large = np.full((HEIGHT_PX * _FINER, WIDTH_PX * _FINER, 3), 255, np.uint8)

    def fill(self, top_left: Point, bottom_right: Point, color: Color) -> None:
        (left, top), (right, bottom) = _enlarge(top_left), _enlarge(bottom_right)
        self._large[top:bottom, left:right] = color

    def fill_triangle(self, corners: Sequence[Point], color: Color) -> None:
        points = np.array([_enlarge(corner) for corner in corners], np.int32)
        cv2.fillConvexPoly(self._large, points, color, cv2.LINE_AA)

    def write(
        self, text: str, place: Point, height_px: float, color: Color, align: float = 0.0, bold: bool = False
    ) -> int:
        """Write with capitals of that height, the base line at `place`, and return the width in pixels.

        `align` 0 starts there, 1 ends there.
        """
        scale = height_px * _FINER / _FONT_HEIGHT_PX
        thickness = max(1, round(height_px * _FINER * (0.16 if bold else 0.105)))
        (width, _), _ = cv2.getTextSize(text, _FONT, scale, thickness)
        x, y = _enlarge(place)
        cv2.putText(self._large, text, (x - round(align * width), y), _FONT, scale, color, thickness, cv2.LINE_AA)
        return round(width / _FINER)

    def finish(self) -> Picture:
        small = cv2.resize(self._large, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8)


def _enlarge(point: Point) -> tuple[int, int]:
    return round(point[0] * _FINER), round(point[1] * _FINER)


def _x(place: float) -> float:
    return _LEFT + place * (_RIGHT - _LEFT)


def _y(value: float, top: int) -> float:
    return _BOTTOM - value / top * (_BOTTOM - _TOP)


def _draw_unwatched(canvas: _Canvas, spans: Sequence[tuple[float, float]]) -> None:
    for begin, end in spans:
        left, right = _x(begin), _x(end)
        canvas.fill((left, _TOP), (right, _BOTTOM), _UNWATCHED_BGR)
        if right - left > 110:
            canvas.write("not watching", ((left + right) / 2, _TOP + 24), 9, _FADED_BGR, align=0.5)


def _draw_scale(canvas: _Canvas, top: int, label: str) -> None:
    for value in range(0, top + 1, find_step(top)):
        y = _y(value, top)
        canvas.fill((_LEFT, y - 0.5), (_RIGHT, y + 0.5), _INK_BGR if value == 0 else _GRID_BGR)
        canvas.write(f"{value:,}", (_LEFT - 10, y + 5), 10, _FADED_BGR, align=1)
    canvas.write(label, (_MARGIN, _TOP - 18), 10, _FADED_BGR)


def _draw_ticks(canvas: _Canvas, ticks: Sequence[Tick], label: str) -> None:
    for tick in ticks:
        if tick.line is not None:
            canvas.fill((_x(tick.line) - 0.5, _TOP), (_x(tick.line) + 0.5, _LANE[1]), _GRID_BGR)
        canvas.write(tick.text, (_x(tick.place), _LABELS_Y), 10, _INK_BGR, align=0.5)
    canvas.write(label, ((_LEFT + _RIGHT) / 2, _X_LABEL_Y), 10, _FADED_BGR, align=0.5)


def _draw_bars(canvas: _Canvas, bars: Sequence[Bar], top: int) -> None:
    for number, bar in enumerate(bars):
        middle, half = _x((number + 0.5) / len(bars)), (_RIGHT - _LEFT) / len(bars) * _BAR_FRAC / 2
        base = 0
        for count, color in ((bar.masked, MASKED_BGR), (bar.unmasked, UNMASKED_BGR), (bar.unsure, UNSURE_BGR)):
            canvas.fill((middle - half, _y(base + count, top)), (middle + half, _y(base, top) - 0.5), color)
            base += count
    if not any(bar.height for bar in bars):
        canvas.write("nobody was counted", ((_LEFT + _RIGHT) / 2, (_TOP + _BOTTOM) / 2), 14, _FADED_BGR, align=0.5)


def _draw_alarms(canvas: _Canvas, places: Sequence[float]) -> None:
    canvas.write("alarms", (_LEFT - 10, _LANE[1] - 8), 10, _FADED_BGR, align=1)
    for place in places:
        _draw_alarm(canvas, _x(place))


def _draw_alarm(canvas: _Canvas, x: float) -> None:
    canvas.fill_triangle([(x, _LANE[0] + 4), (x - 5, _LANE[1] - 9), (x + 5, _LANE[1] - 9)], _ALARM_BGR)


def _draw_heading(canvas: _Canvas, chart: Chart) -> None:
    canvas.write(chart.title, (_MARGIN, 46), 17, _INK_BGR, bold=True)
    canvas.write(chart.subtitle, (_MARGIN, 78), 11, _FADED_BGR)
    x = float(_RIGHT)
    for word, color in (("unsure", UNSURE_BGR), ("no mask", UNMASKED_BGR), ("mask", MASKED_BGR)):
        x -= canvas.write(word, (x, _TOP - 18), 10, _INK_BGR, align=1) + 8
        canvas.fill((x - 13, _TOP - 29), (x, _TOP - 16), color)
        x -= 13 + 22

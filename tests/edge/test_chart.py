"""The chart's drawing: what is where, in which color."""

from __future__ import annotations

import numpy as np
import pytest

from edge.chart import (
    MASKED_BGR,
    UNMASKED_BGR,
    UNSURE_BGR,
    Bar,
    Chart,
    Color,
    Tick,
    draw_chart,
    find_step,
    find_top,
)
from edge.preprocess import Picture

FIELD = np.s_[128:478, 84:1164]
BELOW = np.s_[484:514, 90:1164]


def chart(bars: tuple[Bar, ...] = (), alarms: tuple[float, ...] = (), **other: object) -> Chart:
    said = {"title": "Tuesday", "subtitle": "5 people", "x_label": "time", "y_label": "people"}
    return Chart(bars=bars, alarms=alarms, ticks=(Tick(0.5, "12:00"),), **{"unwatched": (), **said, **other})  # type: ignore[arg-type]


def count(picture: Picture, color: Color) -> int:
    return int((picture == color).all(axis=2).sum())


def test_the_parts_of_a_bar_are_as_large_as_their_numbers() -> None:
    field = draw_chart(chart((Bar(40, 20, 10),)))[FIELD]
    masked, unmasked, unsure = (count(field, color) for color in (MASKED_BGR, UNMASKED_BGR, UNSURE_BGR))
    assert masked / unmasked == pytest.approx(2, rel=0.03)
    assert unmasked / unsure == pytest.approx(2, rel=0.03)


def test_bars_stand_in_their_order() -> None:
    field = draw_chart(chart((Bar(5), Bar(0, 5), Bar(0, 0, 5))))[FIELD]
    for third, color in zip(np.array_split(field, 3, axis=1), (MASKED_BGR, UNMASKED_BGR, UNSURE_BGR), strict=True):
        assert count(third, color) > 1000


def test_an_alarm_is_marked_below_its_time() -> None:
    dark = (draw_chart(chart((Bar(1),), alarms=(0.5,)))[BELOW] < 100).any(axis=2)
    columns = np.flatnonzero(dark.any(axis=0)) + 90
    assert (columns.min() + columns.max()) / 2 == pytest.approx((84 + 1164) / 2, abs=2)


def test_without_alarms_there_is_no_mark() -> None:
    assert not (draw_chart(chart((Bar(1),)))[BELOW] < 100).any()


def test_time_without_watching_is_shaded() -> None:
    assert (draw_chart(chart(unwatched=((0.0, 1.0),)))[300, 1000] < 255).all()
    assert (draw_chart(chart())[300, 1000] == 255).all()


def test_a_chart_without_anybody_is_drawn() -> None:
    assert draw_chart(chart((Bar(),) * 24)).shape == (600, 1200, 3)


@pytest.mark.parametrize(
    ("highest", "step", "top"),
    [(0, 1, 4), (1, 1, 4), (7, 1, 7), (8, 2, 8), (9, 2, 10), (112, 20, 120), (999, 200, 1000), (5000, 1000, 5000)],
)
def test_the_scale_has_four_to_ten_lines_and_ends_at_one(highest: int, step: int, top: int) -> None:
    assert (find_step(highest), find_top(highest)) == (step, top)
    assert 4 <= top / step <= 10

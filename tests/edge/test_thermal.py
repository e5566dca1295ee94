"""A board that gets too hot."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from edge.sensors import read_celsius
from edge.thermal import SLOWEST_FPS, Board, Thermal, next_limit


def heat(sys: Path, *celsius: float) -> None:
    for number, each in enumerate(celsius):
        folder = sys / "class" / "thermal" / f"thermal_zone{number}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "temp").write_text(f"{each * 1000:.0f}\n")


def starve(sys: Path, low: bool) -> None:
    folder = sys / "class" / "hwmon" / "hwmon1"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "in0_lcrit_alarm").write_text(f"{int(low)}\n")


def test_the_hottest_thermometer_counts_and_those_that_cannot_be_read_do_not(tmp_path: Path) -> None:
    assert read_celsius(tmp_path) is None
    heat(tmp_path, 41.5, 63.2)
    (tmp_path / "class/thermal/thermal_zone2/temp").mkdir(parents=True)
    assert read_celsius(tmp_path) == 63.2


def test_above_80_degrees_it_slows_down_step_by_step_from_the_rate_it_had() -> None:
    limit, seen = None, []
    for _ in range(6):
        limit = next_limit(limit, 80.1, fps=min(10.0, limit or 10.0), max_fps=15)
        seen.append(round(limit or 0, 2))
    assert seen == [6.0, 3.6, 2.16, SLOWEST_FPS, SLOWEST_FPS, SLOWEST_FPS]


def test_between_75_and_80_degrees_it_stays_and_below_it_goes_back_to_full_speed() -> None:
    assert next_limit(None, 79.0, 10, 15) is None
    assert next_limit(3.6, 79.0, 3.6, 15) == 3.6
    assert next_limit(3.6, 74.9, 3.6, 15) == pytest.approx(6.0)
    assert next_limit(10.0, 74.9, 10, 15) is None


def test_a_blind_or_unmeasured_board_is_not_slowed() -> None:
    assert next_limit(None, 85.0, fps=0.0, max_fps=15) is None
    assert next_limit(4.0, None, fps=4.0, max_fps=15) is None


@pytest.mark.parametrize(("fps", "max_fps"), [(0.5, 0.5), (1.0, 15.0), (2.01, SLOWEST_FPS)])
def test_a_board_that_is_as_slow_already_is_not_said_to_slow_down(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fps: float, max_fps: float
) -> None:
    heat(tmp_path, 81.0)
    thermal = Thermal(tmp_path)
    assert thermal.look(0.0, lambda now_s: fps, max_fps)
    assert (thermal.board, caplog.messages) == (Board(81.0, None), [])
    assert next_limit(3.6, 81.0, fps, max_fps) == 3.6


def test_it_looks_every_ten_seconds_and_says_what_changes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    thermal = Thermal(tmp_path)
    heat(tmp_path, 82.0)
    starve(tmp_path, low=True)
    assert [thermal.look(at_s, lambda now_s: 10.0, 15) for at_s in (0.0, 9.9)] == [True, False]
    assert thermal.board == Board(82.0, 6.0, low_voltage=True)
    heat(tmp_path, 60.0)
    starve(tmp_path, low=False)
    for at_s in (10.0, 20.0, 30.0):
        thermal.look(at_s, lambda now_s: 6.0, 15)
    assert thermal.board == Board(60.0, None)
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING", "INFO", "INFO", "INFO"]
    assert "82 °C: at most 6.0 frames a second, slowing down" in caplog.text
    assert "60 °C: full frame rate" in caplog.text
    assert "supply voltage" in caplog.text

"""config.yaml is changed the way editors do it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from edge.config_file import ConfigFile, Reading

OLD, NEW = "alarm: {hold_s: 3}\n", "alarm: {hold_s: 5}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text(OLD)
    return tmp_path / "config.yaml"


@pytest.fixture
def file(path: Path) -> ConfigFile:
    found = ConfigFile(path)
    assert hold_s(found.read()) == 3
    return found


def hold_s(reading: Reading | None) -> float | None:
    return reading.settings.alarm.hold_s if reading and reading.settings else None


def look(file: ConfigFile, seconds: Iterator[int], times: int = 3) -> list[Reading]:
    return [file.read() for _ in range(times) if file.has_changed(float(next(seconds)))]


def write_into(path: Path) -> None:
    """As nano does, and cp."""
    path.write_text(NEW)


def move_away_and_write(path: Path) -> None:
    """As vim does with `backupcopy=no`."""
    path.rename(path.with_name("config.yaml~"))
    path.write_text(NEW)
    path.with_name("config.yaml~").unlink()


def edit_with_sed(path: Path) -> None:
    subprocess.run(["sed", "-i", "s/hold_s: 3/hold_s: 5/", path], check=True)


def replace_with_the_same_time(path: Path) -> None:
    """As a tool does that keeps times: only the inode tells."""
    other, was = path.with_name("other"), path.stat()
    other.write_text(NEW)
    os.utime(other, ns=(was.st_atime_ns, was.st_mtime_ns))
    other.replace(path)


def point_a_link_elsewhere(path: Path) -> None:
    target, link = path.with_name("target"), path.with_name("link")
    target.write_text(NEW)
    link.symlink_to(target)
    link.replace(path)


STYLES = [write_into, move_away_and_write, edit_with_sed, replace_with_the_same_time, point_a_link_elsewhere]


@pytest.mark.parametrize("change", STYLES, ids=lambda change: change.__name__)
def test_a_change_is_read_once_whoever_makes_it(path: Path, file: ConfigFile, change: Callable[[Path], None]) -> None:
    seconds = count()
    assert look(file, seconds) == []
    change(path)
    assert [hold_s(each) for each in look(file, seconds)] == [5]
    assert look(file, seconds) == []


def test_it_is_looked_at_once_a_second_at_most(path: Path, file: ConfigFile) -> None:
    file.has_changed(0.0)
    path.write_text(NEW)
    assert [file.has_changed(at_s) for at_s in (0.5, 0.99, 1.0, 1.5, 2.0)] == [False] * 4 + [True]


def test_a_file_that_is_still_being_written_is_not_read(path: Path, file: ConfigFile) -> None:
    for at_s, text in enumerate(("", NEW[:5], NEW)):
        path.write_text(text)
        assert not file.has_changed(float(at_s))
    assert file.has_changed(3.0)


def test_a_file_that_is_missing_for_a_moment_is_no_change(path: Path, file: ConfigFile) -> None:
    file.has_changed(0.0)
    path.rename(path.with_name("away"))
    assert not file.has_changed(1.0)
    path.with_name("away").rename(path)
    assert all(hold_s(each) == 3 for each in look(file, count(2)))


def test_a_file_that_stays_away_is_said_once(path: Path, file: ConfigFile) -> None:
    path.unlink()
    found = look(file, count(), times=5)
    assert [each.problem.startswith(f"{path}: there is no such file") for each in found] == [True]


def test_a_broken_file_says_what_is_wrong(path: Path, file: ConfigFile) -> None:
    path.write_text("alarm: {hold_s: 99}\n")
    assert [each.problem for each in look(file, count())] == [
        f"{path}:1: alarm.hold_s: must be between 0 and 60, got 99"
    ]


def test_a_right_to_read_that_comes_back_is_noticed(path: Path, file: ConfigFile) -> None:
    path.chmod(0o640)
    assert [hold_s(each) for each in look(file, count())] == [3]

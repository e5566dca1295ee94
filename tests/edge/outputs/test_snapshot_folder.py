"""Pictures on the disk: whole, private, few and young."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.outputs.snapshot_folder import Kept, SnapshotFolder, find_surplus, picture_name

NOW = datetime(2026, 3, 14, 9, 15, tzinfo=UTC)
DAY = timedelta(days=1)


def kept(age: timedelta, size_bytes: int = 1000) -> Kept:
    return Kept(picture_name(NOW - age), NOW - age, size_bytes)


def test_name_is_the_time_in_utc_and_sorts_by_it() -> None:
    summer = timezone(timedelta(hours=2))
    assert picture_name(datetime(2026, 7, 1, 1, 2, 3, 45_678, summer)) == "alarm-20260630T230203.045Z.jpg"


def test_pictures_that_are_too_old_go() -> None:
    pictures = [kept(6 * DAY), kept(8 * DAY), kept(0 * DAY)]
    assert find_surplus(pictures, NOW, keep_days=7, max_mb=1) == (pictures[1].name,)


def test_the_oldest_go_until_the_rest_fits() -> None:
    pictures = [kept(timedelta(hours=age), 400_000) for age in range(5)]
    assert set(find_surplus(pictures, NOW, keep_days=7, max_mb=1)) == {each.name for each in pictures[2:]}


@given(
    st.lists(st.tuples(st.integers(-1000, 20_000), st.integers(0, 900_000)), unique_by=lambda each: each[0]),
    st.integers(1, 12),
    st.integers(1, 3),
)
def test_what_is_left_is_young_and_fits_and_nothing_younger_than_it_went(
    ages: list[tuple[int, int]], keep_days: int, max_mb: int
) -> None:
    pictures = [kept(timedelta(minutes=minutes), size) for minutes, size in ages]
    gone = set(find_surplus(pictures, NOW, keep_days, max_mb))
    left = [each for each in pictures if each.name not in gone]
    assert sum(each.size_bytes for each in left) <= max_mb * 1_000_000
    assert all(each.taken >= NOW - keep_days * DAY for each in left)
    assert all(each.taken < min(young.taken for young in left) for each in pictures if each.name in gone and left)


def test_a_picture_is_readable_by_its_user_and_group_only_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = SnapshotFolder(tmp_path / "new" / "folder").write(NOW, b"jpeg")
    finally:
        os.umask(before)
    assert path.name == "alarm-20260314T091500.000Z.jpg"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750
    assert path.read_bytes() == b"jpeg"


def test_tidying_deletes_old_pictures_and_half_written_ones_and_nothing_else(tmp_path: Path) -> None:
    folder = SnapshotFolder(tmp_path)
    old, young = folder.write(NOW - 8 * DAY, b"old"), folder.write(NOW, b"young")
    others = [tmp_path / name for name in ("alarm-holiday.jpg", "alarm-1Z.jpg", "notes.txt")]
    for path in (*others, tmp_path / ".alarm.part"):
        path.write_text("mine")
    folder.tidy(NOW, keep_days=7, max_mb=1)
    assert sorted(tmp_path.iterdir()) == sorted([young, *others])
    assert not old.exists()


def test_tidying_a_folder_that_was_never_made_is_fine(tmp_path: Path) -> None:
    SnapshotFolder(tmp_path / "never").tidy(NOW, keep_days=7, max_mb=1)
    assert list(tmp_path.iterdir()) == []


def test_what_a_power_cut_left_does_not_stop_the_next_picture(tmp_path: Path) -> None:
    (tmp_path / ".alarm.part").write_bytes(b"half")
    assert SnapshotFolder(tmp_path).write(NOW, b"whole").read_bytes() == b"whole"


def test_a_link_in_the_place_of_the_part_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("mine")
    (tmp_path / ".alarm.part").symlink_to(tmp_path / "victim")
    SnapshotFolder(tmp_path).write(NOW, b"jpeg")
    assert (tmp_path / "victim").read_text() == "mine"


def test_a_folder_that_cannot_be_written_to_raises_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError):
        SnapshotFolder(tmp_path / "file").write(NOW, b"jpeg")

"""Pictures of alarms: which, what is in them, and that nothing waits for them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from people import UNMASKED, no_face, person, verdict

from edge.geometry import Box
from edge.outputs.snapshot import SnapshotWriter, draw_snapshot
from edge.pipeline import Turn
from edge.records import AlarmState, Decision, Frame, StatusPattern
from edge.settings import Settings, Snapshots

NOISE = np.random.default_rng(2).integers(0, 256, (240, 320, 3), np.uint8)
FACE, MISSED, REFUSED = Box(60, 100, 140, 200), Box(200, 100, 280, 200), Box(150, 20, 190, 70)
NOW = datetime(2026, 3, 14, 9, 15, tzinfo=UTC)
CLEAR, ALARM, HOLDING, COOLDOWN = AlarmState.CLEAR, AlarmState.ALARM, AlarmState.HOLDING, AlarmState.COOLDOWN
LONG_S = 5.0


def turn(alarm: AlarmState = ALARM) -> Turn:
    """Return a turn with a face, one that was taken for none, and a person whose face the detector missed this time."""
    decision = Decision(0, 0.0, alarm, alarm is ALARM, False, False, False, StatusPattern.WATCHING)
    found, refused = verdict(FACE, UNMASKED), no_face(REFUSED)
    people = (person(1, box=MISSED),)
    return Turn(Frame(0, 0.0, NOISE), (found,), people, decision, faces=(found.face, refused.face))


def into(folder: Path, enabled: bool = True, pixelate_faces: bool = True) -> Settings:
    snapshots = Snapshots(enabled=enabled, folder=str(folder), pixelate_faces=pixelate_faces)
    return replace(Settings(), snapshots=snapshots)


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.jpg"))


def wait_until(done: Callable[[], bool]) -> None:
    until_s = time.monotonic() + LONG_S
    while not done():
        assert time.monotonic() < until_s
        time.sleep(0.005)


def detail(jpeg: bytes, box: Box) -> float:
    """Return how much neighboring pixels differ inside a box, as the median, so that edges of blocks do not count."""
    gray = cv2.cvtColor(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2GRAY)
    inside = gray[int(box.y_min) + 8 : int(box.y_max) - 8, int(box.x_min) + 8 : int(box.x_max) - 8].astype(float)
    return float(np.median(np.abs(np.diff(inside, axis=1))))


def test_faces_and_people_whose_face_was_missed_or_refused_are_pixelated() -> None:
    jpeg = draw_snapshot(turn(), Settings())
    assert detail(jpeg, FACE) <= 2
    assert detail(jpeg, MISSED) <= 2
    assert detail(jpeg, REFUSED) <= 2
    assert detail(jpeg, Box(10, 210, 310, 240)) > 20


def test_faces_are_shown_only_when_the_owner_says_so(tmp_path: Path) -> None:
    assert detail(draw_snapshot(turn(), into(tmp_path, pixelate_faces=False)), FACE) > 20


def test_a_picture_carries_no_thumbnail_and_no_metadata() -> None:
    jpeg = draw_snapshot(turn(), Settings())
    assert b"Exif" not in jpeg
    assert jpeg.count(b"\xff\xd8\xff") == 1


def test_one_picture_is_kept_of_each_alarm_and_of_nothing_else(tmp_path: Path) -> None:
    states = [CLEAR, ALARM, ALARM, HOLDING, ALARM, COOLDOWN, CLEAR, ALARM, CLEAR]
    times = iter(range(100))
    with closing(SnapshotWriter(into(tmp_path), now=lambda: NOW.replace(microsecond=next(times) * 1000))) as writer:
        for count, state in enumerate(states):
            writer.add(turn(state))
            begun = sum(states[i] is ALARM and states[i - 1] in (CLEAR, COOLDOWN) for i in range(1, count + 1))
            wait_until(lambda begun=begun: len(kept(tmp_path)) == begun)  # type: ignore[misc]
    assert len(kept(tmp_path)) == 2


def test_a_writer_that_takes_over_in_an_alarm_keeps_no_second_picture_of_it(tmp_path: Path) -> None:
    with closing(SnapshotWriter(into(tmp_path), now=lambda: NOW)) as first:
        first.add(turn(ALARM))
    with closing(SnapshotWriter(into(tmp_path / "new"), lambda: NOW, first)) as second:
        second.add(turn(ALARM))
    assert (len(kept(tmp_path)), (tmp_path / "new").exists()) == (1, False)


def test_nothing_is_kept_unless_it_is_switched_on(tmp_path: Path) -> None:
    with closing(SnapshotWriter(into(tmp_path / "new", enabled=False), now=lambda: NOW)) as writer:
        writer.add(turn())
    assert list(tmp_path.iterdir()) == []


def test_old_pictures_are_deleted_even_when_it_is_switched_off(tmp_path: Path) -> None:
    (tmp_path / "alarm-20260301T000000.000Z.jpg").touch()
    with closing(SnapshotWriter(into(tmp_path, enabled=False), now=lambda: NOW)):
        wait_until(lambda: kept(tmp_path) == [])


def test_a_picture_is_finished_when_it_closes(tmp_path: Path) -> None:
    writer = SnapshotWriter(into(tmp_path), now=lambda: NOW)
    writer.add(turn())
    writer.close()
    writer.close()
    assert kept(tmp_path) == ["alarm-20260314T091500.000Z.jpg"]
    assert cv2.imread(str(tmp_path / kept(tmp_path)[0])).shape == (240, 320, 3)


def test_a_slow_disk_delays_no_frame_and_pictures_that_do_not_fit_are_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A clock that hangs stands in for the disk: both are asked in the writer's thread."""
    disk_is_free = threading.Event()

    def slow_now() -> datetime:
        disk_is_free.wait(LONG_S)
        return NOW

    writer = SnapshotWriter(into(tmp_path), now=slow_now)
    began_s = time.monotonic()
    for _ in range(50):
        writer.add(turn(ALARM))
        writer.add(turn(CLEAR))
    assert time.monotonic() - began_s < 1.0
    disk_is_free.set()
    writer.close()
    assert "snapshot left out" in caplog.text
    assert len(kept(tmp_path)) == 1


def test_a_folder_that_cannot_be_written_is_said_once_and_so_is_its_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    in_the_way, asked = tmp_path / "folder", list[datetime]()
    in_the_way.touch()

    def now() -> datetime:
        asked.append(NOW)
        return NOW

    with closing(SnapshotWriter(into(in_the_way), now=now)) as writer:
        for count in range(1, 5):
            writer.add(turn(ALARM))
            writer.add(turn(CLEAR))
            wait_until(lambda count=count: len(asked) == 1 + 2 * count)  # type: ignore[misc]
            if count == 3:
                in_the_way.unlink()
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        f"snapshots.folder: {in_the_way}: Not a directory; "
        "check that the folder can be written to and the disk has room; the alarm goes on without",
        "snapshots work again",
        f"snapshot {in_the_way / 'alarm-20260314T091500.000Z.jpg'}",
    ]


def test_a_picture_that_opencv_cannot_make_is_said_once_and_the_next_one_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    good, asked = turn(ALARM), list[datetime]()
    bad = replace(good, frame=replace(good.frame, bgr=NOISE[:0]), verdicts=(), people=(), faces=())

    def now() -> datetime:
        asked.append(NOW)
        return NOW

    with closing(SnapshotWriter(into(tmp_path), now=now)) as writer:
        for count, each in enumerate((bad, bad, good), start=1):
            writer.add(each)
            writer.add(turn(CLEAR))
            wait_until(lambda count=count: len(asked) == 1 + 2 * count)  # type: ignore[misc]
    said = [record.getMessage() for record in caplog.records]
    assert "OpenCV cannot make the picture" in said[0]
    assert said[1:] == ["snapshots work again", f"snapshot {tmp_path / kept(tmp_path)[0]}"]

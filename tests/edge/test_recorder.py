"""What the frames leave in the journal and the status."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from people import MASKED, UNMASKED, blank_frame, person, square

from edge import settings
from edge.clock import Moment
from edge.control import Control
from edge.errors import HardwareError
from edge.journal import Journal
from edge.journal_file import Entry, EntryKind, read_entries
from edge.mute import Mute
from edge.pipeline import Turn
from edge.recorder import Recorder, recording
from edge.records import AlarmState, Decision, Person, StatusPattern
from edge.runtime.edgetpu import Acceleration
from edge.settings import Settings
from edge.status import Status

CLEAR, ALARM, HOLDING, COOLDOWN = AlarmState.CLEAR, AlarmState.ALARM, AlarmState.HOLDING, AlarmState.COOLDOWN
NOON_S = 1_795_219_200.0
FACTS = {"version": "9.9"}


def turn(at_s: float, at_door: Sequence[Person] = (), alarm: AlarmState = CLEAR, far: Sequence[Person] = ()) -> Turn:
    decision = Decision(0, at_s, alarm, False, False, False, False, StatusPattern.WATCHING)
    return Turn(blank_frame(0, at_s), (), (*at_door, *far), decision, tuple(at_door))


def settings_in(folder: Path) -> Settings:
    return Settings(
        journal=settings.Journal(path=str(folder / "j.db")), control=settings.Control(path=str(folder / "c.sock"))
    )


class Door:
    """A recorder with its journal, mute and status, at noon.

    A clock that hangs stands in for a disk that is not `disk_is_free`: the journal's thread asks it too.
    """

    def __init__(self, folder: Path) -> None:
        self.disk_is_free = threading.Event()
        self.disk_is_free.set()
        self.now_s = 0.0
        self.clock_set = True
        self.path = folder / "j.db"
        self.mute = Mute()
        config = settings_in(folder)
        self.journal = Journal(config.journal, self.read_clock)
        self.recorder = Recorder(config, self.journal, self.mute, Status(0.0, FACTS), self.read_clock)

    def read_clock(self) -> Moment:
        if threading.current_thread().name == "journal":
            self.disk_is_free.wait(20.0)
        return Moment((NOON_S if self.clock_set else 1000.0) + self.now_s, self.clock_set, self.now_s)

    def see(self, *turns: Turn) -> None:
        for each in turns:
            self.now_s = each.frame.captured_s
            self.recorder.add(each, self.now_s)

    def entries(self) -> list[Entry]:
        self.recorder.close()
        self.journal.close()
        return list(read_entries(self.path, 0.0, 1e12)) if self.path.exists() else []

    def events(self) -> list[tuple[EntryKind, float, str]]:
        entries = self.entries()
        return [(e.kind, e.at_s - NOON_S, e.detail) for e in entries if e.kind is not EntryKind.COUNTS]


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def test_an_alarm_is_two_events_however_many_frames_it_lasts(door: Door) -> None:
    states = [CLEAR, ALARM, ALARM, HOLDING, ALARM, HOLDING, COOLDOWN, CLEAR]
    door.see(*(turn(float(number), alarm=state) for number, state in enumerate(states)))
    assert door.events() == [(EntryKind.ALARM_ON, 1.0, ""), (EntryKind.ALARM_OFF, 6.0, "")]


def test_an_alarm_that_is_on_at_the_end_goes_off_then(door: Door) -> None:
    door.see(turn(1.0, alarm=ALARM))
    assert [kind for kind, _, _ in door.events()] == [EntryKind.ALARM_ON, EntryKind.ALARM_OFF]


def test_visitors_at_the_door_are_counted_and_people_far_away_are_not(door: Door) -> None:
    far = person(3, UNMASKED, square(10, 10, side=12))
    door.see(turn(1.0, [person(1, MASKED), person(2, UNMASKED)], far=[far]), turn(1.1, far=[far]))
    assert [(e.masked, e.unmasked, e.unsure) for e in door.entries()] == [(1, 1, 0)]


def test_a_mute_and_its_end_by_itself_are_events_whoever_set_it(door: Door) -> None:
    door.mute.set(until_s=100.0)
    door.see(turn(10.0), turn(50.0), turn(99.0), turn(100.0))
    assert door.events() == [(EntryKind.MUTE, 10.0, "for 2 min"), (EntryKind.UNMUTE, 100.0, "")]


def test_what_was_written_before_the_clock_was_set_is_corrected_after_a_change_of_how_long_it_is_kept(
    door: Door, tmp_path: Path
) -> None:
    door.clock_set = False
    door.recorder.note(EntryKind.FAULT, "early")
    config = settings_in(tmp_path)
    door.recorder.change(replace(config, journal=replace(config.journal, keep_days=5)), FACTS)
    door.now_s, door.clock_set = 60.0, True
    door.recorder.note(EntryKind.FAULT, "late")
    found = [(kind, at_s) for kind, at_s, _ in door.events()]
    assert found == [(EntryKind.FAULT, 0.0), (EntryKind.CONFIG, 0.0), (EntryKind.FAULT, 60.0)]


def test_a_change_of_the_journal_waits_for_no_disk_and_loses_nothing(door: Door, tmp_path: Path) -> None:
    door.disk_is_free.clear()
    for number in range(3):
        door.recorder.note(EntryKind.FAULT, str(number))
    other, began_s = settings.Journal(path=str(tmp_path / "new.db")), time.monotonic()
    door.recorder.change(replace(settings_in(tmp_path), journal=other), FACTS)
    took_s = time.monotonic() - began_s
    door.disk_is_free.set()
    door.recorder.close_journal()
    assert took_s < 1.0
    old, new = (read_entries(path, 0.0, 1e12) for path in (door.path, tmp_path / "new.db"))
    assert [entry.detail for entry in (*old, *new)] == ["0", "1", "2", "changed: journal"]


def test_the_status_tells_of_the_last_frame_the_mute_and_the_journal(door: Door) -> None:
    door.see(turn(5.0, [person(1, UNMASKED)], ALARM))
    door.mute.set(until_s=65.0)
    said = door.recorder.answers()["status"]({})
    assert (said["state"], said["people"], said["alarm"], said["version"]) == ("watching", 1, "alarm", "9.9")
    assert (said["muted"], said["muted_s"], said["muted_until"]) == (True, 60, "2026-11-21T00:01:05Z")
    assert said["journal"]["state"] == "writing"
    door.entries()


def test_muting_without_minutes_takes_those_of_the_settings(door: Door) -> None:
    door.recorder.answers()["mute"]({})
    assert door.mute.remaining_s(0.0) == 15 * 60
    door.recorder.answers()["mute"]({"minutes": 480})
    assert door.mute.remaining_s(0.0) == 480 * 60
    door.recorder.answers()["unmute"]({})
    assert not door.mute.is_muted(0.0)
    door.entries()


@pytest.mark.parametrize("minutes", [0, 481, -1, "5", None, True, float("nan"), float("inf"), [5]])
def test_minutes_that_make_no_sense_are_refused_and_mute_nothing(door: Door, minutes: object) -> None:
    with pytest.raises(ValueError, match="minutes must be between 1 and 480"):
        door.recorder.answers()["mute"]({"minutes": minutes})
    assert not door.mute.is_muted(0.0)
    door.entries()


def test_a_lost_camera_ends_the_alarm_and_is_two_events_however_often_it_is_tried(door: Door) -> None:
    door.see(turn(1.0, [person(1, UNMASKED)], ALARM))
    for at_s in (4.0, 4.2, 900.0):
        door.now_s = at_s
        door.recorder.add_blind("camera 0: unplugged", at_s)
    said = door.recorder.answers()["status"]({})
    assert (said["state"], said["camera_fault"], said["people"], said["alarm"]) == (
        "blind",
        "camera 0: unplugged",
        0,
        "clear",
    )
    assert said["since"] == "2026-11-21T00:00:01Z"
    door.see(turn(1000.0), turn(1000.1))
    assert door.recorder.answers()["status"]({})["camera_fault"] is None
    assert door.events() == [
        (EntryKind.ALARM_ON, 1.0, ""),
        (EntryKind.ALARM_OFF, 4.0, ""),
        (EntryKind.FAULT, 4.0, "blind: camera 0: unplugged"),
        (EntryKind.FAULT, 1000.0, "the camera gives pictures again, after 996 s"),
    ]


def test_a_broken_configuration_is_told_and_written_down_once(door: Door) -> None:
    for fault in ("", "c.yaml:1: alrm: unknown key", "c.yaml:1: alrm: unknown key"):
        door.recorder.tell_config(fault)
    door.see(turn(1.0))
    said = door.recorder.answers()["status"]({})
    assert (said["state"], said["config_fault"]) == ("watching", "c.yaml:1: alrm: unknown key")
    door.recorder.tell_config("")
    assert door.recorder.answers()["status"]({})["config_fault"] is None
    assert [detail for kind, _, detail in door.events() if kind is EntryKind.CONFIG] == [
        "c.yaml:1: alrm: unknown key",
        "config.yaml is fine again",
    ]


def test_a_coral_that_fails_and_works_again_is_told_and_two_events(door: Door) -> None:
    told = []
    for on, fault in (("cpu", False), ("edgetpu", False), ("cpu", True), ("edgetpu", False), ("cpu", False)):
        door.recorder.tell_acceleration(Acceleration(on, f"reason {len(told)}", fault))
        said = door.recorder.answers()["status"]({})
        told.append((said["runs_on"], said["accelerator_fault"]))
    assert told == [("cpu", None), ("edgetpu", None), ("cpu", "reason 2"), ("edgetpu", None), ("cpu", None)]
    assert door.events() == [
        (EntryKind.FAULT, 0.0, "models run on the cpu: reason 2"),
        (EntryKind.FAULT, 0.0, "models run on the edgetpu: reason 3"),
    ]


def test_start_fault_and_stop_are_events(tmp_path: Path) -> None:
    with (
        pytest.raises(HardwareError),
        recording(settings_in(tmp_path), Mute(), FACTS) as recorder,
    ):
        recorder.add(turn(1.0, alarm=ALARM), 1.0)
        raise HardwareError("camera 0: gone")
    found = read_entries(tmp_path / "j.db", 0.0, 1e12)
    assert [(entry.kind, entry.detail) for entry in found] == [
        (EntryKind.START, "maskwatch 9.9"),
        (EntryKind.ALARM_ON, ""),
        (EntryKind.ALARM_OFF, ""),
        (EntryKind.FAULT, "camera 0: gone"),
        (EntryKind.STOP, ""),
    ]
    assert not (tmp_path / "c.sock").exists()


def test_a_change_to_the_socket_of_another_daemon_is_said_and_the_rest_goes_on(
    door: Door, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(Control(tmp_path / "other.sock", {"status": lambda request: {"pid": 812}})):
        door.recorder.change(
            replace(settings_in(tmp_path), control=settings.Control(str(tmp_path / "other.sock"))), FACTS
        )
        door.see(turn(1.0, alarm=ALARM))
    assert "another daemon listens there" in caplog.text
    assert EntryKind.ALARM_ON in [kind for kind, _, _ in door.events()]


def test_a_socket_that_cannot_be_is_said_once_and_the_rest_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = Settings(
        journal=settings.Journal(enabled=False), control=settings.Control(path=str(tmp_path / "none" / "c.sock"))
    )
    with recording(config, Mute(), FACTS) as recorder:
        recorder.add(turn(1.0), 1.0)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "control.path" in caplog.text


def test_another_camera_ends_the_alarm_and_the_status_is_starting(door: Door) -> None:
    door.see(turn(1.0, [person(1, UNMASKED)], ALARM))
    door.now_s = 5.0
    door.recorder.start_over(door.now_s)
    said = door.recorder.answers()["status"]({})
    assert (said["state"], said["people"], said["alarm"]) == ("starting", 0, "clear")
    door.now_s = 9.0
    assert door.events() == [(EntryKind.ALARM_ON, 1.0, ""), (EntryKind.ALARM_OFF, 5.0, "")]

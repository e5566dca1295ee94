"""A change of the settings opens anew what it is about, and nothing else."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from people import blank_frame
from scripted import ScriptedSource

from edge.appliance import CHANGE_LIMIT_S, Appliance
from edge.clock import is_clock_set
from edge.commands import ROOT
from edge.errors import ConfigError
from edge.journal_file import EntryKind, read_entries
from edge.mute import Mute
from edge.panel import Panel
from edge.pipeline import Turn
from edge.recorder import Recorder, recording
from edge.records import AlarmState, Decision, StatusPattern
from edge.settings import (
    Alarm,
    Camera,
    Classifier,
    Control,
    Detector,
    Gpio,
    Journal,
    Schedule,
    Settings,
    Snapshots,
    Tracking,
    Zone,
)
from edge.sources import Source
from edge.sources.steady import open_steady
from edge.status import gather_facts
from edge.thermal import Thermal

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class House:
    """An appliance with mock pins and scripted cameras."""

    def __init__(self, folder: Path, recorder: Recorder, settings: Settings) -> None:
        self.folder, self.settings, self.recorder = folder, settings, recorder
        self.cameras: list[ScriptedSource] = []
        self.corals: tuple[str, ...] = ()
        mute = Mute()
        self.panel = Panel(settings.gpio, mute)
        self.sensors = folder / "sys"
        self.appliance = Appliance(
            settings, ROOT, self.panel, recorder, mute, None, self.open_camera, Thermal(self.sensors),
            find=lambda: self.corals,
        )  # fmt: skip

    def open_camera(self, camera: Camera) -> Source:
        if camera.source == "files":
            return open_steady(camera)
        self.cameras.append(ScriptedSource([]))
        return self.cameras[-1]

    def change(self, **sections: Any) -> tuple[bool, bool]:
        """Change sections; return whether the source and the models are others now."""
        before = self.appliance.rig(False)
        self.settings = replace(self.settings, **sections)
        self.appliance.change(self.settings)
        after = self.appliance.rig(False)
        assert after.settings is self.settings
        return after.source is not before.source, after.looker is not before.looker

    def close(self) -> None:
        self.appliance.close()
        self.panel.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    settings = Settings(
        gpio=Gpio(driver="mock"),
        journal=Journal(path=str(tmp_path / "a.db")),
        control=Control(path=str(tmp_path / "a.sock")),
        snapshots=Snapshots(folder=str(tmp_path)),
    )
    with (
        recording(settings, Mute(), gather_facts(settings, ROOT, None)) as recorder,
        closing(House(tmp_path, recorder, settings)) as house,
    ):
        yield house


@pytest.mark.parametrize(
    "sections",
    [
        {"alarm": Alarm(hold_s=9)},
        {"tracking": Tracking(window_s=3)},
        {"zone": Zone(min_face_frac=0.2)},
        {"schedule": Schedule(active=("00:00-24:00",))},
        {"detector": Detector(every_n_frames=3)},
        {"snapshots": Snapshots(keep_days=3)},
        {"gpio": Gpio(driver="mock", lamp_pin=5)},
    ],
    ids=lambda sections: next(iter(sections)),
)
def test_a_change_elsewhere_opens_neither_camera_nor_models_anew(house: House, sections: dict[str, Any]) -> None:
    assert house.change(**sections) == (False, False)
    assert not house.cameras[0].closed


def test_a_camera_change_closes_the_camera_and_opens_the_other_one(house: House) -> None:
    assert house.change(camera=Camera(device=1)) == (True, False)
    assert [camera.closed for camera in house.cameras] == [True, False]


@pytest.mark.parametrize(
    "sections", [{"detector": Detector(min_score=0.9)}, {"alarm": Alarm(labels=("without_mask",))}], ids=str
)
def test_what_the_models_depend_on_loads_them_anew(house: House, sections: dict[str, Any]) -> None:
    assert house.change(**sections) == (False, True)


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"classifier": Classifier(model="models/none.tflite")}, "no such model"),
        ({"alarm": Alarm(labels=("no_hat",))}, "alarm.labels"),
        ({"camera": Camera(source="files", device="none.mp4")}, "camera.device: none.mp4: no such file"),
        ({"camera": Camera(source="files", device="pictures")}, "camera.device: pictures: no such file"),
        (
            {"detector": Detector(min_score=0.9), "camera": Camera(source="files", device="none.mp4")},
            "camera.device: none.mp4: no such file",
        ),
    ],
)
def test_what_does_not_work_changes_nothing_at_all(house: House, sections: dict[str, Any], words: str) -> None:
    before = house.appliance.rig(False)
    house.corals = ("usb:0",)
    with pytest.raises(ConfigError, match=words):
        house.change(gpio=Gpio(driver="mock", lamp_pin=5), **sections)
    after = house.appliance.rig(False)
    assert (after.source, after.looker, after.settings) == (before.source, before.looker, before.settings)
    assert (after.trouble, house.recorder.answers()["status"]({})["accelerator_fault"]) == (False, None)
    assert not house.cameras[0].closed


@pytest.mark.skipif(any((ROOT / "models").glob("*_edgetpu.tflite")), reason="somebody has compiled the shipped models")
def test_a_coral_that_models_in_force_cannot_use_is_told_of(house: House) -> None:
    house.corals = ("usb:0",)
    house.change(detector=Detector(min_score=0.9))
    assert house.appliance.rig(False).trouble
    assert "not compiled" in house.recorder.answers()["status"]({})["accelerator_fault"]


def test_a_change_that_waits_for_a_coral_leaves_systemd_five_seconds_for_the_rest() -> None:
    unit = (ROOT / "systemd" / "maskwatch.service").read_text()
    watchdog_s = float(unit.partition("\nWatchdogSec=")[2].partition("\n")[0])
    assert watchdog_s - 5 >= CHANGE_LIMIT_S


def test_a_schedule_comes_into_force(house: House) -> None:
    in_three_days = DAYS[(datetime.now().astimezone().weekday() + 3) % 7]
    assert not house.appliance.rig(False).silence().inactive
    house.change(schedule=Schedule(active=(f"{in_three_days} 08:00-09:00",)))
    assert house.appliance.rig(False).silence().inactive is is_clock_set()


def test_journal_and_socket_move_to_their_new_places(house: House) -> None:
    new = {"journal": Journal(path=str(house.folder / "b.db")), "control": Control(path=str(house.folder / "b.sock"))}
    house.change(**new)
    assert not (house.folder / "a.sock").exists()
    assert (house.folder / "b.sock").is_socket()
    house.recorder.close_journal()
    entries = list(read_entries(house.folder / "b.db", 0.0, 1e12))
    assert [(entry.kind, entry.detail) for entry in entries] == [(EntryKind.CONFIG, "changed: journal, control")]


def test_a_change_waits_for_no_picture_that_a_slow_disk_takes_and_keeps_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes, disk_is_free = threading.Event(), threading.Event()

    def sync(descriptor: int) -> None:
        writes.set()
        disk_is_free.wait(20.0)

    monkeypatch.setattr(os, "fsync", sync)
    house.change(snapshots=Snapshots(enabled=True, folder=str(house.folder)))
    alarm = Decision(0, 0.0, AlarmState.ALARM, True, False, False, False, StatusPattern.WATCHING)
    house.appliance.keep_picture(Turn(blank_frame(0, 0.0), (), (), alarm))
    assert writes.wait(20.0)
    began_s = time.monotonic()
    house.change(zone=Zone(min_face_frac=0.2))
    took_s = time.monotonic() - began_s
    disk_is_free.set()
    house.appliance.close()
    assert took_s < 1.0
    assert len(list(house.folder.glob("alarm-*.jpg"))) == 1


def test_the_status_tells_of_the_models_that_are_in_force(house: House) -> None:
    house.change(detector=Detector(model=str(ROOT / "models" / "face_detector.tflite")))
    said = house.recorder.answers()["status"]({})
    assert said["models"]["detector"]["file"] == str(ROOT / "models" / "face_detector.tflite")


def test_a_hot_board_is_told_of(house: House) -> None:
    zone = house.sensors / "class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "temp").write_text("81000")
    house.appliance.look_at_board(100.0)
    said = house.recorder.answers()["status"]({})
    assert (said["temperature_c"], said["slowed_to_fps"], said["low_voltage"]) == (81.0, None, False)

"""Every output is off: by the command that systemd runs, and after the real daemon was stopped or crashed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cli import main
from edge.commands import ROOT
from edge.commands.outputs_off import find_wirings
from edge.last_good import LastGood

PINS = "gpio: {driver: mock, relay_pin: 23, ok_lamp_pin: 24, active_low_pins: [23], mute_button_pin: 26}\n"
OFF = {"17": False, "27": False, "22": False, "23": True, "24": False}

WATCHED = """
import json, sys
from gpiozero.pins import mock

pins, make = [], mock.MockFactory.__init__

class Remembered(mock.MockPin):
    def __init__(self, factory, info):
        super().__init__(factory, info)
        self.name = info.name.removeprefix("GPIO")
        pins.append(self)

mock.MockFactory.__init__ = lambda factory: make(factory, pin_class=Remembered)
{crash}
from edge.cli import main
try:
    code = main(sys.argv[1:])
finally:
    was = {{pin.name: [bool(state.state) for state in pin.states] for pin in pins}}
    print(json.dumps({{"was": was, "functions": [pin.function for pin in pins], "cv2": "cv2" in sys.modules}}))
sys.exit(code)
"""
"""Runs a command and prints every level that each mock pin had."""

CRASH = """
import cv2
def crash(*arguments, **options):
    raise KeyError("a mistake")
cv2.resize = crash
"""
"""The first picture that is made smaller for the face detector ends the daemon."""


def start(arguments: Sequence[str], crash: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WATCHED.format(crash=crash), *arguments]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


@pytest.fixture
def daemon_words(tmp_path: Path) -> Iterator[list[str]]:
    """Yield the arguments of a daemon that watches a minute of gray."""
    writer = cv2.VideoWriter(str(tmp_path / "clip.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 10, (320, 240))
    for _ in range(600):
        writer.write(np.full((240, 320, 3), 90, np.uint8))
    writer.release()
    (tmp_path / "config.yaml").write_text(
        f"{PINS}camera: {{source: files, device: {tmp_path / 'clip.mp4'}}}\njournal: {{enabled: false}}\n"
        f"control: {{path: {tmp_path / 'control.sock'}}}\nsnapshots: {{folder: {tmp_path}}}\n"
    )
    yield ["run", "--config", str(tmp_path / "config.yaml")]


def last_levels(said: str) -> dict[str, bool]:
    was = json.loads(said)["was"]
    return {pin: levels[-1] for pin, levels in was.items() if pin in OFF}


def test_outputs_off_drives_every_wired_pin_to_its_off_level_and_loads_no_opencv(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(PINS)
    process = start(["outputs-off", "--config", str(tmp_path / "config.yaml")])
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert last_levels(said) == OFF
    assert json.loads(said)["cv2"] is False


def test_outputs_off_with_a_broken_file_drives_the_pins_of_the_last_good_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    path = tmp_path / "config.yaml"
    path.write_text("gpio: {lamp_pin: seventeen}\n")
    LastGood(path).keep(PINS.encode())
    process = start(["outputs-off", "--config", str(path)])
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert last_levels(said) == OFF


def test_outputs_off_drives_old_and_new_pins_where_an_edit_was_not_in_force_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    path = tmp_path / "config.yaml"
    path.write_text("gpio: {driver: mock, lamp_pin: 5}\n")
    assert [gpio.lamp_pin for gpio in find_wirings(path)] == [5]
    LastGood(path).keep(PINS.encode())
    assert [gpio.lamp_pin for gpio in find_wirings(path)] == [17, 5]
    process = start(["outputs-off", "--config", str(path)])
    was = json.loads(process.communicate(timeout=30)[0])["was"]
    assert (was["17"][-1], was["5"][-1], was["23"][-1]) == (False, False, True)


@pytest.mark.skipif(any(Path("/dev").glob("gpiochip*")), reason="this machine has GPIO pins")
def test_outputs_off_without_pins_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").touch()
    assert main(["outputs-off", "--config", str(tmp_path / "config.yaml")]) == 3
    assert "no GPIO chip" in capsys.readouterr().err


def stop_when_it_watches(process: subprocess.Popen[str]) -> str:
    assert process.stderr
    for line in process.stderr:
        if "status lamp on" in line:
            process.send_signal(signal.SIGTERM)
            break
    return process.communicate(timeout=30)[0]


def test_after_sigterm_every_pin_of_a_real_daemon_is_off_and_given_back(daemon_words: list[str]) -> None:
    process = start(daemon_words)
    said = stop_when_it_watches(process)
    assert process.returncode == 0
    assert last_levels(said) == OFF
    assert True in json.loads(said)["was"]["22"]
    assert set(json.loads(said)["functions"]) == {"input"}


def test_a_real_daemon_has_the_button_and_keeps_house_among_the_snapshots(
    daemon_words: list[str], tmp_path: Path
) -> None:
    (tmp_path / "alarm-20200101T000000.000Z.jpg").touch()
    said = stop_when_it_watches(start(daemon_words))
    assert "26" in json.loads(said)["was"]
    assert list(tmp_path.glob("alarm-*")) == []


def test_after_a_crash_in_a_stage_every_pin_of_a_real_daemon_is_off(daemon_words: list[str]) -> None:
    process = start(daemon_words, CRASH)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "a mistake" in errors
    assert last_levels(said) == OFF
    assert True in json.loads(said)["was"]["22"]

"""The parts of the Pi camera's test on Debian 13 that need no emulator: its rows, and what is read of them."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

APPLIANCE = Path(__file__).parents[2] / "scripts" / "appliance"


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(APPLIANCE))
    return importlib.import_module("picamera")


@pytest.fixture
def guest(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(APPLIANCE / "guest"))
    return importlib.import_module("picamera_rows")


def test_the_host_asks_for_the_rows_that_the_guest_has(host: ModuleType, guest: ModuleType) -> None:
    assert tuple(guest.ROWS) == host.ROWS


def test_a_row_that_fails_says_why(
    host: ModuleType, guest: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def frames() -> str:
        guest.require(False, "the bars are gray")
        return "fine"

    monkeypatch.setattr(guest, "ROWS", {"frames": frames, "busy": lambda: "fine"})
    guest.main(["frames"])
    assert host.read_outcome(capsys.readouterr().out) == {"row": "frames", "passed": False, "says": "the bars are gray"}
    guest.main([])
    assert host.read_outcome(capsys.readouterr().out) == {"row": "busy", "passed": True, "says": "fine"}


def test_a_row_that_was_killed_has_no_outcome(host: ModuleType) -> None:
    assert host.read_outcome("Fatal Python error: Aborted\n") is None


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """A machine whose emulator does nothing, and whose ssh answers from the second call on, or once `up` is there."""
    programs = {"qemu-img": "exit 0", "qemu-system-x86_64": "exec sleep 600"}
    programs["ssh"] = f"[ -e {tmp_path}/up ] && exit 0; touch {tmp_path}/up; exit 255"
    (tmp_path / "bin").mkdir()
    for name, text in programs.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.syspath_prepend(str(APPLIANCE))
    image = importlib.import_module("image").Image(*[tmp_path] * 4)
    machine = importlib.import_module("emulator").Machine(image, tmp_path / "disk", tmp_path, tmp_path)
    yield machine
    machine.cut()


def test_a_boot_is_waited_for_as_long_as_the_caller_says(machine: Any, host: ModuleType) -> None:
    with pytest.raises(host.ApplianceError, match="no ssh after 0 s"):
        machine.start(0.0)


def test_a_slow_boot_is_waited_for(machine: Any) -> None:
    assert 0.0 < machine.start() < 60.0


def test_an_emulator_that_ends_says_what_its_console_said_last(machine: Any, host: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "bin/qemu-system-x86_64").write_text("#!/bin/sh\necho Kernel panic\n", encoding="utf-8")
    (tmp_path / "bin/ssh").write_text("#!/bin/sh\nsleep 0.1; exit 255\n", encoding="utf-8")
    with pytest.raises(host.ApplianceError, match="ended by itself; its console ends with:\nKernel panic"):
        machine.start()


def test_a_control_is_set_on_the_part_of_the_camera_that_has_it(
    guest: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    vimc = importlib.import_module("vimc")
    for number, name in enumerate(("Sensor A", "Sensor B", "Debayer B")):
        (tmp_path / f"nodes/v4l-subdev{number}").mkdir(parents=True)
        (tmp_path / f"nodes/v4l-subdev{number}/name").write_text(f"{name}\n")
    (tmp_path / "driver").mkdir()
    commands: list[str] = []
    monkeypatch.setattr(vimc, "_NODES", tmp_path / "nodes")
    monkeypatch.setattr(vimc, "_DRIVER", tmp_path / "driver")
    monkeypatch.setattr(vimc.subprocess, "run", lambda words, check: commands.append(" ".join(words)))
    vimc.plug(vimc.NOISE)
    assert (tmp_path / "driver/bind").read_text() == "vimc.0"
    assert commands[1:] == [
        "v4l2-ctl -d /dev/v4l-subdev2 -c debayer_mean_window_size=1",
        "v4l2-ctl -d /dev/v4l-subdev1 -c test_pattern=21",
    ]


def test_every_version_beside_debian_is_pinned() -> None:
    lines = (APPLIANCE / "guest/picamera2.txt").read_text().splitlines()
    assert all("==" in line for line in lines if not line.startswith("#"))

"""The parts of the Pi camera's test on Debian 13 that need no emulator: its rows, and what is read of them."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType, SimpleNamespace

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


class Slow:
    """A machine whose own patience ends before it answers to the `answers`-th question."""

    def __init__(self, host: ModuleType, answers: int) -> None:
        self.host, self.left = host, answers

    def start(self) -> float:
        raise self.host.ApplianceError("no ssh after 300 s")

    def ask(self, command: str, timeout_s: float) -> SimpleNamespace:
        self.left -= 1
        return SimpleNamespace(code=255 if self.left else 0)


def test_a_slow_boot_is_waited_for_and_not_for_ever(host: ModuleType) -> None:
    times_s = iter(range(0, 10_000, 100))
    assert host.boot(Slow(host, answers=3), lambda: next(times_s)) == 300
    with pytest.raises(host.ApplianceError, match="no ssh"):
        host.boot(Slow(host, answers=99), lambda: next(times_s))


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

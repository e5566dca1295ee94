"""Where status, mute and unmute look for the daemon."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edge.cli import main
from edge.clock import Moment
from edge.commands import ROOT
from edge.commands.status import ask_daemon, describe
from edge.control import Control
from edge.errors import HardwareError, NotRunningError
from edge.last_good import LastGood
from edge.settings import Gpio, Settings
from edge.status import Status, gather_facts


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a config.yaml that names new.sock, while old.sock is in the last good copy."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    path = tmp_path / "config.yaml"
    path.write_text(f"control: {{path: {tmp_path / 'new.sock'}}}\n")
    LastGood(path).keep(f"control: {{path: {tmp_path / 'old.sock'}}}\n".encode())
    return path


def listen(path: Path, name: str) -> Control:
    """Return a socket that answers `status` with a name, and refuses to be muted."""

    def refuse(request: Mapping[str, Any]) -> dict[str, Any]:
        raise ValueError(f"not {name}")

    return Control(path, {"status": lambda request: {"name": name}, "mute": refuse})


def test_a_daemon_that_refused_what_the_file_asks_for_is_found_by_its_last_good_settings(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(Control(config.parent / "old.sock", {"unmute": lambda request: {}})):
        assert main(["unmute", "--config", str(config)]) == 0
    assert capsys.readouterr().out == "buzzer and relay sound again\n"


def test_who_answers_where_the_file_says_is_asked_first_and_alone(config: Path) -> None:
    with closing(listen(config.parent / "new.sock", "new")), closing(listen(config.parent / "old.sock", "old")):
        assert ask_daemon(config, {"command": "status"})["name"] == "new"
        with pytest.raises(HardwareError, match="the daemon refuses: not new"):
            ask_daemon(config, {"command": "mute"})


def test_where_nobody_answers_the_place_in_the_file_is_named(config: Path) -> None:
    with pytest.raises(NotRunningError, match=r"nobody answers at .*new\.sock"):
        ask_daemon(config, {"command": "status"})


@pytest.mark.parametrize("name", ["new.sock", "old.sock"])
def test_a_second_daemon_does_not_start_wherever_the_first_one_listens(config: Path, name: str) -> None:
    with closing(Control(config.parent / name, {"status": lambda request: {"pid": 7}})):
        words = [sys.executable, "-m", "edge", "run", "--config", str(config)]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert "another Maskwatch runs already (process 7, " in done.stderr
    assert "last good" not in done.stderr


def test_what_is_wrong_is_said_right_after_the_state() -> None:
    shown = describe(ask_status(Settings(), "config.yaml:3: alarm.hold_s: must be a number")).splitlines()
    assert shown[0].startswith("state:")
    assert "broken" in shown[1]
    assert shown[2] == "config.yaml:3: alarm.hold_s: must be a number"


def test_a_daemon_that_switches_no_real_pin_says_so() -> None:
    shown = describe(ask_status(Settings(gpio=Gpio(driver="mock"))))
    assert "pins:        mock, nothing is switched" in shown
    assert "pins:" not in describe(ask_status(Settings()))


def ask_status(settings: Settings, config_fault: str = "") -> dict[str, Any]:
    """Return what a daemon with these settings says."""
    status = Status(0.0, gather_facts(settings, ROOT, Path("config.yaml")))
    status.tell_config(config_fault)
    said = status.ask(Moment(1_795_219_200.0, True, 10.0))
    return {**said, "muted": False, "journal": {"state": "off"}}

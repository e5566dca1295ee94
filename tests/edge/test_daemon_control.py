"""The real daemon, a process of its own: asked, muted, killed, started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cli import main
from edge.commands import ROOT
from edge.journal_file import EntryKind, read_entries

PATIENCE_S = 20.0


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a config.yaml that watches a clip with mock pins and keeps everything in a folder of its own."""
    writer = cv2.VideoWriter(str(tmp_path / "clip.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 10, (320, 240))
    for level in np.linspace(0, 255, 600):
        writer.write(np.full((240, 320, 3), level, np.uint8))
    writer.release()
    path = tmp_path / "config.yaml"
    path.write_text(
        f"camera: {{source: files, device: {tmp_path / 'clip.mp4'}}}\ngpio: {{driver: mock}}\n"
        f"journal: {{path: {tmp_path / 'journal.db'}}}\ncontrol: {{path: {tmp_path / 'control.sock'}}}\n"
    )
    return path


def wait_for(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, "the daemon did not get there"
        time.sleep(0.05)


@contextmanager
def running(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Yield `maskwatch run`, once it watches."""
    command = [sys.executable, "-m", "edge", "run", "--config", str(config)]
    with (config.parent / "log").open("ab") as log, subprocess.Popen(command, cwd=ROOT, stderr=log) as process:
        try:
            wait_for(lambda: process.poll() is not None or is_watching(config))
            yield process
        finally:
            process.kill()


def is_watching(config: Path) -> bool:
    command = [sys.executable, "-c", IS_WATCHING, str(config.parent / "control.sock")]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).stdout == b"watching\n"


IS_WATCHING = """
import sys
from pathlib import Path
from edge.control import ask
print(ask(Path(sys.argv[1]), {"command": "status"})["state"])
"""


def ask(config: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main([*words, "--config", str(config)])
    said = capsys.readouterr()
    return code, said.out, said.err


def kinds(config: Path) -> list[EntryKind]:
    return [entry.kind for entry in read_entries(config.parent / "journal.db", 0.0, 1e12)]


def test_a_running_daemon_tells_is_muted_and_unmuted_and_stops_clean(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(config) as process:
        said = json.loads(ask(config, capsys, "status", "--json")[1])
        assert (said["state"], said["muted"], said["config"]) == ("watching", False, str(config))
        assert (said["frame_age_s"] < 5, said["journal"]["state"]) == (True, "writing")
        assert "are muted until" in ask(config, capsys, "mute", "20")[1]
        said = json.loads(ask(config, capsys, "status", "--json")[1])
        assert 19 * 60 < said["muted_s"] <= 20 * 60
        wait_for(lambda: EntryKind.MUTE in kinds(config))
        assert ask(config, capsys, "unmute")[:2] == (0, "buzzer and relay sound again\n")
        lines = dict(line.split(":", 1) for line in ask(config, capsys, "status")[1].splitlines())
        assert "watching the door, since" in lines["state"]
        assert lines["muted"].strip() == "no"
        wait_for(lambda: EntryKind.UNMUTE in kinds(config))
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    assert kinds(config) == [EntryKind.START, EntryKind.MUTE, EntryKind.UNMUTE, EntryKind.STOP]
    assert not (config.parent / "control.sock").exists()
    code, _, error = ask(config, capsys, "status")
    assert (code, "the daemon is not running" in error) == (3, True)


@pytest.mark.parametrize("command", ["status", "mute", "unmute"])
def test_a_daemon_answers_while_its_config_is_broken(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(config.parent))
    with running(config):
        config.write_text("alarm: {hold_s: soon}\n")
        assert ask(config, capsys, command)[0] == 0


def test_a_daemon_that_was_killed_starts_again_with_its_journal_and_a_fresh_socket(config: Path) -> None:
    with running(config) as process:
        wait_for(lambda: kinds(config) == [EntryKind.START])
        os.kill(process.pid, signal.SIGKILL)
    assert (config.parent / "control.sock").exists()
    with running(config) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    assert kinds(config) == [EntryKind.START, EntryKind.START, EntryKind.STOP]


def test_a_second_daemon_does_not_start_and_leaves_the_first_one_and_its_journal_alone(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(config) as process:
        code, _, error = ask(config, capsys, "run")
        assert (code, "another Maskwatch runs already" in error) == (3, True)
        assert is_watching(config)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    assert kinds(config) == [EntryKind.START, EntryKind.STOP]


@pytest.mark.parametrize("command", ["status", "mute", "unmute"])
def test_without_a_daemon_each_command_says_so_with_exit_code_3(
    config: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    code, out, error = ask(config, capsys, command)
    assert (code, out) == (3, "")
    assert "the daemon is not running" in error
    assert "maskwatch run" in error


@pytest.mark.parametrize("minutes", ["0", "481", "soon", "nan"])
def test_a_mute_of_no_sense_is_a_usage_error(config: Path, minutes: str) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["mute", minutes, "--config", str(config)])
    assert stop.value.code == 2

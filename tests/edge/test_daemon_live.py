"""The real daemon, a process of its own, without a camera and with a config.yaml that its owner edits."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import IO

import cv2
import numpy as np
import pytest

from edge.commands import ROOT
from edge.commands.status import describe
from edge.control import ask

PATIENCE_S = 30.0


@dataclass
class Daemon:
    """A running `maskwatch run`, its log, and the service manager's end of its socket."""

    process: subprocess.Popen[str]
    log: IO[str]
    manager: socket.socket
    config: Path
    common: str

    def read_to(self, words: str) -> str:
        """Return the log up to the first line with these words."""
        lines = ""
        for line in self.log:
            lines += line
            if words in line:
                return lines
        raise AssertionError(f"the daemon ended without {words!r}:\n{lines}")

    def write(self, text: str) -> None:
        """Save config.yaml and have it read."""
        self.config.write_text(self.common + text)
        self.process.send_signal(signal.SIGHUP)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    common = (
        f"gpio: {{driver: mock}}\njournal: {{enabled: false}}\nsnapshots: {{folder: {tmp_path}}}\n"
        f"control: {{path: {tmp_path / 'control.sock'}}}\n"
    )
    config = tmp_path / "config.yaml"
    config.write_text(f"{common}camera: {{device: /dev/none}}\n")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(PATIENCE_S)
        environment = {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "STATE_DIRECTORY": str(tmp_path),
            "NOTIFY_SOCKET": str(tmp_path / "notify"),
        }
        command = [sys.executable, "-m", "edge", "run", "--config", str(config)]
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=environment)
        too_long = Timer(2 * PATIENCE_S, process.kill)  # ends the log, and with it whoever waits for a line
        too_long.start()
        assert process.stderr
        with process.stderr as log:
            yield Daemon(process, log, manager, config, common)
            too_long.cancel()
            process.kill()
            process.wait()


def status(daemon: Daemon) -> dict[str, object]:
    return ask(daemon.config.with_name("control.sock"), {"command": "status"})


def test_a_daemon_without_a_camera_is_ready_shows_it_and_sees_when_the_settings_name_another(
    daemon: Daemon, tmp_path: Path
) -> None:
    assert "status lamp blinking fast" in daemon.read_to("ERROR blind: camera /dev/none: /dev/none does not exist")
    assert daemon.manager.recv(100) == b"READY=1\nWATCHDOG=1"
    assert daemon.manager.recv(100) == b"WATCHDOG=1"
    assert status(daemon)["state"] == "blind"

    daemon.write("camera: {device: 999}\n")
    daemon.read_to("camera.device: must be between 0 and 255, got 999")
    while (said := status(daemon))["config_fault"] is None:
        daemon.manager.recv(100)  # another turn of the loop
    assert "must be between" in str(said["config_fault"])
    assert "broken, the last good settings are in force" in describe(said)

    clip = tmp_path / "clip.mp4"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"mp4v"), 10, (320, 240))
    for level in np.linspace(0, 255, 600):
        writer.write(np.full((240, 320, 3), level, np.uint8))
    writer.release()
    daemon.write(f"camera: {{source: files, device: {clip}}}\n")
    daemon.read_to("applied, changed: camera")
    daemon.read_to("the camera gives pictures again")
    said = status(daemon)
    assert (said["state"], said["config_fault"], said["camera_fault"]) == ("watching", None, None)
    assert "source: files" in (tmp_path / "last-good.yaml").read_text()
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(PATIENCE_S) == 0
    assert "status lamp off" in daemon.log.read()

"""A running guest with Maskwatch in it, as the tests use it: scenes, pins, settings and what the daemon says."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from emulator import Guest
from notes import Notes
from signals import Change, first_steady
from tools import ApplianceError

CONFIG: Final = "/etc/maskwatch/config.yaml"
WHEELS: Final = "/mnt/host/wheels"

SLOW_SETTINGS: Final = """\
camera:
  max_fps: 5
tracking:
  window_s: 6
  min_evidence: 2
  forget_after_s: 4
alarm:
  hold_s: 1
  cooldown_s: 0
  rearm_s: 0
  max_per_minute: 60
"""
"""An emulated processor looks at one or two pictures a second: it needs more time for the same evidence."""

EDITORS: Final = {
    "in place": f"sed 's/hold_s: .*/hold_s: {{}}/' {CONFIG} >/tmp/new && cat /tmp/new >{CONFIG}",
    "by sed -i": f"sed -i 's/hold_s: .*/hold_s: {{}}/' {CONFIG}",
    "by vim": f"vim.tiny -u NONE -es -c '%s/hold_s: .*/hold_s: {{}}/' -c wq {CONFIG}",
}
"""How editors replace a file: written over (nano), a new one in its place (sed), the old one moved away (vim)."""

READY_S: Final = 400.0
"""How long the daemon may take to watch, under emulation."""

Find = Callable[[Sequence[Change], float], float | None]
"""Finds a moment in the changes of the pins up to now, in seconds since the guest's boot."""


class RowError(Exception):
    """A row of the failure table does not hold; the text says what was seen."""


class Bench:
    """The guest, and the folder that it shares with the host."""

    def __init__(self, machine: Guest, share: Path) -> None:
        """Use a machine that is started, or will be."""
        self.machine, self.share = machine, share
        self._notes = Notes(machine)

    def changes(self) -> list[Change]:
        """Return what the pins did since the boot."""
        return self._notes.changes()

    def now_s(self) -> float:
        """Return the guest's time: seconds since its boot."""
        return self._notes.now_s()

    def act(self, command: str) -> float:
        """Run a command as root; return when it began, in the guest's seconds."""
        return float(self.machine.run(f"cut -d ' ' -f 1 /proc/uptime; {command}").split()[0])

    def play(self, scene: str) -> float:
        """Show a scene to the camera; return since when."""
        return self.act(f"echo {scene} >/run/appliance/scene.new && mv /run/appliance/scene.new /run/appliance/scene")

    def wait(self, what: str, find: Find, timeout_s: float = READY_S) -> float:
        """Return the moment that `find` finds; RowError with `what` when there is none in time."""
        end_s = time.monotonic() + timeout_s
        while True:
            found_s = find(self.changes(), self.now_s())
            if found_s is not None:
                return found_s
            if time.monotonic() > end_s:
                raise RowError(f"{what}: not within {timeout_s:.0f} s")
            time.sleep(0.2)

    def wait_until_steady(self, after_s: float, timeout_s: float = READY_S) -> float:
        """Return since when the status lamp has said that Maskwatch watches."""
        return self.wait("the status lamp is steady", lambda seen, now_s: first_steady(seen, after_s, now_s), timeout_s)

    def wait_for(self, what: str, command: str, timeout_s: float = 60.0) -> None:
        """Wait until a command succeeds; RowError with `what` when it does not in time."""
        end_s = time.monotonic() + timeout_s
        while self.machine.ask(command).code:
            if time.monotonic() > end_s:
                raise RowError(f"{what}: not within {timeout_s:.0f} s")
            time.sleep(1.0)

    def write_config(self, text: str) -> float:
        """Save the settings as an editor of the administrator does, in place; return when."""
        said = self.require_administrator(f"printf %s {shlex.quote(text)} >{CONFIG}; cut -d ' ' -f 1 /proc/uptime")
        return float(said.split()[0])

    def require_administrator(self, command: str, timeout_s: float = 120.0) -> str:
        """Run a command as the administrator, who is not root; RowError when it fails."""
        said = self.machine.ask(command, timeout_s, user="ada")
        if said.code:
            raise RowError(f"{command[:80]!r} ended with {said.code}: {said.text.strip()[-400:]}")
        return said.text

    def bring(self, checkout: str) -> None:
        """Lay a checkout into the administrator's home, as cloning it does."""
        self.require_administrator(f"test -d {checkout} || tar -xf /mnt/host/{checkout}.tar && sync")

    def setup(self, words: str, checkout: str = "checkout", timeout_s: float = 1800.0) -> str:
        """Run setup.sh of a checkout as the administrator does, with sudo; RowError when it fails."""
        self.bring(checkout)
        return self.require_administrator(f"cd {checkout} && sudo ./setup.sh {words} 2>&1", timeout_s)

    def status(self) -> dict[str, Any]:
        """Return what the daemon says about itself; RowError with the end of its log when it does not answer."""
        said = self.machine.ask("maskwatch status --json")
        if said.code:
            log = self.machine.run("journalctl -u maskwatch -n 12 -o cat --no-pager")
            raise RowError(f"maskwatch status ended with {said.code}: {said.text.strip()}; the log: {log}")
        return dict(json.loads(said.text[said.text.index("{") :]))

    def said(self, since_s: float) -> str:
        """Return the service's log since a moment, in the guest's seconds."""
        return self.machine.run(log_since(since_s))

    def property(self, name: str) -> str:
        """Return a property of the service, as systemd has it."""
        return self.machine.run(f"systemctl show --value -p {name} maskwatch.service").strip()

    def release(self) -> str:
        """Return the release in force, as setup.sh links it: `releases/1.0.0`."""
        return self.machine.run("readlink /opt/maskwatch/current").strip()

    def see(self, holds: bool, what: str) -> None:
        """Raise RowError with `what` unless it holds."""
        if not holds:
            raise RowError(what)


def log_since(since_s: float) -> str:
    """Return a shell command that prints the service's log since a moment, in the guest's seconds.

    Exact to hundredths: what the row before left in the log is not this row's.
    """
    to_utc_s = f"awk '{{ printf \"%.2f\", $1 - $2 + {since_s - 0.02:.2f} }}'"
    utc_s = f"$(echo $(date +%s.%N) $(cat /proc/uptime) | {to_utc_s})"
    return f"journalctl -u maskwatch -o cat --no-pager --since=@{utc_s}"


def require_ready(bench: Bench) -> float:
    """Bring the guest to where each row begins: an empty entrance, good settings, a daemon that watches; return when.

    Raises ApplianceError when it cannot, which ends the run: no row after it would mean anything.
    """
    bench.play("empty")
    bench.write_config(SLOW_SETTINGS)
    bench.machine.run("systemctl reset-failed maskwatch; systemctl start --no-block maskwatch", READY_S)
    try:
        return bench.wait_until_steady(0.0)
    except RowError as exc:
        log = bench.machine.run("journalctl -u maskwatch -n 20 -o cat --no-pager")
        raise ApplianceError(f"Maskwatch does not watch any more ({exc}):\n{log}") from exc

"""The same Debian in a container (systemd-nspawn): its own systemd as process 1, at this computer's full speed.

It has no pins and no camera, so that it serves for what needs neither: installing, upgrading, rolling back, removing.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

from bench import CONFIG, Bench, RowError
from emulator import Said
from image import lay_out_tree, write_disk
from tools import ApplianceError, call

_NO_PINS: Final = "gpio:\n  driver: mock\ncamera:\n  source: v4l2\n"
"""The daemon is blind with these, and ready."""

_START_S: Final = 300.0


class Container:
    """A booted container; what a Machine does, it does too."""

    def __init__(self, folder: Path, share: Path) -> None:
        """Lay out a fresh system in `folder`; it sees `share`, read-only, as /mnt/host."""
        self._tree, self._share, self._kept = folder / "container", share, folder / "kept"
        self._process: subprocess.Popen[bytes] | None = None
        self._leader = 0
        lay_out_tree(self._tree)
        self._set_aside()

    def _set_aside(self) -> None:
        """Keep what only the emulator can use out of the container: its disks, pins and camera."""
        shutil.rmtree(self._kept, ignore_errors=True)
        etc = self._tree / "etc"
        for path in (etc / "fstab", *(etc / "systemd/system").rglob("appliance-*.service")):
            place = self._kept / path.relative_to(etc)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, place)

    def start(self) -> float:
        """Boot, and return the seconds until systemd answered. Raises ApplianceError."""
        begun_s = time.monotonic()
        words = ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--private-network"]
        words += ["--link-journal=no", "--console=read-only", f"--directory={self._tree}"]
        words += [f"--bind-ro={self._share}:/mnt/host", "--machine=maskwatch-test"]
        self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while self.ask("systemctl is-system-running | grep -E 'running|degraded'").code:
            if time.monotonic() - begun_s > _START_S or self._process.poll() is not None:
                raise ApplianceError("the container does not boot; try: systemd-nspawn --version")
            time.sleep(0.5)
        return time.monotonic() - begun_s

    def cut(self) -> None:
        """Kill all of it at once."""
        if self._process is not None:
            if leader := self._leader or self._find_leader():
                os.kill(leader, signal.SIGKILL)  # and with it, by the kernel, all that runs in there
            self._process.kill()
            self._process.wait()
            self._process, self._leader = None, 0

    def stop(self) -> None:
        """Kill it and delete its files."""
        self.cut()
        shutil.rmtree(self._tree, ignore_errors=True)

    def run(self, command: str, timeout_s: float = 120.0) -> str:
        """Run a shell command as root and return what it printed; ApplianceError when it fails."""
        said = self.ask(command, timeout_s)
        if said.code:
            raise ApplianceError(f"in the container, {command[:80]!r} ended with {said.code}: {said.text[-500:]}")
        return said.text

    def ask(self, command: str, timeout_s: float = 120.0, user: str = "root") -> Said:
        """Run a shell command in there; 255 while nothing runs."""
        leader = self._leader or self._find_leader()
        if not leader:
            return Said(255, "the container does not run")
        words = self._words(leader, user, command)
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False)
        return Said(done.returncode, (done.stdout + done.stderr).decode(errors="replace"))

    def follow(self, command: str) -> subprocess.Popen[str]:
        """Start a shell command as root whose output is read as it comes."""
        words = self._words(self._leader or self._find_leader(), "root", command)
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    @staticmethod
    def _words(leader: int, user: str, command: str) -> list[str]:
        inside = ["nsenter", f"--target={leader}", "--all", "env", "-i", "PATH=/usr/local/bin:/usr/sbin:/usr/bin"]
        return [*inside, "runuser", "--login", user, "--command", command]

    def write_disk(self, disk: Path) -> None:
        """Write what is installed in here onto a disk for the emulator, with fresh settings and no state."""
        copy = disk.with_suffix(".tree")
        shutil.rmtree(copy, ignore_errors=True)
        call(("cp", "--archive", "--one-file-system", self._tree, copy))
        config = copy / CONFIG.lstrip("/")
        config.write_bytes((copy / "opt/maskwatch/current/config.yaml").read_bytes())
        config.chmod(0o664)
        os.chown(config, 0, config.parent.stat().st_gid)  # as put_config in scripts/install does
        for left in ("var/lib/maskwatch", "run", "tmp"):
            shutil.rmtree(copy / left)
        for folder in ("run", "tmp"):
            (copy / folder).mkdir()
        (copy / "tmp").chmod(0o1777)
        shutil.copytree(self._kept, copy / "etc", dirs_exist_ok=True, symlinks=True)
        write_disk(copy, disk)
        shutil.rmtree(copy)

    def now_s(self) -> float:
        """Return the time, in seconds since this computer's boot."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def _find_leader(self) -> int:
        """Return the number of the process that is systemd in there, 0 while there is none."""
        if self._process is None:
            return 0
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        first = children.read_text().split()[:1] if children.exists() else []
        self._leader = int(first[0]) if first and Path(f"/proc/{first[0]}/ns/pid").is_symlink() else 0
        return self._leader


class ContainerBench(Bench):
    """The rows' view of a container: without pins, ready is what the daemon itself says."""

    def prepare(self) -> None:
        """Put settings there that do without pins, as an owner may before the install."""
        self.machine.run(f"mkdir -p {Path(CONFIG).parent} && printf '{_NO_PINS}' >{CONFIG}".replace("\n", "\\n"))

    def hand_over_settings(self) -> None:
        """Give those settings the owner and mode that the installer gives its own."""
        self.machine.run(f"chown root:maskwatch {CONFIG}; chmod 664 {CONFIG}")

    def now_s(self) -> float:
        """Return the time, in seconds since the boot of this computer."""
        return self.machine.now_s()

    def wait_until_steady(self, after_s: float, timeout_s: float = 120.0) -> float:
        """Return when the service is active and the daemon answers."""
        end_s = time.monotonic() + timeout_s
        while self.machine.ask("systemctl is-active -q maskwatch && maskwatch status --json").code:
            if time.monotonic() > end_s:
                raise RowError(f"the service is not ready after {timeout_s:.0f} s")
            time.sleep(0.5)
        return max(after_s, self.machine.now_s())

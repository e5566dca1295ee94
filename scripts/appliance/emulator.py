"""The virtual appliance while it runs: one QEMU process, reached over ssh on this host's loopback only."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from image import Image
from tools import ApplianceError, call

BOOT_S: Final = 300.0
"""How long a boot may take, under emulation and on a busy host."""

_MEMORY_MB: Final = 1536
_KERNEL_WORDS: Final = (
    "console=ttyS0 panic=5 quiet systemd.show_status=0 mitigations=off nokaslr audit=0 apparmor=0 selinux=0"
    " tsc=reliable"
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a command in the guest ended with, and its stdout and stderr together."""

    code: int
    text: str


class Guest(Protocol):
    """A system that can be started, cut off and told what to do: a Machine or a Container."""

    def start(self) -> float:
        """Switch on, and return the seconds until it answered."""
        ...

    def cut(self) -> None:
        """Kill it at once."""
        ...

    def stop(self) -> None:
        """End it in order."""
        ...

    def run(self, command: str, timeout_s: float = 120.0) -> str:
        """Run a shell command as root and return what it printed; ApplianceError when it fails."""
        ...

    def ask(self, command: str, timeout_s: float = 120.0, user: str = "root") -> Said:
        """Run a shell command, and return also how it ended."""
        ...

    def follow(self, command: str) -> subprocess.Popen[str]:
        """Start a shell command as root whose output is read as it comes."""
        ...

    def now_s(self) -> float:
        """Return its time, in seconds since its kernel's boot."""
        ...


class Machine:
    """A guest with a disk of its own, which is laid over the image's."""

    def __init__(
        self,
        image: Image,
        installed: Path,
        folder: Path,
        share: Path,
        accelerator: str = "tcg",
        kernel_words: str = "",
    ) -> None:
        """Lay a disk over `installed` in `folder`, if none is there; the guest sees `share` as /mnt/host.

        `kernel_words` are more words for the kernel's command line.
        """
        self._image, self._folder, self._share, self._accelerator = image, folder, share, accelerator
        self._kernel_words = f"{_KERNEL_WORDS} {kernel_words}".rstrip()
        self._disk = folder / "disk.qcow2"
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        if not self._disk.is_file():
            call(("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", installed, self._disk, "8G"))

    def start(self, patience_s: float = BOOT_S) -> float:
        """Switch on, and return the seconds until ssh answered. Raises ApplianceError after `patience_s`."""
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        begun_s = time.monotonic()
        with (self._folder / "console.log").open("ab") as console:
            self._process = subprocess.Popen(self._command(), stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        self._wait_for_ssh(begun_s, patience_s)
        return time.monotonic() - begun_s

    def cut(self) -> None:
        """Cut the power: what the guest had not written to its disk is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        (self._folder / "ssh").unlink(missing_ok=True)

    def stop(self) -> None:
        """Shut down as an owner does; cut after a minute."""
        self.run("systemctl poweroff --no-block || true")
        try:
            if self._process is not None:
                self._process.wait(60)
        except subprocess.TimeoutExpired:
            print("the guest does not shut down, its power is cut", flush=True)
        self.cut()

    def run(self, command: str, timeout_s: float = 120.0) -> str:
        """Run a shell command as root and return what it printed; ApplianceError when it fails."""
        said = self.ask(command, timeout_s)
        if said.code:
            last = "\n".join(said.text.strip().splitlines()[-8:])
            raise ApplianceError(f"in the guest, {command[:120]!r} ended with {said.code}:\n{last}")
        return said.text

    def ask(self, command: str, timeout_s: float = 120.0, user: str = "root") -> Said:
        """Run a shell command; 255 when ssh itself fails, 124 when it takes longer than `timeout_s`."""
        words = ["ssh", *self._ssh_options(), f"{user}@127.0.0.1", command]
        try:
            done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False)
        except subprocess.TimeoutExpired as exc:
            return Said(124, (exc.stdout or b"").decode(errors="replace"))
        return Said(done.returncode, (done.stdout + done.stderr).decode(errors="replace"))

    def follow(self, command: str) -> subprocess.Popen[str]:
        """Start a shell command as root whose output is read as it comes; it ends with the machine."""
        words = ["ssh", *self._ssh_options(), "root@127.0.0.1", command]
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def now_s(self) -> float:
        """Return the guest's time: seconds since its boot."""
        return float(self.run("cat /proc/uptime").split()[0])

    def _wait_for_ssh(self, begun_s: float, patience_s: float) -> None:
        while self.ask("true", 20.0).code:
            if self._process is None or self._process.poll() is not None:
                raise ApplianceError(f"QEMU ended by itself; {self._last_words()}")
            if time.monotonic() - begun_s > patience_s:
                raise ApplianceError(f"no ssh after {patience_s:.0f} s; {self._last_words()}")
            time.sleep(0.5)

    def _last_words(self) -> str:
        """Return the end of what the guest's console and QEMU itself said: the folder may be gone in a moment."""
        lines = (self._folder / "console.log").read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(["its console ends with:", *lines[-8:]])

    def _ssh_options(self) -> list[str]:
        options = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"]
        options += ["ConnectTimeout=10", "ServerAliveInterval=10", "ControlMaster=auto", "ControlPersist=60"]
        options += [f"ControlPath={self._folder / 'ssh'}-%r"]
        words = [word for option in options for word in ("-o", option)]
        return [*words, "-i", str(self._image.key), "-p", str(self._port)]

    def _command(self) -> list[str]:
        # one processor: with two, QEMU 7.2 at times trips over the kernel patching its own code (Oops: int3)
        words = ["qemu-system-x86_64", "-accel", self._accelerator, "-cpu", "max", "-smp", "1", "-m", str(_MEMORY_MB)]
        words += [
            "-kernel",
            str(self._image.kernel),
            "-initrd",
            str(self._image.initrd),
            "-append",
            self._kernel_words,
            "-no-reboot",
        ]
        words += ["-display", "none", "-monitor", "none", "-serial", "stdio", "-device", "virtio-rng-pci"]
        words += ["-drive", f"file={self._disk},if=virtio,format=qcow2"]
        forward = f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self._port}-:22"
        words += ["-netdev", forward, "-device", "virtio-net-pci,netdev=net"]
        share = f"local,id=share,path={self._share},security_model=none,readonly=on"
        return [*words, "-fsdev", share, "-device", "virtio-9p-pci,fsdev=share,mount_tag=host"]

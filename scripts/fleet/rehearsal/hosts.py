"""Hosts to rehearse on: Debian in systemd-nspawn, each in a network namespace of its own, reached by SSH."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

CACHE: Final = Path(os.environ.get("MASKWATCH_CACHE") or Path.home() / ".cache" / "maskwatch") / "fleet"
"""The unpacked Debian, the key and the libraries lie here from one run to the next."""

SUITE: Final = "bookworm"
_PACKAGES: Final = "systemd-sysv,dbus,openssh-server,python3,python3-venv,iproute2,procps"
_BRIDGE: Final = "maskwatch-fleet"
_NETWORK: Final = "10.77.0"
_BOOT_S: Final = 600.0
_END_S: Final = 30.0
_UNWANTED: Final = ("systemd-udevd.service", "systemd-timesyncd.service")

# On a host that emulates or shares its processor a start takes long; a door keeps what its unit says.
_SLOW: Final = "[Service]\nTimeoutStartSec=600\nWatchdogSec=0\n"


def call(*words: str | Path) -> str:
    """Run a program of this machine and return what it printed. Raises CalledProcessError."""
    return subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, text=True).stdout


@dataclass(frozen=True, slots=True)
class Host:
    """One host: its name, its address and its tree."""

    name: str
    address: str
    tree: Path

    def ssh(self, *words: str) -> str:
        """Run a command there and return what it printed. Raises CalledProcessError."""
        return call("ssh", *ssh_options(), f"root@{self.address}", *words)

    @property
    def has_answer(self) -> bool:
        """Whether one can log in."""
        words = ["ssh", *ssh_options(), f"root@{self.address}", "true"]
        return subprocess.run(words, check=False, stderr=subprocess.DEVNULL).returncode == 0


def ssh_options() -> tuple[str, ...]:
    """Return what `ssh` needs to reach a host that was made a moment ago."""
    known = CACHE / "known_hosts"
    options = (f"UserKnownHostsFile={known}", "StrictHostKeyChecking=accept-new", "ConnectTimeout=60")
    return ("-i", str(CACHE / "key"), *(f"-o{option}" for option in options))


class Hosts:
    """Runs hosts from entering the `with` to leaving it."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        """Unpack a tree for each name below `folder`; nothing runs yet. Needs the rights of root."""
        self.hosts = [Host(name, f"{_NETWORK}.{10 + number}", folder / name) for number, name in enumerate(names)]
        self._running: list[subprocess.Popen[bytes]] = []
        archive = _bootstrap()
        (CACHE / "known_hosts").unlink(missing_ok=True)
        for host in self.hosts:
            host.tree.mkdir(parents=True)
            call("tar", "-xf", archive, "-C", host.tree)
            _prepare(host)

    def __enter__(self) -> Self:
        _take_down(self.hosts)
        call("ip", "link", "add", _BRIDGE, "type", "bridge")
        call("ip", "address", "add", f"{_NETWORK}.1/24", "dev", _BRIDGE)
        call("ip", "link", "set", _BRIDGE, "up")
        self._running = [_boot(host) for host in self.hosts]
        until_s = time.monotonic() + _BOOT_S
        for host in self.hosts:
            while not host.has_answer:
                if time.monotonic() > until_s:
                    raise TimeoutError(f"{host.name} does not answer at {host.address}; see {host.tree}.log")
                time.sleep(2)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            process.send_signal(signal.SIGTERM)
        for process in self._running:
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
        _take_down(self.hosts)


def _bootstrap() -> Path:
    CACHE.mkdir(parents=True, exist_ok=True)
    key, archive = CACHE / "key", CACHE / f"{SUITE}.tar"
    if not key.exists():
        call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
    if not archive.exists():
        part = archive.with_suffix(".part.tar")
        call("mmdebstrap", "--variant=minbase", f"--include={_PACKAGES}", SUITE, part)
        part.rename(archive)
    return archive


def _prepare(host: Host) -> None:
    tree = host.tree
    keys = tree / "root/.ssh"
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copy(CACHE / "key.pub", keys / "authorized_keys")
    (tree / "etc/hostname").write_text(f"{host.name}\n")
    (tree / "etc/machine-id").write_text(f"{uuid.uuid4().hex}\n")
    units = tree / "etc/systemd/system"
    for unit in _UNWANTED:
        (units / unit).unlink(missing_ok=True)
        (units / unit).symlink_to("/dev/null")
    (units / "maskwatch.service.d").mkdir(parents=True)
    (units / "maskwatch.service.d/slow.conf").write_text(_SLOW)
    call("chroot", tree, "ssh-keygen", "-A")


def _boot(host: Host) -> subprocess.Popen[bytes]:
    wire = f"fleet{host.address.rpartition('.')[2]}"
    call("ip", "netns", "add", host.name)
    call("ip", "link", "add", wire, "type", "veth", "peer", "name", "eth0", "netns", host.name)
    call("ip", "link", "set", wire, "master", _BRIDGE, "up")
    call("ip", "-n", host.name, "address", "add", f"{host.address}/24", "dev", "eth0")
    for device in ("eth0", "lo"):
        call("ip", "-n", host.name, "link", "set", device, "up")
    words = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot", f"--directory={host.tree}"]
    words += [f"--machine={host.name}", f"--network-namespace-path=/run/netns/{host.name}"]
    environment = {**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
    with host.tree.with_suffix(".log").open("wb") as log:
        return subprocess.Popen(words, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _take_down(hosts: Sequence[Host]) -> None:
    """Remove what an earlier run may have left of the network; what is not there is no mistake."""
    for words in [("netns", "delete", host.name) for host in hosts] + [("link", "delete", _BRIDGE)]:
        subprocess.run(["ip", *words], check=False, stderr=subprocess.DEVNULL)

"""What the virtual appliance shares: its cache, how it fails, and how it runs the host's programs."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
CACHE: Final = Path(os.environ.get("MASKWATCH_CACHE") or Path.home() / ".cache" / "maskwatch") / "appliance"
"""Kernel, system and libraries lie here from one run to the next, a few GB. Delete it to build all of them anew."""

SUITE: Final = "bookworm"
"""The Debian that is booted. Its Python is 3.11, for which lgpio is to be had: Debian itself has none."""

PACKAGES: Final = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "mkfs.ext4": "e2fsprogs",
    "ssh": "openssh-client",
}
"""A program of the host: the package that has it."""


class ApplianceError(Exception):
    """The virtual appliance cannot go on; the text says why and what to do."""


def require_tools() -> None:
    """Raise ApplianceError with one command that installs all that the host lacks."""
    missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    if os.geteuid() != 0:
        raise ApplianceError("building a system needs the rights of root; run: sudo ./setup.sh appliance-test")
    if missing:
        raise ApplianceError(f"the host lacks programs; run: apt-get install {' '.join(missing)}")


def call(command: Sequence[str | Path], folder: Path | None = None, timeout_s: float = 3600.0) -> str:
    """Run a program of the host and return what it printed; ApplianceError with its last words when it fails."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, errors="replace", timeout=timeout_s, check=False
    )
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise ApplianceError(f"{' '.join(words[:4])} ended with {done.returncode}:\n{last}")
    return done.stdout


def digest_of(paths: Iterable[Path], *words: str) -> str:
    """Return twelve hex digits that differ when a file's name or contents or one of the words does."""
    digest = hashlib.sha256("\0".join(words).encode())
    for path in sorted(paths):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]

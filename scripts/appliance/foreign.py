"""An arm64 Debian with the device's libraries, and QEMU's user emulation of its processor."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from inside import copy_checkout, run_inside
from tools import CACHE, HERE, ROOT, SUITE, ApplianceError, call, digest_of

_PACKAGES: Final = "base-passwd,dash,gcc,libc6-dev,libstdc++6,mosquitto,openssl,python3,sed"
"""Python, and the programs that the tests call."""

_LOCK: Final = ROOT / "requirements/edge-py311.lock"
_TESTING: Final = ("pytest==8.4.2", "hypothesis==6.140.3")
_NEWER: Final = "trixie"
"""Its emulator is taken: the older one breaks LiteRT."""
_EMULATOR: Final = "/qemu-aarch64"
_REGISTER: Final = HERE / "guest/register.py"


def lay_out() -> Path:
    """Return the system with its libraries and the emulator in it, from the cache where it is there.

    Raises ApplianceError.
    """
    tree = CACHE / f"arm64-{digest_of([_LOCK], SUITE, _NEWER, _PACKAGES, *_TESTING)}"
    if not tree.is_dir():
        print("laying out the arm64 system …", flush=True)
        part = tree.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        command = ("mmdebstrap", "--variant=extract", "--architectures=arm64", f"--include={_PACKAGES}")
        call((*command, "--skip=cleanup/apt/lists", SUITE, part))
        for name in ("passwd", "group"):  # the package would write them when it is installed
            shutil.copy(part / f"usr/share/base-passwd/{name}.master", part / f"etc/{name}")
        _put_emulator(part)
        _put_libraries(part / "libraries")
        packages = part / "usr/local/lib/python3.11/dist-packages"
        packages.mkdir(parents=True)
        (packages / "maskwatch.pth").write_text("/libraries\n/checkout\n", encoding="utf-8")
        part.rename(tree)
    return tree


def _put_emulator(tree: Path) -> None:
    """Put the newer Debian's static emulator into the tree, fetched from the same mirror."""
    folder = tree / "emulator"
    folder.mkdir()
    sources = (tree / "etc/apt/sources.list").read_text().splitlines()
    (folder / "list").write_text(next(line for line in sources if f" {SUITE} " in line).replace(SUITE, _NEWER) + "\n")
    (folder / "lists/partial").mkdir(parents=True)
    settings = {"Dir::Etc::sourcelist": folder / "list", "Dir::Etc::sourceparts": "/dev/null"}
    settings |= {"Dir::State::lists": folder / "lists", "Dir::Cache": folder, "APT::Sandbox::User": "root"}
    words = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    call(("apt-get", "--quiet", *words, "update"))
    call(("apt-get", "--quiet", *words, "download", "qemu-user"), folder)
    call(("dpkg-deb", "-x", next(folder.glob("qemu-user_*.deb")), folder))
    shutil.copy(folder / "usr/bin/qemu-aarch64", tree / _EMULATOR.lstrip("/"))
    shutil.rmtree(folder)


def _put_libraries(folder: Path) -> None:
    """Fetch the wheels that the lock file names for arm64, and what the tests need."""
    platforms = [f"manylinux_2_{minor}_aarch64" for minor in (17, 24, 26, 27, 28, 31, 34)] + ["manylinux2014_aarch64"]
    words = [word for name in platforms for word in ("--platform", name)]
    words += ["--python-version", "3.11", "--implementation", "cp", "--abi", "cp311", "--abi", "abi3", "--abi", "none"]
    pip: list[str | Path] = [sys.executable, "-m", "pip", "install", "--quiet", "--only-binary=:all:", *words]
    pip += ["--target", folder]
    folder.mkdir()
    lock = folder / "edge.lock"
    lock.write_text(drop_condition(_LOCK.read_text(encoding="utf-8")), encoding="utf-8")
    call((*pip, "--no-deps", "--requirement", lock))
    call((*pip, *_TESTING))


def drop_condition(lock: str) -> str:
    """Return a lock file that asks for arm64's own libraries everywhere: pip looks at the computer it runs on."""
    return lock.replace(" ; platform_machine == 'aarch64'", "")


def put_checkout(tree: Path) -> None:
    """Put this checkout into the system as /checkout, with metadata that tell its version. Raises ApplianceError."""
    copy_checkout(tree / "checkout")
    place = tree / "usr/local/lib/appliance"
    place.mkdir(parents=True, exist_ok=True)
    for source in (_REGISTER, HERE / "model_bytes.py"):
        shutil.copy(source, place)
    run(tree, "max", ["-c", "import setuptools; setuptools.setup()", "-q", "egg_info"])


def run(tree: Path, processor: str, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run its Python, and return how it ended. Raises ApplianceError when it fails."""
    done = _start(tree, processor, words)
    if done.returncode:
        raise ApplianceError(f"on {processor}, {words[0]} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return done


def run_shown(tree: Path, processor: str, words: Sequence[str]) -> int:
    """Run its Python, show what it prints, and return its exit code."""
    return _start(tree, processor, words, capture=False).returncode


def _start(tree: Path, processor: str, words: Sequence[str], capture: bool = True) -> subprocess.CompletedProcess[str]:
    python = [_EMULATOR, "/usr/bin/python3"]
    begin = [*python, f"/usr/local/lib/appliance/{_REGISTER.name}", _EMULATOR, python[1]]
    options = ["--private-users=identity", "--as-pid2", f"--setenv=QEMU_CPU={processor}"]
    return run_inside(tree, [*begin, *words], options, capture)

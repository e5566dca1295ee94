"""The machine as the doctor sees it: files below a root, commands with a time limit, installed packages.

Everything the checks read comes through here, so that a test can lay a sick machine out in a folder.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from edge.clock import is_clock_set, is_marked
from edge.settings import Settings

_RUN_S = 30.0
"""Several times what importing OpenCV takes on a busy Pi 3B+; what needs longer hangs."""

_END_S = 1.0


@dataclass(frozen=True, slots=True)
class System:
    """What there is to look at.

    `run` gives what a command printed, or None when it is missing, fails, crashes or takes too long. `access` is
    os.access. `free_bytes` gives the room for files at a path. `clock_set` and `clock_marked` are those of
    `edge.clock`. `module_paths` are where packages are looked for.
    """

    root: Path
    run: Callable[[Sequence[str]], str | None]
    access: Callable[[Path, int], bool]
    free_bytes: Callable[[Path], int]
    clock_set: Callable[[], bool]
    clock_marked: Callable[[], bool]
    module_paths: tuple[str, ...]
    machine: str
    bits: int
    python: tuple[int, int]

    def path(self, path: str | Path) -> Path:
        """Return an absolute path of the machine, below the root."""
        return self.root / str(path).lstrip("/")

    def read(self, path: str | Path) -> str | None:
        """Return the text of a small file without the white space around it, or None when it cannot be read."""
        try:
            return self.path(path).read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return None

    def glob(self, pattern: str) -> list[Path]:
        """Return what matches an absolute pattern, sorted, as paths below the root."""
        return sorted(self.root.glob(pattern.lstrip("/")))

    def find_package(self, name: str) -> metadata.Distribution | None:
        """Return an installed package by its name in the registry, without importing it."""
        return next(iter(metadata.distributions(name=name, path=list(self.module_paths))), None)

    def version_of(self, name: str) -> str | None:
        """Return the version of an installed package, or None."""
        package = self.find_package(name)
        return package.version if package else None


@dataclass(frozen=True, slots=True)
class Patient:
    """Who is examined.

    A machine, the settings in force (the defaults where config.yaml is broken), the file they are from, the folder
    that relative model paths start at.
    """

    system: System
    settings: Settings
    config: Path | None
    home: Path


def this_system() -> System:
    """Return the machine that this runs on."""
    return System(
        root=Path("/"),
        run=run_command,
        access=os.access,
        free_bytes=lambda path: shutil.disk_usage(path).free,
        clock_set=is_clock_set,
        clock_marked=is_marked,
        module_paths=tuple(sys.path),
        machine=platform.machine(),
        bits=64 if sys.maxsize > 2**32 else 32,
        python=sys.version_info[:2],
    )


def run_command(command: Sequence[str], timeout_s: float = _RUN_S) -> str | None:
    """Return what a command printed; None when it is missing, fails, crashes or takes longer than `timeout_s`."""
    paths = os.pathsep.join(each or str(Path.cwd()) for each in sys.path)
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "PYTHONPATH": paths}
    try:
        child = subprocess.Popen(
            command, env=environment, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError:
        return None
    try:
        said, _ = child.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        child.kill()
        with suppress(subprocess.TimeoutExpired):  # a process inside a hung driver cannot be killed: left behind
            child.communicate(timeout=_END_S)
        return None
    return said.strip() if child.returncode == 0 else None


_IMPORT = """
import importlib, sys
try:
    importlib.import_module(sys.argv[1])
except BaseException as exc:
    print(f"{type(exc).__name__}: {exc}")
"""


def try_import(system: System, module: str) -> str:
    """Return why a module cannot be imported, in one line, or nothing. It is tried in a process of its own."""
    said = system.run((sys.executable, "-c", _IMPORT, module))
    if said is None:
        return f"Python crashes or hangs on importing {module}"
    return " ".join(said.split())[:160]


def find_daemon(system: System) -> int | None:
    """Return the process id of the running daemon, or None."""
    return next((pid for pid, words in _processes(system) if _is_daemon(words)), None)


def _processes(system: System) -> Iterator[tuple[int, list[str]]]:
    for folder in system.glob("/proc/[0-9]*"):
        line = system.read(f"/proc/{folder.name}/cmdline")
        if line:
            yield int(folder.name), line.rstrip("\0").split("\0")


def _is_daemon(words: Sequence[str]) -> bool:
    """Return whether a command line is `maskwatch run` or `python -m edge run`."""
    pairs = list(zip(words, words[1:], strict=False))
    starts = any(Path(first).name in ("maskwatch", "edge") and second == "run" for first, second in pairs)
    return starts and "python" in Path(words[0]).name

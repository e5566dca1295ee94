"""A system that was laid out and is not booted: this checkout in it, and programs that run in it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tools import ROOT

_FOLDERS: Final = ("edge", "models", "tests", "systemd", "scripts", "requirements", "convert", "train", "docs")
_FILES: Final = ("config.yaml", "pyproject.toml", "README.md", "setup.sh", "LICENSE", "CHANGELOG.md")


def copy_checkout(target: Path) -> None:
    """Put this checkout, as far as the edge and its tests need it, in the place of what lies at `target`."""
    shutil.rmtree(target, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__", ".*_cache", "*.keras")
    for name in _FOLDERS:
        shutil.copytree(ROOT / name, target / name, ignore=ignored)
    for name in _FILES:
        shutil.copy(ROOT / name, target)


def run_inside(
    tree: Path, words: Sequence[str], options: Sequence[str] = (), capture: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run a program in the system's /checkout, without this computer's network, and return how it ended.

    `options` are more of systemd-nspawn's; without `capture`, what the program prints is shown at once.
    """
    command = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network", "--pipe"]
    command += ["--chdir=/checkout", f"--directory={tree}", f"--machine=maskwatch-{tree.name}", *options]
    data = ROOT.parent / "shared/data"
    command += [f"--bind-ro={data}:/shared/data"] if data.is_dir() else []
    return subprocess.run(
        [*command, *words], stdin=subprocess.DEVNULL, capture_output=capture, text=True, errors="replace", check=False
    )

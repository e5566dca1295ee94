"""What a report says about how it came to be: command, revision, machine, versions, time."""

from __future__ import annotations

import datetime
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any


def describe_run(arguments: Sequence[str], wall_s: float) -> dict[str, Any]:
    """Return command, revision, date, wall time in seconds, machine and versions, as report.json has them."""
    return {
        "command": shlex.join(["python", "-m", "train", *arguments]),
        "revision": revision(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "wall_s": round(wall_s, 1),
        "machine": describe_machine(),
        "versions": {
            "python": platform.python_version(),
            **_versions("keras", "tensorflow-cpu", "tensorflow", "numpy"),
        },
    }


def command_line() -> list[str]:
    """Return the words after `python -m train` of this process."""
    return sys.argv[1:]


def revision() -> str:
    """Return the short git revision of the code, or `unknown` outside of a repository."""
    folder = Path(__file__).resolve().parent
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=folder, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def describe_machine() -> str:
    """Return processor, cores and operating system in one line."""
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith(("model name", "Model"))]
    return names[0] if names else platform.processor() or platform.machine()


def _versions(*packages: str) -> dict[str, str]:
    installed = {dist.metadata["Name"].lower() for dist in metadata.distributions() if dist.metadata["Name"]}
    return {name: metadata.version(name) for name in packages if name in installed}

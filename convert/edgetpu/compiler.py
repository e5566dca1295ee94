"""Finds and runs Google's `edgetpu_compiler`: a closed program for x86-64 Linux."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from convert.edgetpu.log import CompilerLog, parse_log
from edge.errors import HardwareError, ModelError

PROGRAM = "edgetpu_compiler"
_LIMIT_S = 900

HOW_TO_GET_IT = """\
On x86-64 Debian or Ubuntu:
  curl -fsSL https://packages.cloud.google.com/apt/doc/apt-key.gpg \\
      | sudo gpg --dearmor -o /usr/share/keyrings/coral.gpg
  echo "deb [signed-by=/usr/share/keyrings/coral.gpg] https://packages.cloud.google.com/apt" \\
      "coral-edgetpu-stable main" | sudo tee /etc/apt/sources.list.d/coral-edgetpu.list
  sudo apt update && sudo apt install edgetpu-compiler
Or with Docker or Podman, which leaves the system alone:
  scripts/edgetpu/compile.sh
The models for the CPU are complete without it."""


def find_compiler(path: Path | None) -> Path:
    """Return the compiler at `path`, or the one on PATH. Raises HardwareError that says how to get it."""
    found = shutil.which(path or PROGRAM)
    if found:
        return Path(found).absolute()
    where = f"{path} is no program that can be run" if path else f"there is no {PROGRAM} on PATH"
    raise HardwareError(f"{where}, so nothing was compiled for the Edge TPU.\n{HOW_TO_GET_IT}")


def run_compiler(compiler: Path, models: Mapping[str, bytes], folder: Path) -> CompilerLog:
    """Compile models, given by file name, together, so that they share the chip's cache; the results lie in `folder`.

    The models are put there first and the compiler runs there, so that it may as well live in a container that sees
    only this folder. Raises ModelError with the reason when it fails.
    """
    for name, data in models.items():
        (folder / name).write_bytes(data)
    names = list(models)
    command = [str(compiler), "--show_operations", "--out_dir", ".", *names]
    log = parse_log(_run(command, folder))
    if log.failure:
        raise ModelError(f"{', '.join(names)}: the Edge TPU compiler {log.version} failed: {log.failure}")
    if len(log.models) != len(names):
        raise ModelError(f"{compiler}: its log names {len(log.models)} of {len(names)} models; is it {PROGRAM}?")
    return log


def _run(command: Sequence[str], folder: Path) -> str:
    try:
        done = subprocess.run(
            command, cwd=folder, text=True, errors="replace", check=False, timeout=_LIMIT_S,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
    except OSError as exc:
        raise HardwareError(f"{command[0]}: cannot be run ({exc.strerror}).\n{HOW_TO_GET_IT}") from exc
    except subprocess.TimeoutExpired as exc:
        raise ModelError(f"{command[0]}: has not ended within {_LIMIT_S} s; try again on an idle computer") from exc
    return done.stdout

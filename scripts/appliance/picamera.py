"""The edge on Debian 13 (trixie) with Python 3.13, and its Pi camera with the real picamera2.

    sudo .venv/bin/python scripts/appliance/picamera.py [--only tests | --only ROW…] [--tests PATH…]

Lays out a Debian 13 with the locked libraries for Python 3.13 and picamera2 (ten minutes; kept in the appliance's
cache), runs the edge tests there, then boots it in QEMU with the kernel's simulated camera vimc and runs the source for
the Pi camera and the service on it: guest/picamera_rows.py. Prints a line a row; exit code 0 when all of them hold.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from emulator import BOOT_S, Guest, Machine
from inside import run_inside
from tools import ApplianceError, require_tools
from trixie import lay_out, put_checkout, write_image

TESTS: Final = "tests"
ROWS: Final = (
    "versions",
    "frames",
    "timestamps",
    "reopened",
    "busy",
    "absent",
    "silent",
    "service",
    "service_late",
    "service_unplugged",
)
"""Of guest/picamera_rows.py, in this order."""

_KERNEL_WORDS: Final = "clocksource=hpet"
"""On a busy computer its kernel measures the processor's counter wrong: seconds that are a quarter of one."""

_BOOT_S: Final = 3 * BOOT_S
"""How long a boot may take: this system starts more than the appliance's."""

_ROW_S: Final = 1200.0
"""How long a row may take, under emulation and on a busy computer."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Go through what the command line asks for; return the exit code."""
    options = _parse(arguments)
    wanted = options.only or [TESTS, *ROWS]
    try:
        require_tools()
        folder = lay_out()
        put_checkout(folder / "tree")
        passed = [run_tests(folder / "tree", options.tests)] if TESTS in wanted else []
        rows = [name for name in ROWS if name in wanted]
        passed += run_rows(folder, rows) if rows else []
    except ApplianceError as exc:
        print(f"picamera: {exc}", file=sys.stderr)
        return 1
    return 0 if all(passed) else 1


def run_tests(tree: Path, tests: Sequence[str]) -> bool:
    """Return whether these tests pass there; print how many did, and why others were skipped or failed."""
    words = ["/opt/venv/bin/python", "-m", "pytest", "-p", "no:cacheprovider", "-rfEs", *tests]
    done = run_inside(tree, words, ["--setenv=PYTHONDONTWRITEBYTECODE=1"])
    lines = done.stdout.splitlines()
    told = [line for line in lines if line.startswith(("FAILED", "ERROR", "SKIPPED"))]
    print("\n".join([*told, *lines[-1:], done.stderr.strip() if done.returncode > 1 else ""]).strip(), flush=True)
    return done.returncode == 0


def run_rows(folder: Path, rows: Sequence[str]) -> list[bool]:
    """Boot the system, go through the rows, and return which of them hold. Raises ApplianceError."""
    with tempfile.TemporaryDirectory(prefix="picamera-") as scratch:
        place = Path(scratch)
        (place / "share").mkdir()
        image = write_image(folder, place / "installed.ext4")
        machine = Machine(image, place / "installed.ext4", place, place / "share", kernel_words=_KERNEL_WORDS)
        try:
            print(f"the emulator booted in {machine.start(_BOOT_S):.0f} s", flush=True)
            return [run_row(machine, row) for row in rows]
        finally:
            machine.cut()


def run_row(machine: Guest, row: str) -> bool:
    """Return whether a row holds, and print what it says."""
    command = "cd /checkout && PYTHONDONTWRITEBYTECODE=1 /opt/venv/bin/python"
    said = machine.ask(f"{command} /usr/local/lib/appliance/picamera_rows.py {row} 2>/tmp/{row}.log", _ROW_S)
    outcome = read_outcome(said.text)
    if outcome is None:
        last = machine.ask(f"grep -v INFO /tmp/{row}.log | tail -5").text
        outcome = {"passed": False, "says": f"ended with {said.code}: {last.strip()}"}
    print(f"{'ok' if outcome['passed'] else 'FAILED':7}{row}: {outcome['says']}", flush=True)
    return bool(outcome["passed"])


def read_outcome(text: str) -> dict[str, object] | None:
    """Return the outcome that a row printed last; None when it printed none, as when it was killed."""
    lines = [line for line in text.splitlines() if line.startswith('{"row": ')]
    return dict(json.loads(lines[-1])) if lines else None


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=[TESTS, *ROWS], metavar="ROW", help=f"{TESTS}, {', '.join(ROWS)}")
    parser.add_argument("--tests", nargs="+", default=["tests/edge"], metavar="PATH", help="(%(default)s)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

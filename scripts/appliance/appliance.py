"""The virtual appliance: a real Debian with simulated pins and camera, tested from outside.

    sudo ./setup.sh appliance-test [--cuts 20] [--only ROW…] [--folder DIR]

Builds the system (cached), installs with the real `sudo ./setup.sh install` in a booted container of it, boots the
installed disk in QEMU, and goes through the rows below. Each row's outcome is kept in results.json and, at the end,
written into the table of docs/reliability.md.
"""

from __future__ import annotations

import argparse
import datetime
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import rows_alarm
import rows_faults
import rows_install
import rows_power
import rows_releases
import rows_service
from bench import Bench, RowError, require_ready
from container import Container, ContainerBench
from emulator import Machine
from image import Image, build_image
from results import Outcome, Results, put_table, to_table
from scenes import make_scenes
from tools import CACHE, ROOT, ApplianceError, call, require_tools

Row = Callable[[Bench], Outcome]

DOCUMENT: Final = ROOT / "docs/reliability.md"

INSTALLING: Final[Mapping[str, tuple[str, Row]]] = {
    "install": ("fresh install, `sudo ./setup.sh install --offline`", rows_install.install),
    "exposure": ("`systemd-analyze security` and `verify`", rows_install.exposure),
    "second-install": ("the same install again", rows_install.second_install),
    "no-camera": ("no camera from the start", rows_service.no_camera),
    "service-stopped": ("the process hangs (SIGSTOP)", rows_service.stopped),
    "service-killed": ("SIGKILL", rows_service.killed),
    "service-edit-valid": ("config.yaml saved, valid: written over, sed -i, vim", rows_service.edit_valid),
    "service-edit-broken": ("config.yaml saved, broken", rows_service.edit_broken),
    "never-good": ("config.yaml broken, and none was ever good", rows_service.never_good),
    "service-disk-full": ("the disk of the state is full", rows_service.disk_full),
    "service-model": ("model file truncated", rows_service.model_truncated),
    "upgrade": ("upgrade to a newer release", rows_releases.upgrade),
    "rollback": ("rollback", rows_releases.rollback),
    "broken-upgrade": ("upgrade to a release that does not start", rows_releases.broken_upgrade),
    "killed-upgrade": ("everything killed in the middle of an upgrade", rows_releases.killed_upgrade),
    "uninstall": ("uninstall, and with --purge", rows_releases.uninstall),
}
"""Rows in the container, in this order; each needs those before it."""

RUNNING: Final[Mapping[str, tuple[str, Row]]] = {
    "doctor": ("`maskwatch doctor`", rows_install.doctor),
    "listening": ("`ss -tulpn`", rows_install.listening),
    "boot": ("shutdown and start", rows_install.boot),
    "unmasked": ("somebody without a mask comes", rows_alarm.unmasked),
    "masked": ("somebody with a mask comes", rows_alarm.masked),
    "edit-valid": ("config.yaml saved, valid: written over, sed -i, vim", rows_alarm.edit_valid),
    "edit-camera": ("config.yaml saved, another camera setting", rows_alarm.edit_camera),
    "edit-broken": ("config.yaml saved, broken", rows_alarm.edit_broken),
    "edit-empty": ("config.yaml emptied", rows_alarm.empty_config),
    "camera-silent": ("camera stops delivering", rows_faults.camera_silent),
    "camera-frozen": ("camera delivers the same picture for ever", rows_faults.camera_frozen),
    "camera-removed": ("camera unplugged, and plugged in again", rows_faults.camera_removed),
    "stopped": ("the process hangs (SIGSTOP)", rows_faults.stopped),
    "killed": ("SIGKILL while the lamp is on", rows_faults.killed),
    "disk-full": ("disk full", rows_faults.disk_full),
    "model-truncated": ("model file truncated", rows_faults.model_truncated),
    "pin-busy": ("a pin is busy", rows_faults.pin_busy),
    "clock-jump": ("the wall clock jumps by a day", rows_faults.clock_jump),
}
"""Rows in the emulator, each of which begins with a daemon that watches."""

CUTS: Final = "power-cuts"
IN_CONTAINER: Final = {name: title for name, (title, _) in INSTALLING.items()}
IN_EMULATOR: Final = {name: title for name, (title, _) in RUNNING.items()} | {CUTS: "power cut at a random moment"}
TITLES: Final = IN_CONTAINER | IN_EMULATOR


def main(arguments: Sequence[str] | None = None) -> int:
    """Go through the rows that the command line asks for; return the exit code: 0 when all of them hold."""
    options = _parse(arguments)
    try:
        require_tools()
        image = build_image()
        try:
            with tempfile.TemporaryDirectory(prefix="appliance-") as folder:
                failed = _run(image, options.folder or Path(folder), options)
        finally:
            _write_table(options.results)
    except ApplianceError as exc:
        print(f"appliance-test: {exc}", file=sys.stderr)
        return 1
    return 1 if failed else 0


def _run(image: Image, folder: Path, options: argparse.Namespace) -> list[str]:
    """Install, boot, go through the rows, and return the names of those that do not hold."""
    folder.mkdir(parents=True, exist_ok=True)
    share, installed = folder / "share", folder / "installed.ext4"
    make_share(share, image)
    wanted, failed = set(options.only or TITLES), list[str]()
    if not installed.is_file() or wanted & set(INSTALLING):  # each of these rows needs those before it
        failed += _run_in_container(folder, share, installed, wanted, Results(options.results))
    if wanted - set(INSTALLING):
        machine = Machine(image, installed, folder, share, options.accelerator)
        failed += _run_in_emulator(Bench(machine, share), wanted, options)
    return failed


def _run_in_container(folder: Path, share: Path, installed: Path, wanted: set[str], results: Results) -> list[str]:
    """Install in a container and write the disk for the emulator; then the other rows that belong there."""
    container = Container(folder, share)
    bench = ContainerBench(container, share)
    try:
        print(f"the container booted in {container.start():.1f} s", flush=True)
        bench.prepare()
        failed = _try_rows(bench, {"install": INSTALLING["install"]}, results)
        if failed:
            raise ApplianceError("it cannot be installed: what stands above")
        bench.hand_over_settings()
        if not installed.is_file():
            container.write_disk(installed)
        return _try_rows(bench, {name: INSTALLING[name] for name in list(INSTALLING)[1:] if name in wanted}, results)
    finally:
        container.stop()


def _run_in_emulator(bench: Bench, wanted: set[str], options: argparse.Namespace) -> list[str]:
    rows = {**RUNNING, CUTS: ("", lambda bench: rows_power.power_cuts(bench, options.cuts))}
    try:
        print(f"the emulator booted in {bench.machine.start():.0f} s", flush=True)
        return _try_rows(bench, {name: rows[name] for name in rows if name in wanted}, Results(options.results))
    finally:
        bench.machine.cut()


def _try_rows(bench: Bench, rows: Mapping[str, tuple[str, Row]], results: Results) -> list[str]:
    """Try rows one after the other, keep their outcomes, and return the names of those that do not hold."""
    failed = []
    for name, (_, row) in rows.items():
        outcome = try_row(bench, name, row)
        results.add(name, outcome, f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}")
        failed += [] if outcome.passed else [name]
    return failed


def try_row(bench: Bench, name: str, row: Row) -> Outcome:
    """Return a row's outcome, also where it fails; one in the emulator begins with a daemon that watches."""
    started_s = time.monotonic()
    try:
        if name in RUNNING:
            require_ready(bench)
        outcome = row(bench)
    except RowError as exc:
        outcome = Outcome(str(exc), passed=False)
    verdict = "ok" if outcome.passed else "FAILED"
    times = [f"{value:.1f} s" for value in (outcome.detect_s, outcome.recover_s) if value is not None]
    took = f"[{time.monotonic() - started_s:.0f} s]"
    print(f"{verdict:7}{name}: {outcome.says} {' / '.join(times)} {took}", flush=True)
    return outcome


def make_share(share: Path, image: Image) -> None:
    """Fill the folder that the guest sees: this checkout, a newer and a broken one, libraries, scenes."""
    shutil.rmtree(share, ignore_errors=True)
    files = call(("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"), ROOT)
    for name in ("checkout", "newer", "broken"):
        _copy_checkout([file for file in files.split("\0") if (ROOT / file).is_file()], share / name)
    for name, version in (("newer", "9.0.0"), ("broken", "9.9.9")):
        _replace(share / name / "pyproject.toml", r'^version = ".*"$', f'version = "{version}"')
    _replace(share / "broken/edge/daemon.py", "^    mute, watchdog", "    raise SystemExit(1)\n    mute, watchdog")
    for name in ("checkout", "newer", "broken"):
        call(("tar", "-C", share, "-cf", share / f"{name}.tar", name))
        shutil.rmtree(share / name)
    shutil.copytree(image.wheels, share / "wheels")
    make_scenes(share / "scenes")


def _copy_checkout(files: Sequence[str], folder: Path) -> None:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, folder / file)


def _replace(path: Path, pattern: str, new: str) -> None:
    text, count = re.subn(pattern, new, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if count != 1:
        raise ApplianceError(f"{path.name} has {pattern!r} {count} times; mend scripts/appliance/appliance.py")
    path.write_text(text, encoding="utf-8")


def _write_table(results: Path) -> None:
    kept = Results(results).read()
    tables = f"""\
### In the container: installing, releases, the service

{to_table(IN_CONTAINER, kept)}

### In the emulator: pins, camera, settings, power

{to_table(IN_EMULATOR, kept)}"""
    DOCUMENT.write_text(put_table(DOCUMENT.read_text(encoding="utf-8"), tables), encoding="utf-8")
    print(f"wrote {DOCUMENT.relative_to(ROOT)}", flush=True)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cuts", type=int, default=20, metavar="N", help="how many power cuts (%(default)s)")
    parser.add_argument("--only", nargs="+", choices=list(TITLES), metavar="ROW", help=f"of {', '.join(TITLES)}")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="keep the disks here, and use those that are")
    parser.add_argument("--results", type=Path, default=CACHE / "results.json", help="outcomes so far (%(default)s)")
    parser.add_argument("--accelerator", default="tcg", help="kvm where it works (%(default)s)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

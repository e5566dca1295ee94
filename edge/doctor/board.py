"""The board: clock, temperature, power supply, disk."""

from __future__ import annotations

from pathlib import Path

from edge.doctor.findings import Finding, ok, problem, skipped, warning
from edge.doctor.system import Patient, System
from edge.sensors import has_low_voltage, read_celsius

_WARM_C, _HOT_C = 70.0, 80.0
"""A Pi begins to slow down at 80 °C (raspberrypi.com, "Frequency management and thermal control")."""

_LOW_NOW, _SLOWED_NOW, _LOW_BEFORE = 1 << 0, 1 << 2, 1 << 16
"""Bits of `vcgencmd get_throttled`: under-voltage, slowed down, under-voltage since the start."""

_SUPPLY = "use the Pi's own power supply and a short, thick cable"
_MB = 1_000_000
_LEAST_MB = 50


def check_clock(patient: Patient) -> Finding:
    """Return whether a time server has set the wall clock, and the service can know; a Pi has no clock of its own."""
    if patient.system.clock_marked():
        return ok("clock", "set by a time server")
    if patient.system.clock_set():
        says = "set, but not by systemd-timesyncd: the service cannot tell; schedule and quiet hours do not count"
        return warning("clock", says, "sudo apt install systemd-timesyncd: it takes the place of other time services")
    advice = "connect the network once (timedatectl), or fit a clock module"
    return warning("clock", "nobody has set it: schedule and quiet hours do not count", advice)


def check_temperature(patient: Patient) -> Finding:
    """Return whether the board is cool enough to keep its pace."""
    hottest_c = read_celsius(patient.system.path("/sys"))
    if hottest_c is None:
        return skipped("temperature", "no thermometer here")
    says = f"{hottest_c:.0f} °C"
    if hottest_c >= _HOT_C:
        return problem("temperature", f"{says}: the board slows itself down", "fit a heat sink or fan; give it air")
    if hottest_c >= _WARM_C:
        return warning("temperature", f"{says}: warm", f"give it air: from {_HOT_C:.0f} °C on it slows down")
    return ok("temperature", says)


def check_power(patient: Patient) -> Finding:
    """Return whether the supply voltage has been high enough."""
    said = patient.system.run(("vcgencmd", "get_throttled")) or ""
    _, found, flags = said.partition("throttled=")
    alarm = has_low_voltage(patient.system.path("/sys"))
    if not found and alarm is None:
        return skipped("power", "this board does not measure its supply")
    return _judge_power(int(flags, 16) if found else 0, bool(alarm))


def check_disk(patient: Patient) -> Finding:
    """Return whether journal and snapshots have room to grow as far as config.yaml lets them."""
    settings, system = patient.settings, patient.system
    if "ro" in _mount_options(system, "/"):
        advice = "mount it read-write (raspi-config: overlay file system off) if you want a journal"
        return warning("disk", "the root file system is read-only: nothing is kept", advice)
    kept = (settings.journal, settings.snapshots)
    needed_mb = sum(each.max_mb for each in kept if each.enabled)
    free_mb = system.free_bytes(_existing(system.path(settings.journal.path))) // _MB
    says = f"{free_mb:,} MB free"
    if free_mb < _LEAST_MB:
        return problem("disk", says, "delete what is not needed; sudo apt clean; sudo journalctl --vacuum-size=50M")
    if free_mb < needed_mb:
        advice = "lower journal.max_mb and snapshots.max_mb in config.yaml, or make room"
        return warning("disk", f"{says}, journal and snapshots may take {needed_mb:,} MB", advice)
    return ok("disk", says)


def _judge_power(flags: int, alarm: bool) -> Finding:
    if alarm or flags & _LOW_NOW:
        return problem("power", "the supply voltage is too low now", _SUPPLY)
    if flags & _LOW_BEFORE:
        return warning("power", "the supply voltage was too low at some time since the start", _SUPPLY)
    if flags & _SLOWED_NOW:
        return warning("power", "the board is slowed down now", "see the line `temperature`")
    return ok("power", "the supply voltage is fine")


def _mount_options(system: System, point: str) -> list[str]:
    mounts = (line.split() for line in (system.read("/proc/mounts") or "").splitlines())
    found = [words[3] for words in mounts if len(words) > 3 and words[1] == point]
    return found[-1].split(",") if found else []


def _existing(path: Path) -> Path:
    """Return the path, or the closest folder above it that is there and may be looked at."""
    while path != path.parent:
        try:
            path.stat()
        except OSError:
            path = path.parent
        else:
            break
    return path

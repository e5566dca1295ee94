"""The GPIO pins: a chip, the library, the right to use them, and whether somebody else does."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from edge.doctor.findings import Finding, ok, problem, skipped, warning
from edge.doctor.system import Patient, System, find_daemon, try_import
from edge.settings import Gpio

_WITHOUT = "set gpio.driver: mock to run without pins"
_OLDEST_LGPIO = (0, 2, 2)
"""pip gives 0.0.0.2 where the registry has no newer one for this Python."""


def check_pins(patient: Patient) -> Finding:
    """Return whether there is a GPIO chip that this user and lgpio can use."""
    name, system, driver = "pins", patient.system, patient.settings.gpio.driver
    if driver == "mock":
        return warning(name, "gpio.driver is mock: nothing is switched", "set gpio.driver: auto where lamps are wired")
    if driver not in ("auto", "lgpio"):
        return skipped(name, f"gpio.driver is {driver}")
    chip = _find_chip(system)
    if chip is None:
        return problem(name, "no GPIO chip in /dev", f"this is no Raspberry Pi: {_WITHOUT}")
    version = system.version_of("lgpio")
    # its compiled part, as lgpio itself makes pipes in the current folder when it is imported
    reason = try_import(system, "_lgpio") or _too_old(version)
    if reason:
        return problem(name, f"lgpio: {reason}", "sudo apt install python3-lgpio, then sudo ./setup.sh install")
    if not system.access(chip, os.R_OK | os.W_OK):
        return problem(name, f"/dev/{chip.name}: no permission", "sudo usermod -aG gpio $USER, then log in again")
    return ok(name, f"/dev/{chip.name}, lgpio {version or 'of the system'}")


def check_pin_use(patient: Patient) -> Finding:
    """Return whether an output is wired, and no other program has one of the pins in config.yaml. None is touched."""
    name, system, gpio = "pin use", patient.system, patient.settings.gpio
    chip = _find_chip(system) if gpio.driver in ("auto", "lgpio") else None
    wired = _wired_pins(gpio)
    if set(wired.values()) <= {"mute_button_pin"}:
        return warning(name, "nothing is wired: an alarm switches no pin", "give the lamp its pin: gpio.lamp_pin")
    if chip is None or not wired:
        return skipped(name, "no pins to ask about")
    said = system.run((sys.executable, "-m", "edge.doctor.probe_pins", str(chip), *map(str, wired)))
    answer: dict[str, Any] = json.loads(said) if said else {"error": "no answer"}
    if answer["error"]:
        return skipped(name, f"/dev/{chip.name} does not say who uses its pins ({answer['error']})")
    busy = {int(pin): user for pin, user in answer["users"].items() if user}
    return _judge_users(busy, wired, find_daemon(system))


def _judge_users(busy: dict[int, str], wired: dict[int, str], daemon: int | None) -> Finding:
    if not busy:
        return ok("pin use", f"{', '.join(map(str, wired))} are free")
    if daemon is not None:
        return ok("pin use", f"the daemon uses {', '.join(map(str, busy))} (process {daemon})")
    users = ", ".join(f"pin {pin} ({wired[pin]}) is used by {user}" for pin, user in busy.items())
    advice = "end that program (ps aux | grep python), free it in /boot/firmware/config.txt, or choose another pin"
    return problem("pin use", users, advice)


def _wired_pins(gpio: Gpio) -> dict[int, str]:
    """Return the settings by the pin they name: {17: "lamp_pin"}."""
    names = [each.name for each in fields(gpio) if each.name.endswith("_pin")]
    return {pin: name for name in names if (pin := getattr(gpio, name)) is not None}


def _find_chip(system: System) -> Path | None:
    """Return the chip that gpiozero 2.0.1 uses: 4 on a Pi 5, else 0."""
    number = 4 if "Raspberry Pi 5 " in (system.read("/proc/device-tree/model") or "") else 0
    chip = system.path(f"/dev/gpiochip{number}")
    return chip if chip.exists() else None


def _too_old(version: str | None) -> str:
    numbers = tuple(int(each) for each in re.findall(r"\d+", version or "")[:3])
    return f"version {version} is too old" if numbers and numbers < _OLDEST_LGPIO else ""

"""What the kernel shows of the board and its devices in /sys: small files of one line."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_THERMOMETERS: Final = "class/thermal/thermal_zone*/temp"
_LOW_VOLTAGE: Final = "class/hwmon/hwmon*/in*_lcrit_alarm"
"""The kernel's raspberrypi-hwmon shows there what `vcgencmd get_throttled` calls under-voltage."""


def read_fact(path: Path) -> str:
    """Return the one line of a file in /sys; nothing when its device went away or its sensor sleeps."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def read_celsius(sys: Path) -> float | None:
    """Return what the hottest thermometer shows, None without one."""
    texts = (read_fact(path) for path in sys.glob(_THERMOMETERS))
    return max((int(text) / 1000 for text in texts if text.lstrip("-").isdigit()), default=None)


def has_low_voltage(sys: Path) -> bool | None:
    """Return whether the board says that its supply voltage is too low, None where it does not measure it."""
    alarms = [read_fact(path) for path in sys.glob(_LOW_VOLTAGE)]
    return "1" in alarms if alarms else None

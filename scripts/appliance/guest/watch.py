"""Notes when a simulated pin changes, seen from the side of the wire: watch.py FILE.

Each line is `SECONDS PIN LEVEL`, in seconds since the boot (as in /proc/uptime); every half a second comes one with
pin 0, which only tells the time. Only the standard library.
"""

import sys
import time
from pathlib import Path
from typing import BinaryIO, NoReturn, TextIO

PINS = (17, 22, 27)
"""Warning lamp, status lamp, buzzer: the defaults of config.yaml."""

_EVERY_S = 0.04


def find_lines() -> dict[int, BinaryIO]:
    """Return the open files of the pins, waiting for the simulated chip to come."""
    while True:
        chip = next(Path("/sys/devices/platform").glob("gpio-sim.*/gpiochip*"), None)
        if chip is not None:
            return {pin: (chip / f"sim_gpio{pin}/value").open("rb", buffering=0) for pin in PINS}
        time.sleep(0.2)


def follow(out: TextIO) -> NoReturn:
    """Write the levels now, then every change, for ever."""
    lines = find_lines()
    levels: dict[int, bytes] = {}
    told_s = 0.0
    while True:
        now_s = time.clock_gettime(time.CLOCK_BOOTTIME)
        for pin, line in lines.items():
            line.seek(0)
            level = line.read().strip()
            if levels.get(pin) != level:
                levels[pin] = level
                out.write(f"{now_s:.2f} {pin} {level.decode()}\n")
        if now_s - told_s >= 0.5:
            told_s = now_s
            out.write(f"{now_s:.2f} 0 0\n")
        out.flush()
        time.sleep(_EVERY_S)


if __name__ == "__main__":
    with Path(sys.argv[1]).open("a", encoding="ascii") as notes:
        follow(notes)

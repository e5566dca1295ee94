"""python -m edge.doctor.probe_pins /dev/gpiochipN PIN…: who uses which pin, asked of the kernel; no pin is touched.

Prints one JSON object: `error` (a name like EACCES, or none), `users` by pin, "" where it is free.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import struct
import sys
from collections.abc import Sequence
from typing import Any

_LINE_INFO, _LINE_INFO_BYTES = 0xC100B405, 256
"""GPIO_V2_GET_LINEINFO_IOCTL (linux/gpio.h, Linux 5.10): name[32], consumer[32], offset, attributes, flags at 72."""

_USED = 1


def probe(path: str, pins: Sequence[int]) -> dict[str, Any]:
    """Return who uses each pin of a GPIO chip."""
    try:
        chip = os.open(path, os.O_RDONLY)
        try:
            return {"error": None, "users": {str(pin): _user_of(chip, pin) for pin in pins}}
        finally:
            os.close(chip)
    except OSError as exc:
        return {"error": errno.errorcode.get(exc.errno or 0, "unknown")}


def _user_of(chip: int, pin: int) -> str:
    info = bytearray(_LINE_INFO_BYTES)
    struct.pack_into("=I", info, 64, pin)
    fcntl.ioctl(chip, _LINE_INFO, info)
    (flags,) = struct.unpack_from("=Q", info, 72)
    user = info[32:64].split(b"\0")[0].decode(errors="replace")
    return (user or "another program") if flags & _USED else ""


if __name__ == "__main__":
    json.dump(probe(sys.argv[1], [int(word) for word in sys.argv[2:]]), sys.stdout)

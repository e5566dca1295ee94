"""Run a program of another processor with all that it starts: register.py EMULATOR PROGRAM [WORD…], as root.

The kernel is told, in this container alone, to run arm64 programs by the emulator. This script runs in it too.
"""

import ctypes
import os
import sys
from pathlib import Path

PLACE = Path("/run/binfmt_misc")
MAGIC = rb"\x7fELF\x02\x01\x01" + rb"\x00" * 9 + rb"\x02\x00\xb7\x00"
"""The start of an arm64 program: ELF of 64 bits, little-endian, executable, machine 183."""
MASK = rb"\xff" * 7 + rb"\x00" + rb"\xff" * 8 + rb"\xfe\xff\xff\xff"
"""Any system may be named, and the program may be one that is loaded anywhere."""


def register(emulator: str) -> None:
    """Have the kernel run arm64 programs by `emulator`. Raises OSError where a container may not, before Linux 6.7."""
    PLACE.mkdir()
    library = ctypes.CDLL(None, use_errno=True)
    if library.mount(b"binfmt_misc", bytes(PLACE), b"binfmt_misc", 0, None):
        number = ctypes.get_errno()
        raise OSError(number, f"{os.strerror(number)}: the kernel keeps binfmt_misc to itself; Linux 6.7 does not")
    # P: the program sees the name that it was called by; F: the emulator is opened now
    (PLACE / "register").write_bytes(b":arm64:M::%b:%b:%b:PF" % (MAGIC, MASK, emulator.encode()))


if __name__ == "__main__":
    register(sys.argv[1])
    os.execvp(sys.argv[2], sys.argv[2:])

"""python -m edge.doctor.probe_camera /dev/videoN: asks a camera's driver, in a process that may be given up.

Prints one JSON object: `error` (a name like EBUSY, or none), `card` (what the camera calls itself), `captures`.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import struct
import sys
from typing import Any

_QUERYCAP = 0x80685600
"""VIDIOC_QUERYCAP: struct v4l2_capability, 104 bytes (linux/videodev2.h)."""

_REQBUFS = 0xC0145608
"""VIDIOC_REQBUFS: struct v4l2_requestbuffers, 20 bytes. Zero buffers change nothing; EBUSY: another has the stream."""

_CAPTURE, _CAPTURE_MPLANE, _DEVICE_CAPS = 0x1, 0x1000, 0x80000000
_TYPE_CAPTURE, _TYPE_CAPTURE_MPLANE, _MMAP = 1, 9, 1


def probe(path: str) -> dict[str, Any]:
    """Return what the driver of a device says; a hung driver never returns."""
    try:
        camera = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        try:
            return _ask(camera)
        finally:
            os.close(camera)
    except OSError as exc:
        return {"error": errno.errorcode.get(exc.errno or 0, "unknown")}


def _ask(camera: int) -> dict[str, Any]:
    answer = bytearray(104)
    fcntl.ioctl(camera, _QUERYCAP, answer)
    whole, of_node = struct.unpack_from("=II", answer, 84)
    can = of_node if whole & _DEVICE_CAPS else whole
    said = {"error": None, "card": answer[16:48].split(b"\0")[0].decode(errors="replace")}
    if not can & (_CAPTURE | _CAPTURE_MPLANE):
        return said | {"captures": False}
    kind = _TYPE_CAPTURE if can & _CAPTURE else _TYPE_CAPTURE_MPLANE
    try:
        fcntl.ioctl(camera, _REQBUFS, bytearray(struct.pack("=IIIII", 0, kind, _MMAP, 0, 0)))
    except OSError as exc:
        if exc.errno == errno.EBUSY:
            return said | {"captures": True, "error": "EBUSY"}
    return said | {"captures": True}


if __name__ == "__main__":
    json.dump(probe(sys.argv[1]), sys.stdout)

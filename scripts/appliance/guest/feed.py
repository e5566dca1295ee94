"""Plays a scene into a camera of v4l2loopback: feed.py DEVICE SCENES CHOICE.

SCENES holds NAME.yuyv files, 640×480 YUYV pictures one after the other. The file CHOICE names the one that is played,
over and over; `silent` sends nothing, and `still` repeats the last picture. Only the standard library: it runs on the
guest's own Python.
"""

import fcntl
import struct
import sys
import time
from pathlib import Path
from typing import BinaryIO, NoReturn

WIDTH, HEIGHT, FPS = 640, 480, 5
FRAME_BYTES = WIDTH * HEIGHT * 2

_VIDIOC_S_FMT = 0xC0D05605
_OUTPUT, _NO_FIELD, _SRGB = 2, 1, 8
_YUYV = int.from_bytes(b"YUYV", "little")


def set_format(device: BinaryIO) -> None:
    """Tell the driver what comes: struct v4l2_format of 208 bytes on 64-bit Linux (linux/videodev2.h)."""
    head = struct.pack("I4x8I", _OUTPUT, WIDTH, HEIGHT, _YUYV, _NO_FIELD, WIDTH * 2, FRAME_BYTES, _SRGB, 0)
    fcntl.ioctl(device, _VIDIOC_S_FMT, head.ljust(208, b"\0"))


def choose(choice: Path) -> str:
    """Return the name of the scene that is wanted; `empty` until somebody asks for another."""
    return choice.read_text().strip() if choice.exists() else "empty"


def play(device: BinaryIO, scenes: dict[str, list[bytes]], choice: Path) -> NoReturn:
    """Write a picture every 1/FPS seconds, for ever."""
    name, index = "empty", 0
    picture, due_s = scenes[name][0], time.monotonic()
    while True:
        wanted = choose(choice)
        if wanted in scenes:
            index = (index + 1) % len(scenes[wanted]) if wanted == name else 0
            picture = scenes[wanted][index]
        name = wanted
        if name != "silent":
            device.write(picture)
        due_s = max(due_s + 1 / FPS, time.monotonic() - 1)
        time.sleep(max(0.0, due_s - time.monotonic()))


def read_pictures(scene: Path) -> list[bytes]:
    """Return all pictures of a scene."""
    data = scene.read_bytes()
    return [data[at : at + FRAME_BYTES] for at in range(0, len(data) - FRAME_BYTES + 1, FRAME_BYTES)]


if __name__ == "__main__":
    with Path(sys.argv[1]).open("wb", buffering=0) as camera:
        set_format(camera)
        # all at once: reading a scene when it is wanted would look like a camera that stops
        loaded = {path.stem: read_pictures(path) for path in Path(sys.argv[2]).glob("*.yuyv")}
        play(camera, loaded, Path(sys.argv[3]))

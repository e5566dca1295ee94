"""maskwatch snapshot: one annotated picture from the configured camera, to aim it over SSH."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

from edge.annotate import annotate
from edge.commands import ROOT, read_settings, write_picture
from edge.errors import HardwareError
from edge.looker import open_looker
from edge.records import Frame
from edge.settings import Camera
from edge.sources import open_source

_FRAME_WAIT_S = 3.0
_WARM_UP_FRAMES = 5
"""Cameras need a few frames before exposure and white balance are right."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("file", type=Path, metavar="FILE", help="where the picture goes, .jpg or .png")


def run(options: argparse.Namespace) -> int:
    """Take a picture, look at it, write it."""
    settings = read_settings(options)
    with closing(open_looker(settings, ROOT)) as looker:
        frame = take_frame(settings.camera)
        verdicts = looker.look(frame)
    write_picture(options.file, annotate(frame.bgr, verdicts, polygon=settings.zone.polygon))
    print(f"{options.file}: {frame.bgr.shape[1]}×{frame.bgr.shape[0]}, faces: {len(verdicts)}")
    return 0


def take_frame(camera: Camera) -> Frame:
    """Return a frame of the camera after its warm-up, or the last one of a source that ends sooner.

    Raises HardwareError when there is none.
    """
    taken = None
    with closing(open_source(camera)) as source:
        for _ in range(_WARM_UP_FRAMES):
            frame = source.next_frame(_FRAME_WAIT_S)
            if frame is None:
                break
            taken = frame
    if taken is None:
        raise HardwareError(f"camera {camera.device}: gave no picture; check camera.source and camera.device")
    return taken

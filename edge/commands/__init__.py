"""One file a command: `add_arguments(parser)` and `run(options)`."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2

from edge.config import find_config, load_settings
from edge.errors import DataError
from edge.preprocess import Picture
from edge.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent
"""The installation: relative model paths start here."""


def read_settings(options: argparse.Namespace) -> Settings:
    """Return the settings of `--config`, else of the installed config.yaml, else the defaults. Raises ConfigError."""
    path = options.config or find_config()
    return load_settings(path) if path else Settings()


def write_picture(path: Path, bgr: Picture) -> None:
    """Write a picture (height, width, 3) uint8 BGR in the format of its suffix, making its folder.

    Raises DataError when that cannot be done.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        encoded, data = cv2.imencode(path.suffix or ".jpg", bgr)
        path.write_bytes(data.tobytes())
    except cv2.error as exc:
        raise DataError(f"{path}: cannot be written as {path.suffix}; use .jpg or .png") from exc
    except OSError as exc:
        raise DataError(f"{path}: cannot be written ({exc.strerror}); choose another place") from exc
    if not encoded:
        raise DataError(f"{path}: cannot be written as {path.suffix}; use .jpg or .png")

"""One file a command: `add_arguments(parser)` and `run(options)`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from edge.config import find_config, load_settings
from edge.errors import DataError
from edge.settings import Settings

if TYPE_CHECKING:
    from edge.preprocess import Picture

ROOT = Path(__file__).resolve().parent.parent.parent
"""The installation: relative model paths start here."""

WRITABLE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})


def read_settings(options: argparse.Namespace) -> Settings:
    """Return the settings of `--config`, else of the installed config.yaml, else the defaults. Raises ConfigError."""
    path = find_config_of(options)
    return load_settings(path) if path else Settings()


def find_config_of(options: argparse.Namespace) -> Path | None:
    """Return the file of `--config`, else the installed config.yaml; None where neither is: then the defaults hold."""
    path: Path | None = options.config or find_config()
    return path


def count_of(number: int, noun: str, nouns: str = "") -> str:
    """Return a number of things in words: `1 face`, `2 faces`; `nouns` are several where that is no `s` more."""
    return f"{number} {noun if number == 1 else nouns or f'{noun}s'}"


def write_picture(path: Path, bgr: Picture) -> None:
    """Write a picture (height, width, 3) uint8 BGR in the format of its suffix, making its folder.

    Raises DataError when that cannot be done.
    """
    import cv2  # here, as outputs-off must not wait for it

    from edge.clip import make_folder

    if path.suffix.lower() not in WRITABLE_SUFFIXES:
        raise DataError(f"{path}: cannot be written as {path.suffix or 'a file without suffix'}; use .jpg or .png")
    data = cv2.imencode(path.suffix, bgr)[1].tobytes()
    make_folder(path.parent)
    try:
        path.write_bytes(data)
    except OSError as exc:
        raise DataError(f"{path}: cannot be written ({exc.strerror}); choose another place") from exc

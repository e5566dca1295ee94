"""Writes files so that they are there whole or not at all, whenever the writing is cut off."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edge.errors import UsageError


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Have `write` write a file with the same ending beside `path`, then give it that name; make the folder first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"unfinished-{path.name}")
    write(unfinished)
    unfinished.rename(path)


def check_folder(option: str, path: Path) -> None:
    """Raise UsageError when a file is where an option wants a folder: at once, not when the work is to be written."""
    for place in (path, *path.parents):
        if place.exists() and not place.is_dir():
            raise UsageError(f"{option} {path}: a folder is expected, and {place} is a file; name another")

"""Pictures that must not be trained on: those that a list names, and whatever looks like those of a folder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
from tqdm import tqdm

from edge.errors import DataError
from edge.preprocess import Picture
from train.annotations import read_csv
from train.faces import PICTURE_SUFFIXES
from train.near_duplicates import Hashes, hash_trims, is_like
from train.pictures import open_picture


class DropList:
    """Paths of pictures, as another program printed them."""

    def __init__(self, paths: Iterable[PurePath] = ()) -> None:
        """Hold these paths."""
        self._by_name: dict[str, list[PurePath]] = {}
        for path in paths:
            self._by_name.setdefault(path.name, []).append(path)

    def means(self, picture: PurePath) -> bool:
        """Return whether one of the paths can mean this picture, whose path starts in its collection's folder.

        The two must end alike as far as both go: the list may be from another place, or from before a move.
        """
        return any(_end_alike(picture, path) for path in self._by_name.get(picture.name, ()))


def _end_alike(one: PurePath, other: PurePath) -> bool:
    shared = min(len(one.parts), len(other.parts))
    return one.parts[-shared:] == other.parts[-shared:]


def read_drop_list(path: Path) -> DropList:
    """Return the paths in a file of lines `PATH` or `PATH NUMBER`. Raises DataError when it cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise DataError(f"{path}: not a list of pictures ({exc}); give a text file, one PATH a line") from exc
    return DropList(_listed_path(line.strip()) for line in lines if line.strip())


def _listed_path(line: str) -> PurePath:
    before, _, last = line.rpartition(" ")
    return PurePath(before if before and last.isdecimal() else line)


@dataclass(frozen=True, slots=True, eq=False)
class Lookalikes:
    """The hashes, (n, trims, views, 2, 64), of pictures that nothing may look like."""

    hashes: Hashes | None

    def include(self, bgr: Picture) -> bool:
        """Return whether a picture is one of them: copied, resized, mirrored, or with other borders."""
        return self.hashes is not None and is_like(hash_trims(bgr), self.hashes)


def read_lookalikes(places: Iterable[Path]) -> Lookalikes:
    """Return the pictures in folders and annotations files (`.csv`).

    Raises DataError when one cannot be read: what is not known cannot be kept away.
    """
    paths = [path for place in places for path in _pictures_at(place)]
    hashes = [hash_trims(open_picture(path).bgr()) for path in tqdm(paths, desc="keep away", unit="picture")]
    return Lookalikes(np.stack(hashes) if hashes else None)


def _pictures_at(place: Path) -> list[Path]:
    return [picture.path for picture in read_csv(place)] if place.suffix == ".csv" else list_pictures(place)


def list_pictures(folder: Path) -> list[Path]:
    """Return every picture below a folder but hidden ones, in order. Raises DataError when there is none."""
    inside = [path.relative_to(folder) for path in sorted(folder.rglob("*"))]
    shown = [path for path in inside if not any(part.startswith(".") for part in path.parts)]
    found = [folder / path for path in shown if path.suffix.lower() in PICTURE_SUFFIXES and (folder / path).is_file()]
    if not found:
        raise DataError(f"{folder}: no pictures there; give a folder of .jpg or .png files")
    return found

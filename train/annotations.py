"""Boxes with labels, read from and written to CSV: image,width,height,x_min,y_min,x_max,y_max,label."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edge.errors import DataError
from edge.geometry import Box, Boxes
from edge.records import FACE, IGNORE

__all__ = ["COLUMNS", "FACE", "IGNORE", "AnnotatedPicture", "LabeledBox", "clip_faces", "read_csv", "write_csv"]

COLUMNS = ("image", "width", "height", "x_min", "y_min", "x_max", "y_max", "label")


@dataclass(frozen=True, slots=True)
class LabeledBox:
    """A box in pixels of its picture, and what is in it."""

    box: Box
    label: str


@dataclass(frozen=True, slots=True)
class AnnotatedPicture:
    """A picture on disk, its size in pixels, and the boxes in it (none: a picture without a face)."""

    path: Path
    width: int
    height: int
    faces: tuple[LabeledBox, ...]

    def boxes(self) -> Boxes:
        """Return the boxes, (n, 4) float32, in pixels of the picture."""
        return np.array([face.box.as_tuple() for face in self.faces], np.float32).reshape(-1, 4)

    def with_faces(self, faces: Iterable[LabeledBox]) -> AnnotatedPicture:
        """Return the same picture with other boxes."""
        return replace(self, faces=tuple(faces))


def clip_faces(picture: AnnotatedPicture) -> AnnotatedPicture:
    """Return the picture with its boxes cut at its edges, without those that have no area then."""
    cut = (LabeledBox(_clip(face.box, picture.width, picture.height), face.label) for face in picture.faces)
    return picture.with_faces(face for face in cut if min(face.box.width, face.box.height) > 0)


def _clip(box: Box, width: int, height: int) -> Box:
    x_min, y_min, x_max, y_max = box.as_tuple()
    return Box(max(x_min, 0.0), max(y_min, 0.0), min(x_max, float(width)), min(y_max, float(height)))


def read_csv(path: Path, images: Path | None = None) -> list[AnnotatedPicture]:
    """Return the pictures of an annotations file, in its order.

    `images` is the folder of the pictures, by default `images` beside the file. Raises DataError on a missing file,
    a missing column or a row that is not numbers.
    """
    folder = images or path.parent / "images"
    if not path.is_file():
        raise DataError(f"{path}: no such annotations file; see docs/training.md for the format")
    pictures: dict[str, AnnotatedPicture] = {}
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        missing = set(COLUMNS) - set(reader.fieldnames or ())
        if missing:
            raise DataError(
                f"{path}: columns {sorted(missing)} are missing; the first line must be {','.join(COLUMNS)}"
            )
        for row in reader:
            _add_row(pictures, row, folder, f"{path}:{reader.line_num}")
    return list(pictures.values())


def _add_row(pictures: dict[str, AnnotatedPicture], row: dict[str, str], folder: Path, place: str) -> None:
    try:
        width, height, *corners = (float(row[name]) for name in COLUMNS[1:7])
    except ValueError as exc:
        raise DataError(f"{place}: a number is expected in columns 2 to 7 ({exc})") from exc
    face = LabeledBox(Box(*corners), row["label"])
    known = pictures.get(row["image"])
    faces = (*known.faces, face) if known else (face,)
    pictures[row["image"]] = AnnotatedPicture(folder / row["image"], int(width), int(height), faces)


def write_csv(path: Path, pictures: Sequence[AnnotatedPicture]) -> None:
    """Write the boxes of the pictures; pictures without a box leave no row."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for picture in pictures:
            for face in picture.faces:
                corners = (f"{value:.1f}" for value in face.box.as_tuple())
                writer.writerow((picture.path.name, picture.width, picture.height, *corners, face.label))

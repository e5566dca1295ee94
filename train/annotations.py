"""Boxes with labels, read from and written to CSV: image,width,height,x_min,y_min,x_max,y_max,label."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edge.errors import DataError
from edge.geometry import Box, Boxes

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

    def scaled(self, path: Path, scale: float) -> AnnotatedPicture:
        """Return a copy of the picture that lies at `path` and is `scale` times as large, and so are its boxes."""
        width, height = (max(1, round(side * scale)) for side in (self.width, self.height))
        faces = (replace(face, box=Box(*(value * scale for value in face.box.as_tuple()))) for face in self.faces)
        return AnnotatedPicture(path, width, height, tuple(faces))


def clip_faces(picture: AnnotatedPicture) -> AnnotatedPicture:
    """Return the picture with its boxes cut at its edges, without those that have no area then."""
    cut = (LabeledBox(_clip(face.box, picture.width, picture.height), face.label) for face in picture.faces)
    return picture.with_faces(face for face in cut if min(face.box.width, face.box.height) > 0)


def _clip(box: Box, width: int, height: int) -> Box:
    x_min, y_min, x_max, y_max = box.as_tuple()
    return Box(max(x_min, 0.0), max(y_min, 0.0), min(x_max, float(width)), min(y_max, float(height)))


def read_csv(path: Path, images: Path | None = None) -> list[AnnotatedPicture]:
    """Return the pictures of an annotations file, in its order.

    `images` is the folder of the pictures, by default `images` beside the file. Raises DataError, by file and line, for
    a missing file or column and for a row that has no picture or one in a sub-folder, no label, other than finite
    numbers, or a box whose corners are swapped. A box without an area is no mistake: a face of a few pixels may be one
    after rounding.
    """
    folder = images or path.parent / "images"
    if not path.is_file():
        raise DataError(f"{path}: no such annotations file; see docs/training.md for the format")
    pictures: dict[str, AnnotatedPicture] = {}
    reader = csv.DictReader(io.StringIO(read_text(path)))
    missing = set(COLUMNS) - set(reader.fieldnames or ())
    if missing:
        raise DataError(f"{path}: columns {sorted(missing)} are missing; the first line must be {','.join(COLUMNS)}")
    for row in reader:
        _add_row(pictures, row, folder, f"{path}:{reader.line_num}")
    return list(pictures.values())


def read_text(path: Path) -> str:
    """Return what stands in a text file, with or without a byte order mark. Raises DataError when it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as exc:
        line = exc.object[: exc.start].count(b"\n") + 1
        raise DataError(f"{path}:{line}: not a text in UTF-8 ({exc.reason}); save it as UTF-8") from exc


def _add_row(pictures: dict[str, AnnotatedPicture], row: Mapping[str, str | None], folder: Path, place: str) -> None:
    words = [(row[name] or "").strip() for name in COLUMNS]
    empty = [name for name, word in zip(COLUMNS, words, strict=True) if not word]
    if empty:
        raise DataError(f"{place}: nothing stands in column {empty[0]}; fill it in or delete the line")
    image, *numbers, label = words
    _check_name(image, place)
    width, height, *corners = read_numbers(numbers, f"{place}: numbers are expected in columns 2 to 7")
    face = LabeledBox(_box(corners, place), label)
    known = pictures.get(image)
    faces = (*known.faces, face) if known else (face,)
    pictures[image] = AnnotatedPicture(folder / image, int(width), int(height), faces)


def _check_name(image: str, place: str) -> None:
    """Raise DataError for a picture in a sub-folder: everything here tells the pictures of a file apart by name."""
    if "/" in image or "\\" in image:
        raise DataError(f"{place}: image must be a bare name, got {image}; put all pictures into one folder")


def read_numbers(words: Sequence[str], expectation: str) -> list[float]:
    """Return words as finite numbers. Raises DataError, which begins with `expectation`, for any other word."""
    try:
        values = [float(word) for word in words]
    except ValueError as exc:
        raise DataError(f"{expectation}, got {' '.join(words).strip() or 'nothing'}") from exc
    if not all(map(math.isfinite, values)):
        raise DataError(f"{expectation}, got {' '.join(words)}")
    return values


def _box(corners: Sequence[float], place: str) -> Box:
    box = Box(*corners)
    if min(box.width, box.height) < 0:
        seen = ",".join(f"{value:g}" for value in corners)
        raise DataError(f"{place}: the corner x_min,y_min must be left of and above x_max,y_max, got {seen}; swap them")
    return box


def write_csv(path: Path, pictures: Sequence[AnnotatedPicture]) -> None:
    """Write the boxes of the pictures; pictures without a box leave no row."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for picture in pictures:
            for face in picture.faces:
                corners = (f"{value:.1f}" for value in face.box.as_tuple())
                writer.writerow((picture.path.name, picture.width, picture.height, *corners, face.label))

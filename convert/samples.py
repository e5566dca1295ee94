"""The pictures a conversion needs: some to set the ranges, some held back to prove that nothing was lost.

A training run lists its samples in `split.csv`: path, x_min, y_min, x_max, y_max (empty: the whole picture), label,
source, split (train, validation or test). A detector's row is one face; its pictures are the distinct paths.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import DataError
from edge.geometry import Box, Boxes
from edge.preprocess import Picture, classifier_input, detector_input, whole_input

T = TypeVar("T")

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})


@dataclass(frozen=True, slots=True)
class Sample:
    """A face in a picture, or a whole picture (box None); `label` is empty where nobody said what it shows."""

    path: Path
    box: Box | None = None
    label: str = ""


def read_split(path: Path, splits: frozenset[str]) -> list[Sample]:
    """Return a run's samples of the given splits. Raises DataError when the list is missing or broken."""
    if not path.is_file():
        raise DataError(f"{path}: no list of samples; is this the folder of a finished training run?")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    try:
        return [_sample(row) for row in rows if row["split"] in splits]
    except (KeyError, ValueError) as exc:
        raise DataError(f"{path}: not a list of samples ({exc}); train again") from exc


def _sample(row: dict[str, str]) -> Sample:
    corners = [row[name] for name in ("x_min", "y_min", "x_max", "y_max")]
    box = Box(*(float(value) for value in corners)) if all(corners) else None
    return Sample(Path(row["path"]), box, row["label"])


def list_pictures(folder: Path) -> list[Sample]:
    """Return every picture below a folder but hidden ones and those in hidden folders. Raises DataError without any."""
    inside = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.suffix.lower() in PICTURE_SUFFIXES]
    found = [Sample(folder / path) for path in inside if not any(part.startswith(".") for part in path.parts)]
    if not found:
        raise DataError(f"{folder}: no pictures there; calibration needs some like those the device will see")
    return found


def choose(samples: Sequence[T], count: int, seed: int = 0) -> list[T]:
    """Return up to `count` of them, drawn at random, the same ones for the same seed."""
    order = np.random.default_rng(seed).permutation(len(samples))[:count]
    return [samples[i] for i in order]


def choose_pictures(samples: Sequence[Sample], count: int, seed: int = 0) -> list[Sample]:
    """Return all samples of up to `count` pictures, drawn so that a crowd is no likelier than a single face."""
    chosen = set(choose(list(dict.fromkeys(sample.path for sample in samples)), count, seed))
    return [sample for sample in samples if sample.path in chosen]


def face_inputs(samples: Sequence[Sample], size_px: int) -> Iterator[NDArray[np.uint8]]:
    """Yield the classifier's inputs, (size_px, size_px, 3) uint8 RGB, cut as the device cuts them."""
    for sample in samples:
        bgr = read_picture(sample.path)
        yield classifier_input(bgr, sample.box, size_px) if sample.box else whole_input(bgr, size_px)


def picture_inputs(samples: Sequence[Sample], width_px: int, height_px: int) -> Iterator[NDArray[np.uint8]]:
    """Yield the detector's inputs, (height_px, width_px, 3) uint8 RGB, laid in as the device lays them in."""
    for path in dict.fromkeys(sample.path for sample in samples):
        yield detector_input(read_picture(path), width_px, height_px)[0]


def boxes_by_picture(samples: Sequence[Sample]) -> dict[Path, Boxes]:
    """Return the boxes (n, 4) of each picture in its own pixels."""
    grouped: dict[Path, list[tuple[float, ...]]] = {}
    for sample in samples:
        grouped.setdefault(sample.path, []).extend([sample.box.as_tuple()] if sample.box else [])
    return {path: np.array(boxes, np.float32).reshape(-1, 4) for path, boxes in grouped.items()}


def read_picture(path: Path) -> Picture:
    """Return a picture as (height, width, 3) uint8 BGR. Raises DataError when it cannot be read."""
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise DataError(f"{path}: not a picture that can be read")
    return np.asarray(bgr, np.uint8)

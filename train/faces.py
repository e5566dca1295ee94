"""What the classifier learns from: labeled faces, in pictures with boxes or as whole pictures in class folders."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.errors import DataError
from edge.geometry import Box
from edge.preprocess import Picture, classifier_input, whole_input
from edge.records import FACE, IGNORE
from train.annotations import AnnotatedPicture

log = logging.getLogger(__name__)

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})

SMALLEST_FACE_PX = 14.0
"""Annotated faces whose larger side is smaller teach nothing: their mask cannot be told."""


@dataclass(frozen=True, slots=True)
class LabeledFace:
    """A face and what it wears. `box` is in pixels of the picture; None: the picture is the face.

    `source` names the data set it comes from.
    """

    path: Path
    box: Box | None
    label: str
    source: str


def read_folders(folder: Path, labels: Collection[str] | None = None) -> list[LabeledFace]:
    """Return every picture of a classic data set but hidden ones: one folder a class, whose name is the label.

    With `labels` only those folders are read. The log says how many files are of kinds that are not read. Raises
    DataError when there is no class folder with a picture, and for a GIF.
    """
    if not folder.is_dir():
        raise DataError(
            f"{folder}: no such folder; it must hold one folder a class, such as with_mask/ and without_mask/"
        )
    paths = [path for path in sorted(folder.glob("[!.]*/[!.]*")) if labels is None or path.parent.name in labels]
    found = [path for path in paths if path.suffix.lower() in PICTURE_SUFFIXES]
    _say_left_out(folder, [path for path in paths if path.suffix.lower() not in PICTURE_SUFFIXES and path.is_file()])
    gifs = [path for path in found if path.suffix.lower() == ".gif"]
    if gifs:  # OpenCV 4.11 reads none
        raise DataError(f"{gifs[0]}: training reads no GIF; `python -m train prepare` makes JPEGs of them")
    if not found:
        wanted = ", ".join(sorted(labels)) if labels else "with_mask, without_mask"
        raise DataError(f"{folder}: no pictures in its class folders; expected folders such as {wanted}")
    return [LabeledFace(path, None, path.parent.name, folder.resolve().name) for path in found]


def _say_left_out(folder: Path, paths: Sequence[Path]) -> None:
    if paths:
        log.warning(
            "%s: left out: %d files that are not read here, such as %s; save pictures as JPEG",
            folder, len(paths), paths[0].relative_to(folder),
        )  # fmt: skip


def faces_of(
    pictures: Sequence[AnnotatedPicture], source: str, labels: Collection[str] | None = None
) -> Iterator[LabeledFace]:
    """Yield the faces of annotated pictures that are large enough and whose mask state is known."""
    for picture in pictures:
        for face in picture.faces:
            known = face.label not in (FACE, IGNORE) and (labels is None or face.label in labels)
            if known and max(face.box.width, face.box.height) >= SMALLEST_FACE_PX:
                yield LabeledFace(picture.path, face.box, face.label, source)


def cut_face(bgr: Picture, box: Box | None, size_px: int) -> Picture:
    """Return the classifier's input, (size_px, size_px, 3) uint8 RGB, of a face as the device cuts it.

    Without a box it is the whole picture, squeezed into the square.
    """
    return whole_input(bgr, size_px) if box is None else classifier_input(bgr, box, size_px)


def read_picture(path: Path) -> Picture:
    """Return a picture as (height, width, 3) uint8 BGR. Raises DataError when it cannot be read."""
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise DataError(f"{path}: not a picture that can be read; `python -m train prepare` sorts such files out")
    return np.asarray(bgr, np.uint8)


def labels_of(
    faces: Sequence[LabeledFace], order: Sequence[str] | None = None, known: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the labels to learn: in the given order, or else those `known` already, or else in alphabetical order.

    `known` are the labels of the model that training goes on from. It may keep labels of which there is no face here,
    as long as it keeps all of them. Raises DataError when another expected label does not occur, when one is named
    twice, when there are fewer than two, or when no order is given and a face has a label that the model does not know.
    """
    counts = Counter(face.label for face in faces)
    labels = tuple(order or known or sorted(counts))
    if len(set(labels)) < len(labels):
        raise DataError(f"{', '.join(labels)}: one of these labels is named twice; name each once")
    missing = [] if labels == tuple(known) else [label for label in labels if label not in counts]
    if missing:
        raise DataError(f"no face is labeled {', '.join(missing)}; found were {dict(sorted(counts.items()))}")
    unknown = sorted(counts.keys() - set(labels))
    if unknown:
        raise DataError(
            f"the model to go on from does not know {', '.join(unknown)}; name the labels to learn with --labels"
        )
    if len(counts) < 2:
        raise DataError(f"a classifier needs two labels or more; found were {dict(counts)}")
    return labels


def count_by_source(faces: Sequence[LabeledFace]) -> Mapping[str, Mapping[str, int]]:
    """Return how many faces of each label each source has."""
    table: dict[str, Counter[str]] = {}
    for face in faces:
        table.setdefault(face.source, Counter())[face.label] += 1
    return {source: dict(sorted(counts.items())) for source, counts in sorted(table.items())}

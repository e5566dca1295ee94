"""Turns pictures that nobody annotated into training data for the detector: a teacher says where the faces are.

Pictures that would spoil a later score, such as copies of an evaluation set, and pictures that teach little are
dropped, each for one reason. The pictures themselves are never changed.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge.errors import DataError
from edge.geometry import Boxes
from edge.preprocess import Picture
from edge.records import FACE
from train.annotations import AnnotatedPicture, clip_faces
from train.keep_away import DropList, Lookalikes, list_pictures
from train.pictures import new_name, open_picture, save_jpeg
from train.teacher import SIZE_PX, repair

_SMALLEST_SIDE_PX = 40
_STEP_BACK = 2.5
"""How much larger the second look's canvas is. Of 20 close-ups the teacher was sure of 0 as they are, of 12 on a canvas
1.67 times as large, of 19 on one 2.5 times as large."""


class Reason(enum.StrEnum):
    """Why a picture was dropped, in the order in which it is asked."""

    LISTED = "named in the drop list"
    UNREADABLE = "not a picture that can be read"
    TINY = f"a side shorter than {_SMALLEST_SIDE_PX} px"
    KEPT_AWAY = "like a picture of --not-like"
    NO_FACE = "no face that the teacher finds"
    CLOSE_UP = "a face that fills too much of it"


class FaceFinder(Protocol):
    """What `train.teacher.Teacher` does."""

    def detect(self, bgr: Picture) -> tuple[Boxes, NDArray[np.float32]]:
        """Return boxes (n, 4) in pixels of the picture and scores (n,) in 0..1."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """What is dropped beside the unreadable and the faceless.

    `largest_frac`, 0..1: a face wider or higher than this part of its picture makes it a close-up, of which a detector
    learns little.
    """

    listed: DropList = DropList()
    lookalikes: Lookalikes = Lookalikes(None)
    largest_frac: float = 0.6


@dataclass(frozen=True, slots=True)
class Annotated:
    """What became of a collection: the annotated pictures, and how many were dropped for which reason."""

    pictures: tuple[AnnotatedPicture, ...]
    dropped: Counter[Reason]


def annotate(
    folder: Path, finder: FaceFinder, rules: Rules, keep: Callable[[AnnotatedPicture], AnnotatedPicture]
) -> Annotated:
    """Return the pictures below `folder` with the faces that the teacher finds, without those that the rules drop.

    Each picture that stays is passed through `keep`, see `Copies`. Raises DataError when there is no picture.
    """
    pictures: list[AnnotatedPicture] = []
    dropped: Counter[Reason] = Counter()
    for path in tqdm(list_pictures(folder), desc="annotate", unit="picture"):
        found = Reason.LISTED if rules.listed.means(path.relative_to(folder)) else _look(path, finder, rules)
        if isinstance(found, Reason):
            dropped[found] += 1
        else:
            pictures.append(keep(found))
    return Annotated(tuple(pictures), dropped)


def _look(path: Path, finder: FaceFinder, rules: Rules) -> AnnotatedPicture | Reason:
    try:
        bgr = open_picture(path).bgr()
    except DataError:
        return Reason.UNREADABLE
    if min(bgr.shape[:2]) < _SMALLEST_SIDE_PX:
        return Reason.TINY
    if rules.lookalikes.include(bgr):
        return Reason.KEPT_AWAY
    picture = find_faces(path, bgr, finder)
    if not picture.faces:
        return Reason.NO_FACE
    return Reason.CLOSE_UP if _largest_frac(picture) > rules.largest_frac else picture


def find_faces(path: Path, bgr: Picture, finder: FaceFinder) -> AnnotatedPicture:
    """Return a picture with the teacher's boxes: `face` where it is sure, `ignore` where it is not.

    Where it is sure of nothing it looks once more, from farther away.
    """
    height, width = bgr.shape[:2]
    scale = min(1.0, SIZE_PX / max(height, width))  # averaged down to the teacher's input, which would be sampled
    seen = bgr if scale == 1 else cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    unlabeled = AnnotatedPicture(path, width, height, ())
    near = _repaired(unlabeled, np.asarray(seen, np.uint8), scale, finder)
    if _has_sure_face(near):
        return near
    far = _repaired(unlabeled, _from_farther_away(np.asarray(seen, np.uint8)), scale, finder)
    return far if _has_sure_face(far) or not near.faces else near


def _repaired(picture: AnnotatedPicture, seen: Picture, scale: float, finder: FaceFinder) -> AnnotatedPicture:
    boxes, scores = finder.detect(seen)
    return clip_faces(repair(picture, boxes / np.float32(scale), scores))


def _has_sure_face(picture: AnnotatedPicture) -> bool:
    return any(face.label == FACE for face in picture.faces)


def _from_farther_away(bgr: Picture) -> Picture:
    """Return the picture in the top left corner of a larger, black one."""
    side = round(max(bgr.shape[:2]) * _STEP_BACK)
    bottom, right = (side - length for length in bgr.shape[:2])
    return np.asarray(cv2.copyMakeBorder(bgr, 0, bottom, 0, right, cv2.BORDER_CONSTANT), np.uint8)


def _largest_frac(picture: AnnotatedPicture) -> float:
    return max(max(face.box.width / picture.width, face.box.height / picture.height) for face in picture.faces)


class Copies:
    """Writes JPEG copies of pictures into one folder, each under a name of its own."""

    def __init__(self, folder: Path, max_side_px: int) -> None:
        """Write into `folder`, which is made; a copy is at most `max_side_px` long."""
        self._folder, self._max_side_px = folder, max_side_px
        self._taken: set[str] = set()

    def add(self, picture: AnnotatedPicture) -> AnnotatedPicture:
        """Write the copy of a picture and return it, with its boxes in its own pixels."""
        path = self._folder / new_name(picture.path.stem, self._taken)
        return picture.scaled(path, save_jpeg(open_picture(picture.path), path, self._max_side_px))

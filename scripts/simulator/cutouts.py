"""Faces for the simulator: chosen from annotated pictures by label, size and sharpness, and cut out of them.

Nothing here draws or stores a picture of a person on its own: the cut-outs live in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Box, common_area
from edge.preprocess import Picture
from edge.records import LABELS
from train.annotations import AnnotatedPicture, LabeledBox, read_csv
from train.faces import LabeledFace, read_picture

SOURCES = ("jolignier", "kaggle853", "adityap27")
"""Folders of data/detection whose boxes are tight enough."""

LARGEST_SIDE_PX = 192
"""Larger faces are cut out at this height."""

_ROOM_FRAC = (0.62, 0.62, 0.70, 0.80)
"""What is cut around a box, in its width and height: left, right, above, below."""

_LEAST_ROOM_FRAC = (0.12, 0.12, 0.28, 0.10)
"""What of that must lie in the picture, or hair and cheeks would end in a straight line."""

_SHARPNESS_SIDE_PX = 96


@dataclass(frozen=True, slots=True)
class Choice:
    """Which faces play: sides in pixels of the data's pictures, sharpness as in `sharpness_of`."""

    sources: tuple[str, ...] = SOURCES
    min_side_px: float = 60.0
    min_sharpness: float = 80.0
    max_aspect: float = 1.7


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """A head with neck: `bgr` (h, w, 3) uint8, `alpha` (h, w) float32 in 0..1, the face's box in its pixels."""

    bgr: Picture
    alpha: NDArray[np.float32]
    box: Box


def find_faces(
    data: Path, choice: Choice, only: Collection[str] | None = None
) -> tuple[list[LabeledFace], Counter[str]]:
    """Return the faces that may play, and why how many others may not.

    `only` are the names of pictures that may be used, for example those that a model was not trained on. A source
    whose annotations are missing is such a reason. Raises DataError on a broken annotations file.
    """
    reasons: Counter[str] = Counter()
    found: list[LabeledFace] = []
    for source in choice.sources:
        table = data / "detection" / source / "annotations.csv"
        if not table.is_file():
            reasons[f"{table}: missing"] += 1
            continue
        for picture in read_csv(table):
            if only is None or picture.path.name in only:
                found += _faces_in(picture, source, choice, reasons)
    return found, reasons


def _faces_in(picture: AnnotatedPicture, source: str, choice: Choice, reasons: Counter[str]) -> Iterator[LabeledFace]:
    shapes = [(face, _objection(face, picture, choice)) for face in picture.faces if face.label in LABELS]
    reasons.update(reason for _, reason in shapes if reason)
    fitting = [face for face, reason in shapes if not reason]
    bgr = read_picture(picture.path) if fitting else None
    for face in fitting:
        if bgr is not None and sharpness_of(bgr, face.box) < choice.min_sharpness:
            reasons["blurred"] += 1
        else:
            yield LabeledFace(picture.path, face.box, face.label, source)


def _objection(face: LabeledBox, picture: AnnotatedPicture, choice: Choice) -> str:
    box = face.box
    if min(box.width, box.height) < choice.min_side_px:
        return f"smaller than {choice.min_side_px:g} px"
    if not 1 / choice.max_aspect <= box.height / box.width <= choice.max_aspect:
        return "box too long"
    least = _grow(box, _LEAST_ROOM_FRAC)
    if least.x_min < 0 or least.y_min < 0 or least.x_max > picture.width or least.y_max > picture.height:
        return "cut off by the picture's edge"
    around = _grow(box, (0.15, 0.15, 0.35, 0.15))
    if any(common_area(around, other.box) > 0 for other in picture.faces if other is not face):
        return "somebody else is too close"
    return ""


def sharpness_of(bgr: Picture, box: Box) -> float:
    """Return the variance of the Laplacian of a face at 96×96 px. Pech-Pacheco 2000, doi:10.1109/ICPR.2000.903548."""
    face = bgr[max(0, int(box.y_min)) : int(box.y_max), max(0, int(box.x_min)) : int(box.x_max)]
    small = cv2.resize(face, (_SHARPNESS_SIDE_PX, _SHARPNESS_SIDE_PX), interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), cv2.CV_64F).var())


def cut_out(bgr: Picture, box: Box) -> Cutout:
    """Return the head of a box in a picture without its background, as far as GrabCut can tell; edges are soft."""
    room = _grow(box, _ROOM_FRAC)
    left, top = int(np.floor(room.x_min)), int(np.floor(room.y_min))
    width, height = round(room.width), round(room.height)
    scale = min(1.0, LARGEST_SIDE_PX / box.height)
    shift = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]], np.float32)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    smooth = cv2.GaussianBlur(bgr, (0, 0), 0.4 / scale) if scale < 0.8 else bgr
    piece = cv2.warpAffine(smooth, shift, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    there = cv2.warpAffine(np.full(bgr.shape[:2], 255, np.uint8), shift, size) > 127
    corners = (np.array(box.as_tuple()) - (left, top, left, top)) * scale
    inner = Box(*(float(value) for value in corners))
    return Cutout(np.asarray(piece, np.uint8), _matte(np.asarray(piece, np.uint8), inner, there), inner)


def _matte(bgr: Picture, box: Box, there: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return how much of each pixel is the person, (h, w) float32 in 0..1."""
    x, y = _units(bgr.shape[:2], box)
    core = (x / 0.43) ** 2 + (y / 0.47) ** 2 <= 1
    likely = ((x / 0.56) ** 2 + ((y + 0.06) / 0.64) ** 2 <= 1) | ((y > 0.3) & (abs(x) < 0.1 + 0.7 * y))
    possible = ((x / 0.80) ** 2 + ((y + 0.10) / 0.82) ** 2 <= 1) | ((y > 0.3) & (abs(x) < 0.25 + 0.95 * y))
    marks = np.where(likely, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    marks[core] = cv2.GC_FGD
    marks[~possible | ~there] = cv2.GC_BGD
    cv2.setRNGSeed(1)
    whole = 0, 0, bgr.shape[1], bgr.shape[0]
    cv2.grabCut(bgr, marks, whole, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    person = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    oval = (x / 0.54) ** 2 + ((y + 0.06) / 0.63) ** 2 <= 1
    person |= (oval & there).astype(np.uint8)  # a mask is rarely of the face's color: GrabCut likes to drop it
    return _soften(person, box) * np.clip((0.98 - y) / 0.25, 0, 1).astype(np.float32)


def _soften(person: NDArray[np.uint8], box: Box) -> NDArray[np.float32]:
    """Return the largest piece of a cut-out without holes and frays, its edge soft."""
    grain = max(3, round(box.height * 0.06) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (grain, grain))
    person = np.asarray(cv2.morphologyEx(person, cv2.MORPH_OPEN, kernel), np.uint8)
    _, pieces = cv2.connectedComponents(person)
    x, y = (round(value) for value in box.center)
    person = (pieces == pieces[y, x]).astype(np.uint8)
    person = np.asarray(cv2.erode(cv2.medianBlur(person, grain), np.ones((3, 3), np.uint8)), np.uint8)
    return np.asarray(cv2.GaussianBlur(person.astype(np.float32), (0, 0), 0.7 + 0.012 * box.height), np.float32)


def _units(shape: Sequence[int], box: Box) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return x and y of every pixel, from the face's center, in widths and heights of its box."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    cx, cy = box.center
    return (x - cx) / box.width, (y - cy) / box.height


def _grow(box: Box, frac: tuple[float, float, float, float]) -> Box:
    left, right, above, below = frac
    w, h = box.width, box.height
    return Box(box.x_min - left * w, box.y_min - above * h, box.x_max + right * w, box.y_max + below * h)

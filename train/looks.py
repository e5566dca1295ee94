"""What pictures are like where faces are: sharp or blurred, bright or dark; and cuts of them for contact sheets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from tqdm import tqdm

from edge.geometry import Box
from edge.preprocess import CROP_MARGIN_FRAC, Picture, classifier_input
from train.annotations import AnnotatedPicture
from train.faces import read_picture

TILE_PX = 168
_FACE_PX = 64
_CONTEXT = 1.5
"""How much wider than the classifier's crop a tile is."""

Place = tuple[int, Box]
"""A picture's index and a box in its pixels."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a face looks: variance of the Laplacian at 64×64 px (low: blurred), and mean luma, 0..255."""

    sharpness: float
    luma: float


def look_at(
    pictures: Sequence[AnnotatedPicture], measured: Collection[Place], cut: Collection[Place]
) -> tuple[dict[Place, Look], dict[Place, Picture]]:
    """Return how the measured faces look, and tiles of those to cut; each picture is read once."""
    to_measure, to_cut = _by_picture(measured), _by_picture(cut)
    looks: dict[Place, Look] = {}
    tiles: dict[Place, Picture] = {}
    for index in tqdm(sorted({*to_measure, *to_cut}), desc="pictures", unit="picture"):
        bgr = read_picture(pictures[index].path)
        looks.update({(index, box): measure(bgr, box) for box in to_measure.get(index, ())})
        tiles.update({(index, box): cut_tile(bgr, box) for box in to_cut.get(index, ())})
    return looks, tiles


def _by_picture(places: Collection[Place]) -> Mapping[int, set[Box]]:
    boxes: dict[int, set[Box]] = {}
    for index, box in places:
        boxes.setdefault(index, set()).add(box)
    return boxes


def measure(bgr: Picture, box: Box) -> Look:
    """Return how a face looks; `bgr` is (height, width, 3) uint8.

    Sharpness: Pech-Pacheco et al. 2000, doi:10.1109/ICPR.2000.903548. A small face enlarged to 64 px counts as blurred.
    """
    height, width = bgr.shape[:2]
    x0, y0 = min(max(int(box.x_min), 0), width - 1), min(max(int(box.y_min), 0), height - 1)
    face = bgr[y0 : max(int(np.ceil(box.y_max)), y0 + 1), x0 : max(int(np.ceil(box.x_max)), x0 + 1)]
    grey = cv2.cvtColor(face, cv2.COLOR_BGR2GRAY)
    shrinks = max(grey.shape) > _FACE_PX
    even = cv2.resize(grey, (_FACE_PX, _FACE_PX), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return Look(float(cv2.Laplacian(even, cv2.CV_64F).var()), float(grey.mean()))


def cut_tile(bgr: Picture, box: Box) -> Picture:
    """Return a face with what is around it and a frame on its box, (TILE_PX, TILE_PX, 3) uint8 BGR."""
    x, y = box.center
    half_x, half_y = box.width / 2 * _CONTEXT, box.height / 2 * _CONTEXT
    rgb = classifier_input(bgr, Box(x - half_x, y - half_y, x + half_x, y + half_y), TILE_PX)
    tile = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), np.uint8)
    scale = TILE_PX / max(1.0, max(box.width, box.height) * _CONTEXT * (1 + 2 * CROP_MARGIN_FRAC)) / 2
    corners = [round(TILE_PX / 2 + sign * side * scale) for sign in (-1, 1) for side in (box.width, box.height)]
    cv2.rectangle(tile, tuple(corners[:2]), tuple(corners[2:]), (0, 255, 255), 1)
    return tile

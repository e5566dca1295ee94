"""Draws masks on bare faces: of many kinds, worn right and worn wrong.

There are few pictures of masks worn wrongly, fewer of odd masks, and each drawn one has its bare twin in the data, so
that the difference can only be the mask. Drawn from a box alone or, better, with landmarks; see `train.face_map`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from train import fabrics
from train.face_map import FaceMap, Points
from train.painting import Draw, Real, cast_shadow, fill, lay_over, light_of, soften, stroke


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of mask: what it is made of, and its form on the scales of `train.face_map`.

    `reach` is how far across it goes, `edge` how high its sides are as a part of its height, `peak` how much higher it
    is on the nose than on the cheeks; the first and last of each range.
    """

    fabric: Callable[[Generator], fabrics.Tile]
    reach: tuple[float, float]
    edge: tuple[float, float]
    peak: tuple[float, float]


KINDS: Mapping[str, Kind] = {
    "surgical": Kind(fabrics.surgical, (0.82, 0.99), (0.4, 0.6), (0.2, 0.42)),
    "cloth": Kind(fabrics.cloth, (0.8, 1.0), (0.2, 0.5), (0.25, 0.5)),
    "cup": Kind(fabrics.cup, (0.68, 0.86), (0.15, 0.3), (0.25, 0.45)),
    "fold": Kind(fabrics.fold, (0.78, 0.95), (0.12, 0.25), (0.3, 0.5)),
}
_KIND_SHARE = (0.42, 0.34, 0.1, 0.14)


@dataclass(frozen=True, slots=True)
class Way:
    """A way to wear it: where its upper and lower edge lie on the middle line, how much of the peak is left."""

    top: tuple[float, float]
    bottom: tuple[float, float]
    peak_frac: float


RIGHT = "right"
WAYS: Mapping[str, Way] = {
    RIGHT: Way((-0.72, -0.4), (1.02, 1.15), 1.0),
    "under the nose": Way((0.14, 0.28), (1.02, 1.2), 0.35),
    "under the chin": Way((0.72, 0.95), (1.35, 1.6), 0.0),
}
_EAR_SEEN_FRAC = 0.45
"""An ear is seen when its side of the face is this wide or wider, as a part of the other side."""

HANGING = "hanging from one ear"
_WRONG_SHARE = {"under the nose": 0.55, "under the chin": 0.35, HANGING: 0.1}


def wearing(way: str) -> Draw:
    """Return what draws a mask of a random kind onto a face, worn in one of WAYS, or HANGING."""
    return _hang if way == HANGING else lambda picture, face, rng: _wear(picture, face, WAYS[way], rng)


def _wear(picture: Real, face: FaceMap, worn: Way, rng: Generator) -> Real:
    kind = KINDS[str(rng.choice(list(KINDS), p=_KIND_SHARE))]
    top, bottom = rng.uniform(*worn.top), rng.uniform(*worn.bottom)
    outline = outline_on_face(kind, top, bottom, worn.peak_frac, rng)
    tile = kind.fabric(rng)
    light = light_of(picture, face, rng)
    with_loops = _loops(picture, face, outline, light, rng)
    corners = face.at([-1, 1, 1, -1], [top, top, bottom, bottom])
    return _put_on(with_loops, tile, corners, face.at(*outline.T), light, rng)


def wrong_way(rng: Generator) -> str:
    """Return a way to wear a mask that protects nobody, at random."""
    return str(rng.choice(list(_WRONG_SHARE), p=list(_WRONG_SHARE.values())))


def outline_on_face(kind: Kind, top: float, bottom: float, peak_frac: float, rng: Generator) -> Points:
    """Return a mask's outline, (n, 2) places (across, down) on the face, clockwise from the nose."""
    reach, height = rng.uniform(*kind.reach), bottom - top
    shoulder = top + rng.uniform(*kind.peak) * peak_frac
    middle = (shoulder + bottom) / 2 - 0.06 * height
    edge = rng.uniform(*kind.edge) * height / 2
    right = np.array([
        (0.16, top + 0.02 * height), (0.45, top + 0.7 * (shoulder - top)), (0.72 * reach, shoulder),
        (reach, middle - edge), (reach * 0.98, middle + edge), (0.74 * reach, bottom - 0.13 * height),
        (0.36, bottom),
    ])  # fmt: skip
    whole = np.concatenate([[(0, top)], right, [(0, bottom)], right[::-1] * (-1, 1)])
    whole[1:, 1] += rng.normal(0, 0.012, len(whole) - 1)
    whole[:, 1] += rng.normal(0, 0.03) * whole[:, 0]
    return soften(whole.astype(np.float32))


def _put_on(picture: Real, tile: fabrics.Tile, corners: Points, outline: Points, light: Real, rng: Generator) -> Real:
    """Return the picture with the tile, its corners at four places, inside an outline; all in pixels."""
    size_px = picture.shape[0]
    alpha = fill(outline, size_px, rng.uniform(0.5, 1.1))
    layer = np.clip(stretch(tile, corners, size_px) * light + _grain(size_px, rng), 0, 255)
    return lay_over(cast_shadow(picture, alpha, rng), layer, alpha)


def stretch(tile: fabrics.Tile, corners: Points, size_px: int) -> Real:
    """Return a tile with its corners (4, 2), clockwise from the top left, at these pixels, mirrored beyond."""
    last = fabrics.TILE_PX - 1
    source = np.array([[0, 0], [last, 0], [last, last], [0, last]], np.float32)
    warp = cv2.getPerspectiveTransform(source, np.asarray(corners, np.float32))
    size = (size_px, size_px)
    return np.asarray(cv2.warpPerspective(tile, warp, size, borderMode=cv2.BORDER_REFLECT_101), np.float32)


def _grain(size_px: int, rng: Generator) -> Real:
    return rng.normal(0, rng.uniform(0.5, 4), (size_px, size_px, 1)).astype(np.float32)


def _loops(picture: Real, face: FaceMap, outline: Points, light: Real, rng: Generator) -> Real:
    """Return the picture with the loops that go from a mask's corners to the ears that can be seen."""
    if rng.random() < 0.1:
        return picture
    size_px, color = picture.shape[0], np.full(3, rng.choice([25, 235, 235]), np.float32)
    thickness_px = size_px * rng.uniform(0.006, 0.014)
    widths = [float(np.hypot(*(face.at(side, 0) - face.at(0, 0))[0])) for side in (-1, 1)]
    alpha = np.zeros((size_px, size_px), np.float32)
    for side, width in zip((-1, 1), widths, strict=True):
        for line in _loop_lines(outline, side, rng) if width >= _EAR_SEEN_FRAC * max(widths) else ():
            alpha = np.maximum(alpha, stroke(face.at(*line.T), size_px, thickness_px))
    return lay_over(picture, color * light[size_px // 2, size_px // 2], alpha)


def _loop_lines(outline: Points, side: int, rng: Generator) -> list[Points]:
    """Return the upper and the lower line of a loop as places on the face."""
    near = outline[outline[:, 0] * side > 0.75 * np.abs(outline[:, 0]).max()]
    upper, lower = near[near[:, 1].argmin()], near[near[:, 1].argmax()]
    ear = (side * rng.uniform(1.0, 1.08), rng.uniform(-0.9, -0.5))
    lobe = (side * rng.uniform(1.0, 1.06), rng.uniform(-0.25, 0.05))
    return [np.array([upper, ear], np.float32), np.array([lower, lobe, ear], np.float32)]


def _hang(picture: Real, face: FaceMap, rng: Generator) -> Real:
    """Return the face with a mask that hangs beside it, down from one ear."""
    side = int(rng.choice([-1, 1]))
    ear = face.at(side * 1.02, -0.6)[0]
    length, width = face.half_width_px * rng.uniform(0.9, 1.2), face.half_width_px * rng.uniform(0.35, 0.6)
    start = ear + (side * 0.05 * face.half_width_px, rng.uniform(0.2, 0.45) * face.half_width_px)
    lean = -side * rng.uniform(-0.1, 0.35)
    down, out = np.array([lean, 1.0]), np.array([side, -side * lean])
    inner = start - out * width * rng.uniform(0.3, 0.6)
    corners = np.stack([inner, inner + out * width, inner + out * width + down * length, inner + down * length])
    corners = (corners + rng.normal(0, 0.05 * face.half_width_px, (4, 2))).astype(np.float32)
    for corner in corners[:2]:
        line = stroke(np.stack([ear, corner]).astype(np.float32), picture.shape[0], picture.shape[0] * 0.01)
        picture = lay_over(picture, np.full(3, 200, np.float32), line)
    tile = KINDS[str(rng.choice(["surgical", "cloth"]))].fabric(rng)
    return _put_on(picture, tile, corners, soften(corners, 3), light_of(picture, face, rng), rng)

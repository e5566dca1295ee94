"""What walks through the scene: a cut-out head on a drawn body, and a hand that covers the mouth.

Pictures here are (h, w, 4) uint8 BGRA, premultiplied by alpha, so that blurring and shrinking need no care.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from cutouts import Cutout
from numpy.typing import NDArray

from edge.preprocess import Picture

Layer = NDArray[np.uint8]
Color = tuple[float, float, float]

_WIDTH_SIDES, _ABOVE_SIDES, _BELOW_SIDES = 2.8, 1.3, 7.3
"""Size of a sprite in heights of the face, from the face's center."""

_TORSO = ((0.24, 0.55), (0.34, 0.72), (0.92, 0.92), (1.08, 1.4), (1.16, 3.1), (0.9, 3.3), (0.82, 2.0), (0.74, 3.7))
_LEG = ((0.02, 3.6), (0.74, 3.6), (0.62, 7.0), (0.2, 7.0))
"""Right halves of the outlines, (x, y) in heights of the face from its center."""

_LEVELS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """A picture in several sizes, each half the one before; `center` is the face's in the first, `side_px` its height.

    `aspect` is the width of the face's box in its heights.
    """

    levels: tuple[Layer, ...]
    center: tuple[float, float]
    side_px: float
    aspect: float


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A person as drawn: the body with the head, and the hand."""

    body: Sprite
    hand: Sprite


def make_figure(cutout: Cutout, random: np.random.Generator) -> Figure:
    """Return the person of a cut-out: clothes have the color found below the chin, the hand that of the forehead."""
    side = cutout.box.height
    cloth = _cloth_of(cutout, random)
    width, height = round(_WIDTH_SIDES * side), round((_ABOVE_SIDES + _BELOW_SIDES) * side)
    center = width / 2, _ABOVE_SIDES * side
    canvas = _draw_body(width, height, center, side, cloth, random)
    _put_head(canvas, cutout, center)
    aspect = cutout.box.width / side
    skin = _median(cutout, (-0.2, -0.3, 0.2, -0.12))
    return Figure(_sprite(canvas, center, side, aspect), _draw_hand(side, aspect, skin, cloth))


def warp(sprite: Sprite, matrix: NDArray[np.float32], left: int, top: int, width: int, height: int) -> Layer:
    """Return the window (left, top, width, height) of a frame with a sprite in it, smooth where it shrinks.

    `matrix` (2, 3) takes pixels of the sprite's first level to pixels of the frame.
    """
    scale = float(np.hypot(matrix[0, 0], matrix[0, 1]))
    level = min(len(sprite.levels) - 1, max(0, int(np.floor(-np.log2(max(scale, 1e-3)) + 0.3))))
    inner = matrix.copy()
    inner[:, :2] *= 2**level
    inner[:, 2] -= left, top
    return np.asarray(cv2.warpAffine(sprite.levels[level], inner, (width, height), flags=cv2.INTER_LINEAR), np.uint8)


def _sprite(canvas: Layer, center: tuple[float, float], side: float, aspect: float) -> Sprite:
    levels = [canvas]
    for _ in range(_LEVELS - 1):
        height, width = (max(1, length // 2) for length in levels[-1].shape[:2])
        levels.append(np.asarray(cv2.resize(levels[-1], (width, height), interpolation=cv2.INTER_AREA), np.uint8))
    return Sprite(tuple(levels), center, side, aspect)


def _draw_body(
    width: int, height: int, center: tuple[float, float], side: float, cloth: Color, random: np.random.Generator
) -> Layer:
    """Return torso, arms and legs: shaded to the sides, creased, with soft edges."""
    bgr = np.zeros((height, width, 3), np.float32)
    alpha = np.zeros((height, width), np.float32)
    trousers = tuple(float(v) for v in random.uniform(25, 95) * random.uniform(0.8, 1.2, 3))
    right = np.array(_LEG, np.float32)
    for outline, color in ((right, trousers), (right * (-1, 1), trousers), (_whole(_TORSO), cloth)):
        points = np.rint(outline * side + center).astype(np.int32)
        cv2.fillPoly(bgr, [points], color)
        cv2.fillPoly(alpha, [points], (1.0,))
    blur_px = 0.05 * side
    bgr = np.asarray(cv2.GaussianBlur(bgr, (0, 0), blur_px), np.float32)
    alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), blur_px), np.float32)
    x = (np.arange(width, dtype=np.float32) - center[0]) / side
    coarse = random.normal(0, 1, (max(2, height // 12), max(2, width // 24))).astype(np.float32)
    creases = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) * 0.035
    shade = 1.05 - 0.28 * x**2 + creases
    return _layer(bgr * shade[..., None], np.clip((alpha - 0.25) / 0.5, 0, 1))


def _whole(half: Sequence[tuple[float, float]]) -> NDArray[np.float32]:
    right = np.array(half, np.float32)
    left = right[::-1] * np.array((-1, 1), np.float32)
    return np.concatenate([right, left])


def _put_head(canvas: Layer, cutout: Cutout, center: tuple[float, float]) -> None:
    """Lay the head over the body, face's center on `center`, and let it cast a little shadow on the collar."""
    cx, cy = cutout.box.center
    shift = np.array([[1, 0, center[0] - cx], [0, 1, center[1] - cy]], np.float32)
    size = canvas.shape[1], canvas.shape[0]
    head = cv2.warpAffine(_layer(cutout.bgr * cutout.alpha[..., None], cutout.alpha), shift, size)
    shadow = cv2.GaussianBlur(head[..., 3], (0, 0), 0.08 * cutout.box.height).astype(np.float32) / 255
    canvas[..., :3] = (canvas[..., :3] * (1 - 0.35 * shadow[..., None])).astype(np.uint8)
    lay_over(canvas, np.asarray(head, np.uint8))


def lay_over(below: NDArray[np.uint8], layer: Layer) -> None:
    """Lay a premultiplied layer over a picture of 3 or 4 channels and the same size, in place."""
    kept = cv2.cvtColor(255 - layer[..., 3], cv2.COLOR_GRAY2BGR)
    if below.shape[2] == 4:
        kept = cv2.merge([kept, 255 - layer[..., 3]])
    below[:] = cv2.add(cv2.multiply(below, kept, scale=1 / 255), layer[..., : below.shape[2]])


def _draw_hand(side: float, aspect: float, skin: Color, cloth: Color) -> Sprite:
    """Return a hand that lies over nose, mouth and chin of a face, with a forearm that comes from below."""
    width, height = round(3.4 * side), round(3.4 * side)
    center = width / 2, height * 0.3
    canvas = np.zeros((height, width, 4), np.uint8)
    dark = tuple(0.72 * value for value in skin)

    def limb(start: tuple[float, float], end: tuple[float, float], thick: float, color: Sequence[float]) -> None:
        ends = [tuple(round(u * side + c) for u, c in zip(p, center, strict=True)) for p in (start, end)]
        cv2.line(canvas, ends[0], ends[1], (*color, 255), max(1, round(thick * side)), cv2.LINE_AA)

    limb((0.75, 1.75), (0.42, 0.80), 0.46, cloth)
    limb((0.42, 0.80), (0.25, 0.50), 0.27, dark)
    for offset, color in ((0.0, dark), (0.025, skin)):
        for number in range(4):
            y = 0.10 + 0.115 * number
            limb((0.16, y + 0.06 + offset), (-0.36 * aspect - 0.02 * number, y + offset), 0.115 - offset, color)
    limb((0.12, 0.34), (0.26, 0.40), 0.34, skin)
    limb((0.22, 0.26), (0.36, -0.02), 0.12, skin)
    soft = np.asarray(cv2.GaussianBlur(canvas, (0, 0), max(0.6, 0.015 * side)), np.uint8)
    return _sprite(soft, center, side, aspect)


def _cloth_of(cutout: Cutout, random: np.random.Generator) -> Color:
    found = _median(cutout, (-0.45, 0.68, 0.45, 0.78))
    plain = random.uniform(40, 190) * random.uniform(0.75, 1.25, 3)
    b, g, r = (float(np.clip(0.75 * a + 0.25 * b, 15, 225)) for a, b in zip(found, plain, strict=True))
    return b, g, r


def _median(cutout: Cutout, area: tuple[float, float, float, float]) -> Color:
    """Return the middle color of a part of a cut-out, given from the face's center in widths and heights of its box."""
    (cx, cy), w, h = cutout.box.center, cutout.box.width, cutout.box.height
    rows, columns = cutout.bgr.shape[:2]
    left, right = (int(np.clip(cx + u * w, 0, columns - 1)) for u in area[::2])
    top, bottom = (int(np.clip(cy + u * h, 0, rows - 1)) for u in area[1::2])
    b, g, r = np.median(cutout.bgr[top : bottom + 1, left : right + 1].reshape(-1, 3), axis=0)
    return float(b), float(g), float(r)


def _layer(premultiplied: NDArray[np.float32], alpha: NDArray[np.float32]) -> Layer:
    bgr: Picture = np.clip(premultiplied, 0, 255 * np.clip(alpha, 0, 1)[..., None]).astype(np.uint8)
    return np.dstack([bgr, np.clip(alpha * 255, 0, 255).astype(np.uint8)])

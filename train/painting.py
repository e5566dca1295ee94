"""Puts drawn things into a picture so that they look as if they had been there: lit alike, soft at the edges.

Pictures are (height, width, 3) float32 RGB in 0..255; alphas (height, width) float32 in 0..1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from train.face_map import FaceMap, Points

Real = NDArray[np.float32]

Draw: TypeAlias = Callable[[Real, FaceMap, Generator], Real]
"""Draws something on a picture, where the map says that the face is, and returns a new one."""

_SUBPIXEL_BITS = 4
_LIGHT_PX = 24
_CHANGED = 4.0
_WHITE_LEVEL = 185.0
"""What a white thing in the light of a well exposed picture has."""


def soften(outline: Points, rounds: int = 2) -> Points:
    """Return a closed polygon (n, 2) with its corners cut off `rounds` times. Chaikin 1974."""
    for _ in range(rounds):
        following = np.roll(outline, -1, axis=0)
        cut = np.stack([0.75 * outline + 0.25 * following, 0.25 * outline + 0.75 * following], axis=1)
        outline = cut.reshape(-1, 2)
    return outline


def fill(outline: Points, size_px: int, blur_px: float = 0.8) -> Real:
    """Return the alpha (size_px, size_px) of a polygon (n, 2) in pixels."""
    alpha = np.zeros((size_px, size_px), np.uint8)
    cv2.fillPoly(alpha, [_fixed(outline)], (255.0,), cv2.LINE_AA, _SUBPIXEL_BITS)
    return _soft(alpha, blur_px)


def stroke(line: Points, size_px: int, thickness_px: float) -> Real:
    """Return the alpha (size_px, size_px) of an open line (n, 2); thinner than a pixel it is fainter."""
    alpha = np.zeros((size_px, size_px), np.uint8)
    level = 255 * min(1.0, thickness_px)
    cv2.polylines(alpha, [_fixed(line)], False, (level,), max(1, round(thickness_px)), cv2.LINE_AA, _SUBPIXEL_BITS)
    return _soft(alpha, 0.5)


def _soft(alpha: NDArray[np.uint8], blur_px: float) -> Real:
    soft = cv2.GaussianBlur(alpha, (0, 0), blur_px)
    return np.asarray(soft, np.float32) / np.float32(255)


def _fixed(points: Points) -> NDArray[np.int32]:
    limited = np.clip(points, -4096, 4096)
    fixed: NDArray[np.int32] = np.round(limited * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    return fixed


def lay_over(picture: Real, layer: Real, alpha: Real) -> Real:
    """Return the picture with a layer (a picture, or one color (3,)) over it."""
    return np.asarray(picture + (layer - picture) * alpha[..., None], np.float32)


def light_of(picture: Real, face: FaceMap, rng: Generator) -> Real:
    """Return the light on a face, (height, width, 3) float32 around 1: brightness and tint of the whole, and its shade.

    The shade is the picture's own brightness without detail. Multiply a thing's own color with it.
    """
    small = cv2.resize(picture, (_LIGHT_PX, _LIGHT_PX), interpolation=cv2.INTER_AREA)
    smooth = cv2.GaussianBlur(small.mean(axis=2), (0, 0), 2.2)
    scale = _LIGHT_PX / picture.shape[0]
    x, y = np.clip(face.at([-0.6, 0.6, 0, 0], [-0.3, -0.3, 0, 0.7]) * scale, 0, _LIGHT_PX - 1).astype(int).T
    level = max(float(smooth[y, x].mean()), 8.0)
    shade = np.clip(smooth / level, 0.45, 1.6) ** rng.uniform(0.5, 0.9)
    brightness = np.clip(max(level * 1.3, float(np.percentile(smooth, 85))) / _WHITE_LEVEL, 0.12, 1.15)
    tint = small.mean(axis=(0, 1)) / max(float(small.mean()), 1.0)
    field = np.minimum(shade * brightness * rng.uniform(0.85, 1.1), 1.25)[..., None] * tint**0.35
    return np.asarray(cv2.resize(field, picture.shape[:2], interpolation=cv2.INTER_LINEAR), np.float32)


def cast_shadow(picture: Real, alpha: Real, rng: Generator) -> Real:
    """Return the picture darker around a thing, below it above all."""
    size_px = picture.shape[0]
    shift = np.array([[1, 0, 0], [0, 1, size_px * rng.uniform(0, 0.03)]], np.float32)
    moved = np.asarray(cv2.warpAffine(alpha, shift, (size_px, size_px)), np.float32)
    spread = _blur(moved, size_px * 0.018)
    return np.asarray(picture * (1 - spread * np.float32(rng.uniform(0.15, 0.45)))[..., None], np.float32)


def match_sharpness(picture: Real, painted: Real, seen_px: float) -> Real:
    """Return what was painted as sharp as the picture is, whose side had only `seen_px` pixels before it was enlarged.

    Nothing changes where nothing was painted.
    """
    enlarged = picture.shape[0] / max(seen_px, 1.0)
    if enlarged <= 1:
        return painted
    changed = np.abs(painted - picture).max(axis=2) > _CHANGED
    sigma_px = 0.5 * enlarged
    return lay_over(picture, _blur(painted, sigma_px), _blur(changed.astype(np.float32), sigma_px))


def _blur(picture: Real, sigma_px: float) -> Real:
    """Return a picture or alpha blurred; by much, it is done on a smaller one."""
    shrink = max(1, int(sigma_px / 1.5))
    if shrink == 1:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma_px), np.float32)
    small_px = max(1, picture.shape[0] // shrink)
    small = cv2.resize(picture, (small_px, small_px), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma_px / shrink)
    return np.asarray(cv2.resize(small, picture.shape[:2], interpolation=cv2.INTER_LINEAR), np.float32)


def skin_color(picture: Real, face: FaceMap) -> Real:
    """Return the face's own skin color (3,), RGB in 0..255: the median around cheeks and nose."""
    places = face.at([-0.5, 0.5, 0.0, -0.35, 0.35, 0.0], [-0.2, -0.2, -0.3, 0.05, 0.05, 0.05])
    x, y = np.clip(np.round(places).astype(int), 0, picture.shape[0] - 1).T
    return np.asarray(np.median(picture[y, x], axis=0), np.float32)

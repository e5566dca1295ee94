"""The person of the demo's clip: the astronaut portrait cut out of its background, bare-faced and with a mask drawn on.

All coordinates are pixels of that portrait, 512×512.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Plane = NDArray[np.float32]

FACE = (181.0, 56.0, 271.0, 178.0)
"""Box of the face: left, top, right, bottom."""

EYES = (225.0, 102.0)
"""Between the eyes."""

_SILHOUETTE = (
    "230,15 245,18 262,26 280,36 292,50 298,68 301,85 299,100 294,112 284,122 276,130 270,136 266,140 263,152 257,163 "
    "255,172 262,176 277,190 290,206 300,222 304,238 318,244 335,258 346,275 352,290 358,315 363,340 365,348 380,345 "
    "400,344 420,347 445,358 465,374 480,395 490,420 496,445 502,460 511,470 511,511 48,511 35,495 25,475 22,455 "
    "25,430 20,405 21,385 27,350 32,325 40,305 42,290 55,265 70,245 90,225 112,207 117,198 113,188 120,178 130,163 "
    "145,154 165,149 184,148 183,140 182,131 175,130 171,122 168,116 160,110 155,98 153,80 154,65 160,55 172,46 188,37 "
    "192,30 205,22 218,17"
)
"""Traced by hand; GrabCut finds the exact edge within a few pixels of it."""

_EDGE_PX = 5

_REGION = (160, 85, 292, 205)
"""The part of the portrait that the mask, its loops and its shadow change: left, top, right, bottom."""

_MASK_TOP = ((182, 117), (193, 119), (205, 116), (216, 110), (225, 108), (234, 110), (246, 117), (258, 122), (269, 121))
_MASK_BOTTOM = (
    (182, 147),
    (190, 162),
    (200, 173),
    (211, 181),
    (224, 185),
    (238, 182),
    (251, 172),
    (260, 159),
    (269, 143),
)
_MASK_SLANT = 0.1
"""How far the sides of the mask lean inward, pixels a pixel downward."""

_MASK_BGR = (224, 206, 172)
_PLEATS = (0.34, 0.52, 0.70)
"""Where the folds run between the mask's top (0) and bottom (1)."""

_LOOPS = (
    ((184, 120), (179, 117), (175, 119), (173, 124)),
    ((186, 147), (181, 142), (177, 135), (174, 128)),
    ((267, 123), (270, 123), (272, 126), (274, 129)),
    ((265, 146), (269, 143), (272, 139), (274, 134)),
)
_FINE = 4
"""The mask is drawn this many times larger and scaled down, so that its lines are smooth."""


def cut_out(portrait: Picture) -> Plane:
    """Return how much of each pixel is the person, (512, 512) float32 in 0..1, with soft edges."""
    inside = np.zeros(portrait.shape[:2], np.uint8)
    outline = np.array([point.split(",") for point in _SILHOUETTE.split()]).astype(np.int32)
    cv2.fillPoly(inside, [outline], (1,))
    kernel = np.ones((2 * _EDGE_PX + 1, 2 * _EDGE_PX + 1), np.uint8)
    labels: Picture = np.where(inside, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[cv2.erode(inside, kernel) > 0] = cv2.GC_FGD
    labels[cv2.dilate(inside, kernel) == 0] = cv2.GC_BGD
    cv2.setRNGSeed(1)
    whole = 0, 0, portrait.shape[1], portrait.shape[0]
    cv2.grabCut(portrait, labels, whole, np.zeros((1, 65)), np.zeros((1, 65)), 2, cv2.GC_INIT_WITH_MASK)
    person = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.float32)
    person = cv2.erode(cv2.medianBlur(person, 5), np.ones((2, 2), np.uint8))
    return np.asarray(cv2.GaussianBlur(person, (0, 0), 1.0), np.float32)


def put_mask_on(portrait: Picture) -> Picture:
    """Return the portrait with a light blue surgical mask over nose, mouth and chin, and its ear loops."""
    left, top, right, bottom = _REGION
    plain = portrait[top:bottom, left:right]
    fine = cv2.resize(plain, None, fx=_FINE, fy=_FINE, interpolation=cv2.INTER_CUBIC).astype(np.float32)
    across, down, alpha = _mask_coordinates(fine.shape[1], fine.shape[0])
    shadow = cv2.GaussianBlur(alpha, (0, 0), 2.5 * _FINE) * 0.45
    fine *= 1 - (shadow * (1 - alpha))[..., None]
    _draw_loops(fine)
    cloth = np.array(_MASK_BGR, np.float32) * _shade(across, down)[..., None]
    fine = np.clip(fine * (1 - alpha[..., None]) + np.clip(cloth, 0, 255) * alpha[..., None], 0, 255)
    masked = portrait.copy()
    masked[top:bottom, left:right] = cv2.resize(fine, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    return masked


def _mask_coordinates(width: int, height: int) -> tuple[Plane, Plane, Plane]:
    """Return for every pixel: how far across the mask, -1..1, how far down, 0..1, and how much it is in it, 0..1."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / _FINE
    y, x = y + _REGION[1], x + _REGION[0]
    top, bottom = _curve(_MASK_TOP, x[0]), _curve(_MASK_BOTTOM, x[0])
    down = (y - top) / (bottom - top)
    lean = _MASK_SLANT * (y - _MASK_TOP[0][1])
    left, right = _MASK_TOP[0][0] + lean, _MASK_TOP[-1][0] - lean
    across = 2 * (x - left) / (right - left) - 1
    inside = ((down >= 0) & (down <= 1) & (abs(across) <= 1)).astype(np.float32)
    return across, down, np.asarray(cv2.GaussianBlur(inside, (0, 0), _FINE * 0.6), np.float32)


def _curve(points: tuple[tuple[int, int], ...], x: Plane) -> Plane:
    """Return y for every x, smoothly through the points."""
    xs, ys = np.array(points, np.float32).T
    line = np.interp(x, xs, ys).astype(np.float32).reshape(1, -1)
    smooth = cv2.GaussianBlur(line, (0, 0), 3.0 * _FINE, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(smooth[0], np.float32)


def _shade(across: Plane, down: Plane) -> Plane:
    """Return the brightness of the cloth, 1.0 is the plain color: round over the face, pleated, hemmed, woven."""
    across, down = np.clip(across, -1, 1), np.clip(down, 0, 1)
    shade = 1.08 - 0.30 * abs(across + 0.12) ** 2.4 - 0.16 * down**2
    shade += 0.07 * np.exp(-((across / 0.2) ** 2)) * (1 - down)  # over the bridge of the nose
    for pleat in _PLEATS:
        shade -= 0.17 * np.exp(-(((down - pleat) / 0.013) ** 2))
        shade += 0.07 * np.exp(-(((down - pleat - 0.035) / 0.022) ** 2))
        shade -= 0.05 * np.clip((pleat - down) / 0.1, 0, 1) * (pleat - down < 0.1)
    hem = np.minimum(down, 1 - down)
    shade += 0.06 * (hem < 0.055) - 0.12 * np.exp(-(((hem - 0.06) / 0.008) ** 2))
    weave = np.random.default_rng(1).normal(0, 0.02, shade.shape)
    return np.asarray(shade + weave, np.float32)


def _draw_loops(fine: NDArray[np.float32]) -> None:
    for loop in _LOOPS:
        points = np.rint((np.array(loop) - _REGION[:2]) * _FINE).astype(np.int32)
        cv2.polylines(fine, [points], False, (150, 140, 130), 2 * _FINE, cv2.LINE_AA)
        cv2.polylines(fine, [points], False, (238, 232, 226), round(1.3 * _FINE), cv2.LINE_AA)

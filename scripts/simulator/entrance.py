"""The entrance of the simulated clips: the demo's, wider, with other colors, other things on the wall, and posters."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from plans import DOORWAY, HEIGHT, WIDTH, Light, Poster

from edge.geometry import Box
from edge.preprocess import Picture

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "demo"))

import scene  # noqa: E402

_SCALE = WIDTH / scene.WIDTH
_CUT_TOP = 60
"""Rows of the enlarged demo scene above our picture; DOORWAY follows from it."""

DESK_Y = 504
"""From here down the desk hides what is behind it."""

_WALLS = ((10, 30, 170, 250), (690, 60, 940, 330))
"""Where things may hang: left, top, right, bottom."""


def draw_entrance(random: np.random.Generator, light: Light) -> Picture:
    """Return the empty entrance, (540, 960, 3) uint8 BGR; no two look the same. Back light makes the door glare."""
    whole = cv2.resize(scene.draw_scene().picture, None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_CUBIC)
    picture = np.asarray(whole[_CUT_TOP : _CUT_TOP + HEIGHT], np.float32)
    desk = picture[DESK_Y:].copy()
    paint = random.uniform(0.72, 1.12) * random.uniform(0.9, 1.1, 3)
    picture = np.clip(picture * paint.astype(np.float32), 0, 255)
    picture[DESK_Y:] = desk * random.uniform(0.6, 1.2)
    plain = np.clip(picture, 0, 255).astype(np.uint8)
    for _ in range(int(random.integers(2, 6))):
        _hang_something(plain, random)
    return _glare(plain, light.back)


def hang_poster(picture: Picture, photograph: Picture, box: Box, poster: Poster) -> Box:
    """Hang a photograph with a white border on the wall, in place, and return the box of its face in the picture."""
    scale = poster.side / box.height
    cx, cy = box.center
    left, top = poster.x - 0.95 * poster.side, poster.y - 0.95 * poster.side
    width, height = round(1.9 * poster.side), round(2.2 * poster.side)
    matrix = np.array([[scale, 0, poster.x - left - cx * scale], [0, scale, poster.y - top - cy * scale]], np.float32)
    smooth = cv2.GaussianBlur(photograph, (0, 0), 0.4 / scale) if scale < 1 else photograph
    sheet = cv2.warpAffine(smooth, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    x, y, border = round(left), round(top), 6
    cv2.rectangle(picture, (x - 2, y - 2), (x + width + border, y + height + border), (120, 124, 126), cv2.FILLED)
    cv2.rectangle(picture, (x - border, y - border), (x + width + 4, y + height + 4), (238, 240, 240), cv2.FILLED)
    y0, x0 = max(0, y), max(0, x)
    room = picture[y0 : y + height, x0 : x + width]
    room[:] = sheet[y0 - y : y0 - y + room.shape[0], x0 - x : x0 - x + room.shape[1]]
    dx, dy = x - left, y - top
    half_width, half_height = box.width * scale / 2, poster.side / 2
    return Box(
        poster.x - half_width + dx, poster.y - half_height + dy, poster.x + half_width + dx, poster.y + half_height + dy
    )


def _hang_something(picture: Picture, random: np.random.Generator) -> None:
    """A round clock, a picture without people, a coat on a hook, or a lamp: what a detector may take for a face."""
    left, top, right, bottom = _WALLS[int(random.integers(len(_WALLS)))]
    x, y = int(random.integers(left + 30, right - 30)), int(random.integers(top + 30, bottom - 30))
    size = int(random.integers(16, 40))
    color = tuple(float(v) for v in random.uniform(30, 225, 3))
    kind = int(random.integers(4))
    if kind == 0:
        cv2.circle(picture, (x, y), size, color, cv2.FILLED, cv2.LINE_AA)
        cv2.circle(picture, (x, y), round(0.85 * size), (236, 238, 240), cv2.FILLED, cv2.LINE_AA)
        for angle in random.uniform(0, 2 * np.pi, 2):
            tip = round(x + 0.7 * size * np.cos(angle)), round(y + 0.7 * size * np.sin(angle))
            cv2.line(picture, (x, y), tip, (40, 40, 40), 2, cv2.LINE_AA)
    elif kind == 1:
        coarse = random.integers(40, 220, (4, 6, 3)).astype(np.uint8)
        image = cv2.resize(coarse, (3 * size, 2 * size), interpolation=cv2.INTER_CUBIC)
        room = picture[y - size : y + size, max(0, x - size) : max(0, x - size) + 3 * size]
        room[:] = image[: room.shape[0], : room.shape[1]]
    elif kind == 2:
        coat = np.array([(0, -1), (0.5, -0.6), (0.7, 2.2), (-0.7, 2.2), (-0.5, -0.6)]) * size + (x, y)
        cv2.fillPoly(picture, [np.rint(coat).astype(np.int32)], color, cv2.LINE_AA)
    else:
        cv2.ellipse(picture, (x, y), (size, round(1.2 * size)), 0, 0, 360, color, cv2.FILLED, cv2.LINE_AA)
        shine = 240, 244, 246
        cv2.ellipse(picture, (x - 4, y - 6), (size // 3, size // 2), 0, 0, 360, shine, cv2.FILLED, cv2.LINE_AA)


def _glare(picture: Picture, back: float) -> Picture:
    if not back:
        return picture
    left, top, right, bottom = DOORWAY
    glow = np.zeros(picture.shape[:2], np.float32)
    glow[top : min(bottom, DESK_Y), left:right] = 1.0
    glow = cv2.GaussianBlur(glow, (0, 0), 22) * back
    lit = picture * (1 - 0.35 * back * (1 - glow[..., None])) + 190 * glow[..., None]
    return np.asarray(np.clip(lit, 0, 255), np.uint8)

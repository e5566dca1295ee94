"""The entrance of the demo's clip: a wall, an open glass door with the street behind it, and a desk in front."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Plane = NDArray[np.float32]
Color = tuple[int, int, int]

WIDTH, HEIGHT = 640, 480

DOORWAY = (128, 62, 372, 420)
"""Opening of the door: left, top, right, bottom. Whoever is still outside is seen only through it."""

_FLOOR_Y = 340
_DESK_Y = 376
_FRAME_BGR: Color = (92, 86, 80)


@dataclass(frozen=True, slots=True)
class Scene:
    """The empty entrance, (480, 640, 3) uint8 BGR, and where the desk hides what is behind it, float32 in 0..1."""

    picture: Picture
    desk: Plane


def draw_scene() -> Scene:
    """Return the entrance with nobody in it."""
    picture = _wall()
    _floor(picture)
    _street(picture)
    _door(picture)
    _sign(picture)
    _desk(picture)
    _plant(picture)
    desk = np.zeros((HEIGHT, WIDTH), np.float32)
    desk[_DESK_Y:] = 1.0
    return Scene(_light(picture), desk)


def _wall() -> Picture:
    top, bottom = np.array((206, 214, 218), np.float32), np.array((184, 194, 202), np.float32)
    ramp = np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None, None]
    picture = np.tile((top * (1 - ramp) + bottom * ramp).astype(np.uint8), (1, WIDTH, 1))
    cv2.rectangle(picture, (0, _FLOOR_Y - 16), (WIDTH, _FLOOR_Y), (150, 160, 168), cv2.FILLED)
    cv2.line(picture, (0, _FLOOR_Y - 16), (WIDTH, _FLOOR_Y - 16), (128, 138, 146), 1, cv2.LINE_AA)
    return picture


def _floor(picture: Picture) -> None:
    cv2.rectangle(picture, (0, _FLOOR_Y), (WIDTH, HEIGHT), (136, 142, 146), cv2.FILLED)
    for x in range(-1400, 2000, 110):
        cv2.line(picture, (WIDTH // 2 + (x - WIDTH // 2) // 3, _FLOOR_Y), (x, HEIGHT), (118, 124, 128), 1, cv2.LINE_AA)
    for y in (_FLOOR_Y + 8, _FLOOR_Y + 22, _FLOOR_Y + 44):
        cv2.line(picture, (0, y), (WIDTH, y), (118, 124, 128), 1, cv2.LINE_AA)


def _street(picture: Picture) -> None:
    """Sky, trees and pavement, out of focus, in the doorway."""
    left, top, right, bottom = DOORWAY
    street = np.full((bottom - top, right - left, 3), (238, 226, 208), np.uint8)
    cv2.rectangle(street, (130, 40), (right, 220), (176, 186, 196), cv2.FILLED)
    for x in range(142, right - left, 26):
        for y in range(54, 200, 34):
            cv2.rectangle(street, (x, y), (x + 13, y + 20), (152, 150, 142), cv2.FILLED)
    random = np.random.default_rng(4)
    for x, y in random.integers((-10, 90), (140, 190), (70, 2)):
        green = int(random.integers(110, 165))
        cv2.circle(street, (int(x), int(y)), int(random.integers(8, 20)), (96, green, 112), cv2.FILLED, cv2.LINE_AA)
    cv2.rectangle(street, (0, 220), (right, bottom), (172, 176, 178), cv2.FILLED)
    cv2.rectangle(street, (0, 212), (right, 222), (140, 146, 148), cv2.FILLED)
    picture[top:bottom, left:right] = cv2.GaussianBlur(street, (0, 0), 4)


def _door(picture: Picture) -> None:
    """Its frame, and the leaf standing open against the wall on the right."""
    left, top, right, bottom = DOORWAY
    leaf = np.array([(right + 12, top - 6), (right + 62, top + 12), (right + 62, bottom), (right + 12, bottom)])
    glass = picture.copy()
    cv2.fillPoly(glass, [leaf.astype(np.int32)], (226, 222, 210))
    cv2.addWeighted(glass, 0.55, picture, 0.45, 0, dst=picture)
    cv2.polylines(picture, [leaf.astype(np.int32)], True, _FRAME_BGR, 6, cv2.LINE_AA)
    cv2.line(picture, (right + 50, top + 130), (right + 50, top + 190), (200, 200, 200), 4, cv2.LINE_AA)
    cv2.rectangle(picture, (left - 6, top - 6), (right + 6, bottom + 4), _FRAME_BGR, 12)
    cv2.rectangle(picture, (left - 12, top - 12), (right + 12, bottom + 10), (62, 58, 54), 1)
    cv2.line(picture, (left, top + 1), (right, top + 1), (120, 114, 108), 1)


def _sign(picture: Picture) -> None:
    """A sign on the wall: please wear a mask."""
    cv2.rectangle(picture, (455, 92), (575, 212), (150, 156, 160), cv2.FILLED)
    cv2.rectangle(picture, (452, 88), (572, 208), (176, 120, 48), cv2.FILLED, cv2.LINE_AA)
    cv2.rectangle(picture, (457, 93), (567, 203), (246, 246, 246), 2, cv2.LINE_AA)
    mask = np.array([(482, 122), (512, 114), (542, 122), (540, 150), (512, 166), (484, 150)], np.int32)
    cv2.fillPoly(picture, [mask], (246, 246, 246), cv2.LINE_AA)
    for y in (130, 140, 150):
        cv2.line(picture, (490, y), (534, y), (176, 120, 48), 2, cv2.LINE_AA)
    for x, lean in ((482, -14), (542, 14)):
        cv2.ellipse(picture, (x + lean // 3, 134), (abs(lean), 13), 0, 0, 360, (246, 246, 246), 2, cv2.LINE_AA)
    cv2.putText(picture, "MASKS ON", (470, 192), cv2.FONT_HERSHEY_DUPLEX, 0.52, (246, 246, 246), 1, cv2.LINE_AA)


def _desk(picture: Picture) -> None:
    ramp = np.linspace(1.0, 0.72, HEIGHT - _DESK_Y, dtype=np.float32)[:, None, None]
    grain = np.random.default_rng(2).normal(0, 1, (HEIGHT - _DESK_Y, WIDTH)).astype(np.float32)
    streaks = cv2.GaussianBlur(grain, (0, 0), sigmaX=40, sigmaY=0.8)[..., None] * 60
    picture[_DESK_Y:] = np.clip(np.array((92, 128, 168), np.float32) * ramp + streaks, 0, 255).astype(np.uint8)
    cv2.rectangle(picture, (0, _DESK_Y), (WIDTH, _DESK_Y + 13), (150, 184, 212), cv2.FILLED)
    cv2.line(picture, (0, _DESK_Y + 14), (WIDTH, _DESK_Y + 14), (60, 84, 112), 2)


def _plant(picture: Picture) -> None:
    """A pot with long leaves in the corner, behind everybody."""
    random = np.random.default_rng(7)
    for angle in np.linspace(-1.2, 1.2, 15):
        length = 110 + int(random.integers(-25, 25))
        tip = np.array((42 + length * np.sin(angle) * 0.75, 310 - length * np.cos(angle)))
        side = np.array((np.cos(angle), np.sin(angle))) * 7
        middle = np.array((42.0, 310.0)) * 0.45 + tip * 0.55
        leaf = np.rint(np.array([(42, 312), middle + side, tip, middle - side])).astype(np.int32)
        cv2.fillPoly(picture, [leaf], (70, int(random.integers(105, 150)), 78), cv2.LINE_AA)
    pot = np.array([(10, 308), (74, 308), (66, _DESK_Y), (18, _DESK_Y)], np.int32)
    cv2.fillPoly(picture, [pot], (200, 204, 206), cv2.LINE_AA)


def _light(picture: Picture) -> Picture:
    """Darken the corners a little and take the drawing's sharpness away."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    far = ((x / WIDTH - 0.45) ** 2 + (y / HEIGHT - 0.4) ** 2)[..., None]
    soft = cv2.GaussianBlur(picture, (0, 0), 0.8).astype(np.float32)
    lit: Picture = np.clip(soft * (1.04 - 0.35 * far), 0, 255).astype(np.uint8)
    return lit

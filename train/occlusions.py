"""Draws what covers a bare mouth and is no mask: a hand, a scarf, a beard, a cup or a phone.

A classifier that has seen none of these takes anything over the mouth for a mask.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator

from train import fabrics
from train.face_map import MOUTH_DOWN, FaceMap, Points
from train.painting import Draw, Real, cast_shadow, fill, lay_over, light_of, skin_color, soften, stroke
from train.synthetic_masks import stretch

HAND: Final = "hand"
_HAIR = ((28, 22, 20), (58, 40, 28), (96, 66, 40), (120, 116, 112), (190, 188, 184))
_HAIR_SHARE = (0.4, 0.28, 0.12, 0.12, 0.08)
_SCARF_OVER_NOSE = 0.15


def choose_occlusion(rng: Generator) -> str:
    """Return the name of one of OCCLUSIONS at random, hands most often."""
    return str(rng.choice(list(OCCLUSIONS), p=_SHARE))


def occlusion_share(name: str) -> float:
    """Return how often, 0..1, `choose_occlusion` returns this name."""
    return dict(zip(OCCLUSIONS, _SHARE, strict=True))[name]


def draw_hand(picture: Real, face: FaceMap, rng: Generator) -> Real:
    """Return the face with a hand in its own skin color over mouth and, at times, nose."""
    unit = face.half_width_px
    center = face.at(rng.uniform(-0.35, 0.35), rng.uniform(0.1, 0.7))[0]
    angle = rng.uniform(-0.6, 0.6) + rng.choice([-1.2, 0.0, 1.2])
    along, across = np.array([np.sin(angle), -np.cos(angle)]), np.array([np.cos(angle), np.sin(angle)])
    color = np.clip(skin_color(picture, face) * rng.uniform(0.85, 1.12), 0, 255)
    elbow = center - along * unit * 4
    picture = _limb(picture, color * 0.95, center, elbow, unit * rng.uniform(0.55, 0.7), rng)
    picture = _limb(picture, color, center + along * unit * 0.15, center - along * unit * 0.3, unit * 0.8, rng)
    spread = rng.uniform(0.17, 0.24) * unit
    for finger in (-1.5, -0.5, 0.5, 1.5):
        root = center + along * unit * 0.2 + across * finger * spread
        tip = root + (along * rng.uniform(0.6, 0.85) + across * finger * rng.uniform(0, 0.12)) * unit
        picture = _limb(picture, color * rng.uniform(0.95, 1.05), root, tip, spread * 0.95, rng)
    return picture


def _limb(picture: Real, color: Real, start: Points, end: Points, width_px: float, rng: Generator) -> Real:
    """Return the picture with a rounded bar of skin, darker at its edges."""
    alpha = stroke(np.stack([start, end]).astype(np.float32), picture.shape[0], max(1.5, float(width_px)))
    # an alpha blurred inwards is 1 in the middle of the bar and about 0.5 at its edge
    inside = cv2.GaussianBlur(alpha, (0, 0), max(float(width_px) * 0.2, 0.6))
    shade = np.float32(rng.uniform(0.55, 0.7)) + np.float32(0.4) * inside
    return lay_over(picture, np.asarray(np.clip(shade[..., None] * color, 0, 255), np.float32), alpha)


def draw_scarf(picture: Real, face: FaceMap, rng: Generator) -> Real:
    """Return the face with a scarf around chin and neck, at times up over the mouth and seldom over the nose."""
    over_nose = rng.random() < _SCARF_OVER_NOSE
    top = rng.uniform(-0.4, -0.1) if over_nose else rng.choice([rng.uniform(0.2, 0.4), rng.uniform(0.6, 1.0)])
    wide, slope = rng.uniform(1.15, 1.5), rng.normal(0, 0.06)
    u = np.linspace(-wide, wide, 9)
    v = top + rng.uniform(-0.1, 0.12) * u**2 + slope * u + rng.normal(0, 0.025, 9)
    upper = face.at(u, v)
    below = float(picture.shape[0]) * 1.2
    outline = np.concatenate([upper, [(upper[-1, 0] + 20, below), (upper[0, 0] - 20, below)]])
    corners = np.stack([upper[0], upper[-1], (upper[-1, 0], below), (upper[0, 0], below)])
    return _cover(picture, face, fabrics.knit(rng), corners, soften(outline.astype(np.float32), 1), rng)


def _cover(picture: Real, face: FaceMap, tile: fabrics.Tile, corners: Points, outline: Points, rng: Generator) -> Real:
    size_px = picture.shape[0]
    alpha = fill(outline, size_px, rng.uniform(0.6, 1.2))
    layer = np.clip(stretch(tile, corners, size_px) * light_of(picture, face, rng), 0, 255)
    return lay_over(cast_shadow(picture, alpha, rng), np.asarray(layer, np.float32), alpha)


def draw_beard(picture: Real, face: FaceMap, rng: Generator) -> Real:
    """Return the face with a beard over cheeks, chin and upper lip; the lips stay bare."""
    size_px = picture.shape[0]
    inner, low = rng.uniform(0.1, 0.3), rng.uniform(0.95, 1.35)
    half = np.array([(0.05, 0.2), (0.4, inner + 0.05), (0.8, inner - 0.2), (0.99, -0.35), (1.0, 0.3), (0.8, 0.8 * low)])
    edge = np.concatenate([half, [(0.35, low), (-0.35, low)], half[::-1] * (-1, 1)]).astype(np.float32)
    turn = np.linspace(0, 2 * np.pi, 14)[:-1]
    lips = face.at(0.3 * np.cos(turn), MOUTH_DOWN + 0.03 + 0.1 * np.sin(turn))
    area = fill(face.at(*soften(edge).T), size_px, size_px * rng.uniform(0.012, 0.035))
    area = area * (1 - fill(lips, size_px, size_px * 0.01))
    color = np.array(_HAIR[int(rng.choice(len(_HAIR), p=_HAIR_SHARE))], np.float32)
    strands = _hair(size_px, rng)
    hair = np.clip(strands[..., None] * color * light_of(picture, face, rng), 0, 255)
    dense = rng.uniform(0.55, 0.98) * (1.2 - 0.3 * strands)
    return lay_over(picture, np.asarray(hair, np.float32), np.asarray(np.clip(area * dense, 0, 1), np.float32))


def _hair(size_px: int, rng: Generator) -> Real:
    """Return the brightness of hair that hangs down, (size_px, size_px) around 1."""
    noise = rng.normal(0, 1, (size_px, size_px)).astype(np.float32)
    strands = cv2.GaussianBlur(noise, (0, 0), sigmaX=size_px / 280, sigmaY=size_px / 60)
    return np.asarray(np.clip(1 + 0.22 * strands / max(float(strands.std()), 1e-3), 0.2, 2), np.float32)


def draw_thing(picture: Real, face: FaceMap, rng: Generator) -> Real:
    """Return the face with a cup, phone or paper held before its mouth."""
    unit = face.half_width_px
    center = face.at(rng.uniform(-0.4, 0.4), rng.uniform(0.35, 0.9))[0]
    half_width, half_height = unit * rng.uniform(0.35, 0.6), unit * rng.uniform(0.4, 0.9)
    taper, angle = rng.choice([1.0, rng.uniform(0.7, 0.9)]), rng.normal(0, 0.25)
    square = np.array([(-1, -1), (1, -1), (taper, 1), (-taper, 1)]) * (half_width, half_height)
    spin = np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
    corners = (square @ spin + center).astype(np.float32)
    tile = fabrics.patterned(rng) if rng.random() < 0.4 else fabrics.plain(fabrics.any_color(rng))
    color = np.clip(skin_color(picture, face) * rng.uniform(0.85, 1.1), 0, 255)
    picture = _cover(picture, face, fabrics.wrinkle(tile, rng), corners, soften(_subdivide(corners), 2), rng)
    return picture if rng.random() < 0.5 else _hold(picture, color, center, (half_width, half_height), rng)


def _hold(picture: Real, color: Real, center: Points, half: tuple[float, float], rng: Generator) -> Real:
    """Return the picture with four fingers around a thing of this half width and half height, from one side."""
    side = float(rng.choice([-1, 1]))
    for row in np.linspace(-0.2, 0.8, 4):
        tip = center + np.array([-side * rng.uniform(-0.3, 0.2), row]) * half
        end = tip + np.array([side * 4 * half[0], rng.uniform(0, 0.4) * half[1]])
        picture = _limb(picture, color, tip, end, 0.27 * half[1], rng)
    return picture


def _subdivide(corners: Points) -> Points:
    """Return a polygon with two more points on each side, so that softening keeps its form."""
    following = np.roll(corners, -1, axis=0)
    parts = [corners + (following - corners) * part for part in (0, 0.15, 0.85)]
    return np.asarray(np.stack(parts, axis=1).reshape(-1, 2), np.float32)


OCCLUSIONS: Mapping[str, Draw] = {
    HAND: draw_hand,
    "scarf": draw_scarf,
    "beard": draw_beard,
    "thing": draw_thing,
}
_SHARE = (0.4, 0.2, 0.15, 0.25)

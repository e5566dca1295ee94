"""Turns a plan into frames, and says for each frame what is to be seen in it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from cutouts import cut_out
from entrance import DESK_Y, draw_entrance, hang_poster
from numpy.typing import NDArray
from plans import DOORWAY, HEIGHT, WIDTH, Light, Plan, Pose, face_at, pose_at
from sprites import Figure, Layer, Sprite, lay_over, make_figure, warp
from truth import COVERED, ClipTruth, PersonTruth, Sight

from edge.geometry import Box
from edge.preprocess import Picture
from train.faces import LabeledFace, read_picture

_NOISES = 6
"""Different frames of camera noise; they take turns."""

_WHOLE = (0, 0, WIDTH, HEIGHT)
_HAND_Y = 0.05
"""Where the raised hand's sprite sits, in sides below the middle of the face."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """Somebody painted in a frame: who, the face's box, how much of each of its pixels is still seen (0..1)."""

    person: int
    box: Box
    label: str
    left: int
    top: int
    seen: NDArray[np.float32]
    inside_frac: float


def render(plan: Plan, cast: Sequence[LabeledFace]) -> Iterator[tuple[Picture, tuple[tuple[int, Sight], ...]]]:
    """Yield the frames, (540, 960, 3) uint8 BGR, each with (person, sight) for everybody in it.

    Persons are numbered: first the walks, then the posters. The same plan and cast give the same pixels. Raises
    DataError when a picture of the cast cannot be read.
    """
    random = np.random.default_rng(plan.seed)
    picture = draw_entrance(random, plan.light)
    posters = [hang_poster(picture, read_picture(cast[p.face].path), _box(cast[p.face]), p) for p in plan.posters]
    hung = [(len(plan.walks) + n, box, cast[plan.posters[n].face].label) for n, box in enumerate(posters)]
    figures = {
        look.face: _figure(cast[look.face], np.random.default_rng((plan.seed, look.face)))
        for walk in plan.walks for look in walk.looks
    }  # fmt: skip
    noise = _make_noise(random, plan.light.noise)
    last: tuple[Picture, tuple[tuple[int, Sight], ...]] | None = None
    for frame_index in range(round(plan.seconds * plan.fps)):
        time_s = frame_index / plan.fps
        if last is None or not any(start_s <= time_s < end_s for start_s, end_s in plan.stalls):
            canvas, sights = _paint(plan, time_s, picture, figures, cast, hung)
            last = _expose(canvas, plan.light, time_s, noise[frame_index % _NOISES]), sights
        yield last[0], tuple((who, replace(sight, frame_index=frame_index)) for who, sight in last[1])


def collect_truth(plan: Plan, cast: Sequence[LabeledFace], sights: Sequence[tuple[int, Sight]]) -> ClipTruth:
    """Return the truth of a clip from the sights of all of its frames."""
    faces = [[look.face for look in walk.looks] for walk in plan.walks] + [[p.face] for p in plan.posters]
    people = tuple(
        PersonTruth(
            person, person >= len(plan.walks), tuple(cast[face].path.name for face in faces[person]),
            tuple(sight for who, sight in sights if who == person),
        )
        for person in range(len(faces))
    )  # fmt: skip
    return ClipTruth(plan.scenario, plan.seed, plan.fps, round(plan.seconds * plan.fps), WIDTH, HEIGHT, people)


def _box(face: LabeledFace) -> Box:
    assert face.box is not None  # faces of annotated pictures have one
    return face.box


def _figure(face: LabeledFace, random: np.random.Generator) -> Figure:
    return make_figure(cut_out(read_picture(face.path), _box(face)), random)


def _make_noise(random: np.random.Generator, sigma: float) -> list[NDArray[np.uint8]]:
    """Return frames of camera noise around 128: fine, and a little coarse, as small sensors and JPEG leave it."""
    frames = []
    for _ in range(_NOISES):
        fine = random.normal(0, 0.75 * sigma, (HEIGHT, WIDTH, 3)).astype(np.float32)
        coarse = random.normal(0, 0.75 * sigma, (HEIGHT // 2, WIDTH // 2, 3)).astype(np.float32)
        both = fine + cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
        frames.append(np.clip(np.rint(128 + both), 0, 255).astype(np.uint8))
    return frames


def _paint(
    plan: Plan, time_s: float, empty: Picture, figures: dict[int, Figure], cast: Sequence[LabeledFace],
    hung: Sequence[tuple[int, Box, str]],
) -> tuple[Picture, tuple[tuple[int, Sight], ...]]:  # fmt: skip
    """Return the entrance with everybody in it, the farthest first, and what is seen of them."""
    canvas = empty.copy()
    seen = [_open(person, box, label, _WHOLE) for person, box, label in hung]
    there = [(pose, number, walk) for number, walk in enumerate(plan.walks) if (pose := pose_at(walk, time_s))]
    for pose, number, walk in sorted(there, key=lambda item: item[0].side):
        face = face_at(walk, time_s)
        figure, window = figures[face], DOORWAY if pose.outside else _WHOLE
        shown = pose.hand > 0.5
        _put(canvas, figure.body, pose, 0.0, plan, window, seen)
        seen.append(_open(number, _face_box(figure.body, pose), COVERED if shown else cast[face].label, window))
        if pose.hand > 0:
            _put(canvas, figure.hand, pose, _HAND_Y + 1.9 * (1 - pose.hand), plan, window, [])
    canvas[DESK_Y:] = empty[DESK_Y:]
    return canvas, tuple((each.person, _close(each)) for each in seen)


def _put(
    canvas: Picture, sprite: Sprite, pose: Pose, down: float, plan: Plan, window: Sequence[int], seen: list[_Seen]
) -> None:
    """Paint a sprite, `down` sides below the middle of the face, blurred by its motion; it hides those behind it."""
    matrix = _matrix(sprite, pose, down)
    left, top, right, bottom = _bounds(sprite, matrix, window)
    if right <= left or bottom <= top:
        return
    layer = warp(sprite, matrix, left, top, right - left, bottom - top)
    layer = _smear(layer, pose, plan)
    if plan.light.back:
        layer[..., :3] = cv2.convertScaleAbs(layer[..., :3], alpha=1 - 0.6 * plan.light.back)
    lay_over(canvas[top:bottom, left:right], layer)
    for each in seen:
        _hide(each, layer, left, top)


def _matrix(sprite: Sprite, pose: Pose, down: float) -> NDArray[np.float32]:
    matrix = np.asarray(cv2.getRotationMatrix2D(sprite.center, pose.lean_deg, pose.side / sprite.side_px), np.float32)
    matrix[:, 2] += (pose.x - sprite.center[0], pose.y + down * pose.side - sprite.center[1])
    return matrix


def _bounds(sprite: Sprite, matrix: NDArray[np.float32], window: Sequence[int]) -> tuple[int, int, int, int]:
    height, width = sprite.levels[0].shape[:2]
    corners = np.array([(0, 0, 1), (width, 0, 1), (0, height, 1), (width, height, 1)], np.float32) @ matrix.T
    (left, top), (right, bottom) = np.floor(corners.min(axis=0)) - 2, np.ceil(corners.max(axis=0)) + 2
    return (
        int(max(left, window[0])), int(max(top, window[1])), int(min(right, window[2])), int(min(bottom, window[3])),
    )  # fmt: skip


def _smear(layer: Layer, pose: Pose, plan: Plan) -> Layer:
    """Return the layer blurred along its way while the shutter was open."""
    width, height = (round(abs(speed) * plan.light.shutter / max(plan.fps, 12.0)) for speed in pose.speed)
    if max(width, height) < 2:
        return layer
    return np.asarray(cv2.blur(layer, (max(1, width), max(1, height))), np.uint8)


def _face_box(sprite: Sprite, pose: Pose) -> Box:
    half_width, half_height = pose.side * sprite.aspect / 2, pose.side / 2
    return Box(pose.x - half_width, pose.y - half_height, pose.x + half_width, pose.y + half_height)


def _open(person: int, box: Box, label: str, window: Sequence[int]) -> _Seen:
    """Return somebody of whom everything within the window is seen so far."""
    left, top = max(math.floor(box.x_min), window[0]), max(math.floor(box.y_min), window[1])
    right, bottom = min(math.ceil(box.x_max), window[2]), min(math.ceil(box.y_max), window[3], DESK_Y)
    seen = np.ones((max(0, bottom - top), max(0, right - left)), np.float32)
    whole = (math.ceil(box.x_max) - math.floor(box.x_min)) * (math.ceil(box.y_max) - math.floor(box.y_min))
    return _Seen(person, box, label, left, top, seen, seen.size / max(1, whole))


def _hide(each: _Seen, layer: Layer, left: int, top: int) -> None:
    """Take from what is seen of somebody what a layer at (left, top) hides."""
    height, width = each.seen.shape
    x0, y0 = max(each.left, left), max(each.top, top)
    x1, y1 = min(each.left + width, left + layer.shape[1]), min(each.top + height, top + layer.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    alpha = layer[y0 - top : y1 - top, x0 - left : x1 - left, 3].astype(np.float32) / 255
    each.seen[y0 - each.top : y1 - each.top, x0 - each.left : x1 - each.left] *= 1 - alpha


def _close(each: _Seen) -> Sight:
    seen_frac = float(each.seen.mean()) if each.seen.size else 0.0
    return Sight(0, each.box, each.label, round(seen_frac * each.inside_frac, 3))


def _expose(canvas: Picture, light: Light, time_s: float, noise: NDArray[np.uint8]) -> Picture:
    """Return the picture as the camera gives it: its brightness at this time, its tint, its noise."""
    swing = 1 + light.flicker_frac * math.sin(2 * math.pi * light.flicker_hz * time_s)
    gains = np.array(light.tint, np.float32) * light.gain * swing
    curve = np.clip(np.arange(256, dtype=np.float32)[:, None] * gains, 0, 255).astype(np.uint8)
    lit = cv2.LUT(canvas, curve.reshape(1, 256, 3))
    return np.asarray(cv2.addWeighted(lit, 1.0, noise, 1.0, -128.0), np.uint8)

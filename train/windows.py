"""Cuts random windows out of the detector's training pictures, and fills what they show beyond a picture's edges.

Windows reach far beyond pictures whose faces are large, so that these are seen small too. Left grey, that room was
a third of all pixels, of which nothing is learned; so another picture's surroundings and faces are put there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from edge.geometry import Boxes
from edge.preprocess import PAD_VALUE, Picture, mirror
from train.augment import Window, lay_window
from train.detector_loss import IGNORE_KIND
from train.detector_network import DetectorShape

_FILLED_SHARE = 0.75
"""How often the room around a picture is filled; otherwise it is grey, as on the device."""
_LEAST_ROOM_FRAC = 0.02
"""Of a window: what is smaller stays grey."""
_SEEN_FRAC = 0.8
"""Of a face behind a picture: when less can be seen nobody learns of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture, (height, width, 3) uint8 BGR, its boxes, (n, 4) float32 in its pixels, and their kinds, (n,) float32.

    Kinds are those of `train.detector_loss`.
    """

    bgr: Picture
    boxes: Boxes
    kinds: NDArray[np.float32]


def cut_at_random(scene: Scene, shape: DetectorShape, rng: Generator, other: Callable[[], Scene]) -> Scene:
    """Return a random window of a scene in the input's size, mirrored half the time.

    What it shows beyond the scene's edges is grey, or a window of the scene that `other` returns. Boxes may reach out.
    """
    window = _window(scene, shape, rng)
    behind = _plain(shape)
    if _room_frac(window, scene.bgr) > _LEAST_ROOM_FRAC and rng.random() < _FILLED_SHARE:
        something = other()
        behind = _lay(something, _window_within(something.bgr, shape, rng), behind)
    cut = _lay(scene, window, behind)
    return _mirrored(cut) if rng.random() < 0.5 else cut


def _plain(shape: DetectorShape) -> Scene:
    canvas = np.full((shape.height_px, shape.width_px, 3), PAD_VALUE, np.uint8)
    return Scene(canvas, np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


def _lay(scene: Scene, window: Window, behind: Scene) -> Scene:
    """Return `behind` with the window of a scene laid over it; the picture behind is overwritten."""
    hidden = lay_window(behind.bgr, scene.bgr, window)
    boxes, kinds = _uncovered(behind, hidden)
    left, top, width, height = window
    scale = np.array([behind.bgr.shape[1] / width, behind.bgr.shape[0] / height] * 2)
    moved = np.asarray((scene.boxes - [left, top, left, top]) * scale, np.float32)
    return Scene(behind.bgr, np.concatenate([moved, boxes]), np.concatenate([scene.kinds, kinds]))


def _uncovered(behind: Scene, hidden: tuple[int, int, int, int]) -> tuple[Boxes, NDArray[np.float32]]:
    """Return the boxes that can still be seen around a hidden rectangle, and their kinds.

    Of a face that is hidden in part the largest piece beside the rectangle is to be ignored.
    """
    boxes = behind.boxes
    x0, y0, x1, y1 = (np.float32(edge) for edge in hidden)
    covered = _area(np.concatenate([np.maximum(boxes[:, :2], (x0, y0)), np.minimum(boxes[:, 2:], (x1, y1))], axis=1))
    clear = covered <= (1 - _SEEN_FRAC) * _area(boxes)
    pieces = np.repeat(boxes[None], 4, axis=0)
    pieces[0, :, 2] = np.minimum(boxes[:, 2], x0)
    pieces[1, :, 0] = np.maximum(boxes[:, 0], x1)
    pieces[2, :, 3] = np.minimum(boxes[:, 3], y0)
    pieces[3, :, 1] = np.maximum(boxes[:, 1], y1)
    areas = np.stack([_area(piece) for piece in pieces])
    largest = pieces[np.argmax(areas, axis=0), np.arange(len(boxes))]
    seen = clear | (areas.max(axis=0) > 0)
    kinds = np.where(clear, behind.kinds, np.float32(IGNORE_KIND))
    return np.where(clear[:, None], boxes, largest)[seen], kinds[seen]


def _area(boxes: Boxes) -> NDArray[np.float32]:
    return np.asarray(np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1), np.float32)


def _mirrored(scene: Scene) -> Scene:
    boxes = scene.boxes.copy()
    boxes[:, [0, 2]] = scene.bgr.shape[1] - boxes[:, [2, 0]]
    return Scene(mirror(scene.bgr), boxes, scene.kinds)


def _room_frac(window: Window, bgr: Picture) -> float:
    """Return which part of a window, 0..1, lies beyond the picture's edges."""
    left, top, width, height = window
    shown_width = min(left + width, bgr.shape[1]) - max(left, 0)
    shown_height = min(top + height, bgr.shape[0]) - max(top, 0)
    return float(1 - max(shown_width, 0) * max(shown_height, 0) / (width * height))


def _window(scene: Scene, shape: DetectorShape, rng: Generator) -> Window:
    """Return a random window, half the time chosen by the size of a face in it.

    A third of the windows show the whole picture or more, as the device will see it.
    """
    height, width = scene.bgr.shape[:2]
    aspect = shape.width_px / shape.height_px * np.exp(rng.uniform(-0.2, 0.2))
    whole = max(width, height * aspect)
    if len(scene.boxes) and rng.random() < 0.5:
        return _window_by_face(scene.boxes[rng.integers(len(scene.boxes))], whole, aspect, shape, rng)
    window_width = whole * (rng.uniform(0.3, 1.0) if rng.random() < 0.4 else rng.uniform(0.95, 1.4))
    return _window_anywhere(scene.bgr, window_width, window_width / aspect, rng)


def _window_within(bgr: Picture, shape: DetectorShape, rng: Generator) -> Window:
    """Return a random window that does not reach out over the picture's edges."""
    height, width = bgr.shape[:2]
    aspect = shape.width_px / shape.height_px * np.exp(rng.uniform(-0.2, 0.2))
    window_width = min(width, height * aspect) * rng.uniform(0.5, 1.0)
    return _window_anywhere(bgr, window_width, window_width / aspect, rng)


def _window_anywhere(bgr: Picture, width: float, height: float, rng: Generator) -> Window:
    left, top = (
        rng.uniform(min(0, there - wanted), max(0, there - wanted))
        for there, wanted in zip(bgr.shape[1::-1], (width, height), strict=True)
    )
    return float(left), float(top), float(width), float(height)


def _window_by_face(
    box: NDArray[np.float32], whole: float, aspect: float, shape: DetectorShape, rng: Generator
) -> Window:
    """Return a window in which the face has a size drawn evenly over the octaves from 9 to 180 pixels."""
    face_px = float(max(box[2] - box[0], box[3] - box[1]))
    wanted_px = np.exp(rng.uniform(np.log(9), np.log(180)))
    window_width = np.clip(face_px * shape.width_px / wanted_px, whole * 0.2, whole * 2.0)
    window_height = window_width / aspect
    left, top = (box[:2] + box[2:]) / 2 - rng.uniform(0.15, 0.85, 2) * [window_width, window_height]
    return float(left), float(top), float(window_width), float(window_height)

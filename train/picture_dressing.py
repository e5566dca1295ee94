"""Draws masks, hands and scarves on the faces of the detector's pictures.

Faces turned away are rare among the masked ones, and frequent among bare ones: drawn on, they show masks in every pose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from edge.geometry import Box
from edge.preprocess import CROP_MARGIN_FRAC, Picture
from edge.records import IGNORE
from train.annotations import AnnotatedPicture, LabeledBox
from train.augment import cut_window
from train.dressing import draw_on_crop
from train.face_map import Points, guess_landmarks
from train.occlusions import OCCLUSIONS, choose_occlusion
from train.painting import Draw
from train.synthetic_masks import RIGHT, wearing, wrong_way

SMALLEST_PX = 16.0
"""Nothing is drawn on faces whose larger side is smaller: what a mask is cannot be seen there."""

_MASK_SHARE, _WRONG_SHARE = 0.7, 0.1
"""How often it is a mask worn right, and one worn wrong; otherwise it is a hand, a scarf, a beard, a cup."""

_AROUND = 2.2
"""Side of the square that is drawn in, as a multiple of the face's: room for ears, hands and scarves."""
_LEAST_PX, _MOST_PX = 48, 320
_FADING_FRAC = 0.08
"""Of that square's side: where what is drawn fades, so that no hand ends at a straight line."""

PictureLandmarks = Mapping[tuple[Path, Box | None], Points]
"""Landmarks (5, 2) in pixels of the picture, by its path and the face's box."""


@dataclass(frozen=True, slots=True)
class PictureDressing:
    """Draws something on `share`, 0..1, of the faces of each picture.

    Faces that are not in `landmarks` are taken for average ones.
    """

    share: float
    landmarks: PictureLandmarks = field(default_factory=dict)

    def dress(self, bgr: Picture, picture: AnnotatedPicture, rng: Generator) -> Picture:
        """Return a picture, (height, width, 3) uint8, with things drawn on; the same array where nothing was."""
        chosen = [face.box for face in picture.faces if is_drawable(face) and rng.random() < self.share]
        if not chosen:
            return bgr
        dressed = bgr.copy()
        for box in chosen:
            points = self.landmarks.get((picture.path, box))
            _draw(dressed, box, guess_landmarks(box, rng) if points is None else points, _choose(rng), rng)
        return dressed


def is_drawable(face: LabeledBox) -> bool:
    """Return whether something may be drawn on a face: it is one for sure, and large enough."""
    return face.label != IGNORE and max(face.box.width, face.box.height) >= SMALLEST_PX


def _choose(rng: Generator) -> Draw:
    chance = rng.random()
    if chance < _MASK_SHARE:
        return wearing(RIGHT)
    if chance < _MASK_SHARE + _WRONG_SHARE:
        return wearing(wrong_way(rng))
    return OCCLUSIONS[choose_occlusion(rng)]


def _draw(bgr: Picture, box: Box, landmarks: Points, draw: Draw, rng: Generator) -> None:
    """Draw something on a face, in place, and leave every pixel alone that it does not cover."""
    side = round(_AROUND * max(box.width, box.height))
    left, top = (round(middle - side / 2) for middle in box.center)
    size_px = min(max(side, _LEAST_PX), _MOST_PX)
    before = cut_window(bgr, (left, top, side, side), size_px, size_px)[..., ::-1]
    after = draw_on_crop(before, box, landmarks, _cut_for(left, top, side), draw, rng)
    change = (after.astype(np.float32) - before)[..., ::-1] * _fade(size_px)
    _add(bgr, left, top, np.asarray(cv2.resize(change, (side, side), interpolation=cv2.INTER_AREA), np.float32))


def _cut_for(left: int, top: int, side: int) -> Box:
    """Return the box for which the classifier would cut this square."""
    margin = side * CROP_MARGIN_FRAC / (1 + 2 * CROP_MARGIN_FRAC)
    return Box(left + margin, top + margin, left + side - margin, top + side - margin)


def _fade(size_px: int) -> NDArray[np.float32]:
    """Return (size_px, size_px, 1) float32 that rises from 0 at the edges to 1."""
    place = np.arange(size_px, dtype=np.float32) + np.float32(0.5)
    ramp = np.minimum(np.minimum(place, size_px - place) / np.float32(_FADING_FRAC * size_px), np.float32(1))
    return np.asarray(np.outer(ramp, ramp)[..., None], np.float32)


def _add(bgr: Picture, left: int, top: int, change: NDArray[np.float32]) -> None:
    """Add a change, (side, side, 3), at a place of a picture, as far as it lies inside."""
    height, width = bgr.shape[:2]
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + change.shape[1], width), min(top + change.shape[0], height)
    if x1 > x0 and y1 > y0:
        inside = bgr[y0:y1, x0:x1]
        inside[:] = np.clip(np.round(inside + change[y0 - top : y1 - top, x0 - left : x1 - left]), 0, 255)

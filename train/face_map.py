"""Where the parts of a face lie in a picture of it: the geometry that drawn masks and other things follow.

A place on a face is (across, down). Across: -1 the outline of the face on the left of the picture, 0 the line from
between the eyes over nose and mouth to the chin, 1 the outline on the right. Down: -1 the eyes, 0 the tip of the nose,
0.42 the mouth, 1 the chin. On a face that is turned away the middle line lies off the middle, so that what is
drawn in these coordinates is turned with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from edge.geometry import Box
from edge.preprocess import crop_square

Points: TypeAlias = NDArray[np.float32]
"""(n, 2) float32, a point (x, y) a row."""

MOUTH_DOWN = 0.42
"""The mouth on the scale from the tip of the nose to the chin."""

# Mean landmarks in the teacher's box, fractions of its width and height, mirrored into symmetry: 295 bare faces of
# jolignier, SCRFD 2.5g. The spread across (0.14, for the nose 0.22) is the turn of the head, that down (0.05) its nod.
_AVERAGE = np.array([[0.30, 0.38], [0.70, 0.38], [0.50, 0.575], [0.34, 0.75], [0.66, 0.75]], np.float32)
_TURN_SPREAD = np.array([0.6, 0.6, 1.0, 0.6, 0.6], np.float32)
_NOD_SPREAD_FRAC = 0.03

_MOUTH_TO_CHIN = 0.66
"""Of the way from the eyes to the mouth."""

_LEVELS = (-2.0, -1.0, 0.0, MOUTH_DOWN, 1.0, 2.0)
_OUTLINE_DOWN = (-1.0, 0.0, MOUTH_DOWN, 0.8, 1.0, 1.5)
_OUTLINE_WIDTH = (1.0, 0.98, 0.92, 0.78, 0.62, 0.68)
_OUTLINE_TURN = (0.0, 0.1, 0.3, 0.6, 0.8, 0.8)


@dataclass(frozen=True, slots=True)
class FaceMap:
    """Maps places on a face to pixels.

    `middle` (6, 2) are the points of the middle line at `_LEVELS`, `axis` (2,) is the middle of the outline at the
    height of the eyes, `half_width_px` its half width there.
    """

    middle: Points
    axis: Points
    half_width_px: float

    def at(self, across: object, down: object) -> Points:
        """Return the pixels (n, 2) of places on the face; the two may be numbers or (n,) each and are broadcast."""
        u, v = np.broadcast_arrays(np.atleast_1d(np.float32(across)), np.atleast_1d(np.float32(down)))  # type: ignore[arg-type]
        center = np.stack([np.interp(v, _LEVELS, self.middle[:, k]) for k in (0, 1)], axis=1)
        along, sideways = self._directions()
        straight = self.axis + ((center - self.axis) @ along)[:, None] * along
        turn = np.interp(v, _OUTLINE_DOWN, _OUTLINE_TURN)[:, None]
        width = self.half_width_px * np.interp(v, _OUTLINE_DOWN, _OUTLINE_WIDTH)
        outline = straight + (center - straight) * turn + sideways * (np.sign(u) * width)[:, None]
        return np.asarray(center + (outline - center) * np.abs(u)[:, None], np.float32)

    def _directions(self) -> tuple[Points, Points]:
        """Return the unit vectors down the face and across it."""
        eyes, mouth = self.middle[1], self.middle[3]
        along = (mouth - eyes) / max(float(np.hypot(*(mouth - eyes))), 1e-3)
        return along, np.array([along[1], -along[0]], np.float32)


def map_face(box: Box, landmarks: Points) -> FaceMap:
    """Return the map of a face from its box and landmarks (5, 2): eyes, tip of the nose, corners of the mouth."""
    eyes, nose, mouth = landmarks[:2].mean(axis=0), landmarks[2], landmarks[3:].mean(axis=0)
    reach = mouth - eyes
    length = max(float(np.hypot(*reach)), 1e-3)
    along = reach / length
    to_edge = (box.y_max - mouth[1]) / max(float(along[1]), 0.5)
    chin = mouth + along * max((to_edge + _MOUTH_TO_CHIN * length) / 2, 0.2 * length)
    middle = np.stack([eyes - reach, eyes, nose, mouth, chin, 2 * chin - nose])
    axis = np.array(box.center, np.float32)
    axis = axis + along * float((eyes - axis) @ along)
    return FaceMap(middle.astype(np.float32), axis.astype(np.float32), max(box.width, 0.6 * box.height) / 2)


def guess_landmarks(box: Box, rng: Generator) -> Points:
    """Return landmarks (5, 2) of an average face in a box, turned and nodding a little at random."""
    places = _AVERAGE.copy()
    places[:, 0] += _TURN_SPREAD * np.clip(rng.normal(0, 0.06), -0.12, 0.12)
    places[:, 1] += np.clip(rng.normal(0, _NOD_SPREAD_FRAC), -0.06, 0.06)
    return np.asarray(places * (box.width, box.height) + (box.x_min, box.y_min), np.float32)


def place_in_crop(points: Points, box: Box, size_px: int) -> Points:
    """Return points (n, 2) of the picture in pixels of the classifier's input that is cut for `box`."""
    left, top, side = crop_square(box)
    return np.asarray((points - (left, top)) * (size_px / max(side, 1.0)), np.float32)

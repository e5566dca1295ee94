"""Tells photographs apart that share a background, by the face: a camera at a door sees the same door all day long.

The upper half of a picture's largest face, which a mask painted in leaves alone, is looked for at its place in the
other picture, upright and mirrored. Measured on 210 pictures of three sources and on copies whose perceptual hashes are
nearly the same: all that were re-encoded, made smaller, mirrored or given a mask correlate with 0.9 or more at their
face, 99 % of those that lost up to 3 % at each border with 0.85. Another person's face pasted into the very same place
does so in 2 of 1,000 cases where it is 6 % of the side or larger, in 200 where it is smaller. Of 149 pictures of the
classic 1,376 with a mask pasted over a photograph that is also there without it 91 % are still found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from edge.geometry import Box
from edge.preprocess import Picture
from train.faces import read_picture

MIN_CORRELATION = 0.85
"""From here on, -1..1, two faces are taken for the same photograph."""

_SIDE_PX = 192
_UPPER_FRAC = 0.5
_MARGIN_PX = 12
_MARGIN_FRAC = 0.25
_SMALLEST_PX = 4


@dataclass(frozen=True, slots=True)
class Portrait:
    """A picture squeezed to (192, 192) uint8 grey, and where the upper half of its largest face is in it, if known."""

    grey: Picture
    upper: tuple[slice, slice] | None


def portray(bgr: Picture, face: Box | None) -> Portrait:
    """Return what is compared of a picture whose largest face is `face`, in its pixels."""
    grey = cv2.resize(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA)
    if face is None:
        return Portrait(np.asarray(grey, np.uint8), None)
    height, width = bgr.shape[:2]
    rows = _stretch(face.y_min / height, (face.y_min + _UPPER_FRAC * face.height) / height)
    return Portrait(np.asarray(grey, np.uint8), (rows, _stretch(face.x_min / width, face.x_max / width)))


def _stretch(start_frac: float, end_frac: float) -> slice:
    """Return the pixels from one fraction of the side to another: within the picture, and never too few to compare."""
    start = min(max(0, round(start_frac * _SIDE_PX)), _SIDE_PX - _SMALLEST_PX)
    return slice(start, min(max(round(end_frac * _SIDE_PX), start + _SMALLEST_PX), _SIDE_PX))


def show_same_face(a: Portrait, b: Portrait) -> bool:
    """Return whether two pictures alike as a whole may be one photograph: where a face is known, both show it."""
    return all(_correlation(one, other) >= MIN_CORRELATION for one, other in ((a, b), (b, a)))


def _correlation(one: Portrait, other: Portrait) -> float:
    """Return how well, -1..1, the face of one picture is found at its place in the other; 1 where none is known."""
    if one.upper is None:
        return 1.0
    face, around = one.grey[one.upper], tuple(map(_widen, one.upper))
    views = (other.grey[around], other.grey[:, ::-1][around])
    found = [cv2.matchTemplate(np.ascontiguousarray(view), face, cv2.TM_CCOEFF_NORMED).max() for view in views]
    return float(max(found))


def _widen(pixels: slice) -> slice:
    margin = _MARGIN_PX + round(_MARGIN_FRAC * (pixels.stop - pixels.start))
    return slice(max(0, pixels.start - margin), min(_SIDE_PX, pixels.stop + margin))


def with_same_face(
    paths: Sequence[Path], pairs: Iterable[Sequence[int]], faces: Mapping[Path, Box]
) -> Iterator[Sequence[int]]:
    """Yield those pairs of pictures, indices into `paths`, that show the same face where one is known.

    `faces` has the largest face of each picture, in its pixels. Raises DataError for a picture that cannot be read.
    """
    portraits: dict[int, Portrait] = {}
    for pair in tqdm(pairs, desc="same faces", unit="pair", leave=False):
        for index in pair:
            if index not in portraits:
                portraits[index] = portray(read_picture(paths[index]), faces.get(paths[index]))
        if show_same_face(*(portraits[index] for index in pair)):
            yield pair

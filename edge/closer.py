"""A closer look at pictures that stand alone, for which there is time: at quarters, and at each face in four views.

Our own detector also looks at everything mirrored, and takes the mean of both looks (`edge.detector`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil, inf

import numpy as np

from edge.classifier import View
from edge.decode import non_maximum_suppression
from edge.detector import Detector
from edge.geometry import Box
from edge.records import Face, Frame

SIDE_FRAC = 0.6
"""Width and height of a quarter at least, as fractions of the picture's."""

SMALL_FRAC = 0.08
"""A face is small up to this larger side, as a fraction of the picture's longer side. Larger ones are seen at once.

From 0.07 to 0.1 mean F1 on adityap27 and jolignier is the same within 0.001; without a limit it is 0.005 less from 8 %.
"""

FOUR_VIEWS = (View(), View(mirrored=True), View(scale=0.9), View(scale=1.12))
"""How a face is judged in a picture that stands alone.

Mean F1 from 3 % and 8 % rises by 0.003 and 0.008 on adityap27, by 0.002 and 0.004 on jolignier. Mirrored alone brings
half of that or less, two views more nothing.
"""

_RIM_FRAC = 0.006
"""What reaches so near to a quarter's inner edge, as a fraction of the picture's longer side, may go on beyond it."""


class CloseDetector:
    """A detector that looks five times: at the whole picture, and at its quarters for small faces."""

    def __init__(self, detector: Detector, max_iou: float) -> None:
        """Look with `detector`. Of finds that overlap by more than `max_iou` (IoU, 0..1) the best one stays."""
        self._detector, self._max_iou = detector, max_iou

    def detect(self, frame: Frame) -> tuple[Face, ...]:
        """Return the faces of a frame, best score first, boxes inside the picture."""
        faces = [*self._detector.detect(frame)]
        for quarter in quarters(frame.bgr.shape[1], frame.bgr.shape[0]):
            faces += _find_small(self._detector, frame, quarter)
        return suppress(faces, self._max_iou)


def quarters(width: int, height: int) -> Iterator[tuple[slice, slice]]:
    """Yield the rows and columns of the four quarters of a picture of width × height pixels.

    They overlap by a small face and two rims at least, so that each small face is whole in one of them. Of a picture
    that is long and thin there are two.
    """
    longer = max(width, height)
    overlap = ceil((SMALL_FRAC + 2 * _RIM_FRAC) * longer)
    for rows in _halves(height, overlap):
        for columns in _halves(width, overlap):
            yield rows, columns


def suppress(faces: Sequence[Face], max_iou: float) -> tuple[Face, ...]:
    """Return the faces of a frame without those that overlap a better one too much, best score first."""
    boxes = np.array([face.box.as_tuple() for face in faces], np.float32).reshape(-1, 4)
    scores = np.array([face.score for face in faces], np.float32)
    return tuple(faces[index] for index in non_maximum_suppression(boxes, scores, max_iou))


def _halves(length: int, overlap: int) -> tuple[slice, ...]:
    side = min(length, max(ceil(SIDE_FRAC * length), ceil((length + overlap) / 2)))
    return tuple(slice(start, start + side) for start in dict.fromkeys((0, length - side)))


def _find_small(detector: Detector, frame: Frame, quarter: tuple[slice, slice]) -> Iterator[Face]:
    rows, columns = quarter
    height, width = frame.bgr.shape[:2]
    longer = max(width, height)
    rim_px = _RIM_FRAC * longer
    whole = Box(
        columns.start + rim_px if columns.start else -inf,
        rows.start + rim_px if rows.start else -inf,
        columns.stop - rim_px if columns.stop < width else inf,
        rows.stop - rim_px if rows.stop < height else inf,
    )
    for face in detector.detect(replace(frame, bgr=frame.bgr[quarter])):
        box = face.box.moved(columns.start, rows.start)
        if max(face.box.width, face.box.height) <= SMALL_FRAC * longer and _is_inside(box, whole):
            yield replace(face, box=box, outline=face.outline and face.outline.moved(columns.start, rows.start))


def _is_inside(box: Box, other: Box) -> bool:
    return box.x_min > other.x_min and box.y_min > other.y_min and box.x_max < other.x_max and box.y_max < other.y_max

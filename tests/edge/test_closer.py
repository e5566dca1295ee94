from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from edge.closer import SMALL_FRAC, CloseDetector, quarters, suppress
from edge.geometry import Box
from edge.records import Face, Frame


class Painted:
    """Finds what is painted white, unless its larger side is below a part of the picture's longer side."""

    def __init__(self, smallest_frac: float = 0.06, short_px: int = 0) -> None:
        self._smallest_frac, self._short_px = smallest_frac, short_px
        self.looks = 0

    def detect(self, frame: Frame) -> tuple[Face, ...]:
        self.looks += 1
        contours, _ = cv2.findContours(frame.bgr[..., 0], cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        short = self._short_px
        least_px = self._smallest_frac * max(frame.bgr.shape[:2])
        found = [cv2.boundingRect(contour) for contour in contours]
        return tuple(
            Face(frame.frame_index, Box(x + short, y, x + w - short, y + h), 0.5, Box(x, y + 1, x + w, y + h))
            for x, y, w, h in found
            if max(w, h) >= least_px
        )


def paint(*boxes: tuple[int, int, int, int], width: int = 1000, height: int = 600) -> Frame:
    bgr = np.zeros((height, width, 3), np.uint8)
    for x, y, side_x, side_y in boxes:
        bgr[y : y + side_y, x : x + side_x] = 255
    return Frame(5, 0.0, bgr)


def find_closely(detector: Painted, frame: Frame) -> tuple[Face, ...]:
    return CloseDetector(detector, 0.35).detect(frame)


def corners(faces: Sequence[Face]) -> set[tuple[float, ...]]:
    return {face.box.as_tuple() for face in faces}


@pytest.mark.parametrize("place", [(10, 10), (950, 550), (480, 280), (390, 350), (590, 100), (0, 0), (960, 560)])
def test_a_face_too_small_for_one_look_is_found_in_a_quarter_once_and_where_it_is(place: tuple[int, int]) -> None:
    x, y = place
    frame, detector = paint((x, y, 40, 40)), Painted()
    assert detector.detect(frame) == ()
    (face,) = find_closely(detector, frame)
    assert face.box.as_tuple() == (x, y, x + 40, y + 40)
    assert face.shown.as_tuple() == (x, y + 1, x + 40, y + 40)
    assert face.frame_index == 5


def test_it_looks_five_times() -> None:
    detector = Painted()
    find_closely(detector, paint())
    assert detector.looks == 5


def test_a_large_face_is_taken_from_the_first_look_alone() -> None:
    beside = (50, 50, int(SMALL_FRAC * 1000) + 1, 60)
    assert find_closely(Painted(smallest_frac=0.1), paint(beside)) == ()
    assert len(find_closely(Painted(smallest_frac=0.1), paint((300, 200, 200, 200)))) == 1


def test_what_a_quarter_cuts_is_no_face_of_its_own() -> None:
    """A bar across the left quarters' edge, pixel 600, seen two pixels short of where it ends."""
    assert corners(find_closely(Painted(short_px=2), paint((550, 20, 150, 10)))) == {(552, 20, 698, 30)}


def test_of_two_finds_of_one_face_the_better_one_stays() -> None:
    good, poor = Face(0, Box(0, 0, 100, 100), 0.9), Face(0, Box(40, 0, 140, 100), 0.6)  # IoU 0.43
    apart = Face(0, Box(-95, 0, 5, 100), 0.7)
    assert suppress([poor, apart, good], 0.4) == (good, apart)
    assert suppress([poor, apart, good], 0.5) == (good, apart, poor)
    assert suppress([], 0.4) == ()


@pytest.mark.parametrize(
    ("width", "height", "face"),
    [
        (1920, 800, (700, 325, 60, 150)),
        (1600, 500, (100, 198, 60, 108)),
        (3000, 600, (1000, 220, 80, 160)),
        (3000, 600, (1000, 180, 80, 239)),
    ],
)
def test_a_small_face_of_a_wide_picture_is_whole_in_a_quarter(
    width: int, height: int, face: tuple[int, int, int, int]
) -> None:
    x, y, side_x, side_y = face
    for frame in (paint(face, width=width, height=height), paint((y, x, side_y, side_x), width=height, height=width)):
        assert Painted(smallest_frac=0.0801).detect(frame) == ()
        assert len(find_closely(Painted(smallest_frac=0.0801), frame)) == 1


@pytest.mark.parametrize(("width", "height"), [(1000, 600), (1, 1), (3, 500), (7, 5)])
def test_the_quarters_cover_the_picture(width: int, height: int) -> None:
    seen = np.zeros((height, width), int)
    for quarter in quarters(width, height):
        seen[quarter] += 1
    assert seen.min() >= 1
    assert len(list(quarters(width, height))) == len({str(each) for each in quarters(width, height)})


def test_a_long_thin_picture_is_not_looked_at_twice_alike() -> None:
    assert len(list(quarters(1000, 600))) == 4
    assert len(list(quarters(3000, 260))) == 2

from __future__ import annotations

import numpy as np
import pytest

from edge.geometry import Box
from edge.preprocess import classifier_input
from train.face_map import MOUTH_DOWN, guess_landmarks, map_face, place_in_crop

BOX = Box(100, 50, 180, 150)
FRONT = np.array([[124, 88], [156, 88], [140, 108], [127, 125], [153, 125]], np.float32)
TURNED = FRONT + np.array([[15, 0], [12, 0], [25, 0], [16, 0], [14, 0]], np.float32)


def test_the_middle_line_goes_through_eyes_nose_mouth_and_chin() -> None:
    face = map_face(BOX, FRONT)
    found = face.at(0, [-1, 0, MOUTH_DOWN])
    assert found == pytest.approx(np.array([[140, 88], [140, 108], [140, 125]]))
    assert face.at(0, 1)[0] == pytest.approx([140, 150], abs=2)


def test_the_outline_of_a_front_face_is_its_box_and_narrows_to_the_chin() -> None:
    face = map_face(BOX, FRONT)
    assert face.at([-1, 1], -1)[:, 0] == pytest.approx([100, 180])
    widths = [np.diff(face.at([-1, 1], down)[:, 0])[0] for down in (0, MOUTH_DOWN, 1)]
    assert sorted(widths, reverse=True) == widths


def test_of_a_turned_face_the_far_side_is_narrower() -> None:
    left, middle, right = map_face(BOX, TURNED).at([-1, 0, 1], 0)[:, 0]
    assert right - middle < 0.5 * (middle - left)


def test_a_face_that_lies_on_its_side_is_mapped_with_it() -> None:
    turn = np.array([[0, 1], [-1, 0]], np.float32)
    center = np.array([140, 100], np.float32)
    face = map_face(BOX, ((FRONT - center) @ turn + center).astype(np.float32))
    eyes, nose = face.at(0, [-1, 0])
    assert abs(nose - eyes)[0] > abs(nose - eyes)[1]


def test_points_lie_in_the_crop_where_the_picture_has_them() -> None:
    bgr = np.zeros((240, 320, 3), np.uint8)
    bgr[107:110, 139:142] = 255
    rgb = classifier_input(bgr, BOX, 130)
    y, x = (float(axis.mean()) for axis in np.nonzero(rgb[..., 0] > 100))
    assert place_in_crop(np.array([[140.5, 108.5]], np.float32), BOX, 130)[0] == pytest.approx(
        [x + 0.5, y + 0.5], abs=1
    )


def test_guessed_landmarks_are_in_order_and_in_the_box() -> None:
    for seed in range(50):
        points = guess_landmarks(BOX, np.random.default_rng(seed))
        assert (points > (BOX.x_min, BOX.y_min)).all()
        assert (points < (BOX.x_max, BOX.y_max)).all()
        assert points[0, 0] < points[2, 0] < points[1, 0]
        assert points[0, 1] < points[2, 1] < points[3, 1]


def test_landmarks_that_fall_on_one_point_still_give_finite_places() -> None:
    face = map_face(BOX, np.full((5, 2), 100, np.float32))
    assert np.isfinite(face.at(np.linspace(-1, 1, 5), np.linspace(-1, 1.5, 5))).all()

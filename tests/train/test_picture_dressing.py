from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_faces import draw_scene

from edge.geometry import Box
from edge.preprocess import Picture
from edge.records import FACE, IGNORE, WITH_MASK
from train.annotations import AnnotatedPicture, LabeledBox
from train.face_map import Points
from train.picture_dressing import PictureDressing

SCENE, FACE_BOX = draw_scene(4, size_px=120)
LEFT, TOP = 150, 60
BOX = Box(FACE_BOX.x_min + LEFT, FACE_BOX.y_min + TOP, FACE_BOX.x_max + LEFT, FACE_BOX.y_max + TOP)
EYES_HIGH = np.array([[0.3, 0.1], [0.7, 0.1], [0.5, 0.2], [0.35, 0.3], [0.65, 0.3]], np.float32)


@pytest.fixture
def street() -> Picture:
    """Return a picture, 420 × 240, of one face on grey."""
    bgr = np.full((240, 420, 3), 120, np.uint8)
    bgr[TOP : TOP + 120, LEFT : LEFT + 120] = SCENE
    bgr.flags.writeable = False
    return bgr


def one_face(box: Box = BOX, label: str = FACE) -> AnnotatedPicture:
    return AnnotatedPicture(Path("street.png"), 420, 240, (LabeledBox(box, label),))


def changed(before: Picture, after: Picture) -> np.ndarray:
    return np.abs(after.astype(int) - before).max(axis=2) > 6


@pytest.mark.parametrize("label", [FACE, WITH_MASK])
def test_something_is_drawn_on_the_face_and_nothing_far_from_it(street: Picture, label: str) -> None:
    reach = round(1.1 * (BOX.y_max - BOX.y_min)) + 2
    x, y = (round(middle) for middle in BOX.center)
    for seed in range(30):
        after = PictureDressing(1.0).dress(street, one_face(label=label), np.random.default_rng(seed))
        touched = changed(street, after)
        inside = touched[round(BOX.y_min) : round(BOX.y_max), round(BOX.x_min) : round(BOX.x_max)]
        assert inside.mean() > 0.02
        touched[y - reach : y + reach, x - reach : x + reach] = False
        assert not touched.any()


def test_only_the_asked_share_is_touched_and_the_others_are_not_copied(street: Picture) -> None:
    drawn = [
        PictureDressing(0.3).dress(street, one_face(), np.random.default_rng(seed)) is not street for seed in range(200)
    ]
    assert 0.2 < np.mean(drawn) < 0.4


def test_places_to_ignore_and_faces_too_small_to_show_a_mask_stay(street: Picture) -> None:
    for picture in (one_face(label=IGNORE), one_face(Box(10, 10, 24, 25))):
        assert PictureDressing(1.0).dress(street, picture, np.random.default_rng(1)) is street


def test_what_is_drawn_sits_where_the_landmarks_are(street: Picture) -> None:
    points: Points = (EYES_HIGH * (BOX.width, BOX.height) + (BOX.x_min, BOX.y_min)).astype(np.float32)
    lowest = []
    for landmarks in ({}, {(Path("street.png"), BOX): points}):
        rows = np.zeros(240)
        for seed in range(30):
            after = PictureDressing(1.0, landmarks).dress(street, one_face(), np.random.default_rng(seed))
            rows += changed(street, after)[:, round(BOX.x_min) : round(BOX.x_max)].sum(axis=1)
        lowest.append(float(np.average(np.arange(240), weights=rows)))
    assert lowest[1] < lowest[0] - 5


def test_faces_at_the_edge_larger_than_the_picture_and_of_no_height_can_be_dressed(street: Picture) -> None:
    for seed in range(20):
        for box in (Box(-20, -20, 30, 40), Box(390, 200, 450, 280), Box(-300, -200, 700, 500), Box(50, 50, 90, 50.5)):
            after = PictureDressing(1.0).dress(street, one_face(box), np.random.default_rng(seed))
            assert after.shape == street.shape
            assert after.dtype == np.uint8


def test_a_large_face_is_covered_as_sharply_as_a_small_one(street: Picture) -> None:
    large = np.asarray(cv2.resize(street, None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST), np.uint8)
    box = Box(*(8 * side for side in BOX.as_tuple()))
    after = PictureDressing(1.0).dress(large, one_face(box), np.random.default_rng(2))
    assert changed(large, after).mean() == pytest.approx(
        changed(street, PictureDressing(1.0).dress(street, one_face(), np.random.default_rng(2))).mean(), rel=0.5
    )

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("keras", reason="the train extra is not installed")

from edge.geometry import Box  # noqa: E402
from edge.records import IGNORE  # noqa: E402
from train.annotations import AnnotatedPicture, LabeledBox  # noqa: E402
from train.detector_data import MAX_BOXES, DetectorBatches, pack_targets  # noqa: E402
from train.detector_loss import FACE_KIND, IGNORE_KIND, MAX_FACES  # noqa: E402
from train.detector_network import DetectorShape  # noqa: E402
from train.picture_dressing import PictureDressing  # noqa: E402

SHAPE = DetectorShape(96, 64)


@pytest.fixture
def pictures(tmp_path: Path) -> list[AnnotatedPicture]:
    made = []
    for index in range(5):
        bgr = np.full((120, 180, 3), 40, np.uint8)
        cv2.rectangle(bgr, (60, 30), (119, 89), (250, 250, 250), -1)
        path = tmp_path / f"{index}.png"
        cv2.imwrite(str(path), bgr)
        made.append(AnnotatedPicture(path, 180, 120, (LabeledBox(Box(60, 30, 120, 90), "with_mask"),)))
    return made


def test_without_a_seed_pictures_are_laid_in_as_on_the_device(pictures: list[AnnotatedPicture]) -> None:
    x, y = DetectorBatches(pictures, SHAPE, batch=2, seed=None)[0]
    assert x.shape == (2, 64, 96, 3)
    assert (x.min() >= -1, x.max() <= 1) == (True, True)
    np.testing.assert_allclose(y[0, 0], [32, 16, 64, 48, FACE_KIND])
    assert not y[0, 1:].any()


def test_the_box_follows_the_white_square_through_every_window(pictures: list[AnnotatedPicture]) -> None:
    batches = DetectorBatches(pictures, SHAPE, batch=5, seed=1)
    for epoch in range(6):
        batches.start_epoch(epoch)
        for picture, target in zip(*batches[0], strict=True):
            if target[0, 4] == FACE_KIND:
                x0, y0, x1, y1 = target[0, :4].astype(int)
                inner, outer = picture[y0:y1, x0:x1].mean(), picture.mean()
                assert inner > outer


def test_the_same_seed_and_epoch_draw_the_same_batch(pictures: list[AnnotatedPicture]) -> None:
    first, second = (DetectorBatches(pictures, SHAPE, 4, seed=7)[0] for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    other = DetectorBatches(pictures, SHAPE, 4, seed=8)[0]
    assert not np.array_equal(first[0], other[0])


def test_what_is_drawn_on_faces_changes_the_pictures_of_training_and_no_box(pictures: list[AnnotatedPicture]) -> None:
    plain, dressed = (DetectorBatches(pictures, SHAPE, 5, 7, dressing) for dressing in (None, PictureDressing(1.0)))
    assert not np.array_equal(plain[0][0], dressed[0][0])
    whole = DetectorBatches(pictures, SHAPE, 5, None, PictureDressing(1.0))[0]
    np.testing.assert_array_equal(whole[0], DetectorBatches(pictures, SHAPE, 5, None)[0][0])
    np.testing.assert_allclose(whole[1][:, 0], [[32, 16, 64, 48, FACE_KIND]] * 5)


def test_places_to_ignore_are_told_apart(pictures: list[AnnotatedPicture]) -> None:
    ignored = pictures[0].with_faces([LabeledBox(pictures[0].faces[0].box, IGNORE)])
    _, y = DetectorBatches([ignored], SHAPE, 1, seed=None)[0]
    assert y[0, 0, 4] == IGNORE_KIND


def test_faces_mostly_outside_or_tiny_are_ignored_and_those_wholly_outside_left_out() -> None:
    boxes = np.array([[-30, 0, 10, 40], [10, 10, 14, 14], [200, 0, 240, 40], [5, 5, 45, 45]], np.float32)
    packed = pack_targets(boxes, np.full(4, FACE_KIND, np.float32), SHAPE)
    assert sorted(packed[:3, 4]) == [IGNORE_KIND, IGNORE_KIND, FACE_KIND]
    assert not packed[3:].any()


def test_of_too_many_faces_the_largest_teach_and_the_others_are_ignored() -> None:
    sides = np.arange(10, 10 + MAX_FACES + 5)
    boxes = np.stack([0 * sides, 0 * sides, sides, sides], axis=1).astype(np.float32)
    packed = pack_targets(boxes, np.full(len(boxes), FACE_KIND, np.float32), DetectorShape(384, 256))
    assert packed[packed[:, 4] == FACE_KIND, 2].min() == 15
    assert sorted(packed[packed[:, 4] == IGNORE_KIND, 2]) == [10, 11, 12, 13, 14]


def test_places_to_ignore_never_take_the_place_of_a_face() -> None:
    sides = np.array([10, *range(30, 30 + MAX_BOXES)])
    boxes = np.stack([0 * sides, 0 * sides, sides, sides], axis=1).astype(np.float32)
    kinds = np.full(len(boxes), IGNORE_KIND, np.float32)
    kinds[0] = FACE_KIND
    packed = pack_targets(boxes, kinds, DetectorShape(384, 256))
    assert packed[0].tolist() == [0, 0, 10, 10, FACE_KIND]
    assert (packed[1:, 4] == IGNORE_KIND).all()

from __future__ import annotations

import numpy as np
import pytest

from edge.geometry import Box
from edge.preprocess import PAD_VALUE, classifier_input, crop_square, detector_input, fit_picture

BLUE_BGR = (255, 0, 0)


def plain(width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), BLUE_BGR, np.uint8)


@pytest.mark.parametrize(("width", "height"), [(640, 480), (1280, 720), (1920, 1080), (1024, 768), (600, 400)])
def test_four_to_three_and_sixteen_to_nine_fill_the_input(width: int, height: int) -> None:
    fit = fit_picture(width, height, 384, 256)
    assert (fit.width_px, fit.height_px) == (384, 256)


def test_a_portrait_picture_keeps_its_shape_within_the_allowed_stretch() -> None:
    fit = fit_picture(480, 640, 384, 256)
    assert fit.height_px == 256
    assert fit.scale_x / fit.scale_y == pytest.approx(1.2, abs=0.01)


def test_boxes_survive_the_way_there_and_back() -> None:
    fit = fit_picture(1280, 720, 384, 256)
    boxes = np.array([[10, 20, 300, 400]], np.float32)
    np.testing.assert_allclose(fit.to_picture(fit.to_input(boxes)), boxes, rtol=1e-5)


def test_the_detector_sees_rgb_and_padding_where_there_is_no_picture() -> None:
    rgb, fit = detector_input(plain(480, 640), 384, 256)
    assert rgb.shape == (256, 384, 3)
    assert tuple(rgb[0, 0]) == (0, 0, 255)
    assert (rgb[:, fit.width_px :] == PAD_VALUE).all()


def test_the_crop_is_a_square_around_the_face_with_a_margin() -> None:
    assert crop_square(Box(100, 100, 200, 150)) == (85.0, 60.0, 130.0)


@pytest.mark.parametrize(
    "box",
    [Box(100, 100, 200, 200), Box(-50, -50, 40, 40), Box(600, 440, 700, 520), Box(5, 5, 5, 5), Box(-900, 0, -800, 50)],
)
def test_every_box_gives_a_crop_of_the_right_size(box: Box) -> None:
    crop = classifier_input(plain(640, 480), box, 96)
    assert crop.shape == (96, 96, 3)
    assert (crop == (0, 0, 255)).all()


def test_the_middle_of_the_crop_is_the_middle_of_the_face() -> None:
    bgr = np.zeros((480, 640, 3), np.uint8)
    bgr[195:205, 295:305] = 255
    crop = classifier_input(bgr, Box(250, 150, 350, 250), 64)
    y, x = np.nonzero(crop[..., 0] > 128)
    assert (x.mean(), y.mean()) == (pytest.approx(31.5, abs=1), pytest.approx(31.5, abs=1))


def test_lines_that_are_finer_than_the_pixels_of_the_input_are_averaged_and_not_skipped() -> None:
    bgr = np.zeros((1280, 1920, 3), np.uint8)
    bgr[:, ::4] = 255
    rgb, _ = detector_input(bgr, 480, 320)
    assert abs(rgb.astype(int) - 64).max() <= 1


def test_a_picture_of_the_right_size_comes_through_unchanged() -> None:
    bgr = np.random.default_rng(0).integers(0, 256, (320, 480, 3), np.uint8)
    assert (detector_input(bgr, 480, 320)[0] == bgr[..., ::-1]).all()


def test_an_array_that_was_used_before_gets_the_next_picture_whole() -> None:
    rng = np.random.default_rng(4)
    used = np.full((320, 480, 3), 7, np.uint8)
    for height, width in ((480, 640), (720, 1280), (640, 300), (90, 160)):
        bgr = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        rgb, fit = detector_input(bgr, 480, 320, used)
        fresh, same_fit = detector_input(bgr, 480, 320)
        assert rgb is used
        assert (rgb == fresh).all()
        assert fit == same_fit

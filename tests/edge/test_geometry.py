from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.geometry import Box, common_area, iou, iou_matrix


def test_iou_is_one_for_the_same_box_and_zero_for_boxes_that_only_touch() -> None:
    box = Box(0, 0, 10, 10)
    assert iou(box, box) == 1.0
    assert iou(box, Box(10, 0, 20, 10)) == 0.0


def test_iou_of_half_overlapping_boxes_is_a_third() -> None:
    assert iou(Box(0, 0, 10, 10), Box(5, 0, 15, 10)) == pytest.approx(1 / 3)


corner = st.floats(0, 100, width=32)
side = st.floats(1, 50, width=32)
boxes = st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), corner, corner, side, side)


@settings(deadline=None)  # a busy machine
@given(st.lists(boxes, max_size=5), st.lists(boxes, max_size=5))
def test_the_matrix_agrees_with_the_single_function(a: list[Box], b: list[Box]) -> None:
    rows = np.array([box.as_tuple() for box in a], np.float32).reshape(-1, 4)
    columns = np.array([box.as_tuple() for box in b], np.float32).reshape(-1, 4)
    expected = np.array([[iou(x, y) for y in b] for x in a]).reshape(len(a), len(b))
    np.testing.assert_allclose(iou_matrix(rows, columns), expected, atol=1e-3)


def test_a_scaled_box_keeps_its_center() -> None:
    assert Box(10, 20, 30, 60).scaled(1.5) == Box(5, 10, 35, 70)


def test_a_moved_box_keeps_its_size() -> None:
    assert Box(10, 20, 30, 60).moved(5, -10) == Box(15, 10, 35, 50)


def test_boxes_share_an_area_where_they_overlap_and_none_where_they_touch() -> None:
    assert common_area(Box(0, 0, 10, 10), Box(5, 8, 15, 18)) == 10.0
    assert common_area(Box(0, 0, 10, 10), Box(10, 0, 20, 10)) == 0.0
    assert common_area(Box(0, 0, 10, 10), Box(20, 20, 30, 30)) == 0.0

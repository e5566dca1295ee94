from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.decode import STRIDES, MeanOfMirrored, cell_centers, decode_faces, non_maximum_suppression
from edge.geometry import iou_matrix

WIDTH, HEIGHT = 96, 64


def silent_outputs() -> dict[str, np.ndarray]:
    outputs = {}
    for stride in STRIDES:
        outputs[f"score_{stride}"] = np.full((HEIGHT // stride, WIDTH // stride, 1), -9.0, np.float32)
        outputs[f"distance_{stride}"] = np.ones((HEIGHT // stride, WIDTH // stride, 4), np.float32)
    return outputs


def test_silence_gives_no_face() -> None:
    boxes, scores = decode_faces(silent_outputs(), 0.5, 0.4)
    assert boxes.shape == (0, 4)
    assert scores.shape == (0,)


def test_a_cell_says_how_far_the_edges_are_from_its_middle_in_strides() -> None:
    outputs = silent_outputs()
    outputs["score_16"][1, 2] = 2.0
    outputs["distance_16"][1, 2] = (1, 0.5, 2, 1)
    boxes, scores = decode_faces(outputs, 0.5, 0.4)
    np.testing.assert_allclose(boxes, [[40 - 16, 24 - 8, 40 + 32, 24 + 16]])
    assert scores[0] == pytest.approx(1 / (1 + np.exp(-2)))


def test_boxes_of_a_level_that_found_nothing_are_not_read() -> None:
    outputs = silent_outputs()
    outputs["score_16"][1, 2] = 2.0
    del outputs["distance_8"], outputs["distance_32"]
    assert len(decode_faces(outputs, 0.5, 0.4)[0]) == 1


def test_levels_that_found_the_same_face_give_it_once() -> None:
    outputs = silent_outputs()
    outputs["score_8"][3, 5], outputs["distance_8"][3, 5] = 3.0, (2, 2, 2, 2)
    outputs["score_16"][1, 2], outputs["distance_16"][1, 2] = 1.0, (1, 1, 1, 1)
    boxes, scores = decode_faces(outputs, 0.5, 0.4)
    assert len(boxes) == 1
    assert scores[0] > 0.9


def test_only_scores_from_the_threshold_on_count() -> None:
    outputs = silent_outputs()
    outputs["score_32"][0, 0] = 0.0
    assert len(decode_faces(outputs, 0.51, 0.4)[0]) == 0
    assert len(decode_faces(outputs, 0.5, 0.4)[0]) == 1


def test_cell_centers_are_listed_level_after_level() -> None:
    centers, strides = cell_centers(WIDTH, HEIGHT)
    assert len(centers) == len(strides) == sum((WIDTH // s) * (HEIGHT // s) for s in STRIDES)
    assert tuple(centers[0]) == (4.0, 4.0)
    assert tuple(centers[-1]) == (80.0, 48.0)


def test_suppression_keeps_the_best_of_each_heap() -> None:
    found = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60], [0, 1, 10, 11]], np.float32)
    kept = non_maximum_suppression(found, np.array([0.5, 0.9, 0.3, 0.6], np.float32), 0.4)
    assert list(kept) == [1, 2]


def test_suppression_of_nothing_is_nothing() -> None:
    assert len(non_maximum_suppression(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), 0.4)) == 0


corner, side = st.floats(0, 60, width=32), st.floats(1, 40, width=32)
scored = st.tuples(corner, corner, side, side, st.integers(1, 1000))


@settings(deadline=None)  # a busy machine
@given(st.lists(scored, max_size=12, unique_by=lambda row: row[4]))
def test_who_is_kept_overlaps_no_better_one_and_who_goes_does(rows: list[tuple[float, ...]]) -> None:
    table = np.array(rows, np.float32).reshape(-1, 5)
    boxes, scores = np.concatenate((table[:, :2], table[:, :2] + table[:, 2:4]), axis=1), table[:, 4] / 1000
    kept = list(non_maximum_suppression(boxes, scores, 0.5))
    assert kept == sorted(kept, key=lambda i: -scores[i])
    overlaps = iou_matrix(boxes, boxes)
    for i in range(len(boxes)):
        better = [overlaps[i, j] for j in kept if scores[j] > scores[i]]
        closest = max(better, default=0.0)
        assert abs(closest - 0.5) < 1e-3 or (closest < 0.5) == (i in kept)


def test_the_mean_of_a_picture_and_itself_mirrored_is_of_the_picture() -> None:
    """A face whose left edge is nearer; the mirrored picture shows it in the mirrored cell, its right edge nearer."""
    outputs, mirrored = silent_outputs(), silent_outputs()
    outputs["score_16"][1, 2], outputs["distance_16"][1, 2] = 2.0, (1, 0.5, 2, 1)
    last = WIDTH // 16 - 1
    mirrored["score_16"][1, last - 2], mirrored["distance_16"][1, last - 2] = 4.0, (3, 0.5, 1, 2)
    boxes, scores = decode_faces(MeanOfMirrored(outputs, mirrored), 0.5, 0.4)
    np.testing.assert_allclose(boxes, [[40 - 16, 24 - 8, 40 + 2.5 * 16, 24 + 1.5 * 16]])
    assert scores[0] == pytest.approx(1 / (1 + np.exp(-3)))

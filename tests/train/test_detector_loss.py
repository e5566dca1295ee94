from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("keras", reason="the train extra is not installed")

from keras import ops  # noqa: E402

from edge.decode import STRIDES, cell_centers  # noqa: E402
from train.detector_loss import DetectorLoss, flatten_outputs, mean_by_face  # noqa: E402
from train.detector_network import DetectorShape, build_network  # noqa: E402

WIDTH, HEIGHT = 96, 64
FACE = (30.0, 14.0, 60.0, 50.0)


def targets(*rows: tuple[float, ...]) -> np.ndarray:
    packed = np.zeros((1, 8, 5), np.float32)
    for index, row in enumerate(rows):
        packed[0, index] = row
    return packed


def answers(logit: float, box: tuple[float, float, float, float], elsewhere: float = -8.0) -> np.ndarray:
    """Answer with one box everywhere: cells inside it with `logit`, the others with `elsewhere`."""
    centers, strides = cell_centers(WIDTH, HEIGHT)
    edges = np.stack(
        [centers[:, 0] - box[0], centers[:, 1] - box[1], box[2] - centers[:, 0], box[3] - centers[:, 1]], 1
    )
    inside = (edges > 0).all(axis=1)
    predicted = np.concatenate([np.where(inside, logit, elsewhere)[:, None], edges / strides[:, None]], 1)
    return predicted[None].astype(np.float32)


def loss(true: np.ndarray, predicted: np.ndarray) -> float:
    return float(
        ops.convert_to_numpy(
            DetectorLoss(WIDTH, HEIGHT).call(ops.convert_to_tensor(true), ops.convert_to_tensor(predicted))
        )
    )


def test_the_right_box_with_confidence_costs_less_than_without() -> None:
    true = targets((*FACE, 1))
    assert loss(true, answers(4.0, FACE)) < loss(true, answers(-4.0, FACE))


def test_a_shifted_box_costs_more_than_the_right_one() -> None:
    true, shifted = targets((*FACE, 1)), (38.0, 22.0, 68.0, 58.0)
    assert loss(true, answers(4.0, FACE)) < loss(true, answers(4.0, shifted))


def test_finding_a_face_where_none_is_costs() -> None:
    assert loss(targets(), answers(4.0, FACE)) > loss(targets(), answers(-8.0, FACE)) + 0.5


def test_finding_something_in_a_place_to_ignore_costs_next_to_nothing() -> None:
    ignored = targets((*FACE, -1))
    assert loss(ignored, answers(4.0, FACE)) == pytest.approx(loss(ignored, answers(-8.0, FACE)), abs=1e-3)


def test_padding_teaches_nothing() -> None:
    assert loss(targets((*FACE, 0)), answers(-8.0, FACE)) == pytest.approx(loss(targets(), answers(-8.0, FACE)))


def test_the_flat_output_lists_the_cells_in_the_order_of_their_centers() -> None:
    network = build_network(DetectorShape(WIDTH, HEIGHT, (8, 8), (8,) * 8, 8))
    flat = flatten_outputs(network)
    picture = np.random.default_rng(0).normal(size=(1, HEIGHT, WIDTH, 3)).astype(np.float32)
    levels, rows = network(picture), ops.convert_to_numpy(flat(picture))
    expected = [ops.convert_to_numpy(levels[f"score_{s}"]).reshape(1, -1) for s in STRIDES]
    np.testing.assert_allclose(rows[..., 0], np.concatenate(expected, axis=1), atol=1e-5)
    assert rows.shape[1] == len(cell_centers(WIDTH, HEIGHT)[0])


def test_a_crowd_of_sixteen_weighs_as_much_as_four_pictures_of_one_face() -> None:
    target = np.zeros((2, 20), np.float32)
    target[0, :1], target[1, :16] = 1, 1
    of_one, of_crowd = target.copy(), target.copy()
    of_one[1], of_crowd[0] = 0, 0
    shares = [float(ops.convert_to_numpy(mean_by_face(ops.convert_to_tensor(x), target))) for x in (of_one, of_crowd)]
    assert shares == pytest.approx([1 / 5, 4 / 5])


def test_a_picture_without_a_face_counts_as_one_with_one() -> None:
    loss_of, target = np.full((2, 4), 0.25, np.float32), np.zeros((2, 4), np.float32)
    target[1, 0] = 1
    assert float(ops.convert_to_numpy(mean_by_face(ops.convert_to_tensor(loss_of), target))) == pytest.approx(1.0)

from __future__ import annotations

import numpy as np
import pytest

from edge.geometry import Box
from train import intervals, scoring
from train.annotations import LabeledBox
from train.scoring import FoundFace, Outcome

BOX = Box(10, 10, 30, 30)


def outcome(picture: int, true: str | None, said: str | None) -> Outcome:
    found = FoundFace(BOX, said, 0.9) if said else None
    return Outcome(picture, 100, BOX, LabeledBox(BOX, true) if true else None, found)


MIXED = [
    outcome(0, "with_mask", "with_mask"),
    outcome(0, "with_mask", "without_mask"),
    outcome(1, "mask_worn_incorrectly", "without_mask"),
    outcome(1, None, "with_mask"),
    outcome(2, "without_mask", None),
]


def test_wilson_interval_is_that_of_the_textbook() -> None:
    share = intervals.wilson(8, 10)
    assert share is not None
    assert (share.value, share.low, share.high) == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4)


def test_wilson_interval_of_all_hits_ends_at_one_and_has_a_width() -> None:
    share = intervals.wilson(5, 5)
    assert share is not None
    assert (share.low, share.high) == pytest.approx((0.5655, 1.0), abs=1e-4)
    assert intervals.wilson(0, 0) is None


def test_f1_of_the_counts_is_that_of_the_scorer() -> None:
    counts = intervals.count_by_picture(MIXED, 3)
    tally = scoring.count(MIXED, 3, 0.03)
    expected = [scoring.score_labels(tally, labels).f1 for labels in intervals.SIDES]
    assert intervals.f1_of(counts.sum(axis=0)) == pytest.approx(expected)
    assert intervals.f1_of(counts.sum(axis=0)).mean() == pytest.approx(scoring.mean_f1(tally))


def test_f1_interval_holds_the_figure_and_is_the_same_for_the_same_seed() -> None:
    counts = intervals.count_by_picture(MIXED * 4, 3)
    one, again = (intervals.estimate_f1(counts, intervals.draw_weights(3, 200, seed=5))[2] for _ in range(2))
    assert one == again
    assert one is not None
    assert one.low < one.value < one.high


def test_f1_without_a_face_of_a_side_is_left_out() -> None:
    counts = intervals.count_by_picture([MIXED[0]], 3)
    masked, unmasked, mean = intervals.estimate_f1(counts, intervals.draw_weights(3, 50, seed=1))
    assert masked is not None
    assert (masked.value, masked.low, masked.high) == (1.0, 1.0, 1.0)  # samples without the face do not count
    assert (unmasked, mean) == (None, None)


def test_difference_is_of_the_same_samples() -> None:
    counts = intervals.count_by_picture(MIXED, 3)
    none = intervals.compare_f1(counts, counts, intervals.draw_weights(3, 100, seed=1))
    assert none is not None
    assert (none.value, none.low, none.high) == (0, 0, 0)


def test_every_bootstrap_sample_has_as_many_pictures() -> None:
    weights = intervals.draw_weights(7, 20, seed=2)
    assert weights.shape == (20, 7)
    assert np.all(weights.sum(axis=1) == 7)

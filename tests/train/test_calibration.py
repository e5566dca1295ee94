from __future__ import annotations

import numpy as np
import pytest

from edge.classifier import judge_scores
from edge.geometry import Box
from train import calibration
from train.annotations import LabeledBox
from train.scoring import UNMASKED, FoundFace, Outcome

BOX = Box(10, 10, 30, 30)


def outcome(true: str | None, masked: float, wrongly: float = 0.0, verdict: str | None = None) -> Outcome:
    scores = {"with_mask": masked, "without_mask": 1 - masked - wrongly, "mask_worn_incorrectly": wrongly}
    label = max(scores, key=lambda name: scores[name])
    found = FoundFace(BOX, label, scores[label], 0.9, scores, verdict)
    return Outcome(0, 100, BOX, LabeledBox(BOX, true) if true else None, found)


def bare(true: str) -> Outcome:
    return Outcome(0, 100, BOX, LabeledBox(BOX, true), FoundFace(BOX, "with_mask", 0.9))


def test_calibration_error_is_the_mean_gap_weighed_by_faces() -> None:
    confidence = np.array([0.95, 0.95, 0.95, 0.55])
    found = calibration.reliability(confidence, np.array([True, True, False, False]))
    assert found.ece == pytest.approx(3 / 4 * (0.95 - 2 / 3) + 1 / 4 * 0.55)
    assert found.faces[14] == 3
    assert found.faces[8] == 1


def test_scores_that_are_right_as_often_as_they_say_have_no_error() -> None:
    right = np.arange(10) < 8
    assert calibration.reliability(np.full(10, 0.8), right).ece == pytest.approx(0)


def test_a_confidence_on_a_border_belongs_to_the_bin_below() -> None:
    assert calibration.reliability(np.array([0.2, 1.0, 0.0]), np.ones(3, bool)).faces[:3] == (1, 0, 1)


def test_a_wrong_kind_of_not_properly_masked_is_wrong_of_three_labels_and_right_of_two_sides() -> None:
    outcomes = [outcome("mask_worn_incorrectly", masked=0.0, wrongly=0.3)]
    labels, sides = calibration.label_reliability(outcomes), calibration.side_reliability(outcomes)
    assert labels is not None
    assert sides is not None
    assert (labels.ece, sides.ece) == pytest.approx((0.7, 0.0))


def test_false_faces_have_no_part_in_calibration() -> None:
    assert calibration.label_reliability([outcome(None, 0.9)]) is None


def test_systems_that_do_not_tell_enough_are_left_out() -> None:
    assert calibration.label_reliability([bare("with_mask")]) is None
    assert calibration.band_curve([bare("with_mask")]) == ()
    assert calibration.verdict_band([bare("with_mask")]) is None
    odd = Outcome(0, 100, BOX, LabeledBox(BOX, "with_mask"), FoundFace(BOX, "with_mask", 0.9, 0.9, {"with_mask": 0.9}))
    assert calibration.label_reliability([odd]) is not None
    assert calibration.side_reliability([odd]) is None
    assert calibration.band_curve([odd]) == ()


def test_verdicts_are_counted_as_they_were_given() -> None:
    outcomes = [
        outcome("with_mask", 0.2, verdict="unmasked"),
        outcome("with_mask", 0.9, verdict="masked"),
        outcome("without_mask", 0.6, verdict="unsure"),
        outcome("without_mask", 0.9, verdict="masked"),
        Outcome(0, 100, BOX, LabeledBox(BOX, "with_mask"), None),
    ]
    band = calibration.verdict_band(outcomes)
    assert band is not None
    values = (band.decided, band.decided_of_all, band.masked_called_unmasked, band.unmasked_called_masked)
    assert [one.value for one in values if one] == [3 / 4, 3 / 5, 1 / 2, 1 / 2]


@pytest.mark.parametrize("masked", [0.05, 0.3, 0.5, 0.52, 0.7, 0.97])
def test_the_curve_follows_the_rule_of_the_device(masked: float) -> None:
    one = outcome("with_mask", masked, wrongly=0.01)
    assert one.found is not None
    for band in calibration.band_curve([one]):
        kind = judge_scores(one.found.scores or {}, UNMASKED, band.min_score or 0.0)
        assert band.decided is not None
        assert band.masked_called_unmasked is not None
        assert (band.decided.value == 0, band.masked_called_unmasked.value == 1) == (
            kind == "unsure",
            kind == "unmasked",
        )


def test_the_lowest_threshold_that_is_good_enough_is_found() -> None:
    outcomes = [outcome("with_mask", 0.3), *(outcome("with_mask", 0.99) for _ in range(9))]
    curve = calibration.band_curve(outcomes)
    good, any_ = calibration.lowest_threshold(curve), calibration.lowest_threshold(curve, 0.5)
    assert good is not None
    assert any_ is not None
    assert (good.min_score, any_.min_score) == (0.705, 0.5)

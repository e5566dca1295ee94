from __future__ import annotations

import numpy as np
import pytest

from edge.geometry import Box
from train import curves
from train.annotations import AnnotatedPicture, LabeledBox
from train.scoring import MASKED, UNMASKED, FoundFace, Outcome, by_face_score, match

BOX = Box(10, 10, 30, 30)


def outcome(true: str | None, found: FoundFace | None) -> Outcome:
    return Outcome(0, 100, BOX, LabeledBox(BOX, true) if true else None, found)


def face(face_score: float | None, masked: float = 0.9) -> FoundFace:
    label = "with_mask" if masked >= 0.5 else "without_mask"
    scores = {"with_mask": masked, "without_mask": (1 - masked) / 2, "mask_worn_incorrectly": (1 - masked) / 2}
    return FoundFace(BOX, label, max(masked, 1 - masked), face_score, scores)


def test_average_precision_is_the_area_below_the_curve() -> None:
    curve = curves.trace(np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, False, True, True]), 4)
    assert curve.precision == pytest.approx((1, 1 / 2, 2 / 3, 3 / 4), abs=1e-5)
    assert curve.recall == (0.25, 0.25, 0.5, 0.75)
    assert curve.average_precision == pytest.approx(0.25 * 1 + 0.5 * 3 / 4)


def test_finds_of_one_score_are_one_point_in_any_order() -> None:
    for hits in ([True, False], [False, True]):
        curve = curves.trace(np.array([0.5, 0.5]), np.array(hits), 1)
        assert (curve.precision, curve.recall, curve.average_precision) == ((0.5,), (1.0,), 0.5)


def test_nothing_found_is_a_curve_without_points() -> None:
    assert curves.detector_curve([outcome("with_mask", None)]) == curves.Curve((), (), (), 0.0)


def test_long_curves_are_thinned_and_keep_their_ends() -> None:
    scores = np.linspace(1, 0, 5000)
    curve = curves.trace(scores, np.ones(5000, bool), 5000)
    assert (len(curve.recall), curve.recall[-1], curve.threshold[-1]) == (200, 1.0, 0.0)
    assert curve.average_precision == pytest.approx(1.0)


def test_detector_is_not_blamed_for_a_wrong_label() -> None:
    curve = curves.detector_curve([outcome("without_mask", face(0.9)), outcome(None, face(0.5))])
    assert curve is not None
    assert (curve.threshold, curve.precision) == ((0.9, 0.5), (1.0, 0.5))


def test_a_face_without_a_score_of_the_detector_leaves_no_curve() -> None:
    assert curves.detector_curve([outcome("with_mask", face(0.9)), outcome(None, face(None))]) is None


def test_chain_is_judged_by_the_scores_of_its_side() -> None:
    outcomes = [outcome("with_mask", face(0.5, 0.9)), outcome("mask_worn_incorrectly", face(0.9, 0.2))]
    assert curves.chain_curve(outcomes, MASKED).threshold == (0.9, 0.2)
    assert curves.chain_curve(outcomes, MASKED).precision == (1.0, 0.5)
    assert curves.chain_curve(outcomes, UNMASKED).threshold == (0.8, 0.1)


def test_chain_without_scores_is_judged_by_what_it_says() -> None:
    said = FoundFace(BOX, "with_mask", 0.6)
    curve = curves.chain_curve([outcome("with_mask", said), outcome("without_mask", said)], UNMASKED)
    assert (curve.recall, curve.average_precision) == ((), 0.0)


def test_of_two_finds_of_one_face_the_detector_keeps_the_one_it_is_surer_of() -> None:
    picture = AnnotatedPicture("a.jpg", 100, 100, (LabeledBox(BOX, "with_mask"),))  # type: ignore[arg-type]
    sure, clear = face(0.9, 0.6), face(0.5, 0.99)
    assert match(0, picture, [clear, sure], by_face_score)[0].found is sure
    assert match(0, picture, [sure, clear])[0].found is clear

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.classifier import judge_scores
from edge.geometry import Box
from edge.records import LABELS, NOT_FACE, WITH_MASK, VerdictKind
from train.calibrate import (
    Judged,
    calibrate,
    find_large,
    find_min_score,
    fit_temperature,
    measure_quality,
    prior_shifts,
    read_calibration,
    softmax,
    write_calibration,
)
from train.faces import LabeledFace
from train.scoring import UNMASKED


def overconfident(temperature: float, faces: int = 4000, seed: int = 0) -> Judged:
    rng = np.random.default_rng(seed)
    honest = rng.normal(0, 2, (faces, 3))
    truth = np.array([rng.choice(3, p=row) for row in softmax(honest)], np.intp)
    return Judged(honest * temperature, truth, np.ones(faces, bool), LABELS)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_is_what_scores_were_overdone_by(temperature: float) -> None:
    judged = overconfident(temperature)
    assert fit_temperature(judged.logits, judged.truth) == pytest.approx(temperature, rel=0.08)


def test_a_label_that_training_showed_too_often_is_expected_less() -> None:
    shown = {"with_mask": 400, "without_mask": 400, "mask_worn_incorrectly": 200, NOT_FACE: 300}
    occurring = {"with_mask": 1000, "without_mask": 500, "mask_worn_incorrectly": 50}
    shifts = prior_shifts(shown, occurring, (*LABELS, NOT_FACE))
    assert shifts == pytest.approx((0, np.log(0.5), np.log(0.1), 0), abs=1e-4)
    judged = overconfident(1.0)
    rarer = calibrate(judged, (*shifts[:2], -9.0))
    assert not (rarer.apply(judged.logits).argmax(axis=1) == 2).any()
    assert rarer.shifts[2] == -9.0


def test_nothing_is_concluded_about_labels_of_class_folders() -> None:
    assert prior_shifts({"with_mask": 5, "without_mask": 5}, {}, LABELS) == (0, 0, 0)
    assert prior_shifts({"with_mask": 50, "without_mask": 90}, {"with_mask": 50, "without_mask": 9}, LABELS) == (
        0,
        0,
        0,
    )


def test_calibration_makes_scores_mean_what_they_say() -> None:
    found = calibrate(overconfident(3.0))
    assert found.before.ece > 0.1
    assert found.after.ece < 0.03


def test_from_few_faces_nothing_is_concluded() -> None:
    found = calibrate(overconfident(3.0, faces=30))
    assert (found.temperature, found.min_score) == (1.0, None)


def test_the_threshold_is_the_smallest_that_spares_masked_faces() -> None:
    for seed in range(20):
        unmasked = np.random.default_rng(seed).beta(0.5, 3, 700)
        found = find_min_score(unmasked)
        assert (unmasked >= found).mean() <= 0.01
        assert found == 0.5 or (unmasked >= found - 0.0011).mean() > 0.01


def test_the_threshold_stays_within_limits() -> None:
    assert find_min_score(np.zeros(100)) == 0.5
    assert find_min_score(np.ones(100)) == 0.95


@pytest.mark.parametrize("min_score", [0.5, 0.6, 0.85])
def test_faces_are_judged_as_the_device_judges_them(min_score: float) -> None:
    judged = overconfident(1.0, faces=500)
    scores = softmax(judged.logits)
    rows = [dict(zip(LABELS, row, strict=True)) for row in scores]
    kinds = np.array([judge_scores(row, UNMASKED, min_score) for row in rows])
    quality = measure_quality(scores, judged, min_score)
    masked = judged.truth == LABELS.index(WITH_MASK)
    assert quality.decided_frac == pytest.approx((kinds != VerdictKind.UNSURE).mean(), abs=1e-4)
    assert quality.called_unmasked_frac == pytest.approx((kinds == VerdictKind.UNMASKED)[masked].mean(), abs=1e-4)


def test_small_faces_do_not_decide_the_threshold() -> None:
    judged = overconfident(1.0, faces=1000)
    large = np.random.default_rng(1).random(1000) < 0.5
    worse = judged.logits.copy()
    worse[~large] = [0, 9, 0]
    with_small = calibrate(Judged(worse, judged.truth, large, LABELS))
    assert with_small.after.large == large.sum()
    assert with_small.after.masked == (large & (judged.truth == 0)).sum()


def test_what_was_found_is_kept_and_drawn(tmp_path: Path) -> None:
    judged = overconfident(2.0, faces=300)
    found = calibrate(judged)
    assert read_calibration(tmp_path) is None
    write_calibration(tmp_path, found, judged)
    assert read_calibration(tmp_path) == found
    assert cv2.imread(str(tmp_path / "reliability.png")) is not None


def test_a_face_is_large_from_a_part_of_the_long_side_on(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "p.png"), np.zeros((50, 200, 3), np.uint8))
    boxes = [Box(0, 0, 10, 16), Box(0, 0, 10, 15), None]
    faces = [LabeledFace(tmp_path / "p.png", box, WITH_MASK, "drawn") for box in boxes]
    assert find_large(faces).tolist() == [True, False, True]


def test_a_doubt_that_it_is_a_face_weakens_neither_side() -> None:
    logits = np.log([[0.3, 0.25, 0.05, 0.4]])
    judged = Judged(logits, np.array([0]), np.array([True]), (*LABELS, NOT_FACE))
    assert measure_quality(softmax(logits), judged, 0.51).called_unmasked_frac == 0
    assert measure_quality(softmax(logits), judged, 0.49).decided_frac == 1


def test_what_is_no_face_is_never_large() -> None:
    assert not find_large([LabeledFace(Path("hand.jpg"), None, NOT_FACE, "hands")]).any()

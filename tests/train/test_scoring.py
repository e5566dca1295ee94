from __future__ import annotations

from pathlib import Path

import pytest

from edge.geometry import Box
from train import scoring
from train.annotations import AnnotatedPicture, LabeledBox
from train.scoring import MASKED, UNMASKED, FoundFace, Tally, tally

MASK_BOX, BARE_BOX, SMALL_BOX = Box(10, 10, 30, 30), Box(50, 10, 70, 30), Box(80, 80, 82, 82)


def picture(*faces: LabeledBox) -> AnnotatedPicture:
    return AnnotatedPicture(Path("a.jpg"), 100, 100, faces)


TWO = picture(LabeledBox(MASK_BOX, "with_mask"), LabeledBox(BARE_BOX, "mask_worn_incorrectly"))


def count(found: list[FoundFace], annotated: AnnotatedPicture = TWO) -> Tally:
    return tally([annotated], {"a.jpg": found}, 0.03)


def test_two_faces_found_and_labeled_right_are_perfect() -> None:
    counts = count([FoundFace(MASK_BOX, "with_mask", 0.9), FoundFace(BARE_BOX, "without_mask", 0.8)])
    assert scoring.mean_f1(counts) == pytest.approx(1.0)
    assert scoring.label_accuracy(counts) == 1.0


def test_a_missed_face_costs_recall_and_a_false_one_precision() -> None:
    counts = count([FoundFace(MASK_BOX, "with_mask", 0.9), FoundFace(Box(0, 60, 20, 80), "with_mask", 0.5)])
    assert scoring.score_labels(counts, MASKED).precision == 0.5
    assert scoring.score_labels(counts, UNMASKED).recall == 0.0
    assert scoring.false_faces_per_picture(counts) == 1.0


def test_a_wrong_label_costs_both_sides() -> None:
    counts = count([FoundFace(MASK_BOX, "without_mask", 0.9), FoundFace(BARE_BOX, "without_mask", 0.8)])
    assert scoring.score_labels(counts, MASKED).f1 == 0.0
    assert scoring.score_labels(counts, UNMASKED).precision == 0.5
    assert scoring.found_frac(counts, MASKED) == 1.0


def test_a_face_found_twice_is_once_a_false_one() -> None:
    counts = count([FoundFace(MASK_BOX, "with_mask", 0.9), FoundFace(MASK_BOX, "with_mask", 0.8)])
    assert counts.false_faces["with_mask"] == 1


def test_small_faces_and_faces_of_unknown_state_count_neither_way() -> None:
    annotated = picture(LabeledBox(SMALL_BOX, "with_mask"), LabeledBox(BARE_BOX, "face"))
    counts = count([FoundFace(SMALL_BOX, "without_mask", 0.9), FoundFace(BARE_BOX, "without_mask", 0.9)], annotated)
    assert not counts.pairs
    assert not counts.false_faces


def test_a_picture_without_any_find_counts_as_missed() -> None:
    assert tally([TWO], {}, 0.03).faces == {"with_mask": 1, "mask_worn_incorrectly": 1}

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from edge.geometry import Box
from train import scoring
from train.annotations import AnnotatedPicture, LabeledBox, read_csv
from train.scoring import MASKED, UNMASKED, FoundFace, Tally, tally

MASK_BOX, BARE_BOX, SMALL_BOX = Box(10, 10, 30, 30), Box(50, 10, 70, 30), Box(80, 80, 82, 82)


def picture(*faces: LabeledBox) -> AnnotatedPicture:
    return AnnotatedPicture(Path("a.jpg"), 100, 100, faces)


TWO = picture(LabeledBox(MASK_BOX, "with_mask"), LabeledBox(BARE_BOX, "mask_worn_incorrectly"))


def count(found: list[FoundFace], annotated: AnnotatedPicture = TWO) -> Tally:
    return tally([annotated], [found], 0.03)


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
    assert tally([TWO], [()], 0.03).faces == {"with_mask": 1, "mask_worn_incorrectly": 1}


def test_places_to_ignore_count_neither_way() -> None:
    counts = count([FoundFace(BARE_BOX, "with_mask", 0.9)], picture(LabeledBox(BARE_BOX, "ignore")))
    assert not counts.pairs
    assert not counts.false_faces


def test_the_surest_label_takes_the_face() -> None:
    unsure, sure = FoundFace(MASK_BOX, "with_mask", 0.5, 0.99), FoundFace(MASK_BOX, "without_mask", 0.9, 0.3)
    assert count([unsure, sure]).pairs == {("with_mask", "without_mask"): 1}


def test_the_figures_are_those_of_the_shared_scorer(shared_data: Path) -> None:
    script = shared_data.parent / "tools" / "score.py"
    if not script.is_file():
        pytest.skip(f"{script} is missing")
    shared = runpy.run_path(str(script))
    pictures = read_csv(shared_data / "detection" / "jolignier" / "annotations.csv")
    found = {one.path.name: make_up(one, np.random.default_rng(index)) for index, one in enumerate(pictures)}
    truth = {p.path.name: [(f.box.as_tuple(), f.label) for f in p.faces] for p in pictures}
    size = {p.path.name: (float(p.width), float(p.height)) for p in pictures}
    said = {
        name: [{"box": f.box.as_tuple(), "label": f.label, "score": f.score} for f in faces]
        for name, faces in found.items()
    }
    for side in (0.03, 0.08, 0.2):
        theirs, ours = shared["score"](truth, size, said, side), tally(pictures, list(found.values()), side)
        for name, labels in (("masked P/R/F1", MASKED), ("unmasked P/R/F1", UNMASKED)):
            score = scoring.score_labels(ours, labels)
            assert (score.precision, score.recall, score.f1) == pytest.approx(theirs[name], abs=6e-5)
        assert scoring.label_accuracy(ours) == pytest.approx(theirs["label accuracy on found faces"], abs=6e-5)
        assert scoring.false_faces_per_picture(ours) == pytest.approx(theirs["false_faces_per_image"], abs=6e-5)


def make_up(annotated: AnnotatedPicture, rng: np.random.Generator) -> list[FoundFace]:
    """Return faces as a bad system would find them: moved, missed, twice, mislabeled, of few different scores."""
    labels = ("with_mask", "without_mask", "mask_worn_incorrectly")
    faces = [face for face in annotated.faces for _ in range(int(rng.integers(0, 3)))]
    boxes = [np.array(face.box.as_tuple()) + rng.normal(0, 0.12 * face.box.width, 4) for face in faces]
    boxes = [box for box in boxes if min(box[2] - box[0], box[3] - box[1]) > 1]
    return [FoundFace(Box(*box.tolist()), str(rng.choice(labels)), float(rng.integers(1, 5)) / 4) for box in boxes]

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from drawn_faces import draw_scene

from edge.geometry import Box
from edge.records import LABELS, WITH_MASK, WITHOUT_MASK, WORN_INCORRECTLY
from train.dressing import Dressing
from train.faces import LabeledFace, cut_face
from train.occlusions import OCCLUSIONS

BGR, BOX = draw_scene(4)
BARE = LabeledFace(Path("bare.png"), BOX, WITHOUT_MASK, "drawn")
CROP = cut_face(BGR, BOX, 64)


def dress(dressing: Dressing, face: LabeledFace = BARE, seed: int = 0) -> tuple[np.ndarray, str]:
    return dressing.dress(CROP, face, BOX, np.random.default_rng(seed))


def test_bare_faces_become_masked_wrongly_masked_or_stay_bare_behind_something() -> None:
    found = Counter(dress(Dressing(1.0, LABELS), seed=seed)[1] for seed in range(100))
    assert min(found[label] for label in LABELS) >= 15


def test_behind_a_hand_the_label_is_left_in_doubt_and_bare_more_often_than_masked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, labels in (("hand", {WITH_MASK, WITHOUT_MASK}), ("beard", {WITHOUT_MASK})):
        monkeypatch.setattr("train.occlusions._SHARE", [each == name for each in OCCLUSIONS])
        monkeypatch.setattr("train.dressing._OUTCOME_SHARE", (0, 0, 1))
        found = Counter(dress(Dressing(1.0, LABELS), seed=seed)[1] for seed in range(60))
        assert set(found) == labels
        assert found[WITHOUT_MASK] > found[WITH_MASK]


def test_only_the_asked_share_of_faces_is_touched() -> None:
    touched = [not np.array_equal(dress(Dressing(0.3, LABELS), seed=seed)[0], CROP) for seed in range(200)]
    assert 0.2 < np.mean(touched) < 0.4


def test_masked_faces_and_whole_pictures_stay_as_they_are() -> None:
    masked = LabeledFace(Path("m.png"), BOX, WITH_MASK, "drawn")
    whole = LabeledFace(Path("w.png"), None, WITHOUT_MASK, "drawn")
    for face in (masked, whole):
        rgb, label = dress(Dressing(1.0, LABELS), face)
        assert label == face.label
        assert np.array_equal(rgb, CROP)


def test_a_model_of_two_labels_gets_no_face_of_a_third() -> None:
    labels = {dress(Dressing(1.0, (WITH_MASK, WITHOUT_MASK)), seed=seed)[1] for seed in range(60)}
    assert labels == {WITH_MASK, WITHOUT_MASK}
    assert WORN_INCORRECTLY not in labels


@pytest.mark.parametrize("labels", [LABELS, (WITH_MASK, WITHOUT_MASK), (WITHOUT_MASK, WORN_INCORRECTLY)])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_labels_are_given_as_often_as_it_says(labels: tuple[str, ...], share: float) -> None:
    dressing = Dressing(share, labels)
    found = Counter(dress(dressing, seed=seed)[1] for seed in range(400))
    expected = dressing.taught(BARE)
    assert sum(expected.values()) == pytest.approx(1)
    assert {label: found[label] / 400 for label in labels} == pytest.approx(
        {**dict.fromkeys(labels, 0), **expected}, abs=0.06
    )


def test_masked_faces_and_whole_pictures_are_taught_as_they_are_labeled() -> None:
    for face in (LabeledFace(Path("m.png"), BOX, WITH_MASK, "s"), LabeledFace(Path("w.png"), None, WITHOUT_MASK, "s")):
        assert Dressing(1.0, LABELS).taught(face) == {face.label: 1.0}


def test_a_mask_sits_where_the_landmarks_are() -> None:
    high = np.array([[0.3, 0.1], [0.7, 0.1], [0.5, 0.2], [0.35, 0.3], [0.65, 0.3]]) * (BOX.width, BOX.height)
    points = {BARE: (high + (BOX.x_min, BOX.y_min)).astype(np.float32)}
    tops = []
    for landmarks in ({}, points):
        changed = np.zeros(64)
        for seed in range(40):
            rgb, label = dress(Dressing(1.0, LABELS, landmarks), seed=seed)
            if label == WITH_MASK:
                changed += np.abs(rgb.astype(int) - CROP).max(axis=(1, 2)) > 20
        tops.append(int(np.nonzero(changed)[0].min()))
    assert tops[1] < tops[0] - 5


def test_faces_at_the_edge_and_tiny_ones_can_be_dressed() -> None:
    for seed in range(40):
        for box in (Box(-9, -9, 6, 6), Box(90, 91, 120, 130), Box(5, 5, 5.5, 6)):
            face = LabeledFace(Path("f.png"), box, WITHOUT_MASK, "drawn")
            crop = cut_face(BGR, box, 32)
            rgb, _ = Dressing(1.0, LABELS).dress(crop, face, box, np.random.default_rng(seed))
            assert (rgb.shape, rgb.dtype) == ((32, 32, 3), np.uint8)

from __future__ import annotations

import numpy as np
import pytest
from people import blank_frame, square
from scripted import ScriptedModel

from edge.classifier import TfliteClassifier, View, judge_scores
from edge.errors import ModelError
from edge.geometry import Box
from edge.records import Face, Verdict, VerdictKind

LABELS = ("with_mask", "without_mask", "mask_worn_incorrectly")
ALARM = ("without_mask", "mask_worn_incorrectly")


def judge(scores: list[float], min_score: float | None = None, labels: tuple[str, ...] = LABELS) -> Verdict:
    model = ScriptedModel({"scores": np.array(scores, np.float32)}, (96, 96), labels)
    classifier = TfliteClassifier(model, min_score, ALARM)
    (verdict,) = classifier.judge(blank_frame(0, 0.0), [Face(0, square(100, 100), 0.9)])
    assert model.inputs[0].shape == (96, 96, 3)
    return verdict


def test_the_best_label_and_all_scores_are_told() -> None:
    verdict = judge([0.1, 0.8, 0.1])
    assert (verdict.label, verdict.kind) == ("without_mask", VerdictKind.UNMASKED)
    assert verdict.score == pytest.approx(0.8)
    assert sum(verdict.scores.values()) == pytest.approx(1.0)


def test_labels_that_raise_the_alarm_count_together() -> None:
    verdict = judge([0.3, 0.36, 0.34])
    assert verdict.kind is VerdictKind.UNMASKED


def test_between_the_sides_a_face_is_unsure() -> None:
    assert judge([0.55, 0.4, 0.05]).kind is VerdictKind.UNSURE
    assert judge([0.55, 0.4, 0.05], min_score=0.5).kind is VerdictKind.MASKED


def test_scores_are_made_to_sum_to_one() -> None:
    assert judge([0.5, 1.5, 0.0]).score == pytest.approx(0.75)


def test_a_threshold_below_a_half_asks_which_side_is_larger() -> None:
    scores = {"with_mask": 0.55, "without_mask": 0.45}
    assert judge_scores(scores, frozenset(["without_mask"]), 0.3) is VerdictKind.MASKED


def test_a_model_without_any_of_the_alarm_labels_is_refused() -> None:
    model = ScriptedModel({}, (96, 96), ("cat", "dog"))
    with pytest.raises(ModelError, match=r"its labels are cat, dog, and alarm\.labels asks for without_mask"):
        TfliteClassifier(model, None, ALARM)


class Brightness:
    """A model that calls a face masked as far as the left half of what it sees is white."""

    def __init__(self) -> None:
        self.manifest = ScriptedModel({}, (96, 96), LABELS).manifest
        self.whites: list[float] = []

    def invoke(self, rgb: np.ndarray) -> dict[str, np.ndarray]:
        white = float(rgb[:, :48].mean()) / 255
        self.whites.append(white)
        return {"scores": np.array([white, 1 - white, 0], np.float32)}


def test_the_mean_of_all_views_counts() -> None:
    model = Brightness()
    views = (View(), View(mirrored=True), View(scale=0.5))
    frame = blank_frame(0, 0.0)
    frame.bgr[:, :90] = 255  # white up to the middle of the face
    classifier = TfliteClassifier(model, None, ALARM, views)
    (verdict,) = classifier.judge(frame, [Face(0, square(50, 100), 0.9)])
    assert model.whites == pytest.approx([1.0, 0.0, 1.0], abs=0.05)
    assert verdict.scores["with_mask"] == pytest.approx(np.mean(model.whites))


def test_a_larger_view_shows_more_around_the_face() -> None:
    model = Brightness()
    frame = blank_frame(0, 0.0)
    frame.bgr[100:200, 50:150] = 255
    face = Face(0, Box(50, 100, 150, 200), 0.9)
    TfliteClassifier(model, None, ALARM, (View(scale=0.5), View(), View(scale=2.0))).judge(frame, [face])
    small, whole, large = model.whites
    assert small > whole > large > 0


WITH_NO_FACE = (*LABELS, "not_face")


def test_what_is_no_face_is_neither_masked_nor_unmasked() -> None:
    verdict = judge([0.2, 0.1, 0.1, 0.6], labels=WITH_NO_FACE)
    assert (verdict.label, verdict.kind) == ("not_face", VerdictKind.UNSURE)
    assert verdict.score == pytest.approx(0.6)


def test_a_doubt_that_it_is_a_face_does_not_weaken_what_it_wears() -> None:
    verdict = judge([0.54, 0.06, 0.0, 0.4], labels=WITH_NO_FACE)
    assert (verdict.label, verdict.kind) == ("with_mask", VerdictKind.MASKED)
    assert verdict.scores == pytest.approx({"with_mask": 0.9, "without_mask": 0.1, "mask_worn_incorrectly": 0.0})


def test_what_is_no_face_cannot_raise_the_alarm() -> None:
    model = ScriptedModel({}, (96, 96), WITH_NO_FACE)
    with pytest.raises(ModelError, match=r"alarm\.labels asks for not_face"):
        TfliteClassifier(model, None, ["without_mask", "not_face"])

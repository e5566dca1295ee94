from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from people import blank_frame, square
from scripted import ScriptedModel

from edge.classifier import ONE_VIEW, TfliteClassifier
from edge.closer import FOUR_VIEWS
from edge.commands import ROOT
from edge.looker import Looker, open_looker
from edge.manifest import CLASSIFIER_KIND
from edge.records import Face, Frame, Verdict
from edge.runtime.tflite import TfliteModel
from edge.settings import Settings

LABELS = ("with_mask", "without_mask", "not_face")


class OneFace:
    """Finds one face, always."""

    def __init__(self, score: float) -> None:
        self._face = Face(0, square(100, 100), score)

    def detect(self, frame: Frame) -> tuple[Face, ...]:
        return (self._face,)


def looker(scores: Sequence[float], face_score: float, min_face_score: float = 0.3) -> Looker:
    model = ScriptedModel({"scores": np.array(scores, np.float32)}, (96, 96), LABELS[: len(scores)])
    classifier = TfliteClassifier(model, None, ("without_mask",))
    return Looker(OneFace(face_score), classifier, min_face_score=min_face_score)


def said(scores: Sequence[float], face_score: float) -> list[str]:
    return [verdict.label for verdict in looker(scores, face_score).look(blank_frame(0, 0.0))]


def test_in_a_picture_both_models_together_say_what_is_a_face() -> None:
    doubted = [0.6, 0.2, 0.2]
    assert said(doubted, 0.38) == ["with_mask"]  # 0.38 × 0.8 reaches 0.3
    assert said(doubted, 0.37) == []
    assert said([0.2, 0.2, 0.6], 0.99) == []


def test_a_model_that_knows_no_not_face_leaves_it_to_the_detector() -> None:
    assert said([0.8, 0.2], 0.31) == ["with_mask"]


def test_where_more_looks_come_a_doubt_loses_nobody() -> None:
    frame = blank_frame(0, 0.0)
    eyes = looker([0.6, 0.2, 0.2], 0.31)
    verdicts: tuple[Verdict, ...] = eyes.judge(frame, eyes.find(frame))
    assert [verdict.label for verdict in verdicts] == ["with_mask"]
    assert verdicts[0].face_share == pytest.approx(0.8)


def test_a_closer_look_judges_in_four_views_and_the_door_in_one() -> None:
    settings, root = Settings(accelerator="cpu"), ROOT
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    frame, face = Frame(0, 0.0, noise), Face(0, square(100, 100), 0.9)
    model = TfliteModel(root / settings.classifier.model, CLASSIFIER_KIND)
    for closely, views in ((False, ONE_VIEW), (True, FOUR_VIEWS)):
        wanted = TfliteClassifier(model, None, settings.alarm.labels, views).judge(frame, [face])
        assert open_looker(settings, root, closely=closely).judge(frame, [face]) == wanted
    assert len({(view.scale, view.mirrored) for view in FOUR_VIEWS}) == 4

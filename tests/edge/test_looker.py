from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from people import blank_frame, square
from scripted import ScriptedModel

from edge.classifier import TfliteClassifier
from edge.looker import Looker
from edge.records import Face, Frame, Verdict

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

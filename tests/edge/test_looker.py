from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from people import blank_frame, square
from scripted import ScriptedModel

from edge.classifier import ONE_VIEW, TfliteClassifier
from edge.closer import FOUR_VIEWS, CloseDetector
from edge.commands import ROOT
from edge.detector import TfliteDetector
from edge.looker import Looker, open_looker
from edge.manifest import CLASSIFIER_KIND, DETECTOR_KIND
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


def draw_face() -> Frame:
    """Return a picture of a drawn face: skin, two eyes, a nose that points to one side, a mouth."""
    bgr = np.full((480, 640, 3), 120, np.uint8)
    cv2.ellipse(bgr, (320, 240), (60, 80), 0, 0, 360, (150, 180, 220), -1)
    for x in (295, 345):
        cv2.circle(bgr, (x, 220), 8, (20, 20, 20), -1)
    cv2.line(bgr, (320, 235), (312, 262), (100, 130, 170), 3)
    cv2.ellipse(bgr, (320, 285), (22, 8), 0, 0, 180, (60, 60, 150), 3)
    return Frame(0, 0.0, bgr)


def test_a_closer_look_is_at_the_picture_mirrored_too_and_the_doors_is_not() -> None:
    settings, frame = Settings(accelerator="cpu"), draw_face()
    model = TfliteModel(ROOT / settings.detector.model, DETECTOR_KIND)
    once, twice = (TfliteDetector(model, None, twice) for twice in (False, True))
    assert open_looker(settings, ROOT).find(frame) == once.detect(frame)
    closer = CloseDetector(twice, twice.max_iou).detect(frame)
    assert open_looker(settings, ROOT, closely=True).find(frame) == closer
    assert len(closer) == 1 and closer != once.detect(frame)

"""Times each stage of a frame on this device, with pictures of its own: no camera is needed.

A drawn head stands for a visitor who sways, so that both models have work in every frame. What the models say about a
drawing does not matter to how long they take.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import pi, sin
from statistics import median, quantiles

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.alarm import Silence
from edge.classifier import Classifier, TfliteClassifier
from edge.detector import Detector, TfliteDetector
from edge.geometry import Box
from edge.looker import Looker
from edge.pipeline import Memory, take_turn
from edge.preprocess import Picture
from edge.records import Face, Frame, Verdict
from edge.runtime import Model, Outputs
from edge.settings import Settings

_STEP_S = 0.1
_SWAY_FRAMES = 16
_HEAD_FRAC = 0.3
_WARM_FRAMES = 10

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Times:
    """What one frame took, in seconds: the models, what is around them, and the whole.

    `find_s` is from the picture to boxes without the model, `judge_s` from the face to a verdict without the model,
    `follow_s` tracking, votes and alarm.
    """

    find_s: float
    detector_s: float
    judge_s: float
    classifier_s: float
    follow_s: float
    whole_s: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Medians of the stages in seconds, the slowest twentieth's border, frames a second, and how much it slowed down.

    `slowed_frac` compares the last quarter of the frames with the first: 0.2 is a fifth slower.
    """

    stages: Times
    p95_s: float
    fps: float
    frames: int
    slowed_frac: float


class TimedModel:
    """A model that remembers how long its last answer took."""

    def __init__(self, model: Model, clock: Clock) -> None:
        """Time `model`; `clock` gives seconds."""
        self.manifest = model.manifest
        self._model, self._clock = model, clock
        self.taken_s = 0.0

    def invoke(self, rgb: NDArray[np.uint8]) -> Outputs:
        """Return what the model does; see `Model`."""
        began_s = self._clock()
        outputs = self._model.invoke(rgb)
        self.taken_s = self._clock() - began_s
        return outputs


class _HeadFinder:
    """Runs the detector, and says where the drawn head is, whatever it found."""

    def __init__(self, detector: Detector, heads: Sequence[Box], clock: Clock) -> None:
        self._detector, self._heads, self._clock = detector, heads, clock
        self.taken_s = 0.0

    def detect(self, frame: Frame) -> tuple[Face, ...]:
        began_s = self._clock()
        self._detector.detect(frame)
        self.taken_s = self._clock() - began_s
        return (Face(frame.frame_index, self._heads[frame.frame_index % len(self._heads)], 1.0),)


class _TimedClassifier:
    def __init__(self, classifier: Classifier, clock: Clock) -> None:
        self._classifier, self._clock = classifier, clock
        self.taken_s, self.faces = 0.0, 0

    def judge(self, frame: Frame, faces: Sequence[Face]) -> tuple[Verdict, ...]:
        began_s = self._clock()
        verdicts = self._classifier.judge(frame, faces)
        self.taken_s, self.faces = self._clock() - began_s, len(faces)
        return verdicts


class Bench:
    """Frame after frame through the pipeline, each of its stages timed."""

    def __init__(self, models: tuple[Model, Model], settings: Settings, clock: Clock = time.perf_counter) -> None:
        """Take detector and classifier, loaded; pictures have the size that `camera` asks for.

        `clock` gives seconds.
        """
        detector, classifier = (TimedModel(model, clock) for model in models)
        self._models, self._clock = (detector, classifier), clock
        self._pictures, heads = draw_visitor(settings.camera.width_px, settings.camera.height_px)
        self._finder = _HeadFinder(TfliteDetector(detector, settings.detector.min_score), heads, clock)
        judge = TfliteClassifier(classifier, settings.classifier.min_score, settings.alarm.labels)
        self._judge = _TimedClassifier(judge, clock)
        self._settings = replace(settings, tracking=replace(settings.tracking, recheck_s=_STEP_S))
        self._memory, self._index = Memory(), 0

    def warm_up(self) -> None:
        """Let caches fill and the visitor be noticed, before anything counts."""
        for _ in range(_WARM_FRAMES):
            self.run_frame()

    def run_frame(self) -> Times | None:
        """Return what the next frame took, None when the classifier had no turn in it."""
        index, self._index = self._index, self._index + 1
        frame = Frame(index, index * _STEP_S, self._pictures[index % len(self._pictures)], "bench")
        looker = Looker(self._finder, self._judge)
        began_s = self._clock()
        self._memory, _ = take_turn(self._memory, frame, looker, self._settings, Silence())
        return self._sum_up(self._clock() - began_s)

    def _sum_up(self, whole_s: float) -> Times | None:
        if not self._judge.faces:
            return None
        detector_s, classifier_s = (model.taken_s for model in self._models)
        find_s, judge_s = self._finder.taken_s, self._judge.taken_s
        return Times(
            find_s - detector_s, detector_s, judge_s - classifier_s, classifier_s, whole_s - find_s - judge_s, whole_s
        )


def draw_visitor(width: int, height: int) -> tuple[list[Picture], list[Box]]:
    """Return pictures (height, width, 3) uint8 BGR of somebody who sways in front of noise, and where the head is."""
    noise = np.random.default_rng(0).integers(60, 120, (height, width, 3), np.uint8)
    side = _HEAD_FRAC * height
    pictures, heads = [], []
    for step in range(_SWAY_FRAMES):
        x = width / 2 + side * sin(2 * pi * step / _SWAY_FRAMES)
        head = Box(x - 0.4 * side, 0.5 * (height - side), x + 0.4 * side, 0.5 * (height + side))
        pictures.append(_draw_head(noise, head))
        heads.append(head)
    return pictures, heads


def _draw_head(wall: Picture, head: Box) -> Picture:
    picture = wall.copy()
    x, y = (round(v) for v in head.center)
    half_width, half_height = round(head.width / 2), round(head.height / 2)
    cv2.ellipse(picture, (x, y), (half_width, half_height), 0, 0, 360, (120, 160, 210), -1)
    for side in (-1, 1):
        eye = (x + side * half_width // 2, y - half_height // 4)
        cv2.circle(picture, eye, max(1, half_width // 8), (30, 30, 30), -1)
    return picture


def summarize(times: Sequence[Times]) -> Summary:
    """Return the figures of at least one frame."""
    whole = [each.whole_s for each in times]
    stages = Times(*(median(getattr(each, name) for each in times) for name in Times.__slots__))
    quarter = max(1, len(whole) // 4)
    slowed_frac = median(whole[-quarter:]) / median(whole[:quarter]) - 1
    p95_s = quantiles(whole, n=20)[-1] if len(whole) > 1 else whole[0]
    return Summary(stages, p95_s, len(whole) / sum(whole), len(whole), slowed_frac)

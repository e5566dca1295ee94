"""The eyes: which faces are in a frame, and what they wear."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.classifier import ONE_VIEW, Classifier, TfliteClassifier
from edge.closer import FOUR_VIEWS, CloseDetector
from edge.detector import Detector, TfliteDetector
from edge.errors import ModelError
from edge.foreign import open_foreign
from edge.foreign_kinds import FOREIGN
from edge.manifest import CLASSIFIER_KIND, DETECTOR_KIND
from edge.records import NOT_FACE, Face, Frame, Verdict
from edge.runtime.coral import find_corals
from edge.runtime.edgetpu import START_LIMIT_S, OpenModels, Report, log_acceleration, open_models
from edge.settings import Settings


@dataclass(frozen=True, slots=True)
class Looker:
    """Detector and classifier together; `models` are what they look with.

    In a picture that stands alone the product of both scores that something is a face must reach `min_face_score`,
    0..1. Where there are more looks to come, a doubt is no reason to lose somebody.
    """

    detector: Detector
    classifier: Classifier
    models: OpenModels | None = None
    min_face_score: float = 0.0

    def find(self, frame: Frame) -> tuple[Face, ...]:
        """Return the faces in a frame, best score first."""
        return self.detector.detect(frame)

    def judge(self, frame: Frame, faces: Sequence[Face]) -> tuple[Verdict, ...]:
        """Return a verdict for each of these faces of a frame, in their order; `not_face` where there is none."""
        return self.classifier.judge(frame, faces)

    def look(self, frame: Frame) -> tuple[Verdict, ...]:
        """Return a verdict for each face in a frame that stands alone: a picture."""
        return believe(self.judge(frame, self.find(frame)), self.min_face_score)

    def close(self) -> None:
        """Let a Coral go. Calling it again does nothing."""
        if self.models:
            self.models.close()


def believe(verdicts: Sequence[Verdict], min_face_score: float) -> tuple[Verdict, ...]:
    """Return those about faces: not called `not_face`, and the product of both scores high enough."""
    return tuple(v for v in verdicts if v.label != NOT_FACE and v.face.score * v.face_share >= min_face_score)


def open_looker(
    settings: Settings,
    root: Path,
    report: Report = log_acceleration,
    find: Callable[[], Sequence[str]] = find_corals,
    closely: bool = False,
    start_limit_s: float = START_LIMIT_S,
) -> Looker:
    """Load both models onto what `accelerator` says, a foreign detector onto the processor; paths begin at `root`.

    `report` is called whenever what they run on changes; `find` lists the Corals that are plugged in. `closely` is for
    pictures that stand alone, and takes seven times as long; see `edge.closer`. Raises ModelError; HardwareError when
    the Coral must be used and does not work, or has not started within `start_limit_s`.
    """
    path, backend = root / settings.detector.model, settings.detector.backend
    is_ours = backend not in FOREIGN
    wanted = [(path, DETECTOR_KIND)] if is_ours else []
    wanted.append((root / settings.classifier.model, CLASSIFIER_KIND))
    models = open_models(wanted, settings.accelerator, report, find=find, start_limit_s=start_limit_s)
    score, labels = settings.detector.min_score, settings.alarm.labels
    try:
        finder = TfliteDetector(models.models[0], score, closely) if is_ours else open_foreign(backend, path, score)
        views = FOUR_VIEWS if closely else ONE_VIEW
        judge = TfliteClassifier(models.models[-1], settings.classifier.min_score, labels, views)
        detector = CloseDetector(finder, finder.max_iou) if closely else finder
        return Looker(detector, judge, models, finder.min_score)
    except ModelError:
        models.close()
        raise

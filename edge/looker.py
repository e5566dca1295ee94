"""The eyes: which faces are in a frame, and what they wear."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.classifier import Classifier, TfliteClassifier
from edge.detector import Detector, TfliteDetector
from edge.errors import ModelError
from edge.manifest import CLASSIFIER_KIND, DETECTOR_KIND
from edge.records import NOT_FACE, Face, Frame, Verdict
from edge.runtime.coral import find_corals
from edge.runtime.edgetpu import OpenModels, Report, log_acceleration, open_models
from edge.settings import Settings
from edge.yunet import YunetDetector


@dataclass(frozen=True, slots=True)
class Looker:
    """Detector and classifier together; `models` are what they look with."""

    detector: Detector
    classifier: Classifier
    models: OpenModels | None = None

    def find(self, frame: Frame) -> tuple[Face, ...]:
        """Return the faces in a frame, best score first."""
        return self.detector.detect(frame)

    def judge(self, frame: Frame, faces: Sequence[Face]) -> tuple[Verdict, ...]:
        """Return a verdict for each of these faces of a frame, in their order; `not_face` where there is none."""
        return self.classifier.judge(frame, faces)

    def look(self, frame: Frame) -> tuple[Verdict, ...]:
        """Return a verdict for each face in a frame that stands alone: a picture."""
        return tuple(verdict for verdict in self.judge(frame, self.find(frame)) if verdict.label != NOT_FACE)

    def close(self) -> None:
        """Let a Coral go. Calling it again does nothing."""
        if self.models:
            self.models.close()


def open_looker(
    settings: Settings,
    root: Path,
    report: Report = log_acceleration,
    find: Callable[[], Sequence[str]] = find_corals,
) -> Looker:
    """Load both models onto what `accelerator` says; relative paths are relative to `root`.

    `report` is called whenever what they run on changes; `find` lists the Corals that are plugged in. Raises
    ModelError; HardwareError when the Coral must be used and does not work.
    """
    detector = root / settings.detector.model
    is_ours = settings.detector.backend == "tflite"
    wanted = [(detector, DETECTOR_KIND)] if is_ours else []
    wanted.append((root / settings.classifier.model, CLASSIFIER_KIND))
    models = open_models(wanted, settings.accelerator, report, find=find)
    wanted_score, labels = settings.detector.min_score, settings.alarm.labels
    try:
        finder = TfliteDetector(models.models[0], wanted_score) if is_ours else YunetDetector(detector, wanted_score)
        judge = TfliteClassifier(models.models[-1], settings.classifier.min_score, labels, finder.min_score)
        return Looker(finder, judge, models)
    except ModelError:
        models.close()
        raise

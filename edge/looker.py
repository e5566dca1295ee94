"""The eyes: which faces are in a frame, and what they wear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.classifier import Classifier, TfliteClassifier
from edge.detector import Detector, TfliteDetector
from edge.manifest import CLASSIFIER_KIND, DETECTOR_KIND
from edge.records import Face, Frame, Verdict
from edge.runtime.tflite import TfliteModel
from edge.settings import Settings


@dataclass(frozen=True, slots=True)
class Looker:
    """Detector and classifier together."""

    detector: Detector
    classifier: Classifier

    def find(self, frame: Frame) -> tuple[Face, ...]:
        """Return the faces in a frame, best score first."""
        return self.detector.detect(frame)

    def judge(self, frame: Frame, faces: Sequence[Face]) -> tuple[Verdict, ...]:
        """Return a verdict for each of these faces of a frame, in their order."""
        return self.classifier.judge(frame, faces)

    def look(self, frame: Frame) -> tuple[Verdict, ...]:
        """Return a verdict for each face in a frame that stands alone: a picture."""
        return self.judge(frame, self.find(frame))


def open_looker(settings: Settings, root: Path) -> Looker:
    """Load both models; relative paths are relative to `root`. Raises ModelError."""
    detector = TfliteModel(root / settings.detector.model, DETECTOR_KIND)
    classifier = TfliteModel(root / settings.classifier.model, CLASSIFIER_KIND)
    return Looker(
        TfliteDetector(detector, settings.detector.min_score),
        TfliteClassifier(classifier, settings.classifier.min_score, settings.alarm.labels),
    )

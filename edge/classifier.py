"""Judges faces: mask worn, not worn, worn wrongly, or cannot tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from edge.manifest import require_labels
from edge.preprocess import classifier_input, mirror
from edge.records import NOT_FACE, Face, Frame, Verdict, VerdictKind
from edge.runtime import Model

_NO_FACE_FROM = 0.5
"""Score of `not_face` from which a find of the detector is believed to be none."""


@dataclass(frozen=True, slots=True)
class View:
    """How a face is looked at: its box made so many times as large, and mirrored or not."""

    scale: float = 1.0
    mirrored: bool = False


ONE_VIEW = (View(),)


class Classifier(Protocol):
    """Judges faces."""

    def judge(self, frame: Frame, faces: Sequence[Face]) -> tuple[Verdict, ...]:
        """Return a verdict for each face of a frame, in their order; `not_face` and unsure where there is none."""
        ...


class TfliteClassifier:
    """MobileNetV2 with one score a label; one of the labels may be `not_face`."""

    def __init__(
        self,
        model: Model,
        min_score: float | None,
        alarm_labels: Sequence[str],
        views: Sequence[View] = ONE_VIEW,
    ) -> None:
        """Use a loaded model; `min_score` (0..1) overrides its manifest's. The mean of `views` counts.

        Raises ModelError when the model does not have the labels that shall raise the alarm; see `require_labels`.
        """
        require_labels(model.manifest, alarm_labels)
        self._model, self._alarm_labels, self._views = model, frozenset(alarm_labels), tuple(views)
        self._min_score = model.manifest.thresholds.min_score if min_score is None else min_score

    def judge(self, frame: Frame, faces: Sequence[Face]) -> tuple[Verdict, ...]:
        """Return a verdict for each face of a frame, in their order; `not_face` and unsure where there is none."""
        return tuple(self._judge_one(frame, face) for face in faces)

    def _judge_one(self, frame: Frame, face: Face) -> Verdict:
        seen = [self._score(frame, face, view) for view in self._views]
        values = [sum(each) / len(seen) for each in zip(*seen, strict=True)]
        scores = dict(zip(self._model.manifest.labels, values, strict=True))
        no_face = scores.pop(NOT_FACE, 0.0)
        if no_face >= _NO_FACE_FROM:
            return Verdict(
                face, NOT_FACE, no_face, {**scores, NOT_FACE: no_face}, VerdictKind.UNSURE, face_share=1 - no_face
            )
        scores = {label: score / (1 - no_face) for label, score in scores.items()}
        label = max(scores, key=lambda name: scores[name])
        unmasked = share_unmasked(scores, self._alarm_labels)
        kind = judge_scores(scores, self._alarm_labels, self._min_score)
        return Verdict(face, label, scores[label], scores, kind, max(unmasked, 1 - unmasked), 1 - no_face)

    def _score(self, frame: Frame, face: Face, view: View) -> list[float]:
        """Return the score of each label, sum 1, of a face as one view shows it."""
        box = face.box if view.scale == 1 else face.box.scaled(view.scale)
        rgb = classifier_input(frame.bgr, box, self._model.manifest.input_size[0])
        shown = mirror(rgb) if view.mirrored else rgb
        values: list[float] = self._model.invoke(shown)["scores"].tolist()  # few: plain numbers
        total = max(sum(values), 1e-6)  # int8 softmax sums to 1 ± 0.01
        return [value / total for value in values]


def judge_scores(scores: Mapping[str, float], alarm_labels: frozenset[str], min_score: float) -> VerdictKind:
    """Return what scores (label to 0..1, sum 1) say once the labels that raise the alarm are taken together."""
    unmasked = share_unmasked(scores, alarm_labels)
    if max(unmasked, 1 - unmasked) < min_score:
        return VerdictKind.UNSURE
    return VerdictKind.UNMASKED if unmasked >= 0.5 else VerdictKind.MASKED


def share_unmasked(scores: Mapping[str, float], alarm_labels: frozenset[str]) -> float:
    """Return the scores of the labels that raise the alarm together, 0..1."""
    return sum(score for label, score in scores.items() if label in alarm_labels)

"""Precision-recall curves: of the detector over its score, and of the chain over the score of its labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.scoring import FoundFace, Outcome

_MOST_POINTS = 200


@dataclass(frozen=True, slots=True)
class Curve:
    """Precision and recall (0..1) of all that scores at least `threshold`, the highest threshold first.

    `average_precision` is of the whole curve, None where there is no face to be found; of the points at most 200 are
    kept.
    """

    threshold: tuple[float, ...]
    precision: tuple[float, ...]
    recall: tuple[float, ...]
    average_precision: float | None

    @property
    def said_precision(self) -> str:
        """Average precision as reports and plots have it."""
        return "–" if self.average_precision is None else f"{self.average_precision:.3f}"


def detector_curve(outcomes: Sequence[Outcome]) -> Curve | None:
    """Return the curve of faces found, whatever their label; None when a face comes without the detector's score.

    `outcomes` are those that count, matched `by_face_score`.
    """
    found = [(o.found.face_score, o.true is not None) for o in outcomes if o.found is not None]
    scores = [score for score, _ in found if score is not None]
    if len(scores) < len(found):
        return None
    faces = sum(o.true is not None for o in outcomes)
    return trace(np.array(scores, np.float64), np.array([hit for _, hit in found], bool), faces)


def chain_curve(outcomes: Sequence[Outcome], labels: frozenset[str]) -> Curve:
    """Return the curve of faces found and told to be of these labels, over the sum of these labels' scores.

    Where a system does not give the scores of all labels, it is that of its label, for the faces it says are of them.
    """
    scored = [(label_score(o.found, labels), o) for o in outcomes if o.found is not None]
    said = [(score, o) for score, o in scored if score is not None]
    hits = np.array([o.true is not None and o.true.label in labels for _, o in said], bool)
    faces = sum(o.true is not None and o.true.label in labels for o in outcomes)
    return trace(np.array([score for score, _ in said], np.float64), hits, faces)


def label_score(found: FoundFace, labels: frozenset[str]) -> float | None:
    """Return how sure a system is, 0..1, that a face is of one of these labels; None when it does not say."""
    if found.scores is not None:
        return sum(score for label, score in found.scores.items() if label in labels)
    return found.score if found.label in labels else None


def trace(scores: NDArray[np.float64], hits: NDArray[np.bool_], faces: int) -> Curve:
    """Return the curve of finds with scores (n,), right where `hits` (n,), of `faces` that could be found.

    Average precision is the area below the curve whose precision never rises with recall, all points: Everingham et
    al. 2010, doi:10.1007/s11263-009-0275-4, as VOC has computed it since 2010.
    """
    order = np.argsort(-scores, kind="stable")
    last_of_tie = np.flatnonzero(np.diff(scores[order], append=-np.inf))
    right = np.cumsum(hits[order])[last_of_tie]
    precision, recall = right / (last_of_tie + 1), right / max(1, faces)
    highest = np.maximum.accumulate(precision[::-1])[::-1]
    area = float(np.sum(np.diff(recall, prepend=0.0) * highest))
    some = np.unique(np.linspace(0, len(right) - 1, min(len(right), _MOST_POINTS)).astype(int))
    threshold = scores[order][last_of_tie]
    return Curve(_floats(threshold[some]), _floats(precision[some]), _floats(recall[some]), area if faces else None)


def _floats(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(value), 5) for value in values)

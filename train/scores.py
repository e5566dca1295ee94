"""How right a classifier is: precision, recall, F1 and support of each label, accuracy, the confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support


@dataclass(frozen=True, slots=True)
class LabelScore:
    """Scores of one label, 0..1, and `support`: how many faces have it."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores on one set of faces.

    `confusion` counts faces, a row a true label, a column what was said, both in the order of `labels`.
    """

    labels: Mapping[str, LabelScore]
    accuracy: float
    confusion: tuple[tuple[int, ...], ...]

    @property
    def support(self) -> int:
        """How many faces were scored."""
        return sum(score.support for score in self.labels.values())


def score_labels(truth: NDArray[np.intp], said: NDArray[np.intp], labels: Sequence[str]) -> Scores:
    """Return the scores for true and predicted label indices, both (n,), n ≥ 1; a score without a case is 0."""
    every = np.arange(len(labels))
    columns = precision_recall_fscore_support(truth, said, labels=every, zero_division=0.0)
    by_label = {
        label: LabelScore(float(p), float(r), float(f), int(n))
        for label, p, r, f, n in zip(labels, *columns, strict=True)
    }
    matrix = confusion_matrix(truth, said, labels=every)
    return Scores(by_label, float((truth == said).mean()), tuple(tuple(int(n) for n in row) for row in matrix))

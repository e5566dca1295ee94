"""Whether a classifier's scores mean what they say, and what the `unsure` band does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.records import WITH_MASK, VerdictKind
from train.curves import label_score
from train.intervals import Estimate, wilson
from train.scoring import MASKED, UNMASKED, FoundFace, Outcome

BINS = 15
LEAST_DECIDED, MOST_CALLED_UNMASKED = 0.9, 0.01
"""What the band is meant to reach: the share of faces decided, and of masked faces called `unmasked`."""

_SUM_TOLERANCE = 0.02  # int8 softmax sums to 1 ± 0.01, and lines are rounded
_MIN_SCORES = tuple(float(round(score, 3)) for score in np.arange(0.5, 0.9951, 0.005))


@dataclass(frozen=True, slots=True)
class Reliability:
    """Expected calibration error, 0..1, and what it is made of.

    For each of 15 bins of equal width the mean confidence and the share of right labels (0 where empty) and the count.
    """

    ece: float
    confidence: tuple[float, ...]
    right: tuple[float, ...]
    faces: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """What a threshold below which a face is `unsure` does to the found faces; None where there are no such faces.

    `min_score` is None for the verdicts as the system gave them. `decided` is a share of the found faces,
    `decided_of_all` of the annotated ones; the others are of the found masked, and not properly masked, faces.
    """

    min_score: float | None
    decided: Estimate | None
    decided_of_all: Estimate | None
    masked_called_unmasked: Estimate | None
    unmasked_called_masked: Estimate | None


def label_reliability(outcomes: Sequence[Outcome]) -> Reliability | None:
    """Return how well the best label's score tells how often it is right, on the found faces; None without scores."""
    pairs = _judged(outcomes)
    if pairs is None:
        return None
    confidence = [max((found.scores or {}).values()) for _, found in pairs]
    return reliability(np.array(confidence, np.float64), np.array([true == f.label for true, f in pairs], bool))


def side_reliability(outcomes: Sequence[Outcome]) -> Reliability | None:
    """Return the same for masked against not properly masked, the two other labels together; None without scores.

    It takes scores that sum to 1.
    """
    pairs = _judged(outcomes)
    if pairs is None or not _sum_to_one(pairs):
        return None
    unmasked = _unmasked_scores(pairs)
    right = (unmasked >= 0.5) == np.array([true in UNMASKED for true, _ in pairs], bool)
    return reliability(np.maximum(unmasked, 1 - unmasked), right)


def reliability(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> Reliability:
    """Return the expected calibration error of confidences (n,) in 0..1.

    The sum over the bins of |share right − mean confidence|, each weighed by its share of the faces: Guo et al. 2017,
    https://arxiv.org/abs/1706.04599, equation 5. Bins are open below and closed above, as there.
    """
    which = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    faces = np.bincount(which, minlength=BINS)
    known = np.maximum(faces, 1)
    mean = np.bincount(which, confidence, BINS) / known
    share = np.bincount(which, right, BINS) / known
    ece = float(np.sum(np.abs(share - mean) * faces) / max(1, len(confidence)))
    return Reliability(ece, _floats(mean), _floats(share), tuple(int(n) for n in faces))


def verdict_band(outcomes: Sequence[Outcome]) -> Band | None:
    """Return the band as the system's own verdicts have it; None without them."""
    pairs = _pairs(outcomes)
    if not pairs or any(found.verdict is None for _, found in pairs):
        return None
    kinds = np.array([str(found.verdict) for _, found in pairs], np.str_)
    return _band(None, kinds, np.array([true for true, _ in pairs], np.str_), _annotated(outcomes))


def band_curve(outcomes: Sequence[Outcome]) -> tuple[Band, ...]:
    """Return the band at thresholds from 0.5 to 0.995; empty without scores that sum to 1.

    The rule is the device's (`edge.classifier.judge_scores`) with both other labels raising the alarm.
    """
    pairs = _judged(outcomes)
    if pairs is None or not _sum_to_one(pairs):
        return ()
    unmasked = _unmasked_scores(pairs)
    said = np.where(unmasked >= 0.5, str(VerdictKind.UNMASKED), str(VerdictKind.MASKED))
    sure = np.maximum(unmasked, 1 - unmasked)
    true, faces = np.array([label for label, _ in pairs], np.str_), _annotated(outcomes)
    unsure = str(VerdictKind.UNSURE)
    return tuple(_band(least, np.where(sure < least, unsure, said), true, faces) for least in _MIN_SCORES)


def lowest_threshold(curve: Sequence[Band], most_called_unmasked: float = MOST_CALLED_UNMASKED) -> Band | None:
    """Return the lowest threshold at which no larger share of the masked faces is called `unmasked`."""
    shares = ((band, band.masked_called_unmasked) for band in curve)
    return next((band for band, share in shares if share and share.value <= most_called_unmasked), None)


def _band(min_score: float | None, kinds: NDArray[np.str_], true: NDArray[np.str_], annotated: int) -> Band:
    decided = int(np.sum(kinds != str(VerdictKind.UNSURE)))
    masked, unmasked = true == WITH_MASK, np.isin(true, sorted(UNMASKED))
    false_alarms = int(np.sum(masked & (kinds == str(VerdictKind.UNMASKED))))
    passed = int(np.sum(unmasked & (kinds == str(VerdictKind.MASKED))))
    return Band(
        min_score,
        wilson(decided, len(kinds)),
        wilson(decided, annotated),
        wilson(false_alarms, int(masked.sum())),
        wilson(passed, int(unmasked.sum())),
    )


def _pairs(outcomes: Sequence[Outcome]) -> list[tuple[str, FoundFace]]:
    return [(o.true.label, o.found) for o in outcomes if o.true is not None and o.found is not None]


def _judged(outcomes: Sequence[Outcome]) -> list[tuple[str, FoundFace]] | None:
    """Return the found faces with their true labels; None when one of them comes without scores or there is none."""
    pairs = _pairs(outcomes)
    return pairs if pairs and all(found.scores for _, found in pairs) else None


def _annotated(outcomes: Sequence[Outcome]) -> int:
    return sum(o.true is not None for o in outcomes)


def _sum_to_one(pairs: Sequence[tuple[str, FoundFace]]) -> bool:
    return all(abs(sum((found.scores or {}).values()) - 1) <= _SUM_TOLERANCE for _, found in pairs)


def _unmasked_scores(pairs: Sequence[tuple[str, FoundFace]]) -> NDArray[np.float64]:
    each = [(label_score(f, UNMASKED) or 0.0, label_score(f, MASKED) or 0.0) for _, f in pairs]
    sums = np.array(each, np.float64).reshape(-1, 2)
    share: NDArray[np.float64] = sums[:, 0] / np.maximum(sums.sum(axis=1), 1e-9)
    return share


def _floats(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)

"""How sure a figure is: 95 % intervals by Wilson's formula and by resampling pictures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.scoring import MASKED, UNMASKED, Outcome

_Z = 1.959964  # 97.5 % quantile of the normal distribution
SIDES = (MASKED, UNMASKED)

Counts = NDArray[np.float64]
"""(pictures, 3, groups): annotated faces, faces said, faces found and said right, each for every group of labels."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval, both 0..1 (differences −1..1)."""

    value: float
    low: float
    high: float


def wilson(hits: int, of: int) -> Estimate | None:
    """Return a share with its score interval; None of nothing. Wilson 1927, doi:10.1080/01621459.1927.10502953."""
    if of == 0:
        return None
    share, spread = hits / of, _Z * _Z / of
    middle = (share + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * math.sqrt(share * (1 - share) / of + spread / (4 * of))
    return Estimate(share, max(0.0, middle - half), min(1.0, middle + half))


def draw_weights(pictures: int, rounds: int, seed: int) -> NDArray[np.float64]:
    """Return how often each picture is drawn in each bootstrap sample, (rounds, pictures); rows sum to `pictures`.

    Faces of one picture are alike, so whole pictures are drawn. Efron 1979, doi:10.1214/aos/1176344552.
    """
    rng = np.random.default_rng(seed)
    return rng.multinomial(pictures, np.full(pictures, 1 / pictures), size=rounds).astype(np.float64)


def count_by_picture(outcomes: Iterable[Outcome], pictures: int, groups: Sequence[frozenset[str]] = SIDES) -> Counts:
    """Return the counts of each picture that F1 is made of; see `Counts`. All outcomes count."""
    counts = np.zeros((pictures, 3, len(groups)))
    for outcome in outcomes:
        for column, labels in enumerate(groups):
            there = outcome.true is not None and outcome.true.label in labels
            said = outcome.found is not None and outcome.found.label in labels
            if there or said:
                counts[outcome.picture, :, column] += there, said, there and said
    return counts


def f1_of(counts: Counts) -> NDArray[np.float64]:
    """Return the F1 of each group, (…, groups), of summed counts (…, 3, groups).

    The same figure as `scoring.score_labels` gives: 2 × right / (annotated + said), 0 where there is nothing.
    """
    f1: NDArray[np.float64] = 2 * counts[..., 2, :] / np.maximum(counts[..., 0, :] + counts[..., 1, :], 1)
    return f1


def resample_f1(counts: Counts, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the F1 of each group, (rounds, groups), of every bootstrap sample; NaN where it has no such face."""
    sums = (weights @ counts.reshape(len(counts), -1)).reshape(len(weights), *counts.shape[1:])
    return np.where(sums[:, 0] > 0, f1_of(sums), np.nan)


def estimate(value: float, samples: NDArray[np.float64]) -> Estimate:
    """Return a figure with the middle 95 % of its bootstrap samples (n,); those that are NaN do not count.

    Without any other the interval is the figure itself.
    """
    known = samples[~np.isnan(samples)]
    low, high = np.percentile(known, [2.5, 97.5]) if len(known) else (value, value)
    return Estimate(float(value), float(low), float(high))


def estimate_f1(counts: Counts, weights: NDArray[np.float64]) -> tuple[Estimate | None, ...]:
    """Return the F1 of each group, then their mean; None where there are no such faces."""
    values, samples = f1_of(counts.sum(axis=0)), resample_f1(counts, weights)
    there = counts[:, 0].any(axis=0)
    each = [estimate(value, samples[:, n]) if there[n] else None for n, value in enumerate(values)]
    return (*each, estimate(values.mean(), samples.mean(axis=1)) if there.all() else None)


def compare_f1(ours: Counts, theirs: Counts, weights: NDArray[np.float64]) -> Estimate | None:
    """Return how much higher our mean F1 is than theirs, on the same pictures and the same bootstrap samples.

    None where a group has no face, as mean F1 itself.
    """
    if not ours[:, 0].any(axis=0).all():
        return None
    difference = f1_of(ours.sum(axis=0)).mean() - f1_of(theirs.sum(axis=0)).mean()
    return estimate(difference, (resample_f1(ours, weights) - resample_f1(theirs, weights)).mean(axis=1))

"""All the figures of an evaluation: systems on annotated pictures, every one from the same outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.records import LABELS
from train import calibration, curves, intervals, scoring
from train.annotations import AnnotatedPicture
from train.calibration import Band, Reliability
from train.curves import Curve
from train.intervals import Counts, Estimate
from train.scoring import MASKED, UNKNOWN, UNMASKED, FoundFace, Outcome
from train.slices import SliceScore, Slicing, score_slices

NO_FACE, MISSED, EVERY_SET = "no face", "missed", "all"
CHAIN = {"with_mask": MASKED, "not properly masked": UNMASKED}
"""The two sides of mean F1, and what they are called."""


@dataclass(frozen=True, slots=True)
class Exam:
    """The annotated pictures of all sets, and of each picture its set and its source (set or `set/contributor`)."""

    pictures: tuple[AnnotatedPicture, ...]
    sets: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class System:
    """What a system said about the exam.

    `outcomes` are matched by the score of the label, as every figure is but the detector's curve; that one takes
    `ranked`, matched by the detector's score. `wall_s` is what its command took, by set.
    """

    name: str
    command: str
    wall_s: Mapping[str, float]
    outcomes: tuple[Outcome, ...]
    ranked: tuple[Outcome, ...]

    @staticmethod
    def make(
        name: str, command: str, wall_s: Mapping[str, float], exam: Exam, found: Sequence[Sequence[FoundFace]]
    ) -> System:
        """Match what was found in each picture of the exam, in its order."""
        ranked = scoring.match_all(exam.pictures, found, scoring.by_face_score)
        return System(name, command, wall_s, tuple(scoring.match_all(exam.pictures, found)), tuple(ranked))


@dataclass(frozen=True, slots=True)
class Headline:
    """The main figures of one system on one set, or on `all` together.

    `ahead` is by how much the first system's mean F1 is higher; None for the first itself, and where `mean_f1` is.
    """

    set: str
    min_side: float
    system: str
    faces: int
    mean_f1: Estimate | None
    masked_f1: Estimate | None
    unmasked_f1: Estimate | None
    masked_found: Estimate | None
    unmasked_found: Estimate | None
    label_right: Estimate | None
    false_faces_per_picture: float
    ahead: Estimate | None


@dataclass(frozen=True, slots=True)
class LabelScore:
    """How one label fares against all others: `right` is the share of found faces whose very label is right."""

    label: str
    faces: int
    found: Estimate | None
    right: Estimate | None
    precision: Estimate | None
    recall: Estimate | None
    f1: Estimate | None


@dataclass(frozen=True, slots=True)
class Scores:
    """Everything else about one system, on all sets together; what its lines do not tell is None or empty.

    `confusion` counts faces by annotated label (or `no face`) and said label (or `missed`).
    """

    system: str
    min_side: float
    labels: tuple[LabelScore, ...]
    confusion: Mapping[str, Mapping[str, int]]
    slices: tuple[SliceScore, ...]
    detector: Curve | None
    chain: Mapping[str, Curve]
    label_reliability: Reliability | None
    side_reliability: Reliability | None
    verdicts: Band | None
    band: tuple[Band, ...]


def sides_of(scores: Sequence[Scores]) -> list[float]:
    """Return the least face sides that systems were scored at, each once."""
    return list(dict.fromkeys(one.min_side for one in scores))


def say_side(min_side: float) -> str:
    """Return a fraction of the long side as a percentage, with all its digits: 0.015 is none of 2 %."""
    return f"{100 * min_side:g}%"


def headlines(
    exam: Exam, systems: Sequence[System], min_sides: Sequence[float], weights: NDArray[np.float64]
) -> Iterator[Headline]:
    """Yield the main figures of every set, size and system; `weights` are bootstrap samples of all the pictures."""
    sets = tuple(dict.fromkeys(exam.sets))
    for name in (*sets, EVERY_SET) if len(sets) > 1 else sets:
        inside = np.array([name in (EVERY_SET, one) for one in exam.sets], bool)
        for min_side in min_sides:
            first: Counts | None = None
            for system in systems:
                outcomes = [o for o in scoring.counted(system.outcomes, min_side) if inside[o.picture]]
                counts = intervals.count_by_picture(outcomes, len(exam.pictures))
                ahead = None if first is None else intervals.compare_f1(first, counts, weights)
                first = counts if first is None else first
                f1 = intervals.estimate_f1(counts, weights)
                yield _headline(name, min_side, system.name, outcomes, int(inside.sum()), f1, ahead)


def _headline(
    name: str, min_side: float, system: str, outcomes: Sequence[Outcome], pictures: int,
    f1: Sequence[Estimate | None], ahead: Estimate | None,
) -> Headline:  # fmt: skip
    counts = scoring.count(outcomes, pictures, 0.0)
    hits = sum(counts.pairs.values())
    masked, unmasked = (_found(outcomes, labels) for labels in (MASKED, UNMASKED))
    right = intervals.wilson(round(scoring.label_accuracy(counts) * hits), hits)
    false = scoring.false_faces_per_picture(counts)
    faces = sum(counts.faces.values())
    return Headline(name, min_side, system, faces, f1[2], f1[0], f1[1], masked, unmasked, right, false, ahead)


def _found(outcomes: Sequence[Outcome], labels: frozenset[str]) -> Estimate | None:
    found = [o.found is not None for o in outcomes if o.true is not None and o.true.label in labels]
    return intervals.wilson(sum(found), len(found))


def score_system(
    system: System, min_side: float, slicings: Sequence[Slicing], pictures: int, weights: NDArray[np.float64]
) -> Scores:
    """Return everything about one system for faces from `min_side` (a fraction of the long side) on."""
    outcomes = scoring.counted(system.outcomes, min_side)
    return Scores(
        system=system.name,
        min_side=min_side,
        labels=score_labels(outcomes, pictures, weights),
        confusion=confuse(outcomes),
        slices=tuple(score_slices(slicings, outcomes, pictures, weights)),
        detector=curves.detector_curve(scoring.counted(system.ranked, min_side)),
        chain={name: curves.chain_curve(outcomes, labels) for name, labels in CHAIN.items()},
        label_reliability=calibration.label_reliability(outcomes),
        side_reliability=calibration.side_reliability(outcomes),
        verdicts=calibration.verdict_band(outcomes),
        band=calibration.band_curve(outcomes),
    )


def labels_in(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Return the three usual labels, then others that were annotated or said."""
    true = {o.true.label for o in outcomes if o.true is not None}
    said = {o.found.label for o in outcomes if o.found is not None}
    return (*LABELS, *sorted((true | said) - {*LABELS, *UNKNOWN}))


def score_labels(outcomes: Sequence[Outcome], pictures: int, weights: NDArray[np.float64]) -> tuple[LabelScore, ...]:
    """Return how each label fares; precision and recall with Wilson's interval, F1 with a bootstrap one."""
    labels = labels_in(outcomes)
    counts = intervals.count_by_picture(outcomes, pictures, [frozenset({label}) for label in labels])
    f1 = intervals.estimate_f1(counts, weights)
    sums = counts.sum(axis=0).T.astype(int).tolist()
    return tuple(_score_label(label, sums[n], f1[n], outcomes) for n, label in enumerate(labels))


def _score_label(label: str, sums: Sequence[int], f1: Estimate | None, outcomes: Sequence[Outcome]) -> LabelScore:
    faces, said, right = sums
    found = sum(o.found is not None for o in outcomes if o.true is not None and o.true.label == label)
    return LabelScore(
        label=label,
        faces=faces,
        found=intervals.wilson(found, faces),
        right=intervals.wilson(right, found),
        precision=intervals.wilson(right, said),
        recall=intervals.wilson(right, faces),
        f1=f1,
    )


def confuse(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    """Return how many faces of each annotated label (or `no face`) were said to be what (or `missed`)."""
    labels = labels_in(outcomes)
    matrix = {true: dict.fromkeys((*labels, MISSED), 0) for true in (*labels, NO_FACE)}
    for outcome in outcomes:
        said = MISSED if outcome.found is None else outcome.found.label
        matrix[NO_FACE if outcome.true is None else outcome.true.label][said] += 1
    return matrix

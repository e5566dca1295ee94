"""Scores faces with labels against annotated pictures, end to end: found, and labeled right.

A face counts when its larger side is at least a given fraction of the picture's long side. A found box is a hit when
it overlaps a face by an IoU of 0.4 or more, the best label scores first, each face once. Mean F1 is the mean of the F1
of `with_mask` and of "not properly masked", the two other labels together. Faces labeled `face`, and faces too small,
count neither way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from edge.geometry import Box, iou
from edge.records import FACE, IGNORE, WITH_MASK, WITHOUT_MASK, WORN_INCORRECTLY
from train.annotations import AnnotatedPicture, LabeledBox

HIT_IOU = 0.4
MASKED = frozenset({WITH_MASK})
UNMASKED = frozenset({WITHOUT_MASK, WORN_INCORRECTLY})


UNKNOWN = frozenset({FACE, IGNORE})
"""Labels of boxes that count neither way."""


@dataclass(frozen=True, slots=True)
class FoundFace:
    """What a system says about one face: a box in pixels of the picture, the best label, that label's score.

    What not every system tells is None: the detector's score, the score of every label, the verdict (`masked`,
    `unmasked` or `unsure`). Scores are 0..1.
    """

    box: Box
    label: str
    score: float
    face_score: float | None = None
    scores: Mapping[str, float] | None = field(default=None, compare=False)
    verdict: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a face of one picture: annotated and found, annotated and missed, or found where none is.

    `picture` is the picture's index and `long_side_px` its long side. `box` is the annotated box, or that of a false
    face, in pixels of the picture. At most one of `true` and `found` is None.
    """

    picture: int
    long_side_px: int
    box: Box
    true: LabeledBox | None
    found: FoundFace | None

    @property
    def side_frac(self) -> float:
        """The larger side of the box as a fraction of the picture's long side."""
        return max(self.box.width, self.box.height) / self.long_side_px

    def is_large(self, min_side_frac: float) -> bool:
        """Return whether the face counts for its size."""
        return max(self.box.width, self.box.height) >= min_side_frac * self.long_side_px


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over all pictures: hits by (true label, said label), false faces by said label, faces by true label."""

    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    false_faces: Counter[str] = field(default_factory=Counter)
    faces: Counter[str] = field(default_factory=Counter)
    pictures: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1, each 0..1."""

    precision: float
    recall: float
    f1: float


def by_score(found: FoundFace) -> float:
    """Return what the matching goes by: the score of the label."""
    return found.score


def by_face_score(found: FoundFace) -> float:
    """Return the detector's score, 1.0 where the system does not tell it."""
    return 1.0 if found.face_score is None else found.face_score


def match(
    index: int, picture: AnnotatedPicture, found: Sequence[FoundFace], rank: Callable[[FoundFace], float] = by_score
) -> list[Outcome]:
    """Return what became of every annotated and every found face of a picture, of any size and label.

    The found faces choose in the order of `rank`, the highest first.
    """
    long_side = max(picture.width, picture.height)
    free = dict(enumerate(picture.faces))
    outcomes: list[Outcome] = []
    for face in sorted(found, key=lambda f: -rank(f)):
        overlaps = {number: iou(face.box, true.box) for number, true in free.items()}
        best = max(overlaps, key=lambda number: overlaps[number], default=None)
        true = free.pop(best) if best is not None and overlaps[best] >= HIT_IOU else None
        outcomes.append(Outcome(index, long_side, true.box if true else face.box, true, face))
    return outcomes + [Outcome(index, long_side, true.box, true, None) for true in free.values()]


def match_all(
    pictures: Sequence[AnnotatedPicture],
    found: Sequence[Sequence[FoundFace]],
    rank: Callable[[FoundFace], float] = by_score,
) -> list[Outcome]:
    """Return the outcomes of all pictures; `found` has the found faces of each, in the same order."""
    pairs = zip(pictures, found, strict=True)
    return [outcome for index, (picture, faces) in enumerate(pairs) for outcome in match(index, picture, faces, rank)]


def counted(outcomes: Iterable[Outcome], min_side_frac: float) -> list[Outcome]:
    """Return those that count: large enough, and not annotated as of unknown state."""
    return [o for o in outcomes if o.is_large(min_side_frac) and (o.true is None or o.true.label not in UNKNOWN)]


def tally(pictures: Sequence[AnnotatedPicture], found: Sequence[Sequence[FoundFace]], min_side_frac: float) -> Tally:
    """Return the counts for faces from `min_side_frac` of the long side on; `found` is in the order of `pictures`."""
    return count(match_all(pictures, found), len(pictures), min_side_frac)


def count(outcomes: Iterable[Outcome], pictures: int, min_side_frac: float) -> Tally:
    """Return the counts of outcomes for faces from `min_side_frac` on, of that many pictures."""
    result = Tally(pictures=pictures)
    for outcome in (o for o in outcomes if o.is_large(min_side_frac)):
        _add(outcome, result)
    return result


def _add(outcome: Outcome, into: Tally) -> None:
    true, found = outcome.true, outcome.found
    if true is not None:
        into.faces[true.label] += 1
    if found is None:
        return
    if true is None:
        into.false_faces[found.label] += 1
    elif true.label not in UNKNOWN:
        into.pairs[true.label, found.label] += 1


def score_labels(counts: Tally, labels: frozenset[str]) -> Score:
    """Return how well faces of these labels are found and told from the others."""
    right = sum(n for (true, said), n in counts.pairs.items() if true in labels and said in labels)
    wrong = sum(n for (true, said), n in counts.pairs.items() if true not in labels and said in labels)
    wrong += sum(counts.false_faces[label] for label in labels)
    there = sum(counts.faces[label] for label in labels)
    precision, recall = right / max(1, right + wrong), right / max(1, there)
    return Score(precision, recall, 2 * precision * recall / max(1e-9, precision + recall))


def mean_f1(counts: Tally) -> float:
    """Return the mean of the F1 of masked and of not properly masked faces, 0..1."""
    return float(np.mean([score_labels(counts, labels).f1 for labels in (MASKED, UNMASKED)]))


def found_frac(counts: Tally, labels: frozenset[str]) -> float:
    """Return the part of the faces of these labels that was found at all, 0..1."""
    hits = sum(n for (true, _), n in counts.pairs.items() if true in labels)
    return hits / max(1, sum(counts.faces[label] for label in labels))


def label_accuracy(counts: Tally) -> float:
    """Return the part of the found faces whose label is on the right side of masked and not properly masked, 0..1."""
    right = sum(n for (true, said), n in counts.pairs.items() if (true in UNMASKED) == (said in UNMASKED))
    return right / max(1, sum(counts.pairs.values()))


def false_faces_per_picture(counts: Tally) -> float:
    """Return how many found faces a picture has that nobody annotated."""
    return sum(counts.false_faces.values()) / max(1, counts.pictures)

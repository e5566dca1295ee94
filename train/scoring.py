"""Scores faces with labels against annotated pictures, end to end: found, and labeled right.

A face counts when its larger side is at least a given fraction of the picture's long side. A found box is a hit when
it overlaps a face by an IoU of 0.4 or more, the best scores first, each face once. Mean F1 is the mean of the F1 of
`with_mask` and of "not properly masked", the two other labels together. Faces labeled `face`, and faces too small,
count neither way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from edge.geometry import Box, iou
from edge.records import FACE, WITH_MASK, WITHOUT_MASK, WORN_INCORRECTLY
from train.annotations import AnnotatedPicture

HIT_IOU = 0.4
MASKED = frozenset({WITH_MASK})
UNMASKED = frozenset({WITHOUT_MASK, WORN_INCORRECTLY})


@dataclass(frozen=True, slots=True)
class FoundFace:
    """What a system says about one face: a box in pixels of the picture, the best label, the detector's score."""

    box: Box
    label: str
    score: float


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


def tally(
    pictures: Sequence[AnnotatedPicture], found: Mapping[str, Sequence[FoundFace]], min_side_frac: float
) -> Tally:
    """Return the counts for faces from `min_side_frac` of the picture's long side on; `found` is by file name."""
    result = Tally(pictures=len(pictures))
    for picture in pictures:
        _tally_picture(picture, found.get(picture.path.name, ()), min_side_frac * _long_side(picture), result)
    return result


def _long_side(picture: AnnotatedPicture) -> int:
    return max(picture.width, picture.height)


def _tally_picture(picture: AnnotatedPicture, found: Sequence[FoundFace], min_side_px: float, into: Tally) -> None:
    free = dict(enumerate(picture.faces))
    for face in sorted(found, key=lambda f: -f.score):
        overlaps = {index: iou(face.box, true.box) for index, true in free.items()}
        best = max(overlaps, key=lambda index: overlaps[index], default=None)
        if best is not None and overlaps[best] >= HIT_IOU:
            true = free.pop(best)
            if _side(true.box) >= min_side_px and true.label != FACE:
                into.pairs[true.label, face.label] += 1
        elif _side(face.box) >= min_side_px:
            into.false_faces[face.label] += 1
    into.faces.update(true.label for true in picture.faces if _side(true.box) >= min_side_px)


def _side(box: Box) -> float:
    return max(box.width, box.height)


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

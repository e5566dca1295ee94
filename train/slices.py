"""Splits faces into slices: by size, source, sharpness, brightness, crowd and place, and scores each slice."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.geometry import Box, common_area
from train import intervals, scoring
from train.annotations import AnnotatedPicture
from train.intervals import Estimate
from train.looks import Look, Place
from train.scoring import Outcome

_SIZES_FRAC = (0.03, 0.05, 0.08, 0.16, 0.32)
_CROWDS = (2, 5, 10)
_EDGE_FRAC = 0.01
_OVERLAP_FRAC = 0.02
"""From here on (part of the face's box that another annotated box covers) a face counts as overlapped."""


@dataclass(frozen=True, slots=True)
class Slicing:
    """One way to split faces: `names` are its slices in order, `slice_of` tells which one a face is in.

    False faces are sorted by their own box, like annotated ones.
    """

    name: str
    names: tuple[str, ...]
    slice_of: Callable[[Outcome], str]


@dataclass(frozen=True, slots=True)
class SliceScore:
    """Scores of one system on the faces of one slice, which lie in that many pictures; None where there are none."""

    slicing: str
    slice: str
    faces: int
    pictures: int
    false_faces: int
    found: Estimate | None
    label_right: Estimate | None
    masked_f1: Estimate | None
    unmasked_f1: Estimate | None
    mean_f1: Estimate | None


def make_slicings(
    pictures: Sequence[AnnotatedPicture], sources: Sequence[str], looks: Mapping[Place, Look], faces: Sequence[Place]
) -> tuple[Slicing, ...]:
    """Return the slicings of a set of pictures.

    `sources` has each picture's source. `faces` are the annotated faces whose thirds bound the terciles; `looks` must
    know them and the box of every outcome that will be sliced.
    """
    sharpness = _thirds([looks[face].sharpness for face in faces])
    luma = _thirds([looks[face].luma for face in faces])
    return (
        _numeric("size", _SIZES_FRAC, lambda o: o.side_frac, lambda v: f"{v:.0%}", "of the long side"),
        Slicing("source", tuple(sorted(set(sources))), lambda o: sources[o.picture]),
        _numeric("sharpness", sharpness, lambda o: looks[o.picture, o.box].sharpness, lambda v: f"{v:.0f}", ""),
        _numeric("brightness", luma, lambda o: looks[o.picture, o.box].luma, lambda v: f"{v:.0f}", "of 255"),
        _numeric("faces in the picture", _CROWDS, lambda o: len(pictures[o.picture].faces), lambda v: f"{v:.0f}", ""),
        _either("place", "at the picture's edge", "inside", lambda o: touches_edge(pictures[o.picture], o.box)),
        _either("overlap", "overlaps another face", "alone", lambda o: is_overlapped(pictures[o.picture], o)),
    )


def _thirds(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(float(bound) for bound in np.quantile(values, [1 / 3, 2 / 3])) if values else ()


def _numeric(
    name: str, bounds: Sequence[float], value: Callable[[Outcome], float], say: Callable[[float], str], unit: str
) -> Slicing:
    said = [say(bound) for bound in bounds]
    middle = [f"{low} to {high}" for low, high in zip(said, said[1:], strict=False)]
    plain = [f"under {said[0]}", *middle, f"from {said[-1]}"] if said else ["all"]
    names = tuple(f"{text} {unit}".strip() for text in plain)
    return Slicing(name, names, lambda outcome: names[bisect_right(bounds, value(outcome))])


def _either(name: str, yes: str, no: str, test: Callable[[Outcome], bool]) -> Slicing:
    return Slicing(name, (yes, no), lambda outcome: yes if test(outcome) else no)


def touches_edge(picture: AnnotatedPicture, box: Box) -> bool:
    """Return whether a box comes within 1 % of the picture's long side of an edge."""
    near = _EDGE_FRAC * max(picture.width, picture.height)
    low, high = min(box.x_min, box.y_min), min(picture.width - box.x_max, picture.height - box.y_max)
    return min(low, high) <= near


def is_overlapped(picture: AnnotatedPicture, outcome: Outcome) -> bool:
    """Return whether another annotated face covers a part of the face's box."""
    area = max(outcome.box.area, 1e-9)
    others = (face.box for face in picture.faces if face is not outcome.true)
    return any(common_area(outcome.box, other) >= _OVERLAP_FRAC * area for other in others)


def score_slices(
    slicings: Iterable[Slicing], outcomes: Sequence[Outcome], pictures: int, weights: NDArray[np.float64]
) -> list[SliceScore]:
    """Return the scores of one system on every slice that has a face; `outcomes` are those that count."""
    scores = []
    for slicing in slicings:
        parts: dict[str, list[Outcome]] = {name: [] for name in slicing.names}
        for outcome in outcomes:
            parts[slicing.slice_of(outcome)].append(outcome)
        scores += [_score(slicing.name, name, part, pictures, weights) for name, part in parts.items() if part]
    return scores


def _score(
    slicing: str, name: str, outcomes: Sequence[Outcome], pictures: int, weights: NDArray[np.float64]
) -> SliceScore:
    counts = scoring.count(outcomes, pictures, 0.0)
    faces, hits = sum(counts.faces.values()), sum(counts.pairs.values())
    masked, unmasked, mean = intervals.estimate_f1(intervals.count_by_picture(outcomes, pictures), weights)
    right = round(scoring.label_accuracy(counts) * hits)
    return SliceScore(
        slicing=slicing,
        slice=name,
        faces=faces,
        pictures=len({o.picture for o in outcomes if o.true is not None}),
        false_faces=sum(counts.false_faces.values()),
        found=intervals.wilson(hits, faces),
        label_right=intervals.wilson(right, hits),
        masked_f1=masked,
        unmasked_f1=unmasked,
        mean_f1=mean,
    )

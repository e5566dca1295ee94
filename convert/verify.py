"""Compares a float model with its int8 twin on held-back pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convert.samples import Sample, boxes_by_picture, face_inputs, read_picture
from convert.twins import Twin
from edge.decode import decode_faces
from edge.geometry import Boxes, iou_matrix
from edge.preprocess import detector_input
from edge.records import IGNORE

SAME_FACE_IOU = 0.4
SMALLEST_FACE_PX = 10.0
"""Faces and finds whose larger side is smaller than this, in the detector's input, count neither way."""

CANDIDATE_SCORES = tuple(float(round(score, 2)) for score in np.arange(0.2, 0.75, 0.05))


@dataclass(frozen=True, slots=True)
class Comparison:
    """A score of both models on the same samples, 0..1, larger is better.

    `min_score` is the threshold that serves the int8 model best (detectors).
    """

    measure: str
    samples: int
    float_score: float
    int8_score: float
    min_score: float | None = None

    @property
    def lost_points(self) -> float:
        """What int8 lost, in points of a hundred; negative where it gained."""
        return (self.float_score - self.int8_score) * 100


def compare_classifiers(whole: Twin, small: Twin, samples: Sequence[Sample], labels: Sequence[str]) -> Comparison:
    """Return the accuracy of the float model and of its int8 twin on the samples that carry one of the labels."""
    known = [sample for sample in samples if sample.label in labels]
    if not known:
        return Comparison("accuracy", 0, 0.0, 0.0)
    right = np.zeros((len(known), 2), bool)
    for row, (sample, rgb) in enumerate(zip(known, face_inputs(known, whole.input_size[0]), strict=True)):
        right[row] = [labels[int(twin(rgb)["scores"].argmax())] == sample.label for twin in (whole, small)]
    accuracy = right.mean(axis=0)
    return Comparison("accuracy", len(known), float(accuracy[0]), float(accuracy[1]))


def compare_detectors(whole: Twin, small: Twin, samples: Sequence[Sample], max_iou: float) -> Comparison:
    """Return the best F1 of the float model and of its int8 twin over all thresholds."""
    float_score, _ = best_f1(_look(whole, samples, max_iou))
    int8_score, min_score = best_f1(_look(small, samples, max_iou))
    return Comparison("face F1", len(boxes_by_picture(samples)), float_score, int8_score, min_score)


@dataclass(frozen=True, slots=True)
class Look:
    """What a detector found in one picture and what is there: boxes (n, 4) in input pixels, scores (n,)."""

    boxes: Boxes
    scores: NDArray[np.float32]
    truth: Boxes
    ignored: Boxes


def _look(twin: Twin, samples: Sequence[Sample], max_iou: float) -> list[Look]:
    truth = boxes_by_picture([s for s in samples if s.label != IGNORE])
    ignored = boxes_by_picture([s for s in samples if s.label == IGNORE])
    none = np.zeros((0, 4), np.float32)
    looks = []
    for path in boxes_by_picture(samples):
        rgb, fit = detector_input(read_picture(path), *twin.input_size)
        found = decode_faces(twin(rgb), min(CANDIDATE_SCORES), max_iou)
        looks.append(Look(*found, fit.to_input(truth.get(path, none)), fit.to_input(ignored.get(path, none))))
    return looks


def best_f1(looks: Sequence[Look]) -> tuple[float, float]:
    """Return the best F1 (0..1) over the candidate thresholds, and that threshold."""
    return max((detection_f1(looks, min_score), min_score) for min_score in CANDIDATE_SCORES)


def detection_f1(looks: Sequence[Look], min_score: float) -> float:
    """Return the F1, 0..1, of the faces found from a threshold on."""
    counts = np.array([_count(look, min_score) for look in looks], int).reshape(-1, 3)
    hits, false_faces, missed = (int(n) for n in counts.sum(axis=0))
    return 2 * hits / max(1, 2 * hits + false_faces + missed)


def _count(look: Look, min_score: float) -> tuple[int, int, int]:
    """Return hits, false faces and missed faces; each true face is hit at most once, by the best score first."""
    boxes = look.boxes[look.scores >= min_score]
    overlap = iou_matrix(boxes, look.truth)
    taken = np.zeros(len(look.truth), bool)
    forgiven = iou_matrix(boxes, look.ignored).max(axis=1, initial=0) >= 0.3
    hits = false_faces = 0
    for index, box in enumerate(boxes):
        free = np.where(taken, 0, overlap[index])
        if free.max(initial=0) >= SAME_FACE_IOU:
            taken[free.argmax()] = True
            hits += int(_is_large(look.truth[free.argmax()]))
        elif _is_large(box) and not forgiven[index]:
            false_faces += 1
    missed = sum(_is_large(box) for box in look.truth[~taken])
    return hits, false_faces, missed


def _is_large(box: NDArray[np.float32]) -> bool:
    return float(max(box[2] - box[0], box[3] - box[1])) >= SMALLEST_FACE_PX

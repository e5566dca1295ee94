"""SCRFD, the teacher of our detector: with the annotations' own labels the ceiling, or with our classifier.

    python scripts/peers/teacher.py --boxes CSV DATA_DIR FOLDER
    python scripts/peers/teacher.py --classifier ours DATA_DIR FOLDER

prints one JSON line a picture of FOLDER, as `maskwatch image --json` does. DATA_DIR holds
`teachers/scrfd_2.5g_kps.onnx`.

With --boxes a found face has the label of the true face of that picture (by file name) that it overlaps best, by an
IoU of 0.4 or more. Without one, and where the truth itself is not known, it is `with_mask`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from classifiers import open_ours
from lines import Look, data_file, make_faces, make_parser, make_verdict, run

from edge.classifier import Classifier
from edge.errors import UsageError
from edge.geometry import iou
from edge.looker import believe
from edge.records import LABELS, WITH_MASK, Face, Frame, Verdict
from train.annotations import AnnotatedPicture, LabeledBox, read_csv
from train.scoring import HIT_IOU
from train.teacher import Teacher

MIN_SCORE = 0.5


class TrueLabels:
    """A classifier that knows the annotations."""

    def __init__(self, pictures: Sequence[AnnotatedPicture]) -> None:
        """Keep the true faces of each picture, by file name."""
        self._faces: Mapping[str, tuple[LabeledBox, ...]] = {picture.path.name: picture.faces for picture in pictures}

    def judge(self, frame: Frame, faces: Sequence[Face]) -> tuple[Verdict, ...]:
        """Return a verdict for each face of a frame, in their order."""
        known = self._faces.get(Path(frame.name).name, ())
        return tuple(make_verdict(face, {true_label(face, known): 1.0}) for face in faces)


def true_label(face: Face, known: Sequence[LabeledBox]) -> str:
    """Return the label of the true face that a found one overlaps best; `with_mask` without one that has a label."""
    best = max(known, key=lambda true: iou(face.box, true.box), default=None)
    if best is None or iou(face.box, best.box) < HIT_IOU or best.label not in LABELS:
        return WITH_MASK
    return best.label


def find_faces(teacher: Teacher, frame: Frame, min_score: float) -> tuple[Face, ...]:
    """Return the faces of a frame from `min_score` (0.3..1) on, best score first."""
    boxes, scores = teacher.detect(frame.bgr)
    sure = scores >= min_score
    return make_faces(frame, boxes[sure], scores[sure])


def open_teacher(options: argparse.Namespace) -> Look:
    """Return the detector and classifier that the command line asks for."""
    classifier = _open_classifier(options)
    teacher = Teacher(data_file(options.data, "teachers/scrfd_2.5g_kps.onnx"))
    return lambda frame: believe(
        classifier.judge(frame, find_faces(teacher, frame, options.min_score)), options.min_score
    )


def _open_classifier(options: argparse.Namespace) -> Classifier:
    if options.classifier == "ours":
        return open_ours()
    if options.boxes is None:
        raise UsageError("--boxes is missing: give the annotations that the labels come from, or --classifier ours")
    return TrueLabels(read_csv(options.boxes))


def main(words: Sequence[str] | None = None) -> int:
    """Print a JSON line for each picture."""
    parser = make_parser(__doc__, MIN_SCORE)
    parser.add_argument("--boxes", type=Path, metavar="CSV", help="annotated pictures, for the true labels")
    parser.add_argument("--classifier", choices=("true", "ours"), default="true")
    return run(parser.parse_args(words), open_teacher)


if __name__ == "__main__":
    sys.exit(main())

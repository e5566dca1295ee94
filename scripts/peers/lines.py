"""What the peers share: their command line, their pictures, and the lines they print.

A peer prints what `maskwatch image --json` prints (see `edge.contract`), so that `python -m train evaluate` scores it
like Maskwatch itself.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from edge import detector
from edge.contract import result_line
from edge.errors import DataError, MaskwatchError
from edge.geometry import Boxes
from edge.manifest import Outline
from edge.records import NOT_FACE, WITH_MASK, AlarmState, Face, Frame, Verdict, VerdictKind
from edge.sources.files import list_pictures, read_picture

Look: TypeAlias = Callable[[Frame], Sequence[Verdict]]
"""A peer: from a picture to its faces and their labels."""


def make_parser(doc: str | None, min_score: float) -> argparse.ArgumentParser:
    """Return the command line of a peer; `min_score` (0..1) is the detector's threshold unless another is given."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder that holds peers/, teachers/ and weights/")
    parser.add_argument("folder", type=Path, help="the pictures")
    parser.add_argument(
        "--min-score", type=float, default=min_score, metavar="FRAC", help="a face counts from here on (%(default)s)"
    )
    return parser


def run(options: argparse.Namespace, open_look: Callable[[argparse.Namespace], Look]) -> int:
    """Open a peer, print its lines, and return the exit code; what is wrong goes to standard error."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        return print_lines(open_look(options), options.folder)
    except MaskwatchError as exc:
        print(exc, file=sys.stderr)
        return exc.exit_code


def print_lines(look: Look, folder: Path) -> int:
    """Print one JSON line a picture of the folder and return 0; one that cannot be read is said and passed over."""
    for index, path in enumerate(list_pictures([folder])):
        try:
            frame = Frame(index, 0.0, read_picture(path), str(path))
        except DataError as exc:
            print(exc, file=sys.stderr)
            continue
        verdicts = [verdict for verdict in look(frame) if verdict.label != NOT_FACE]
        print(result_line(frame, verdicts, AlarmState.CLEAR), flush=True)
    return 0


def data_file(data: Path, name: str) -> Path:
    """Return where a file of the data folder lies. Raises DataError when it is missing."""
    path = data / name
    if not path.is_file():
        raise DataError(f"{path}: no such file; give the folder that holds peers/, teachers/ and weights/")
    return path


def make_faces(frame: Frame, boxes: Boxes, scores: NDArray[np.float32]) -> tuple[Face, ...]:
    """Return boxes (n, 4) in pixels and scores (n,) in 0..1 as faces: cut at the picture's border, none under 1 px."""
    return detector.make_faces(frame, boxes, scores, Outline())


def make_verdict(face: Face, scores: Mapping[str, float]) -> Verdict:
    """Return what a peer says that knows no "unsure": the best of its labels."""
    label = max(scores, key=lambda name: scores[name])
    kind = VerdictKind.MASKED if label == WITH_MASK else VerdictKind.UNMASKED
    return Verdict(face, label, scores[label], scores, kind)


def make_verdicts(
    frame: Frame, boxes: Boxes, scores: NDArray[np.float32], labels: Sequence[str]
) -> tuple[Verdict, ...]:
    """Return the faces of a one-pass detector: boxes (n, 4) in pixels and scores (n, labels), 0..1.

    The best of its scores is a face's own.
    """
    return tuple(
        make_verdict(face, dict(zip(labels, (float(v) for v in row), strict=True)))
        for box, row in zip(boxes, scores, strict=True)
        for face in make_faces(frame, box[None], row.max(keepdims=True))
    )

"""What the classifier says about bare faces with a hand, scarf, beard, cup or mask drawn before them.

    .venv/bin/python scripts/bench/occlusions.py models/mask_classifier.tflite [MODEL …] \
        --boxes ../shared/data/detection/adityap27/annotations.csv --teacher ../shared/data/teachers/scrfd_2.5g_kps.onnx

The faces should be of a source that no model has learned from. Each is cut once, everything is drawn on that cut, and
the models judge it as the device does, by their own `min_score`. Needs the development environment.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from edge.classifier import TfliteClassifier  # noqa: E402
from edge.errors import MaskwatchError, UsageError  # noqa: E402
from edge.geometry import Box  # noqa: E402
from edge.manifest import CLASSIFIER_KIND  # noqa: E402
from edge.preprocess import CROP_MARGIN_FRAC, Picture  # noqa: E402
from edge.records import NOT_FACE, WITHOUT_MASK, WORN_INCORRECTLY, Face, Frame, VerdictKind  # noqa: E402
from edge.runtime.tflite import TfliteModel  # noqa: E402
from train.dressing import draw_on_crop  # noqa: E402
from train.face_map import Points  # noqa: E402
from train.faces import cut_face, faces_of, read_picture  # noqa: E402
from train.landmarks import find_landmarks  # noqa: E402
from train.occlusions import OCCLUSIONS  # noqa: E402
from train.painting import Draw  # noqa: E402
from train.report import table  # noqa: E402
from train.sources import add_boxes_arguments, read_sources  # noqa: E402
from train.synthetic_masks import HANGING, WAYS, wearing  # noqa: E402

_CUT_PX: Final = 256
_LEAST_PX: Final = 48
_SAID: Final = (*VerdictKind, NOT_FACE)
_ALARM_LABELS: Final = (WITHOUT_MASK, WORN_INCORRECTLY)


Bare = tuple[Picture, Box, Points]
"""A face's crop (256, 256, 3) uint8 RGB; in pixels of its picture, its box and its landmarks (5, 2)."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table a model and return the exit code."""
    options = build_parser().parse_args(arguments)
    try:
        faces = _read_faces(options)
        crops = {what: draw_all(faces, draw) for what, draw in drawings().items()}
        for path in options.models:
            classifier = TfliteClassifier(TfliteModel(path, CLASSIFIER_KIND), options.min_score, _ALARM_LABELS)
            print(f"\n{path}: {len(faces)} bare faces, each in every row\n\n{judge(classifier, crops)}")
    except MaskwatchError as exc:
        print(f"occlusions: {exc}", file=sys.stderr)
        return exc.exit_code
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path, metavar="TFLITE")
    add_boxes_arguments(parser, required=True)
    parser.add_argument("--teacher", type=Path, required=True, metavar="ONNX", help="finds eyes, nose and mouth")
    parser.add_argument("--min-score", type=float, help="instead of the manifest's")
    return parser


def drawings() -> Mapping[str, Draw]:
    """Return what can be drawn, by name."""
    ways = {f"mask, {way}": wearing(way) for way in (*WAYS, HANGING)}
    return {"nothing": lambda picture, face, rng: picture, **OCCLUSIONS, **ways}


def draw_all(faces: Sequence[Bare], draw: Draw) -> list[Picture]:
    """Return the faces' crops, (256, 256, 3) uint8 BGR, each with something drawn on it."""
    return [_draw(*face, draw, seed) for seed, face in enumerate(faces)]


def judge(classifier: TfliteClassifier, crops: Mapping[str, Sequence[Picture]]) -> str:
    """Return a Markdown table: for everything drawn the percentages called masked, unmasked, unsure and no face."""
    rows = []
    for what, some in crops.items():
        counts = Counter(_say(classifier, crop) for crop in some)
        rows.append((what, *(f"{100 * counts[said] / len(some):.1f} %" for said in _SAID)))
    return table(("drawn", *(said.replace("_", " ") for said in _SAID)), rows)


def _read_faces(options: argparse.Namespace) -> list[Bare]:
    """Return the bare faces from _LEAST_PX on whose eyes, nose and mouth the teacher finds."""
    with tempfile.TemporaryDirectory() as folder:
        sources = read_sources(options.boxes, options.teacher, Path(folder), options.rename)
        bare = [face for name, pictures in sources.items() for face in faces_of(pictures, name, (WITHOUT_MASK,))]
        large = [face for face in bare if face.box and max(face.box.width, face.box.height) >= _LEAST_PX]
        found = find_landmarks(large, options.teacher, Path(folder) / "landmarks.csv")
    if not found:
        raise UsageError(f"no bare face there is {_LEAST_PX} pixels large and found by the teacher; give other --boxes")
    return [(cut_face(read_picture(at.path), at.box, _CUT_PX), at.box, each) for at, each in found.items() if at.box]


def _draw(rgb: Picture, box: Box, landmarks: Points, draw: Draw, seed: int) -> Picture:
    drawn = draw_on_crop(rgb, box, landmarks, box, draw, np.random.default_rng(seed))
    return np.ascontiguousarray(drawn[..., ::-1])


def _say(classifier: TfliteClassifier, crop: Picture) -> str:
    edge = _CUT_PX * CROP_MARGIN_FRAC / (1 + 2 * CROP_MARGIN_FRAC)
    face = Face(0, Box(edge, edge, _CUT_PX - edge, _CUT_PX - edge), 1.0)
    verdict = classifier.judge(Frame(0, 0.0, crop), [face])[0]
    return NOT_FACE if verdict.label == NOT_FACE else str(verdict.kind)


if __name__ == "__main__":
    sys.exit(main())

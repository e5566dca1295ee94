"""What the classifier says about bare faces with a hand, scarf, beard, cup or mask drawn before them.

    .venv/bin/python scripts/bench/occlusions.py models/mask_classifier.tflite [MODEL …] \
        --boxes ../shared/data/detection/adityap27/annotations.csv --teacher ../shared/data/teachers/scrfd_2.5g_kps.onnx

The faces should be of a source that no model has learned from. Each is cut once, everything is drawn on that cut, and
the models judge it as the device does, by their own `min_score`. Needs the development environment.
"""

from __future__ import annotations

import argparse
import sys
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
from train.dressing import Draw, draw_on_crop  # noqa: E402
from train.face_map import Points  # noqa: E402
from train.faces import LabeledFace, cut_face, faces_of, read_picture  # noqa: E402
from train.landmarks import find_landmarks  # noqa: E402
from train.occlusions import OCCLUSIONS  # noqa: E402
from train.report import table  # noqa: E402
from train.sources import add_boxes_arguments, read_sources  # noqa: E402
from train.synthetic_masks import HANGING, WAYS, draw_mask  # noqa: E402

_CUT_PX: Final = 256
_LEAST_PX: Final = 48
_SAID: Final = (*VerdictKind, NOT_FACE)
_ALARM_LABELS: Final = (WITHOUT_MASK, WORN_INCORRECTLY)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table a model and return the exit code."""
    options = build_parser().parse_args(arguments)
    try:
        faces = _read_faces(options)
        crops = {what: _draw_all(faces, draw) for what, draw in drawings().items()}
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
    parser.add_argument(
        "--kept", type=Path, default=ROOT / "out" / "occlusions", help="what the teacher found (%(default)s)"
    )
    return parser


def drawings() -> Mapping[str, Draw]:
    """Return what can be drawn, by name."""
    ways = {f"mask, {way}": _mask(way) for way in (*WAYS, HANGING)}
    return {"nothing": lambda picture, face, rng: picture, **OCCLUSIONS, **ways}


def judge(classifier: TfliteClassifier, crops: Mapping[str, Sequence[Picture]]) -> str:
    """Return a Markdown table: a row for everything drawn, the percentage of faces called masked, unmasked and so on."""
    rows = []
    for what, some in crops.items():
        counts = Counter(_say(classifier, crop) for crop in some)
        rows.append((what, *(f"{100 * counts[said] / len(some):.1f} %" for said in _SAID)))
    return table(("drawn", *(said.replace("_", " ") for said in _SAID)), rows)


def _mask(way: str) -> Draw:
    return lambda picture, face, rng: draw_mask(picture, face, way, rng)[0]


def _read_faces(options: argparse.Namespace) -> list[tuple[LabeledFace, Points]]:
    """Return the bare faces from _LEAST_PX on whose eyes, nose and mouth the teacher finds."""
    sources = read_sources(options.boxes, options.teacher, options.kept, options.rename)
    bare = [face for name, pictures in sources.items() for face in faces_of(pictures, name, (WITHOUT_MASK,))]
    large = [face for face in bare if face.box and max(face.box.width, face.box.height) >= _LEAST_PX]
    found = find_landmarks(large, options.teacher, options.kept / "landmarks.csv")
    if not found:
        raise UsageError(f"no bare face there is {_LEAST_PX} pixels large and found by the teacher; give other --boxes")
    return list(found.items())


def _draw_all(faces: Sequence[tuple[LabeledFace, Points]], draw: Draw) -> list[Picture]:
    return [_draw(face, landmarks, draw, seed) for seed, (face, landmarks) in enumerate(faces)]


def _draw(face: LabeledFace, landmarks: Points, draw: Draw, seed: int) -> Picture:
    """Return a face's crop, (256, 256, 3) uint8 BGR, with something drawn on it."""
    assert face.box is not None
    rgb = cut_face(read_picture(face.path), face.box, _CUT_PX)
    drawn = draw_on_crop(rgb, face.box, landmarks, face.box, draw, np.random.default_rng(seed))
    return np.ascontiguousarray(drawn[..., ::-1])


def _say(classifier: TfliteClassifier, crop: Picture) -> str:
    edge = _CUT_PX * CROP_MARGIN_FRAC / (1 + 2 * CROP_MARGIN_FRAC)
    face = Face(0, Box(edge, edge, _CUT_PX - edge, _CUT_PX - edge), 1.0)
    verdict = classifier.judge(Frame(0, 0.0, crop), [face])[0]
    return NOT_FACE if verdict.label == NOT_FACE else str(verdict.kind)


if __name__ == "__main__":
    sys.exit(main())

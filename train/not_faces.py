"""What the detector takes for a face and is none, for the classifier to learn to refuse: hard negatives.

Where neither people nor the teacher saw anything, a find of the detector is a hand, an ear, a round sign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge.decode import decode_faces
from edge.geometry import Box, Boxes
from edge.manifest import DETECTOR_KIND
from edge.preprocess import Picture, detector_input
from edge.records import NOT_FACE
from edge.runtime import Model
from edge.runtime.tflite import TfliteModel
from train.annotations import AnnotatedPicture, LabeledBox, read_csv, write_csv
from train.faces import SMALLEST_FACE_PX, LabeledFace, read_picture
from train.sources import check_kept
from train.whole_files import write_whole

_MIN_SCORE = 0.25
"""Well below what the device asks for: what nearly passes for a face teaches too."""

_MOST_KNOWN = 0.2
"""Part of a find that may lie within known faces and places to ignore."""


def find_not_faces(sources: Mapping[str, Sequence[AnnotatedPicture]], detector: Path, cache: Path) -> list[LabeledFace]:
    """Return the false finds of a detector (`*.tflite` with its manifest) in the pictures of each data set.

    What was found is kept in the folder `cache`. Raises ModelError when the detector cannot be loaded, DataError when a
    picture cannot be read, UsageError when what is kept is of other pictures.
    """
    found: list[LabeledFace] = []
    for source, pictures in sources.items():
        kept = cache / f"not_faces-{source.replace('/', '-')}.csv"
        if not kept.is_file():
            _mine(kept, source, pictures, detector)
        found += _read(kept, source, pictures)
    return found


def _mine(kept: Path, source: str, pictures: Sequence[AnnotatedPicture], detector: Path) -> None:
    find = partial(find_boxes, TfliteModel(detector, DETECTOR_KIND))
    false = [false_finds(picture, find) for picture in tqdm(pictures, desc=source, unit="picture")]
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_whole(kept, lambda unfinished: write_csv(unfinished, false))


def find_boxes(detector: Model, bgr: Picture) -> Boxes:
    """Return the boxes (n, 4), in pixels of the picture, of what a detector takes for faces."""
    rgb, fit = detector_input(bgr, *detector.manifest.input_size)
    boxes, _ = decode_faces(detector.invoke(rgb), _MIN_SCORE, detector.manifest.thresholds.max_iou)
    height, width = bgr.shape[:2]
    return np.clip(fit.to_picture(boxes), 0, [width, height, width, height]).astype(np.float32)


def false_finds(picture: AnnotatedPicture, find: Callable[[Picture], Boxes]) -> AnnotatedPicture:
    """Return the picture with nothing but the false ones of the boxes that `find` finds, labeled `not_face`."""
    boxes = find(read_picture(picture.path))
    large = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0) >= SMALLEST_FACE_PX
    false = boxes[large & (known_parts(boxes, picture.boxes()) <= _MOST_KNOWN)]
    return picture.with_faces([LabeledBox(Box(*(float(v) for v in box)), NOT_FACE) for box in false])


def known_parts(boxes: Boxes, known: Boxes) -> NDArray[np.float32]:
    """Return which part, 0..1, of each of `boxes` (n, 4) lies within that of `known` (m, 4) that covers most of it."""
    low = np.maximum(boxes[:, None, :2], known[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], known[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=2)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return np.asarray(shared.max(axis=1, initial=0.0) / np.maximum(area, 1e-6), np.float32)


def _read(kept: Path, source: str, pictures: Sequence[AnnotatedPicture]) -> Iterator[LabeledFace]:
    found = read_csv(kept, pictures[0].path.parent)
    check_kept(kept, {picture.path for picture in found}, pictures)
    for picture in found:
        for face in picture.faces:
            yield LabeledFace(picture.path, face.box, face.label, source)

"""Where eyes, nose and mouth of the faces are, as the teacher sees them, kept beside a run."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from edge.errors import DataError
from edge.geometry import iou_matrix
from train.face_map import Points
from train.faces import LabeledFace, read_picture
from train.whole_files import write_whole

_SAME_FACE_IOU = 0.4
_COLUMNS = ("path", "x_min", "y_min", "x_max", "y_max", *(f"{axis}{number}" for number in range(5) for axis in "xy"))

Key = tuple[str, float, float, float, float]


def landmarks_to_draw_on(options: argparse.Namespace, faces: Sequence[LabeledFace]) -> dict[LabeledFace, Points]:
    """Return the landmarks of faces that may get something drawn on; none without `--synthetic` or a `--teacher`."""
    if not options.synthetic or not options.teacher:
        return {}
    return find_landmarks(faces, options.teacher, options.output / "repaired" / "landmarks.csv")


def find_landmarks(faces: Sequence[LabeledFace], onnx: Path, kept: Path) -> dict[LabeledFace, Points]:
    """Return the landmarks (5, 2) in pixels of the picture, of those faces with a box that the teacher finds too.

    The order is eyes, tip of the nose, corners of the mouth. `onnx` is an SCRFD model with landmarks; it looks once,
    what it found is kept in the file `kept`. Raises DataError when there is no such model.
    """
    if not kept.is_file():
        if not onnx.is_file():
            raise DataError(f"{onnx}: no such teacher; give an SCRFD model as .onnx, or leave out --teacher")
        _keep(kept, _look(faces, onnx))
    known = _read(kept)
    return {face: known[_key(face)] for face in faces if face.box is not None and _key(face) in known}


def _look(faces: Sequence[LabeledFace], onnx: Path) -> Iterator[tuple[LabeledFace, Points]]:
    from train.teacher import Teacher  # needs onnxruntime, which nothing else here does

    teacher = Teacher(onnx)
    by_picture: dict[Path, list[LabeledFace]] = {}
    for face in faces:
        if face.box is not None:
            by_picture.setdefault(face.path, []).append(face)
    for path, some in tqdm(by_picture.items(), desc="landmarks", unit="picture"):
        boxes, _, landmarks = teacher.detect_landmarks(read_picture(path))
        mine = np.array([face.box.as_tuple() for face in some if face.box], np.float32)
        for face, overlap in zip(some, iou_matrix(mine, boxes), strict=True):
            if overlap.max(initial=0) >= _SAME_FACE_IOU and np.isfinite(landmarks[overlap.argmax()]).all():
                yield face, landmarks[overlap.argmax()]


def _key(face: LabeledFace) -> Key:
    x_min, y_min, x_max, y_max = face.box.as_tuple() if face.box else (0.0,) * 4
    return str(face.path), x_min, y_min, x_max, y_max


def _keep(kept: Path, found: Iterable[tuple[LabeledFace, Points]]) -> None:
    write_whole(kept, lambda unfinished: _write(unfinished, found))


def _write(path: Path, found: Iterable[tuple[LabeledFace, Points]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        writer.writerows((*_key(face), *points.round(2).ravel()) for face, points in found)


def _read(kept: Path) -> Mapping[Key, Points]:
    with kept.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    return {_key_of(row): np.array(row[5:], np.float32).reshape(5, 2) for row in rows}


def _key_of(row: Sequence[str]) -> Key:
    x_min, y_min, x_max, y_max = (float(word) for word in row[1:5])
    return row[0], x_min, y_min, x_max, y_max

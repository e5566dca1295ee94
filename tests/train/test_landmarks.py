from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.errors import DataError
from edge.geometry import Box
from train.annotations import read_csv
from train.faces import LabeledFace, faces_of
from train.landmarks import find_landmarks


def test_a_missing_teacher_is_named(tmp_path: Path) -> None:
    face = LabeledFace(tmp_path / "a.jpg", Box(0, 0, 9, 9), "without_mask", "drawn")
    with pytest.raises(DataError, match=r"none\.onnx: no such teacher"):
        find_landmarks([face], tmp_path / "none.onnx", tmp_path / "landmarks.csv")


@pytest.mark.data
def test_the_teacher_sees_eyes_above_nose_above_mouth_and_looks_once(shared_data: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="the train extra is not installed")
    folder = shared_data / "detection" / "jolignier"
    pictures = read_csv(folder / "annotations.csv", folder / "images")
    bare = [face for face in faces_of(pictures, "jolignier", {"without_mask"}) if face.box and face.box.width > 80][:6]
    kept = tmp_path / "run" / "landmarks.csv"
    found = find_landmarks(bare, shared_data / "teachers" / "scrfd_2.5g_kps.onnx", kept)
    assert len(found) >= 4
    for points in found.values():
        assert points[:2, 1].mean() < points[2, 1] < points[3:, 1].mean()
    again = find_landmarks(bare, tmp_path / "none.onnx", kept)
    assert found.keys() == again.keys()
    assert all(np.allclose(found[face], again[face], atol=0.01) for face in found)

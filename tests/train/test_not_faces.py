from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from scripted import ScriptedModel

from edge.errors import UsageError
from edge.geometry import Box, Boxes
from edge.preprocess import Picture
from edge.records import FACE, IGNORE, NOT_FACE
from train.annotations import AnnotatedPicture, LabeledBox, write_csv
from train.cli import main
from train.faces import LabeledFace
from train.not_faces import false_finds, find_boxes, find_not_faces, known_parts

MASKED, HAND, CROWD, SPECK = Box(20, 20, 60, 60), Box(120, 30, 150, 66), Box(200, 100, 216, 118), Box(90, 90, 96, 97)


def find_always(bgr: Picture) -> Boxes:
    """Find the same boxes in every picture."""
    return np.array([box.as_tuple() for box in (MASKED, HAND, CROWD, SPECK)], np.float32)


@pytest.fixture
def picture(tmp_path: Path) -> AnnotatedPicture:
    path = tmp_path / "door.png"
    cv2.imwrite(str(path), np.zeros((180, 320, 3), np.uint8))
    known = (LabeledBox(Box(18, 22, 58, 62), "with_mask"), LabeledBox(Box(180, 80, 320, 180), IGNORE))
    return AnnotatedPicture(path, 320, 180, known)


def test_a_find_where_nobody_saw_anything_is_no_face(picture: AnnotatedPicture) -> None:
    assert false_finds(picture, find_always).faces == (LabeledBox(HAND, NOT_FACE),)


def test_a_face_whose_mask_nobody_knows_is_a_face(picture: AnnotatedPicture) -> None:
    assert false_finds(picture.with_faces([LabeledBox(HAND, FACE)]), find_always).faces == (
        LabeledBox(MASKED, NOT_FACE),
        LabeledBox(CROWD, NOT_FACE),
    )


def test_a_find_within_a_large_known_place_is_known() -> None:
    boxes = np.array([[10, 10, 20, 20], [95, 10, 105, 20], [200, 10, 210, 20]], np.float32)
    known = np.array([[0, 0, 100, 100], [300, 0, 400, 100]], np.float32)
    assert known_parts(boxes, known) == pytest.approx([1.0, 0.5, 0.0])
    assert known_parts(boxes, np.empty((0, 4), np.float32)) == pytest.approx([0.0, 0.0, 0.0])


def test_doubtful_finds_are_found_too_in_pixels_of_the_picture() -> None:
    outputs = {}
    for stride in (8, 16, 32):
        outputs[f"score_{stride}"] = np.full((64 // stride, 96 // stride, 1), -9, np.float32)
        outputs[f"distance_{stride}"] = np.ones((64 // stride, 96 // stride, 4), np.float32)
    outputs["score_16"][1, 2] = -0.8  # a score of 0.31
    boxes = find_boxes(ScriptedModel(outputs, (96, 64)), np.zeros((640, 960, 3), np.uint8))
    assert boxes.tolist() == [[240, 80, 560, 400]]


def test_labels_without_not_face_and_a_detector_contradict(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["--folders", str(tmp_path), "--labels", "with_mask", "without_mask", "--detector", "eyes.tflite"]
    assert main(["classifier", *words, "--output", str(tmp_path / "run")]) == 2
    assert "--labels does not name" in capsys.readouterr().err


def test_a_detector_that_is_not_there_is_named(
    picture: AnnotatedPicture, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "door.csv").write_text(
        "image,width,height,x_min,y_min,x_max,y_max,label\ndoor.png,320,180,18,22,58,62,with_mask\n"
    )
    words = ["--boxes", f"{tmp_path / 'door.csv'}={tmp_path}", "--detector", str(tmp_path / "eyes.tflite")]
    assert main(["classifier", *words, "--output", str(tmp_path / "run")]) == 4
    assert "eyes.tflite" in capsys.readouterr().err


def test_false_finds_that_were_kept_are_used_for_the_same_pictures_only(
    picture: AnnotatedPicture, tmp_path: Path
) -> None:
    empty = AnnotatedPicture(tmp_path / "empty.png", 320, 180, ())
    write_csv(tmp_path / "not_faces-door.csv", [picture.with_faces([LabeledBox(HAND, NOT_FACE)]), empty])
    found = find_not_faces({"door": [picture, empty]}, tmp_path / "eyes.tflite", tmp_path)
    assert found == [LabeledFace(picture.path, HAND, NOT_FACE, "door")]
    with pytest.raises(UsageError, match=r"not_faces-door\.csv: is of other pictures .* choose another --output"):
        find_not_faces({"door": [empty]}, tmp_path / "eyes.tflite", tmp_path)

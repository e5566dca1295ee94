from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_faces import draw_scene, write_class_folders

from edge.errors import DataError
from edge.geometry import Box
from edge.preprocess import classifier_input
from train.annotations import AnnotatedPicture, LabeledBox
from train.faces import LabeledFace, count_by_source, cut_face, faces_of, labels_of, read_folders, read_picture


def test_class_folders_give_whole_pictures_with_the_folders_label(tmp_path: Path) -> None:
    faces = read_folders(write_class_folders(tmp_path / "classic", 3))
    assert [face.label for face in faces] == ["with_mask"] * 3 + ["without_mask"] * 3
    assert {(face.box, face.source) for face in faces} == {(None, "classic")}


def test_only_the_folders_of_wanted_labels_are_read(tmp_path: Path) -> None:
    faces = read_folders(write_class_folders(tmp_path, 2), labels={"with_mask"})
    assert {face.label for face in faces} == {"with_mask"}


def test_a_missing_or_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere: no such folder"):
        read_folders(tmp_path / "nowhere")
    with pytest.raises(DataError, match="no pictures in its class folders"):
        read_folders(tmp_path)


def test_hidden_folders_and_files_are_passed_over(tmp_path: Path) -> None:
    seen = read_folders(write_class_folders(tmp_path, 1))
    for name in (".ipynb_checkpoints/0.jpg", "with_mask/._0.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert read_folders(tmp_path) == seen


def test_files_of_kinds_that_are_not_read_are_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    seen = read_folders(write_class_folders(tmp_path, 1))
    assert not caplog.messages
    for name in ("a.HEIC", "b.jfif", "c.jpg.d"):
        (tmp_path / "without_mask" / name).touch()
    assert read_folders(tmp_path) == seen
    assert caplog.messages == [
        f"{tmp_path}: left out: 3 files that are not read here, such as without_mask/a.HEIC; save pictures as JPEG"
    ]


def test_a_gif_is_refused_before_training_fails_on_it(tmp_path: Path) -> None:
    write_class_folders(tmp_path, 1)
    (tmp_path / "with_mask" / "a.gif").touch()
    with pytest.raises(DataError, match=r"a\.gif: training reads no GIF; `python -m train prepare` makes JPEGs"):
        read_folders(tmp_path)


def test_faces_too_small_or_of_unknown_mask_state_are_skipped() -> None:
    boxes = [("with_mask", 14), ("with_mask", 13), ("face", 50), ("ignore", 50), ("without_mask", 40)]
    labeled = tuple(LabeledBox(Box(0, 0, 5, side), label) for label, side in boxes)
    picture = AnnotatedPicture(Path("a.jpg"), 100, 100, labeled)
    assert [face.label for face in faces_of([picture], "s")] == ["with_mask", "without_mask"]
    assert [face.label for face in faces_of([picture], "s", ["without_mask"])] == ["without_mask"]


def test_a_face_with_a_box_is_cut_as_the_device_cuts_it() -> None:
    bgr, box = draw_scene(1)
    assert np.array_equal(cut_face(bgr, box, 32), classifier_input(bgr, box, 32))


def test_a_whole_picture_is_squeezed_into_the_square_in_rgb() -> None:
    bgr = np.zeros((40, 80, 3), np.uint8)
    bgr[:, :40] = (255, 0, 0)
    rgb = cut_face(bgr, None, 32)
    assert rgb[5, 5].tolist() == [0, 0, 255]
    assert rgb[5, 30].tolist() == [0, 0, 0]


def test_an_unreadable_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("no")
    with pytest.raises(DataError, match=r"a\.jpg: not a picture"):
        read_picture(tmp_path / "a.jpg")
    cv2.imwrite(str(tmp_path / "b.png"), np.zeros((4, 5), np.uint8))
    assert read_picture(tmp_path / "b.png").shape == (4, 5, 3)


def faces(*labels: str) -> list[LabeledFace]:
    return [LabeledFace(Path("a"), None, label, "s") for label in labels]


def test_labels_keep_the_order_that_was_asked_for() -> None:
    assert labels_of(faces("b", "a", "b")) == ("a", "b")
    assert labels_of(faces("b", "a", "b"), ["b", "a"]) == ("b", "a")


def test_a_label_without_a_face_is_named() -> None:
    with pytest.raises(DataError, match="no face is labeled c; found were"):
        labels_of(faces("a", "b"), ["a", "b", "c"])
    with pytest.raises(DataError, match="two labels or more"):
        labels_of(faces("a"))


def test_a_label_that_is_named_twice_is_refused_as_the_device_would_refuse_the_model() -> None:
    with pytest.raises(DataError, match="a, a, b: one of these labels is named twice; name each once"):
        labels_of(faces("a", "b"), ["a", "a", "b"])


def test_a_model_to_go_on_from_keeps_its_labels() -> None:
    assert labels_of(faces("b", "a"), known=("c", "b", "a")) == ("c", "b", "a")
    assert labels_of(faces("b", "a"), ["c", "b", "a"], known=("c", "b", "a")) == ("c", "b", "a")
    assert labels_of(faces("b", "a"), ["a", "b"], known=("c", "b", "a")) == ("a", "b")


def test_a_label_that_the_model_to_go_on_from_does_not_know_is_named() -> None:
    with pytest.raises(DataError, match="does not know veil; name the labels to learn with --labels"):
        labels_of(faces("a", "b", "veil"), known=("a", "b"))


def test_faces_are_counted_by_source_and_label() -> None:
    assert count_by_source(faces("a", "b", "a")) == {"s": {"a": 2, "b": 1}}

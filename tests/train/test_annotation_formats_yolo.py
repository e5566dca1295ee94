"""Annotations as YOLO files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from annotation_folders import read, write

from edge.errors import DataError


def test_yolo_boxes_and_polygons_become_boxes_in_pixels(yolo: Path) -> None:
    write(yolo / "labels" / "a.txt", "0 0.5 0.5 0.1 0.2\n\n1 0.1 0.2 0.3 0.2 0.2 0.6\n")
    (picture,) = read(yolo)
    assert [face.label for face in picture.faces] == ["with_mask", "without_mask"]
    assert picture.boxes() == pytest.approx(np.array([[90, 40, 110, 60], [20, 20, 60, 60]]), abs=1e-3)


def test_an_empty_yolo_file_is_a_picture_without_a_face(yolo: Path) -> None:
    write(yolo / "labels" / "a.txt", "")
    assert [picture.faces for picture in read(yolo)] == [()]


@pytest.mark.parametrize(
    "text",
    [
        "names: ['with_mask', 'without_mask']",
        "nc: 2\nnames: [with_mask,\n  without_mask]  # two\n",
        "names: {0: with_mask, 1: without_mask}",
        "train: x\nnames:\n- with_mask\n- without_mask\nnc: 2\n",
        "names:\n  # ours\n  1: \"without_mask\"\n  0: 'with_mask'  # worn\n\nnc: 2\n",
    ],
)
def test_names_are_read_from_data_yaml_above_the_labels(street: Path, text: str) -> None:
    write(street / "data.yaml", text)
    write(street / "labels" / "a.txt", "0 .5 .5 .1 .1\n1 .5 .5 .1 .1\n")
    assert [face.label for face in read(street)[0].faces] == ["with_mask", "without_mask"]


@pytest.mark.parametrize(
    "text", ["nc: 2\n", "names:\nnc: 2\n", "names: masks.txt\n", "names: [a]\nkpt_shape: [5, 2]\n"]
)
def test_a_data_yaml_without_usable_names_asks_for_classes_txt(street: Path, text: str) -> None:
    write(street / "data.yaml", text)
    write(street / "labels" / "a.txt", "")
    with pytest.raises(DataError, match=r"data\.yaml: no list `names:`.*classes\.txt"):
        read(street)


def test_an_empty_line_among_the_names_shifts_no_class(yolo: Path) -> None:
    write(yolo / "labels" / "classes.txt", "\nwith_mask\nwithout_mask\n\n")
    rows = write(yolo / "labels" / "a.txt", "1 .5 .5 .1 .1\n2 .5 .5 .1 .1\n")
    assert [face.label for face in read(yolo)[0].faces] == ["with_mask", "without_mask"]
    rows.write_text("0 .5 .5 .1 .1\n")
    with pytest.raises(DataError, match=r"a\.txt:1: class 0 has no name; the names are \{1: 'with_mask', 2: "):
        read(yolo)


def test_missing_names_are_asked_for(street: Path) -> None:
    write(street / "labels" / "a.txt", "0 .5 .5 .1 .1\n")
    with pytest.raises(DataError, match=r"labels: neither classes\.txt nor data\.yaml"):
        read(street)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2 .5 .5 .1 .1", "class 2 has no name; the names are {0: 'with_mask', 1: 'without_mask'}"),
        ("-1 .5 .5 .1 .1", "class -1 has no name"),
        ("mask .5 .5 .1 .1", "class mask has no name"),
        ("0 .5 .5 .1", "`class cx cy width height` or"),
        ("0 .5 .5 .1 .1 .9", "`class cx cy width height` or"),
        ("0 .5 .5 .1 .1 .9 .9 .9", "`class cx cy width height` or"),
        ("0 .5 .5 x .1", "numbers are expected after the class, got .5 .5 x .1"),
        ("0 .5 .5 inf .1", "numbers are expected after the class, got .5 .5 inf .1"),
        ("0 60 40 20 20", "fractions of the picture, 0 to 1, are expected, got 60 40 20 20"),
        ("0 .5 .5 -.1 .1", "the first corner must be left of and above the second, got -20x10 px"),
        ("0 .5 .5 .1 .1 -1 -1", "fractions of the picture"),
    ],
)
def test_a_broken_yolo_row_is_named_with_its_line(yolo: Path, row: str, message: str) -> None:
    write(yolo / "labels" / "a.txt", f"0 .5 .5 .1 .1\n{row}\n")
    with pytest.raises(DataError) as caught:
        read(yolo)
    assert "a.txt:2: " in str(caught.value)
    assert message in str(caught.value)


def test_a_text_in_another_encoding_is_named(yolo: Path) -> None:
    (yolo / "labels" / "a.txt").write_bytes(b"0 .5 .5 .1 .1 \xff\n")
    with pytest.raises(DataError, match=r"a\.txt:1: not a text in UTF-8"):
        read(yolo)

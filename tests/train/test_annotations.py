from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import DataError
from edge.geometry import Box
from train.annotations import AnnotatedPicture, LabeledBox, read_csv, write_csv

HEADER = "image,width,height,x_min,y_min,x_max,y_max,label\n"


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    faces = (LabeledBox(Box(1, 2, 30, 40), "with_mask"), LabeledBox(Box(5, 5, 9, 9), "face"))
    pictures = [AnnotatedPicture(tmp_path / "images" / "a.jpg", 64, 48, faces)]
    write_csv(tmp_path / "annotations.csv", pictures)
    assert read_csv(tmp_path / "annotations.csv") == pictures


def test_boxes_of_a_picture_are_an_array(tmp_path: Path) -> None:
    picture = AnnotatedPicture(tmp_path, 64, 48, ())
    assert picture.boxes().shape == (0, 4)


def test_a_missing_file_column_or_number_is_named(tmp_path: Path) -> None:
    path = tmp_path / "annotations.csv"
    with pytest.raises(DataError, match="no such annotations file"):
        read_csv(path)
    path.write_text("image,width\na.jpg,3\n")
    with pytest.raises(DataError, match=r"columns \['height', 'label'"):
        read_csv(path)
    path.write_text(HEADER + "a.jpg,64,48,1,2,x,4,with_mask\n")
    with pytest.raises(DataError, match=r"annotations\.csv:2: numbers are expected"):
        read_csv(path)


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ("a.jpg,64,48,1,2", "nothing stands in column x_max; fill it in or delete the line"),
        ("a.jpg,64,48,1,2,3,4", "nothing stands in column label"),
        ("a.jpg,64,48,1,2,3,4, ", "nothing stands in column label"),
        (",64,48,1,2,3,4,face", "nothing stands in column image"),
        ("x/a.jpg,64,48,1,2,3,4,face", "a bare name, got x/a.jpg; put all pictures into one folder"),
        ("x\\a.jpg,64,48,1,2,3,4,face", "a bare name, got x\\a.jpg"),
        ("a.jpg,64,48,1,2,inf,4,face", "numbers are expected in columns 2 to 7, got 64 48 1 2 inf 4"),
        ("a.jpg,nan,48,1,2,3,4,face", "numbers are expected"),
        ("a.jpg,64,48,3,2,1,4,face", "x_min,y_min must be left of and above x_max,y_max, got 3,2,1,4"),
        ("a.jpg,64,48,1,4,3,2,face", "got 1,4,3,2; swap them"),
    ],
)
def test_a_row_that_cannot_be_meant_is_named_by_its_line(tmp_path: Path, row: str, text: str) -> None:
    path = tmp_path / "annotations.csv"
    path.write_text(f"{HEADER}b.jpg,64,48,1,2,3,4,face\n{row}\n")
    with pytest.raises(DataError) as raised:
        read_csv(path)
    assert str(raised.value).startswith(f"{path}:3: ")
    assert text in str(raised.value)


def test_a_file_that_a_spreadsheet_saved_is_read(tmp_path: Path) -> None:
    path = tmp_path / "annotations.csv"
    path.write_bytes(b"\xef\xbb\xbf" + f"{HEADER}Zürich.jpg,64,48,1,2,3,4,face\n".replace("\n", "\r\n").encode())
    assert read_csv(path) == [
        AnnotatedPicture(tmp_path / "images" / "Zürich.jpg", 64, 48, (LabeledBox(Box(1, 2, 3, 4), "face"),))
    ]


def test_spaces_around_a_word_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "annotations.csv"
    path.write_text(f"{HEADER} a.jpg , 64, 48, 1, 2, 3, 4, with_mask \na.jpg,64,48,5,6,7,8,with_veil\n")
    faces = (LabeledBox(Box(1, 2, 3, 4), "with_mask"), LabeledBox(Box(5, 6, 7, 8), "with_veil"))
    assert read_csv(path) == [AnnotatedPicture(tmp_path / "images" / "a.jpg", 64, 48, faces)]


def test_a_file_in_another_encoding_is_named_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "annotations.csv"
    path.write_bytes(f"{HEADER}Zürich.jpg,64,48,1,2,3,4,face\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"annotations\.csv:2: not a text in UTF-8 .* save it as UTF-8"):
        read_csv(path)


def test_a_box_without_an_area_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "annotations.csv"
    path.write_text(f"{HEADER}a.jpg,64,48,5,5,5,9,face\n")
    assert read_csv(path)[0].faces == (LabeledBox(Box(5, 5, 5, 9), "face"),)


@pytest.mark.data
def test_the_shared_data_sets_are_read_to_the_last_row(shared_data: Path) -> None:
    for path in sorted(shared_data.glob("detection/*/annotations.csv")):
        rows = path.read_text(encoding="utf-8").splitlines()[1:]
        assert sum(len(picture.faces) for picture in read_csv(path)) == len(rows)

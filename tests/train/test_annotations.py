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
    with pytest.raises(DataError, match=r"annotations\.csv:2: a number is expected"):
        read_csv(path)

"""Annotations of other tools as sources: their names, and together with others."""

from __future__ import annotations

from pathlib import Path

import pytest
from annotation_folders import FACE, draw, voc, voc_face, write

from edge.errors import UsageError
from train.annotations import AnnotatedPicture, write_csv
from train.sources import parse_renames, read_sources, source_name


@pytest.mark.parametrize("words", [["mask"], ["=with_mask"], ["mask="], ["mask=with_mask", "mask=face"]])
def test_a_rename_that_says_nothing_or_two_things_is_refused(words: list[str]) -> None:
    with pytest.raises(UsageError, match=f"--rename {words[-1]}: OLD=NEW is expected"):
        parse_renames(words)


def test_a_name_with_an_equals_sign_can_be_renamed() -> None:
    assert parse_renames(["mask=on=with_mask", "no mask=without_mask"]) == {
        "mask=on": "with_mask",
        "no mask": "without_mask",
    }


def test_sources_of_every_format_are_read_together(yolo: Path, tmp_path: Path) -> None:
    write(yolo / "labels" / "a.txt", "0 .5 .5 .1 .1\n")
    draw(tmp_path / "door" / "a.png")
    write(tmp_path / "door" / "a.xml", voc(voc_face("mask", 1, 2, 3, 4)))
    words = [f"{yolo / 'labels'}={yolo / 'images'}", str(tmp_path / "door")]
    sources = read_sources(words, None, tmp_path, ["mask=with_mask"])
    assert {name: pictures[0].faces[0].label for name, pictures in sources.items()} == {
        "street": "with_mask",
        "door": "with_mask",
    }


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("street/JPEGImages", "street"),
        ("street/train/images", "street/train"),
        ("street/images/val", "street/val"),
        ("street/test", "street/test"),
    ],
)
def test_a_part_of_a_data_set_is_a_source_of_its_own(folder: str, name: str) -> None:
    assert source_name(Path("data") / folder) == name


def test_pictures_without_a_face_outlast_the_teachers_repair(yolo: Path, tmp_path: Path) -> None:
    draw(yolo / "images" / "b.png")
    write(yolo / "labels" / "a.txt", "0 .5 .5 .1 .1\n")
    write(yolo / "labels" / "b.txt", "")
    repaired = AnnotatedPicture(yolo / "images" / "a.png", 200, 100, (FACE,))
    write_csv(tmp_path / "street.csv", [repaired])
    sources = read_sources([str(yolo)], tmp_path / "none.onnx", tmp_path)
    assert sources["street"] == [repaired, AnnotatedPicture(yolo / "images" / "b.png", 200, 100, ())]

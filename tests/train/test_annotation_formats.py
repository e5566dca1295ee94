"""Annotations of other tools: VOC files, and what is the same for all of them."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2
import pytest
from annotation_folders import FACE, ONE, draw, read, voc, voc_face, write
from PIL import Image

from edge.errors import DataError
from edge.geometry import Box
from train.annotation_formats import find_layout
from train.annotations import AnnotatedPicture, LabeledBox, clip_faces, write_csv


@pytest.mark.parametrize(
    ("annotation", "picture"),
    [
        ("annotations/a.xml", "images/a.png"),
        ("Annotations/a.xml", "JPEGImages/a.png"),
        ("a.xml", "a.png"),
        ("a.xml", "images/a.png"),
        ("annotations/0001.xml", "images/a.png"),
    ],
)
def test_voc_files_are_read_wherever_they_lie(tmp_path: Path, annotation: str, picture: str) -> None:
    path = draw(tmp_path / picture)
    write(tmp_path / annotation, ONE)
    assert read(tmp_path) == [AnnotatedPicture(path, 200, 100, (FACE,))]


def test_the_folder_of_the_annotations_alone_finds_the_pictures_beside_it(street: Path) -> None:
    write(street / "annotations" / "a.xml", ONE)
    assert [picture.faces for picture in read(street / "annotations")] == [(FACE,)]


def size(width: object, height: object) -> str:
    return f"<size><width>{width}</width><height>{height}</height></size>"


@pytest.mark.parametrize("stated", [size(0, 0), size(0, 7), size(200, 100), size(" 200.0 ", 100), "<size/>", ""])
def test_the_size_is_that_of_the_picture(street: Path, stated: str) -> None:
    write(street / "annotations" / "a.xml", voc(size=stated))
    (picture,) = read(street)
    assert (picture.width, picture.height, picture.faces) == (200, 100, ())


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        (size(800, 400), r"a\.xml: its boxes are of 800x400 px, but a\.png has 200x100; put that picture back"),
        (size(100, 200), r"a\.xml: its boxes are of 100x200 px"),
        (size("wide", 100), r"a\.xml: <size> needs a number in <width> and in <height>, got wide 100"),
    ],
)
def test_boxes_of_another_size_than_the_picture_are_refused(street: Path, stated: str, message: str) -> None:
    write(street / "annotations" / "a.xml", voc(size=stated))
    with pytest.raises(DataError, match=message):
        read(street)


def test_a_turned_picture_has_the_size_that_training_sees(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "a.jpg"
    Image.new("RGB", (200, 100)).save(path, exif=exif)
    seen = cv2.imread(str(path))
    assert seen is not None
    write(tmp_path / "a.xml", voc(size=size(100, 200)))
    (picture,) = read(tmp_path)
    assert (picture.height, picture.width) == seen.shape[:2] == (200, 100)
    write(tmp_path / "a.xml", voc(size=size(200, 100)))
    with pytest.raises(DataError, match=r"a\.xml: its boxes are of a\.jpg on its side"):
        read(tmp_path)


@pytest.mark.parametrize("orientation", [3, 6])
def test_a_turned_picture_that_opencv_would_not_turn_is_refused(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (200, 100)).save(tmp_path / "a.webp", exif=exif)
    write(tmp_path / "a.xml", voc(filename="a.webp"))
    with pytest.raises(DataError, match=r"a\.webp: training would not see this WEBP as you do; save it as JPEG"):
        read(tmp_path)
    Image.new("RGB", (200, 100)).save(tmp_path / "a.webp")
    assert [(picture.width, picture.height) for picture in read(tmp_path)] == [(200, 100)]


def test_a_gif_is_refused_before_training_fails_on_it(tmp_path: Path) -> None:
    Image.new("RGB", (200, 100)).save(tmp_path / "a.gif")
    write(tmp_path / "a.xml", voc(filename="a.gif"))
    with pytest.raises(DataError, match=r"a\.gif: training would not see this GIF as you do"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<annotation>\n<object>", r"a\.xml:2: not XML"),
        ("", r"a\.xml:1: not XML"),
        ("<kml></kml>", r"a\.xml: starts with <kml>, but <annotation> is expected"),
        (
            '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>\n<annotation>&e;</annotation>',
            r"a\.xml:1: .*DOCTYPE",
        ),
        ('<?xml version="1.0" encoding="none"?><annotation/>', r"a\.xml:1: not XML"),
        (voc(voc_face("with_mask", 1, 2, "x", 4)), r"a\.xml:3: <bndbox> needs .* got 1 2 x 4"),
        (voc(voc_face("with_mask", 1, 2, 3)), r"a\.xml:3: <bndbox> needs"),
        (voc(voc_face("with_mask", 1, 2, 3, "nan")), r"a\.xml:3: <bndbox> needs .* got 1 2 3 nan"),
        (voc(voc_face("with_mask", 30, 2, 3, 4)), r"a\.xml:3: the first corner must be left of .* got -27x2 px; swap"),
        (voc(voc_face("with_mask", 1, 40, 3, 4)), r"a\.xml:3: the first corner must be left of"),
        (voc(voc_face(" ", 1, 2, 3, 4)), r"a\.xml:3: an object without a <name>"),
    ],
)
def test_a_broken_voc_file_is_named_with_its_line(street: Path, text: str, message: str) -> None:
    write(street / "annotations" / "a.xml", text)
    with pytest.raises(DataError, match=message):
        read(street)


def test_boxes_are_cut_at_the_edges_and_those_without_an_area_are_counted(
    street: Path, caplog: pytest.LogCaptureFixture
) -> None:
    corners = [(-5, -5, 20, 20), (190, 90, 230, 130), (50, 50, 50, 60), (60, 60, 60, 60), (300, 10, 320, 30)]
    write(street / "annotations" / "a.xml", voc(*(voc_face("with_mask", *four) for four in corners)))
    draw(street / "images" / "b.png")
    with caplog.at_level(logging.INFO):
        (picture,) = read(street)
    assert [face.box.as_tuple() for face in picture.faces] == [(0, 0, 20, 20), (190, 90, 200, 100)]
    assert "1 pictures with 2 boxes" in caplog.text
    assert "left out: 1 pictures without an annotation file, 3 boxes without an area" in caplog.text


def test_a_box_inside_its_picture_is_left_as_it_is() -> None:
    picture = AnnotatedPicture(Path("a.png"), 200, 100, (FACE,))
    assert clip_faces(picture) == picture


def test_the_kaggle_spelling_is_known_and_other_names_must_be_renamed(street: Path) -> None:
    names = ("mask_weared_incorrect", "face_mask", "face_mask", "face")
    write(street / "annotations" / "a.xml", voc(*(voc_face(name, 1, 2, 30, 40) for name in names)))
    with pytest.raises(
        DataError, match=r"face \(1 boxes\), face_mask \(2 boxes\); add --rename face=LABEL, LABEL being "
    ):
        read(street)
    (picture,) = read(street, "face_mask=with_mask", "face=without_mask")
    labels = [face.label for face in picture.faces]
    assert labels == ["mask_worn_incorrectly", "with_mask", "with_mask", "without_mask"]


def test_a_name_may_be_kept_by_renaming_it_to_itself(street: Path) -> None:
    write(street / "annotations" / "a.xml", voc(voc_face("face", 1, 2, 3, 4), voc_face("with_veil", 1, 2, 3, 4)))
    (picture,) = read(street, "face=face", "with_veil=with_veil")
    assert [face.label for face in picture.faces] == ["face", "with_veil"]


def test_annotations_without_a_picture_name_the_first(yolo: Path) -> None:
    for name in "abc":
        write(yolo / "labels" / f"{name}.txt", "")
    with pytest.raises(DataError, match=r"b\.txt: its picture is not in .*images; so it is with 2 of 3 files"):
        read(yolo)


def test_two_files_about_one_picture_and_one_file_about_two_pictures_are_refused(street: Path) -> None:
    write(street / "annotations" / "a.xml", ONE)
    other = write(street / "annotations" / "b.xml", ONE)
    with pytest.raises(DataError, match=r"b\.xml: is about a\.png, and so is a\.xml"):
        read(street)
    other.unlink()
    twin = draw(street / "images" / "a.jpg")
    assert [picture.path.name for picture in read(street)] == ["a.png"]  # the file says so
    write(street / "annotations" / "a.xml", voc(filename="a"))
    with pytest.raises(DataError, match=r"a\.xml: could be about a\.jpg or a\.png"):
        read(street)
    assert twin.is_file()


def test_two_formats_in_one_folder_are_told_apart_by_name(yolo: Path) -> None:
    write(yolo / "labels" / "a.txt", "")
    write(yolo / "annotations" / "a.xml", ONE)
    with pytest.raises(DataError, match=r"holds 1 VOC files in .*annotations and 1 YOLO files in .*labels; name the"):
        read(yolo)
    assert find_layout(yolo / "labels").kind == "YOLO"
    assert find_layout(yolo / "annotations").kind == "VOC"


def test_texts_that_are_no_labels_do_not_disturb(street: Path) -> None:
    write(street / "README.txt", "words")
    write(street / "annotations" / "a.xml", ONE)
    assert find_layout(street).files == (street / "annotations" / "a.xml",)


def test_a_folder_without_annotations_or_pictures_says_what_is_expected(street: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"street: neither VOC \.xml nor YOLO \.txt files"):
        read(street)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"empty: no pictures in it .*--boxes .*empty=FOLDER"):
        read(tmp_path / "empty")


def test_a_picture_that_cannot_be_read_is_named(street: Path) -> None:
    write(street / "images" / "a.png", "no picture")
    write(street / "annotations" / "a.xml", ONE)
    with pytest.raises(DataError, match=r"a\.png: not a picture that can be read"):
        read(street)


def test_a_csv_file_is_read_as_ever_whatever_its_labels(street: Path) -> None:
    pictures = [AnnotatedPicture(street / "images" / "a.png", 200, 100, (LabeledBox(Box(1, 2, 3, 4), "with_veil"),))]
    write_csv(street / "annotations.csv", pictures)
    assert read(street / "annotations.csv") == pictures

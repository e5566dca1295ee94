from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_faces import write_annotated
from PIL import Image

from edge.errors import DataError, UsageError
from edge.geometry import Box
from train.annotations import AnnotatedPicture, LabeledBox, read_csv, write_csv
from train.faces import LabeledFace, read_picture
from train.sources import check_left_out, is_left_out, locate_faces, parse_boxes, read_sources, source_name


@pytest.fixture
def street(tmp_path: Path) -> Path:
    return write_annotated(tmp_path / "street", 3, "without_mask")


def test_pictures_lie_beside_their_annotations_unless_named() -> None:
    assert parse_boxes("a/b.csv") == (Path("a/b.csv"), Path("a/images"))
    assert parse_boxes("a/b.csv=c/d") == (Path("a/b.csv"), Path("c/d"))


def test_a_source_is_called_like_its_folder() -> None:
    assert source_name(Path("data/street/images")) == "street"
    assert source_name(Path("data/street")) == "street"


def test_annotations_elsewhere_belong_to_the_source_of_the_pictures(street: Path, tmp_path: Path) -> None:
    moved = (street / "annotations.csv").rename(tmp_path / "repaired.csv")
    sources = read_sources([f"{moved}={street / 'images'}"], None, tmp_path)
    assert {name: len(pictures) for name, pictures in sources.items()} == {"street": 3}
    assert sources["street"][0].path.is_file()


def test_contributors_are_sources_of_their_own(street: Path, tmp_path: Path) -> None:
    (street / "contributors.csv").write_text("image,contributor\n0.png,A\n1.png,B\n")
    sources = read_sources([str(street / "annotations.csv")], None, tmp_path)
    assert {name: len(pictures) for name, pictures in sources.items()} == {"street/A": 1, "street/B": 1, "street": 1}


def test_contributors_in_other_columns_are_named(street: Path, tmp_path: Path) -> None:
    (street / "contributors.csv").write_text("picture,name\n0.png,A\n")
    with pytest.raises(DataError, match=r"contributors\.csv: column 'image' is missing; the first line must be"):
        read_sources([str(street / "annotations.csv")], None, tmp_path)


def test_leaving_out_a_source_leaves_out_its_contributors() -> None:
    assert is_left_out("street/A", ["street"])
    assert is_left_out("street/A", ["street/A"])
    assert not is_left_out("street/B", ["street/A"])
    assert not is_left_out("streets", ["street"])


def test_an_unknown_source_to_leave_out_lists_the_known_ones() -> None:
    check_left_out(["street"], ["street/A", "door"])
    with pytest.raises(UsageError, match="--leave-out road: no such source; known are door, street/A"):
        check_left_out(["road"], ["street/A", "door"])


def test_a_missing_teacher_is_named(street: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.onnx: no such teacher"):
        read_sources([str(street / "annotations.csv")], tmp_path / "none.onnx", tmp_path)
    assert list(tmp_path.glob("*.csv")) == []


def keep(path: Path, *pictures: AnnotatedPicture) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(path, pictures)


def test_what_the_teacher_repaired_is_kept_and_not_asked_for_again(street: Path, tmp_path: Path) -> None:
    moved, found = LabeledBox(Box(1, 2, 30, 40), "without_mask"), LabeledBox(Box(50, 60, 70, 80), "face")
    repaired = [picture.with_faces([moved, found]) for picture in read_csv(street / "annotations.csv")]
    keep(tmp_path / "kept" / "street.csv", *repaired)
    assert read_sources([str(street / "annotations.csv")], tmp_path / "none.onnx", tmp_path / "kept") == {
        "street": repaired
    }


def test_what_was_kept_of_other_pictures_is_not_used_for_these(street: Path, tmp_path: Path) -> None:
    kept, all_three = tmp_path / "kept" / "street.csv", read_csv(street / "annotations.csv")
    stranger = AnnotatedPicture(street / "images" / "gone.png", 96, 96, all_three[0].faces)
    for pictures in (all_three[:2], [*all_three, stranger]):
        keep(kept, *pictures)
        with pytest.raises(UsageError, match=r"street\.csv: is of other pictures .* choose another --output or delete"):
            read_sources([str(street / "annotations.csv")], tmp_path / "none.onnx", kept.parent)


def test_labels_that_were_corrected_since_the_teacher_looked_are_not_passed_over(street: Path, tmp_path: Path) -> None:
    kept, first = tmp_path / "kept" / "street.csv", read_csv(street / "annotations.csv")
    keep(kept, *first)
    corrected = first[1].with_faces([LabeledBox(first[1].faces[0].box, "with_mask")])
    write_csv(street / "annotations.csv", [first[0], corrected, first[2]])
    with pytest.raises(UsageError, match=r"street\.csv: has other labels in 1\.png than --boxes; choose another"):
        read_sources([str(street / "annotations.csv")], tmp_path / "none.onnx", kept.parent)


def test_two_folders_of_one_name_are_refused(street: Path, tmp_path: Path) -> None:
    other = write_annotated(tmp_path / "elsewhere" / "street", 1, "with_mask")
    words = [str(folder / "annotations.csv") for folder in (street, other)]
    with pytest.raises(UsageError) as raised:
        read_sources(words, None, tmp_path)
    assert str(raised.value) == (
        f"--boxes: {street / 'images'} and {other / 'images'} are two data sets called street; rename one folder"
    )


def test_one_folder_may_have_its_annotations_in_several_files(street: Path, tmp_path: Path) -> None:
    first, *others = read_csv(street / "annotations.csv")
    write_csv(street / "a.csv", [first])
    write_csv(street / "b.csv", others)
    words = [str(street / "a.csv"), f"{street / 'b.csv'}={street / '..' / 'street' / 'images'}"]
    assert read_sources(words, None, tmp_path) == {"street": [first, *others]}
    keep(tmp_path / "kept" / "street.csv", first, *others)
    assert read_sources(words, tmp_path / "none.onnx", tmp_path / "kept") == {"street": [first, *others]}


def test_a_picture_that_is_annotated_twice_is_refused(street: Path, tmp_path: Path) -> None:
    word = str(street / "annotations.csv")
    with pytest.raises(UsageError, match=r"images/0\.png is annotated in .*annotations\.csv and in .* leave one"):
        read_sources([word, word], None, tmp_path)


def test_boxes_of_a_picture_of_another_size_are_refused(street: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(street / "images" / "1.png"), np.zeros((48, 64, 3), np.uint8))
    with pytest.raises(DataError) as raised:
        read_sources([str(street / "annotations.csv")], None, tmp_path)
    assert str(raised.value) == (
        f"{street / 'annotations.csv'}: 1.png is 96x96 px there, but upright it is 64x48 px; "
        "put back the picture that was annotated, or annotate this one"
    )


def test_the_size_of_a_picture_that_exif_turns_is_that_of_what_training_sees(street: Path, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (64, 48)).save(street / "images" / "turned.jpg", exif=exif)
    faces = (LabeledBox(Box(1, 2, 30, 40), "with_mask"),)
    write_csv(street / "annotations.csv", [AnnotatedPicture(street / "images" / "turned.jpg", 48, 64, faces)])
    found = read_sources([str(street / "annotations.csv")], None, tmp_path)["street"][0]
    assert read_picture(found.path).shape[:2] == (found.height, found.width)


def test_class_folders_of_one_name_are_refused_where_the_teacher_would_take_one_for_the_other(tmp_path: Path) -> None:
    faces = [LabeledFace(tmp_path / place / "faces" / "bare" / "1.png", None, "bare", "faces") for place in "ab"]
    keep(tmp_path / "kept" / "faces-bare.csv")
    assert locate_faces(faces[:1], tmp_path / "none.onnx", tmp_path / "kept") == faces[:1]
    with pytest.raises(UsageError, match="a/faces and .*b/faces are two data sets called faces; rename one"):
        locate_faces(faces, tmp_path / "none.onnx", tmp_path / "kept")

from __future__ import annotations

from pathlib import Path

import pytest
from drawn_faces import write_annotated

from edge.errors import DataError, UsageError
from train.sources import check_left_out, is_left_out, parse_boxes, read_sources, source_name


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


def test_what_the_teacher_repaired_is_kept_and_not_asked_for_again(street: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    rows = (street / "annotations.csv").read_text().splitlines()[:2]
    (kept / "street.csv").write_text("\n".join(rows) + "\n")
    sources = read_sources([str(street / "annotations.csv")], tmp_path / "none.onnx", kept)
    assert len(sources["street"]) == 1

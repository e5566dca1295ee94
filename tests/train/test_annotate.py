from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_faces import draw_scene

pytest.importorskip("imagehash", reason="the train extra is not installed")
pytest.importorskip("onnxruntime", reason="the train extra is not installed")

from edge.geometry import Boxes  # noqa: E402
from edge.preprocess import Picture  # noqa: E402
from train.annotate import Annotated, Copies, Reason, Rules, annotate  # noqa: E402
from train.annotations import AnnotatedPicture, LabeledBox, read_csv, write_csv  # noqa: E402
from train.cli import main  # noqa: E402
from train.keep_away import DropList, read_drop_list, read_lookalikes  # noqa: E402

SURE, DOUBTFUL = 0.9, 0.4


class FixedFinder:
    """Finds the same faces, given as parts of the sides, in every picture."""

    def __init__(self, *faces: tuple[float, float, float, float, float]) -> None:
        self._faces = np.array(faces, np.float32).reshape(-1, 5)
        self.seen: list[tuple[int, int]] = []

    def detect(self, bgr: Picture) -> tuple[Boxes, np.ndarray]:
        height, width = bgr.shape[:2]
        self.seen.append((width, height))
        return self._faces[:, :4] * np.float32([width, height, width, height]), self._faces[:, 4]


ONE = FixedFinder((0.25, 0.25, 0.5, 0.5, SURE))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "found"
    folder.mkdir()
    for seed in range(3):
        cv2.imwrite(str(folder / f"{seed}.png"), draw_scene(seed, size_px=160)[0])
    return folder


def as_it_is(picture: AnnotatedPicture) -> AnnotatedPicture:
    return picture


def names(annotated: Annotated) -> list[str]:
    return [picture.path.name for picture in annotated.pictures]


def test_sure_faces_become_face_and_doubtful_ones_ignore(source: Path) -> None:
    finder = FixedFinder((0.25, 0.25, 0.5, 0.5, SURE), (0.6, 0.6, 0.8, 0.8, DOUBTFUL))
    first = annotate(source, finder, Rules(), as_it_is).pictures[0]
    assert [(face.label, face.box.as_tuple()) for face in first.faces] == [
        ("face", (40, 40, 80, 80)),
        ("ignore", pytest.approx((96, 96, 128, 128))),
    ]
    assert (first.width, first.height) == (160, 160)


def test_a_large_picture_is_averaged_down_for_the_teacher_and_boxed_in_its_own_pixels(source: Path) -> None:
    cv2.imwrite(str(source / "0.png"), draw_scene(0, size_px=1280)[0])
    finder = FixedFinder((0.25, 0.25, 0.5, 0.5, SURE))
    first = annotate(source, finder, Rules(), as_it_is).pictures[0]
    assert finder.seen[0] == (640, 640)
    assert first.faces[0].box.as_tuple() == (320, 320, 640, 640)


class FarSighted:
    """Sees a face of 40 px in the corner, and is sure of it only in pictures of 400 px or more."""

    def detect(self, bgr: Picture) -> tuple[Boxes, np.ndarray]:
        return np.float32([[0, 0, 40, 40]]), np.float32([SURE if max(bgr.shape) >= 400 else DOUBTFUL])


def test_a_close_up_is_looked_at_once_more_from_farther_away(source: Path) -> None:
    first = annotate(source, FarSighted(), Rules(), as_it_is).pictures[0]
    assert [(face.label, face.box.as_tuple()) for face in first.faces] == [("face", (0, 0, 40, 40))]
    assert (first.width, first.height) == (160, 160)


def test_what_is_doubtful_from_near_and_far_is_ignored(source: Path) -> None:
    finder = FixedFinder((0.1, 0.1, 0.2, 0.2, DOUBTFUL))
    assert [face.label for face in annotate(source, finder, Rules(), as_it_is).pictures[0].faces] == ["ignore"]


def test_a_box_ends_where_its_picture_does(source: Path) -> None:
    finder = FixedFinder((-0.1, 0.25, 0.3, 0.5, SURE))
    assert annotate(source, finder, Rules(), as_it_is).pictures[0].faces[0].box.x_min == 0


@pytest.mark.parametrize(
    ("finder", "reason"),
    [
        (FixedFinder(), Reason.NO_FACE),
        (FixedFinder((0.1, 0.1, 0.3, 0.8, SURE)), Reason.CLOSE_UP),
    ],
)
def test_pictures_that_teach_little_are_dropped(source: Path, finder: FixedFinder, reason: Reason) -> None:
    annotated = annotate(source, finder, Rules(largest_frac=0.6), as_it_is)
    assert annotated.pictures == ()
    assert annotated.dropped == {reason: 3}


def test_unreadable_and_tiny_pictures_are_dropped(source: Path) -> None:
    (source / "0.png").write_bytes(b"not a picture")
    cv2.imwrite(str(source / "1.png"), np.zeros((30, 200, 3), np.uint8))
    annotated = annotate(source, ONE, Rules(), as_it_is)
    assert names(annotated) == ["2.png"]
    assert annotated.dropped == {Reason.UNREADABLE: 1, Reason.TINY: 1}


def trim(bgr: Picture, frac: float) -> Picture:
    cut = int(bgr.shape[0] * frac)
    return bgr[cut : bgr.shape[0] - cut, cut : bgr.shape[1] - cut]


LOOKALIKES = {
    "the same": lambda bgr: bgr,
    "mirrored": lambda bgr: np.ascontiguousarray(bgr[:, ::-1]),
    "resized": lambda bgr: cv2.resize(bgr, (90, 120), interpolation=cv2.INTER_AREA),
    "without a border of 5 %": lambda bgr: trim(bgr, 0.05),
    "without a border of 10 %": lambda bgr: trim(bgr, 0.1),
    "mirrored and without a border of 10 %": lambda bgr: np.ascontiguousarray(trim(bgr, 0.1)[:, ::-1]),
}


@pytest.mark.parametrize("change", LOOKALIKES)
@pytest.mark.parametrize("changed", ["evaluation", "training"])
def test_lookalikes_of_an_evaluation_set_are_dropped_and_nothing_else(
    source: Path, tmp_path: Path, change: str, changed: str
) -> None:
    evaluation = tmp_path / "evaluation" / "images"
    evaluation.mkdir(parents=True)
    bgr = draw_scene(1, size_px=160)[0]
    twin = LOOKALIKES[change](bgr)
    cv2.imwrite(str(evaluation / "door.png"), twin if changed == "evaluation" else bgr)
    cv2.imwrite(str(source / "1.png"), bgr if changed == "evaluation" else twin)
    annotated = annotate(source, ONE, Rules(lookalikes=read_lookalikes([evaluation])), as_it_is)
    assert names(annotated) == ["0.png", "2.png"]
    assert annotated.dropped == {Reason.KEPT_AWAY: 1}


def test_an_evaluation_set_may_be_named_by_its_annotations(source: Path) -> None:
    (source / "images").mkdir()
    (source / "1.png").rename(source / "images" / "1.png")
    picture = AnnotatedPicture(source / "images" / "1.png", 160, 160, (LabeledBox(draw_scene(1)[1], "face"),))
    write_csv(source / "annotations.csv", [picture])
    annotated = annotate(source, ONE, Rules(lookalikes=read_lookalikes([source / "annotations.csv"])), as_it_is)
    assert names(annotated) == ["0.png", "2.png"]


@pytest.mark.parametrize(
    "line", ["0.png", "\ufeff0.png", "0.png 57", "found/0.png 3", "/elsewhere/found/0.png", "moved/since/0.png 59"]
)
def test_pictures_of_the_drop_list_are_dropped(source: Path, tmp_path: Path, line: str) -> None:
    (tmp_path / "away.txt").write_text(f"{line}\n\nsomething/else.png 12\n")
    annotated = annotate(source, ONE, Rules(listed=read_drop_list(tmp_path / "away.txt")), as_it_is)
    assert names(annotated) == ["1.png", "2.png"]
    assert annotated.dropped == {Reason.LISTED: 1}


def test_a_drop_list_tells_pictures_of_one_name_in_two_folders_apart() -> None:
    listed = DropList([Path("found/front door/1 2.png")])
    assert listed.means(Path("front door/1 2.png"))
    assert not listed.means(Path("back door/1 2.png"))


def test_copies_are_small_jpegs_with_names_of_their_own_and_boxes_of_their_size(source: Path, tmp_path: Path) -> None:
    (source / "deeper").mkdir()
    cv2.imwrite(str(source / "deeper" / "0.png"), draw_scene(7, size_px=200)[0])
    annotated = annotate(source, ONE, Rules(), Copies(tmp_path / "images", 80).add)
    assert sorted(names(annotated)) == ["0-2.jpg", "0.jpg", "1.jpg", "2.jpg"]
    for picture in annotated.pictures:
        assert cv2.imread(str(picture.path)).shape == (80, 80, 3)
        assert picture.faces[0].box.as_tuple() == pytest.approx((20, 20, 40, 40))


def test_the_collection_is_not_changed(source: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in source.iterdir()}
    annotate(source, ONE, Rules(), Copies(tmp_path / "images", 80).add)
    assert {path: path.read_bytes() for path in source.iterdir()} == before


@pytest.fixture
def teacher(shared_data: Path) -> Path:
    return shared_data / "teachers" / "scrfd_2.5g_kps.onnx"


@pytest.mark.data
def test_the_command_finds_the_faces_that_people_annotated(
    teacher: Path, shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = read_csv(shared_data / "detection" / "kaggle853" / "annotations.csv")[:6]
    (tmp_path / "in").mkdir()
    for picture in known:
        (tmp_path / "in" / picture.path.name).symlink_to(picture.path)
    csv = tmp_path / "all out" / "annotations.csv"
    words = ["--copy-to", str(csv.parent / "images"), "--max-side", "200", "--largest-frac", "1"]
    assert main(["annotate", str(tmp_path / "in"), "--teacher", str(teacher), "--output", str(csv), *words]) == 0
    found = read_csv(csv)
    assert sum(len(picture.faces) for picture in found) >= 5
    assert all(max(cv2.imread(str(p.path)).shape) == max(p.width, p.height) <= 200 for p in found)
    said = capsys.readouterr().out
    assert f"train with: --boxes '{csv}'" in said  # as the shell takes it
    assert all(reason in said for reason in Reason)


@pytest.mark.data
def test_pictures_in_subfolders_must_be_copied(
    teacher: Path, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (source / "deeper").mkdir()
    (source / "0.png").rename(source / "deeper" / "0.png")
    words = ["--teacher", str(teacher), "--output", str(tmp_path / "annotations.csv")]
    assert main(["annotate", str(source), *words]) == 2
    assert "has pictures in subfolders, such as" in capsys.readouterr().err


@pytest.mark.data
@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["--teacher", "none.onnx"], 1, "none.onnx: no such teacher"),
        (["--largest-frac", "60"], 2, "--largest-frac: must be above 0 and at most 1, got 60"),
        (["--max-side", "0"], 2, "--max-side: must be 1 or more, got 0"),
        (["--output", "EMPTY"], 2, "is a folder; name the annotations file to write in it"),
        (["--output", "IN/grey.png/a.csv"], 2, "grey.png is a file; name another"),
        (["--copy-to", "IN/grey.png"], 2, "grey.png is a file; name another"),
        (["--copy-to", "IN/copies"], 2, "lies within"),
        (["--copy-to", "IN"], 2, "lies within"),
        (["--copy-to", "FULL"], 2, "is not empty"),
        (["--drop-list", "none.txt"], 1, "none.txt: not a list of pictures"),
        (["--not-like", "none.csv"], 1, "none.csv: no such annotations file"),
        (["--not-like", "EMPTY"], 1, "no pictures there"),
        (["--copy-to", "NEW"], 1, "no picture is left; nothing was written"),
    ],
)
def test_a_mistake_is_one_sentence_and_an_exit_code(
    teacher: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, text: str
) -> None:
    for name in ("in", "full", "empty"):
        (tmp_path / name).mkdir()
    for name in ("in", "full"):
        cv2.imwrite(str(tmp_path / name / "grey.png"), np.full((64, 64, 3), 127, np.uint8))
    for name in ("in", "full", "empty", "new"):
        words = [word.replace(name.upper(), str(tmp_path / name)) for word in words]
    output = tmp_path / "annotations.csv"
    assert main(["annotate", str(tmp_path / "in"), "--teacher", str(teacher), "--output", str(output), *words]) == code
    assert text in capsys.readouterr().err
    assert not output.exists()

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import cv2
import pytest
from drawn_faces import draw_scene, write_class_folders

pytest.importorskip("imagehash", reason="the train extra is not installed")

from edge.errors import DataError, UsageError  # noqa: E402
from edge.geometry import Box  # noqa: E402
from train.faces import LabeledFace, read_folders  # noqa: E402
from train.splits import (  # noqa: E402
    PREPARED,
    TEST,
    TRAIN,
    VALIDATION,
    Fractions,
    earlier_split,
    read_split,
    recall_split,
    settle_split,
    split_faces,
    split_groups,
    write_split,
)


def alone(count: int) -> dict[Path, int]:
    return {Path(f"{number}.jpg"): number for number in range(count)}


def test_each_stratum_is_split_by_the_fractions() -> None:
    groups = alone(100)
    strata = {path: "rare" if group < 20 else "common" for path, group in groups.items()}
    split = split_groups(groups, strata, Fractions(0.1, 0.2), seed=3)
    counts = Counter((strata[path], name) for path, name in split.items())
    assert counts["rare", TEST] == 4
    assert counts["rare", VALIDATION] == 2
    assert counts["common", TRAIN] == 56


def test_the_same_seed_gives_the_same_split_and_another_one_another() -> None:
    groups = alone(60)
    strata = dict.fromkeys(groups, "")
    first, again, other = (split_groups(groups, strata, Fractions(), seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_left_out_pictures_and_their_twins_are_only_scored(tmp_path: Path) -> None:
    faces = read_folders(write_class_folders(tmp_path / "learned", 8))
    bgr, _ = draw_scene(3, masked=False)
    (tmp_path / "strange" / "without_mask").mkdir(parents=True)
    strange = tmp_path / "strange" / "without_mask" / "mirrored.png"
    cv2.imwrite(str(strange), bgr[:, ::-1])
    faces.append(LabeledFace(strange, None, "without_mask", "strange"))
    split = split_faces(faces, Fractions(0.2, 0.0), seed=1, left_out=frozenset({strange}))
    assert split[strange] == TEST
    assert split[tmp_path / "learned" / "without_mask" / "face_003.jpg"] == TEST
    assert Counter(split.values())[TEST] == 2


def prepare(folder: Path, given: Mapping[Path, str]) -> None:
    """Leave what `prepare` leaves of a split; one picture could not be read."""
    with (folder / PREPARED).open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("original", "picture", "label", "group", "split", "problems"))
        writer.writerows(("x", path.relative_to(folder).as_posix(), "", 0, name, "") for path, name in given.items())
        writer.writerow(("broken.jpg", "", "", "", "", "left out"))


def test_a_prepared_split_is_kept(tmp_path: Path) -> None:
    faces = read_folders(write_class_folders(tmp_path, 3))
    given = {face.path: (TRAIN, VALIDATION, TEST)[i % 3] for i, face in enumerate(faces)}
    prepare(tmp_path, given)
    assert split_faces(faces, Fractions(), seed=1) == given


def test_what_looks_like_a_left_out_picture_is_only_scored_though_a_prepared_split_says_train(tmp_path: Path) -> None:
    learned, strange = (read_folders(write_class_folders(tmp_path / name, 3)) for name in ("learned", "strange"))
    for name, faces in (("learned", learned), ("strange", strange)):
        prepare(tmp_path / name, {face.path: TRAIN for face in faces})
    left_out = frozenset(face.path for face in strange)
    split = split_faces([*learned, *strange], Fractions(), 1, left_out)
    assert set(split.values()) == {TEST}


@pytest.mark.parametrize(("first", "second"), [(TRAIN, TEST), (TEST, TRAIN), (VALIDATION, TRAIN), (TEST, VALIDATION)])
def test_a_photograph_in_two_prepared_sets_gets_the_stricter_split_in_both(
    tmp_path: Path, first: str, second: str
) -> None:
    faces, parts = [], {"first": (first, TRAIN, VALIDATION), "second": (second, TRAIN, VALIDATION)}
    for name, splits in parts.items():
        some = read_folders(write_class_folders(tmp_path / name, 2, first_seed=0 if name == "first" else 3))[:3]
        prepare(tmp_path / name, {face.path: split for face, split in zip(some, splits, strict=True)})
        faces += some
    twin = faces[3].path
    cv2.imwrite(str(twin), cv2.imread(str(faces[0].path))[:, ::-1])
    split = split_faces(faces, Fractions(), seed=1)
    assert split[faces[0].path] == split[twin] == max(first, second, key=(TRAIN, VALIDATION, TEST).index)
    assert [split[face.path] for face in (*faces[1:3], *faces[4:])] == [TRAIN, VALIDATION] * 2


def test_a_photograph_that_an_earlier_run_held_back_is_not_learned_from_its_copy_in_a_prepared_set(
    tmp_path: Path,
) -> None:
    learned, held_back = (read_folders(write_class_folders(tmp_path / name, 2)) for name in ("learned", "held_back"))
    prepare(tmp_path / "learned", {face.path: TRAIN for face in learned})
    split = split_faces([*learned, *held_back], Fractions(), 1, earlier={face.path: TEST for face in held_back})
    assert set(split.values()) == {TEST}


def test_a_foreign_table_called_prepare_is_named(tmp_path: Path) -> None:
    faces = read_folders(write_class_folders(tmp_path, 1))
    (tmp_path / PREPARED).write_text("name,part\na,b\n")
    with pytest.raises(DataError, match=r"prepare\.csv: column 'picture' is missing"):
        split_faces(faces, Fractions(), seed=1)


def test_what_is_written_of_a_split_is_read_again(tmp_path: Path) -> None:
    faces = [LabeledFace(Path("a.jpg"), None, "x", "s"), LabeledFace(Path("b.jpg"), Box(1, 2, 3, 4), "y", "s")]
    split = {Path("a.jpg"): TRAIN, Path("b.jpg"): TEST}
    write_split(tmp_path / "split.csv", faces, split)
    assert read_split(tmp_path / "split.csv") == split
    assert (tmp_path / "split.csv").read_text().splitlines() == [
        "path,x_min,y_min,x_max,y_max,label,source,split",
        "a.jpg,,,,,x,s,train",
        "b.jpg,1,2,3,4,y,s,test",
    ]


def test_a_split_is_recalled_for_the_same_pictures_only(tmp_path: Path) -> None:
    path, a, b = tmp_path / "split.csv", Path("a.jpg"), Path("b.jpg")
    assert recall_split(path, {a, b}, ()) is None
    write_split(path, [LabeledFace(picture, None, "x", "s") for picture in (a, b)], {a: TRAIN, b: TEST})
    assert recall_split(path, {a, b}, {b}) == {a: TRAIN, b: TEST}
    for pictures, left_out in (({a}, ()), ({a, b, Path("c.jpg")}, ()), ({a, b}, {a})):
        with pytest.raises(UsageError, match="holds a run on other pictures; choose another --output"):
            recall_split(path, pictures, left_out)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path,source,part\na.jpg,s,train\n", "split.csv: column 'split' is missing; train that run again"),
        ("path,source,split\na.jpg,s,train\nb.jpg,s\n", "split.csv:3: the line is cut off; train that run again"),
        ("path,source,split\na.jpg,s,tr\n", "split.csv: a split is one of train, validation, test, got 'tr'"),
    ],
)
def test_a_broken_split_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "split.csv").write_text(text)
    for read in (read_split, lambda path: earlier_split(path.parent / "model.keras")):
        with pytest.raises(DataError) as raised:
            read(tmp_path / "split.csv")
        assert said in str(raised.value)


@pytest.mark.parametrize(
    ("drawn", "text"),
    [
        (TRAIN, "for validation among 2; give more pictures or choose a larger --validation, of `prepare` where that"),
        (VALIDATION, "no picture is left for train among 2; give more pictures or hold back and leave out fewer"),
    ],
)
def test_a_split_without_one_part_is_refused_and_not_recalled(tmp_path: Path, drawn: str, text: str) -> None:
    a, b = Path("a.jpg"), Path("b.jpg")
    faces = [LabeledFace(picture, None, "x", "s") for picture in (a, b)]
    with pytest.raises(DataError, match=text):
        settle_split(tmp_path / "run", None, faces, (), lambda earlier: {a: drawn, b: drawn})
    whole = {a: TRAIN, b: VALIDATION}
    assert settle_split(tmp_path / "run", None, faces, (), lambda earlier: whole) == whole
    assert read_split(tmp_path / "run" / "split.csv") == whole


def test_going_on_from_a_run_keeps_what_it_held_back_and_frees_what_it_left_out(tmp_path: Path) -> None:
    faces = read_folders(write_class_folders(tmp_path / "known", 6))
    strange = tmp_path / "strange.jpg"
    cv2.imwrite(str(strange), draw_scene(40, masked=False)[0])
    faces.append(LabeledFace(strange, None, "without_mask", "strange"))
    first = split_faces(faces, Fractions(0.3, 0.2), seed=1, left_out=frozenset({strange}))
    write_split(tmp_path / "split.csv", faces, first)
    earlier = earlier_split(tmp_path / "model.keras")
    assert earlier == {path: split for path, split in first.items() if path != strange}
    second = split_faces(faces, Fractions(0.3, 0.0), seed=2, earlier=earlier)
    assert {path: split for path, split in second.items() if path != strange} == earlier
    assert second[strange] != TEST


def test_weights_from_elsewhere_bring_no_split(tmp_path: Path) -> None:
    assert earlier_split(tmp_path / "model.keras") == {}
    assert earlier_split(None) == {}

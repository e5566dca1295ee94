from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_faces import draw_scene, write_class_folders

pytest.importorskip("imagehash", reason="the train extra is not installed")

from PIL import Image  # noqa: E402

from edge.errors import DataError, UsageError  # noqa: E402
from edge.geometry import Box  # noqa: E402
from train.annotations import AnnotatedPicture, LabeledBox, read_csv, write_csv  # noqa: E402
from train.cli import main  # noqa: E402
from train.prepare import Prepared, prepare  # noqa: E402
from train.prepare_command import measure_leaks, summarize  # noqa: E402
from train.splits import Fractions  # noqa: E402


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_class_folders(tmp_path / "in", 6)


def run(source: Path, size: int = 576) -> tuple[Prepared, Path]:
    target = source.parent / "out"
    return prepare(source, target, size, Fractions(0.2, 0.3), seed=1), target


def problems(prepared: Prepared) -> dict[str, tuple[str, ...]]:
    return {one.original: one.problems for one in prepared.checked if one.problems}


def rows(target: Path) -> dict[str, dict[str, str]]:
    with (target / "prepare.csv").open(newline="") as file:
        return {row["original"]: row for row in csv.DictReader(file)}


def load(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        return image


def portrait(seed: int = 500) -> Image.Image:
    return Image.fromarray(draw_scene(seed)[0][..., ::-1])


def test_clean_folders_are_copied_and_listed(source: Path) -> None:
    prepared, target = run(source)
    assert problems(prepared) == {}
    assert len(list(target.glob("*/*.jpg"))) == 12
    assert {row["split"] for row in rows(target).values()} == {"train", "validation", "test"}


def test_nothing_of_the_input_is_changed(source: Path) -> None:
    def digests() -> dict[Path, str]:
        return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in source.rglob("*") if path.is_file()}

    before = digests()
    run(source, size=64)
    assert digests() == before


@pytest.mark.parametrize("content", [b"", b"this is not a picture", b"\xff\xd8\xff\xe0broken"])
def test_an_unreadable_file_is_left_out_and_said(source: Path, content: bytes) -> None:
    (source / "with_mask" / "bad.jpg").write_bytes(content)
    prepared, target = run(source)
    assert problems(prepared)["with_mask/bad.jpg"][0].startswith("left out: not a picture that can be read")
    assert rows(target)["with_mask/bad.jpg"]["picture"] == ""
    assert len(prepared.kept) == 12


def test_a_truncated_picture_is_left_out(source: Path) -> None:
    whole = (source / "with_mask" / "face_000.jpg").read_bytes()
    (source / "with_mask" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    assert "with_mask/cut.jpg" in problems(run(source)[0])


@pytest.mark.parametrize("name", ["images", "JPEGImages", "annotations", "Annotations", "labels"])
def test_a_folder_of_boxes_without_their_csv_file_is_not_taken_for_class_folders(source: Path, name: str) -> None:
    (source / "with_mask").rename(source / name)
    with pytest.raises(DataError, match=f"{name}/ is no class, and annotations.csv is missing; give"):
        run(source)
    assert not (source.parent / "out").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--size", "0"], "--size 0: must be 32 or more"),
        (["--size=-5"], "--size -5: must be 32"),
        (["--seed=-1"], "--seed -1: must be 0 or more"),
    ],
)
def test_a_size_or_seed_that_cannot_be_is_refused(
    source: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["prepare", str(source), str(source.parent / "out"), *words]) == 2
    assert said in capsys.readouterr().err
    assert not (source.parent / "out").exists()


def test_a_wrong_suffix_is_said_and_the_picture_kept(source: Path) -> None:
    portrait().save(source / "with_mask" / "liar.jpg", "PNG")
    prepared, target = run(source)
    assert problems(prepared)["with_mask/liar.jpg"] == ("is PNG, not .jpg",)
    assert load(target / "with_mask" / "liar.jpg").format == "JPEG"


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [
        ("RGBA", "png"),
        ("P", "gif"),
        ("P", "png"),
        ("CMYK", "jpg"),
        ("L", "png"),
        ("RGB", "webp"),
        ("RGB", "bmp"),
        ("RGB", "tiff"),
    ],
)
def test_every_kind_of_picture_becomes_a_plain_jpeg(source: Path, mode: str, suffix: str) -> None:
    portrait().convert(mode).save(source / "with_mask" / f"odd.{suffix}")
    prepared, target = run(source)
    assert problems(prepared) == {}
    made = load(target / "with_mask" / "odd.jpg")
    assert (made.format, made.mode) == ("JPEG", "RGB")
    difference = np.abs(
        np.asarray(made, float) - np.asarray(portrait().convert(mode if mode == "L" else "RGB").convert("RGB"), float)
    )
    assert difference.mean() < 12


def test_sixteen_bit_pictures_keep_their_brightness(source: Path) -> None:
    grey = cv2.cvtColor(draw_scene(500)[0], cv2.COLOR_BGR2GRAY)
    cv2.imwrite(str(source / "with_mask" / "deep.png"), grey.astype(np.uint16) * 256)
    _, target = run(source)
    assert np.abs(cv2.imread(str(target / "with_mask" / "deep.jpg"), 0).astype(int) - grey).mean() < 3


def test_transparent_parts_become_white(source: Path) -> None:
    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(source / "with_mask" / "glass.png")
    _, target = run(source)
    assert np.asarray(load(target / "with_mask" / "glass.jpg")).min() > 250


def test_a_picture_stored_sideways_is_turned_upright(source: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    portrait().resize((60, 40)).save(source / "with_mask" / "phone.jpg", exif=exif)
    _, target = run(source)
    made = load(target / "with_mask" / "phone.jpg")
    assert made.size == (40, 60)
    assert 0x0112 not in made.getexif()


def test_large_pictures_become_smaller_and_small_ones_stay_as_they_are(source: Path) -> None:
    portrait().resize((300, 200)).save(source / "with_mask" / "large.jpg")
    _, target = run(source, size=150)
    assert load(target / "with_mask" / "large.jpg").size == (150, 100)
    small = "with_mask/face_000.jpg"
    assert (target / small).read_bytes() == (source / small).read_bytes()


def test_two_files_of_one_stem_do_not_overwrite_each_other(source: Path) -> None:
    portrait(600).save(source / "with_mask" / "face_000.png")
    prepared, target = run(source)
    assert len(list(target.glob("*/*.jpg"))) == len(prepared.kept) == 13


def test_copies_share_a_group_and_are_said(source: Path) -> None:
    (source / "with_mask" / "z.jpg").write_bytes((source / "with_mask" / "face_000.jpg").read_bytes())
    prepared, target = run(source)
    assert problems(prepared) == {"with_mask/z.jpg": ("exact copy of with_mask/face_000.jpg",)}
    table = rows(target)
    assert table["with_mask/z.jpg"]["group"] == table["with_mask/face_000.jpg"]["group"]
    assert table["with_mask/z.jpg"]["split"] == table["with_mask/face_000.jpg"]["split"]


def test_the_same_picture_in_two_classes_is_a_warning_and_left_out(source: Path) -> None:
    (source / "without_mask" / "z.jpg").write_bytes((source / "with_mask" / "face_000.jpg").read_bytes())
    prepared, target = run(source)
    assert set(problems(prepared)) == {"with_mask/face_000.jpg", "without_mask/z.jpg"}
    assert not (target / "without_mask" / "z.jpg").exists()
    assert "**WARNING: 2 pictures stand in two classes and were left out.**" in summarize(prepared, seed=1)


def test_a_split_at_random_leaks_and_the_one_by_group_does_not(source: Path) -> None:
    for path in sorted(source.glob("*/*.jpg")):
        cv2.imwrite(str(path.with_name(f"mirror_{path.name}")), cv2.imread(str(path))[:, ::-1])
    before, after = measure_leaks(run(source)[0], seed=1)
    assert before.related > 0.4
    assert (after.exact, after.near, after.related) == (0, 0, 0)


@pytest.fixture
def annotated(tmp_path: Path) -> Path:
    (tmp_path / "in" / "images").mkdir(parents=True)
    pictures = []
    for seed in range(5):
        bgr, box = draw_scene(seed, size_px=200)
        path = tmp_path / "in" / "images" / f"{seed}.png"
        cv2.imwrite(str(path), bgr)
        pictures.append(AnnotatedPicture(path, 200, 200, (LabeledBox(box, "face"),)))
    write_csv(tmp_path / "in" / "annotations.csv", pictures)
    return tmp_path / "in"


def test_boxes_shrink_with_their_pictures(annotated: Path) -> None:
    _, target = run(annotated, size=100)
    before, after = read_csv(annotated / "annotations.csv"), read_csv(target / "annotations.csv")
    assert [(p.width, p.height) for p in after] == [(100, 100)] * 5
    assert np.allclose(np.vstack([p.boxes() for p in after]), np.vstack([p.boxes() for p in before]) / 2, atol=0.1)
    assert cv2.imread(str(after[0].path)).shape == (100, 100, 3)


def test_a_picture_that_its_annotations_do_not_fit_is_left_out(annotated: Path) -> None:
    cv2.imwrite(str(annotated / "images" / "1.png"), np.zeros((50, 80, 3), np.uint8))
    prepared, target = run(annotated)
    assert problems(prepared) == {"images/1.png": ("left out: annotated as 200x200 px but upright it is 80x50 px",)}
    assert "1.jpg" not in {picture.path.name for picture in read_csv(target / "annotations.csv")}


def test_boxes_without_area_survive(annotated: Path) -> None:
    pictures = read_csv(annotated / "annotations.csv")
    write_csv(annotated / "annotations.csv", [pictures[0].with_faces([LabeledBox(Box(5, 5, 5, 5), "face")])])
    assert len(run(annotated)[0].kept) == 1


def test_an_output_in_use_or_within_the_input_is_refused(source: Path) -> None:
    with pytest.raises(UsageError, match="never changed"):
        prepare(source, source / "out", 100, Fractions(), seed=1)
    with pytest.raises(UsageError, match="is not empty"):
        prepare(source, source.parent, 100, Fractions(), seed=1)
    (source.parent / "file").touch()
    with pytest.raises(UsageError, match=r"OUT_DIR .*/file: a folder is expected, and .*/file is a file"):
        prepare(source, source.parent / "file", 100, Fractions(), seed=1)


def test_an_input_without_pictures_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        prepare(tmp_path / "nowhere", tmp_path / "out", 100, Fractions(), seed=1)
    (tmp_path / "in" / "with_mask").mkdir(parents=True)
    with pytest.raises(DataError, match="class folders such as with_mask/"):
        prepare(tmp_path / "in", tmp_path / "out", 100, Fractions(), seed=1)
    (tmp_path / "in" / "with_mask" / "a.jpg").write_text("no picture")
    with pytest.raises(DataError, match=r"none of the 1 files .* with_mask/a\.jpg"):
        prepare(tmp_path / "in", tmp_path / "out", 100, Fractions(), seed=1)


def test_the_command_prints_and_keeps_a_summary(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = source.parent / "out"
    assert main(["prepare", str(source), str(target)]) == 0
    printed = capsys.readouterr().out
    assert printed == (target / "prepare.md").read_text()
    assert "# 12 pictures prepared of 12 files" in printed
    assert main(["prepare", str(source), str(target)]) == 2
    assert "is not empty" in capsys.readouterr().err


@pytest.mark.data
def test_the_classic_set_leaks_at_random_and_not_by_group(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "classification" / "prajna"
    prepared = prepare(source, tmp_path / "out", 576, Fractions(0.1, 0.2), seed=1)
    before, after = measure_leaks(prepared, seed=1)
    assert len(prepared.kept) == 1376
    assert before.exact == pytest.approx(0.12, abs=0.04)
    assert before.near == pytest.approx(0.42, abs=0.05)
    assert after.related == 0

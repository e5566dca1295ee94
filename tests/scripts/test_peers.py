"""The adapters of other people's systems: what they make of their networks' numbers, and that they work."""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from edge.geometry import Box
from edge.records import FACE, WITH_MASK, WITHOUT_MASK, Face, Frame
from train.annotations import AnnotatedPicture, LabeledBox, read_csv
from train.predictions import read_predictions
from train.scoring import MASKED, found_frac, label_accuracy, tally

PEERS = Path(__file__).parents[2] / "scripts" / "peers"


@pytest.fixture(autouse=True)
def scripts_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PEERS))


def load(name: str) -> ModuleType:
    if name == "teacher":
        pytest.importorskip("onnxruntime", reason="the train extra is not installed")
    return importlib.import_module(name)


def frame_of(width: int, height: int, name: str = "a.jpg") -> Frame:
    return Frame(0, 0.0, np.zeros((height, width, 3), np.uint8), name)


def test_aizoo_has_four_anchors_in_every_cell_of_its_five_grids() -> None:
    anchors = load("aizoo").make_anchors()
    assert anchors.shape == (4 * (33**2 + 17**2 + 9**2 + 5**2 + 3**2), 4)
    assert np.ptp(anchors[:4, :2], axis=0) == pytest.approx([0, 0])
    assert anchors[4, :2] == pytest.approx([1.5 / 33, 0.5 / 33])
    assert anchors[4 * 33, :2] == pytest.approx([0.5 / 33, 1.5 / 33])
    assert anchors[-1, :2] == pytest.approx([2.5 / 3, 2.5 / 3])


def test_aizoo_anchors_are_two_squares_and_two_upright_boxes_of_the_smaller_one() -> None:
    width, height = load("aizoo").make_anchors()[:4, 2:].T
    assert width / height == pytest.approx([1, 1, 0.62, 0.42])
    assert np.sqrt(width * height) == pytest.approx([0.04, 0.056, 0.04, 0.04])


def test_aizoo_box_without_offsets_is_its_anchor() -> None:
    boxes = load("aizoo").decode(np.zeros((1, 4), np.float32), np.array([[0.5, 0.4, 0.2, 0.1]], np.float32))
    assert boxes[0] == pytest.approx([0.4, 0.35, 0.6, 0.45])


def test_aizoo_offsets_move_by_tenths_and_grow_by_fifths_of_an_exponent() -> None:
    offsets = np.array([[5, -10, 5 * np.log(2), 5 * np.log(3)]], np.float32)
    boxes = load("aizoo").decode(offsets, np.array([[0.5, 0.5, 0.2, 0.1]], np.float32))
    assert boxes[0] == pytest.approx([0.6 - 0.2, 0.4 - 0.15, 0.6 + 0.2, 0.4 + 0.15])


def test_mobiledet_score_belongs_to_the_class_of_its_box() -> None:
    rows = load("mobiledet").label_scores(np.array([2, 0]), np.array([0.9, 0.6], np.float32))
    assert rows == pytest.approx(np.array([[0, 0, 0.9], [0.6, 0, 0]], np.float32))


def test_faces_end_at_the_border_and_those_outside_are_dropped_with_their_scores() -> None:
    boxes = np.array([[-5, 10, 20, 60], [110, 0, 130, 20], [30, 10, 40, 20]], np.float32)
    faces = load("lines").make_faces(frame_of(100, 50), boxes, np.array([0.9, 0.8, 0.7], np.float32))
    assert [face.box.as_tuple() for face in faces] == [(0, 10, 20, 50), (30, 10, 40, 20)]
    assert [face.score for face in faces] == pytest.approx([0.9, 0.7])


def test_one_pass_face_has_its_best_label_and_that_labels_score() -> None:
    boxes = np.array([[200, 0, 220, 20], [30, 10, 40, 20]], np.float32)
    scores = np.array([[0.9, 0.1], [0.2, 0.75]], np.float32)
    (verdict,) = load("lines").make_verdicts(frame_of(100, 50), boxes, scores, ("with_mask", "without_mask"))
    assert (verdict.label, verdict.kind) == ("without_mask", "unmasked")
    assert verdict.score == verdict.face.score == pytest.approx(0.75)


def test_picture_that_cannot_be_read_is_said_and_the_others_get_their_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = load("lines")
    cv2.imwrite(str(tmp_path / "b.png"), np.zeros((50, 100, 3), np.uint8))
    (tmp_path / "a.jpg").write_text("no picture")
    box = np.array([[10, 20, 30, 40]], np.float32)
    scores = np.array([[0.75]], np.float32)
    assert lines.print_lines(lambda frame: lines.make_verdicts(frame, box, scores, ("with_mask",)), tmp_path) == 0
    said = capsys.readouterr()
    (line,) = said.out.splitlines()
    assert json.loads(line)["image"] == str(tmp_path / "b.png")
    (found,) = read_predictions(line)["b.png"]
    assert (found.box, found.label, found.score) == (Box(10, 20, 30, 40), "with_mask", 0.75)
    assert str(tmp_path / "a.jpg") in said.err


@pytest.mark.parametrize("name", ["aizoo", "mobiledet", "yunet", "tutorial"])
def test_missing_network_is_one_sentence_and_exit_code_1(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load(name).main([str(tmp_path), str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert said.err.startswith(str(tmp_path))
    assert "no such file; give the folder" in said.err
    assert (said.err.count("\n"), said.out) == (1, "")


def test_found_face_has_the_label_of_the_true_face_that_it_overlaps_best() -> None:
    known = [LabeledBox(Box(0, 0, 10, 10), "without_mask"), LabeledBox(Box(2, 0, 12, 10), "mask_worn_incorrectly")]
    assert load("teacher").true_label(Face(0, Box(2, 0, 12, 11), 0.9), known) == "mask_worn_incorrectly"
    assert load("teacher").true_label(Face(0, Box(-1, 0, 10, 10), 0.9), known) == "without_mask"


@pytest.mark.parametrize("true", [LabeledBox(Box(7, 0, 17, 10), "without_mask"), LabeledBox(Box(0, 0, 10, 10), FACE)])
def test_found_face_whose_truth_nobody_knows_is_with_mask(true: LabeledBox) -> None:
    face = Face(0, Box(0, 0, 10, 10), 0.9)
    assert load("teacher").true_label(face, [true]) == "with_mask"
    assert load("teacher").true_label(face, []) == "with_mask"


def test_true_labels_are_those_of_the_picture_of_that_name() -> None:
    teacher = load("teacher")
    box = Box(0, 0, 10, 10)
    pictures = [
        AnnotatedPicture(Path("x/a.jpg"), 50, 50, (LabeledBox(box, "with_mask"),)),
        AnnotatedPicture(Path("x/b.jpg"), 50, 50, (LabeledBox(box, "without_mask"),)),
    ]
    (verdict,) = teacher.TrueLabels(pictures).judge(frame_of(50, 50, "y/b.jpg"), [Face(0, box, 0.9)])
    assert (verdict.label, verdict.score, verdict.face.score) == ("without_mask", 1.0, 0.9)


def test_teacher_asks_for_annotations_unless_our_classifier_is_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load("teacher").main([str(tmp_path), str(tmp_path)]) == 2
    assert "--boxes" in capsys.readouterr().err


@pytest.fixture
def pictures(shared_data: Path, tmp_path: Path) -> list[AnnotatedPicture]:
    """Twelve real pictures without wrongly worn masks, for which most peers have no label."""
    everything = read_csv(shared_data / "detection" / "jolignier" / "annotations.csv")
    known = [picture for picture in everything if {face.label for face in picture.faces} <= {WITH_MASK, WITHOUT_MASK}]
    pictures = known[:: len(known) // 12][:12]
    for picture in pictures:
        shutil.copy(picture.path, tmp_path)
    return pictures


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "words", "least_found_frac"),
    [
        ("tutorial", [], 0.3),
        ("aizoo", [], 0.5),
        ("mobiledet", [], 0.6),
        ("yunet", [], 0.7),
        ("yunet", ["--size", "640"], 0.7),
        ("teacher", ["--classifier", "ours"], 0.7),
    ],
)
def test_peer_finds_and_labels_real_faces(
    name: str,
    words: list[str],
    least_found_frac: float,
    shared_data: Path,
    pictures: list[AnnotatedPicture],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if name == "tutorial":
        pytest.importorskip("keras", reason="the train extra is not installed")
    assert load(name).main([*words, str(shared_data), str(tmp_path)]) == 0
    found = read_predictions(capsys.readouterr().out)
    counts = tally(pictures, [found[picture.path.name] for picture in pictures], 0.08)
    assert found_frac(counts, MASKED) >= least_found_frac
    assert label_accuracy(counts) >= 0.8

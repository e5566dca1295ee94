from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

from edge.errors import DataError
from edge.geometry import Box
from train.annotations import AnnotatedPicture
from train.predictions import Prediction, read_errors, read_predictions

FACE = {
    "box": [1, 2, 3, 4], "face_score": 0.9, "label": "with_mask", "score": 0.7,
    "scores": {"with_mask": 0.7, "without_mask": 0.3}, "verdict": "unsure",
}  # fmt: skip


def test_everything_that_a_line_tells_is_kept() -> None:
    (face,) = read_predictions(json.dumps({"image": "x/a.jpg", "faces": [FACE]}))["a.jpg"]
    assert (face.box, face.label, face.score, face.face_score) == (Box(1, 2, 3, 4), "with_mask", 0.7, 0.9)
    assert (face.scores, face.verdict) == (FACE["scores"], "unsure")


def test_box_and_label_are_enough() -> None:
    (face,) = read_predictions(json.dumps({"image": "a.jpg", "faces": [{"box": [1, 2, 3, 4], "label": "x"}]}))["a.jpg"]
    assert (face.score, face.face_score, face.scores, face.verdict) == (1.0, None, None, None)


def test_of_a_picture_that_could_not_be_read_only_the_error_is_said() -> None:
    lines = '{"image": "x/a.jpg", "error": "damaged"}\n\n{"image": "b.jpg", "faces": []}\n'
    assert read_predictions(lines) == {"b.jpg": []}
    assert read_errors(lines) == {"a.jpg": "damaged"}


@pytest.mark.parametrize("line", ["hello", "[1]", '{"image": "a.jpg"}', '{"image": "a.jpg", "faces": [{"box": [1]}]}'])
def test_a_line_that_is_something_else_is_named_by_its_number(line: str) -> None:
    with pytest.raises(DataError, match="line 2 is not what"):
        read_predictions('{"image": "b.jpg", "faces": []}\n' + line)


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": "face"}, {"label": 3}, {"label": None}, {"label": ["with_mask"]}, {"box": [1, 2, 3, float("nan")]},
        {"score": float("nan")}, {"scores": [0.7, 0.3]}, {"scores": {"with_mask": None}}, {"face_score": "high"},
    ],
)  # fmt: skip
def test_a_face_that_cannot_be_scored_is_named_by_its_line(wrong: dict[str, object]) -> None:
    with pytest.raises(DataError, match="line 1 is not what"):
        read_predictions(json.dumps({"image": "a.jpg", "faces": [FACE | wrong]}))


def error(name: str) -> str:
    return json.dumps({"image": name, "error": "damaged"})


FINE = json.dumps({"image": "a.jpg", "faces": [FACE]})


def ask(folder: Path, code: int, *lines: str, names: tuple[str, ...] = ("a.jpg",)) -> Prediction:
    """Ask a system that prints these lines and ends with this exit code about these pictures."""
    text = "\n".join(lines)
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(f'print({text!r}); raise SystemExit({code})')}"
    return Prediction.make(
        command, [AnnotatedPicture(folder / name, 9, 9, ()) for name in names], folder / "kept.jsonl"
    )


def test_an_unreadable_picture_that_nobody_annotated_is_passed_over(tmp_path: Path) -> None:
    said = ask(tmp_path, 1, FINE, error("b.jpg"))
    assert [face.label for face in said.found["a.jpg"]] == ["with_mask"]


def test_what_a_failing_system_said_is_kept_and_the_first_pictures_that_failed_are_quoted(tmp_path: Path) -> None:
    lines = (FINE, error("b.jpg"), error("c.jpg"), error("d.jpg"))
    with pytest.raises(DataError) as raised:
        ask(tmp_path, 1, *lines, names=("a.jpg", "b.jpg", "c.jpg", "d.jpg"))
    assert str(raised.value).endswith(
        "ended with exit code 1, said nothing about 3 pictures, b.jpg among them; its own words: "
        "b.jpg: damaged; c.jpg: damaged"
    )
    assert (tmp_path / "kept.jsonl").read_text().splitlines() == [*lines]


def test_a_failure_that_no_line_accounts_for_is_one(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="ended with exit code 3, though no line tells of an error; its own words are"):
        ask(tmp_path, 3, FINE)
    with pytest.raises(DataError, match="ended with exit code 3, said nothing about 1 pictures, a.jpg .* are above"):
        ask(tmp_path, 3)
    with pytest.raises(DataError, match="ended with exit code 3, line 2 is not what"):
        ask(tmp_path, 3, FINE, FINE[:20])

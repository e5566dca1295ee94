from __future__ import annotations

import json

import pytest

from edge.errors import DataError
from edge.geometry import Box
from train.predictions import read_predictions

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


def test_a_picture_that_could_not_be_read_is_not_said_anything_about() -> None:
    assert read_predictions('{"image": "a.jpg", "error": "damaged"}\n\n') == {}


@pytest.mark.parametrize("line", ["hello", "[1]", '{"image": "a.jpg"}', '{"image": "a.jpg", "faces": [{"box": [1]}]}'])
def test_a_line_that_is_something_else_is_named_by_its_number(line: str) -> None:
    with pytest.raises(DataError, match="line 2 is not what"):
        read_predictions('{"image": "b.jpg", "faces": []}\n' + line)

"""maskwatch check: what is wrong, where, and what it knows beyond config.yaml, the labels of the classifier."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.cli import main

LABELS = "its labels are with_mask, without_mask, mask_worn_incorrectly, and alarm.labels asks for"


def check(folder: Path, text: str) -> int:
    (folder / "config.yaml").write_text(text)
    return main(["check", str(folder / "config.yaml")])


def test_check_says_fine_or_where_the_error_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path, "alarm: {hold_s: 2}\n") == 0
    assert "fine" in capsys.readouterr().out
    assert check(tmp_path, "alarm:\n  hold_s: 99\n") == 2
    assert "config.yaml:2: alarm.hold_s: must be between 0 and 60, got 99" in capsys.readouterr().err


def test_a_pin_left_blank_is_not_taken_for_an_unwired_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path, "gpio:\n  lamp_pin:\n") == 2
    assert "config.yaml:2: gpio.lamp_pin: must be a whole number between 0 and 27 or null, got nothing" in (
        capsys.readouterr().err
    )


def test_a_file_as_camera_must_be_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path, "camera:\n  source: files\n  device: 0\n") == 2
    assert "config.yaml:3: camera.device: must name a file or folder" in capsys.readouterr().err


def test_yunet_without_its_file_is_an_error_with_a_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path, "detector:\n  backend: yunet\n  model: models/faces.tflite\n") == 2
    said = capsys.readouterr().err
    assert "config.yaml:3: detector.model: must end in .onnx, as detector.backend is yunet" in said
    assert check(tmp_path, "detector:\n  backend: yunet\n") == 2
    assert "got models/face_detector.tflite" in capsys.readouterr().err


@pytest.mark.parametrize("label", ["no_mask", "not_face"])
def test_a_label_that_the_classifier_does_not_have_is_an_error_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], label: str
) -> None:
    assert check(tmp_path, f"alarm:\n  labels: [without_mask, {label}]\n") == 2
    assert f"config.yaml:2: alarm.labels: mask_classifier.tflite: {LABELS} {label}" in capsys.readouterr().err


def test_labels_are_not_looked_at_while_something_else_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(tmp_path, "alarm: {labels: [no_mask, no_mask]}\n") == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_classifier_that_is_not_there_yet_is_for_the_doctor_to_name(tmp_path: Path) -> None:
    assert check(tmp_path, "classifier: {model: none.tflite}\nalarm: {labels: [no_mask]}\n") == 0

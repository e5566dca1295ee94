"""maskwatch check, where it knows more than config.yaml says: the labels of the classifier."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.cli import main

LABELS = "its labels are with_mask, without_mask, mask_worn_incorrectly, and alarm.labels asks for"


def check(folder: Path, text: str) -> int:
    (folder / "config.yaml").write_text(text)
    return main(["check", str(folder / "config.yaml")])


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

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import DataError, UsageError
from edge.geometry import Box
from train.annotations import AnnotatedPicture, LabeledBox, write_csv
from train.evaluate import add_arguments, run

ANSWER = {"image": "a.jpg", "faces": [{"box": [10, 10, 30, 30], "label": "with_mask", "face_score": 0.9}]}


@pytest.fixture
def annotations(tmp_path: Path) -> Path:
    images = tmp_path / "drawn" / "images"
    images.mkdir(parents=True)
    cv2.imwrite(str(images / "a.jpg"), np.zeros((100, 100, 3), np.uint8))
    path = images.parent / "annotations.csv"
    write_csv(path, [AnnotatedPicture(images / "a.jpg", 100, 100, (LabeledBox(Box(10, 10, 30, 30), "with_mask"),))])
    return path


def evaluate(annotations: Path, *systems: str) -> list[dict[str, object]]:
    import argparse

    parser = argparse.ArgumentParser()
    add_arguments(parser)
    output = annotations.parent / "out"
    words = ["--boxes", str(annotations), "--output", str(output)]
    for system in systems:
        words += ["--system", system]
    assert run(parser.parse_args(words)) == 0
    rows: list[dict[str, object]] = json.loads((output / "evaluation.json").read_text())
    return rows


def system(name: str, code: str) -> str:
    return f"{name}={shlex.quote(sys.executable)} -c {shlex.quote(code)}"


def test_every_system_is_scored_at_every_size(annotations: Path, capsys: pytest.CaptureFixture[str]) -> None:
    silent = dict(ANSWER, faces=[])
    rows = evaluate(
        annotations,
        system("good", f"print({json.dumps(ANSWER)!r})"),
        system("silent", f"print({json.dumps(silent)!r})"),
    )
    assert [(row["system"], row["min_side"], row["masked_f1"]) for row in rows] == [
        ("good", 0.03, 1.0), ("good", 0.08, 1.0), ("silent", 0.03, 0.0), ("silent", 0.08, 0.0),
    ]  # fmt: skip
    assert "| good | drawn | 0.03 |" in capsys.readouterr().out


def test_a_system_that_fails_or_skips_pictures_is_named(annotations: Path) -> None:
    with pytest.raises(DataError, match="ended with exit code 3"):
        evaluate(annotations, system("broken", "raise SystemExit(3)"))
    with pytest.raises(DataError, match=r"said nothing about 1 pictures, a\.jpg among them"):
        evaluate(annotations, system("lazy", "pass"))


def test_a_system_needs_a_name_and_a_command(annotations: Path) -> None:
    with pytest.raises(UsageError, match="NAME=COMMAND is expected"):
        evaluate(annotations, "nothing")

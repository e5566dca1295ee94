"""The table of input sizes, on tiny models."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from tiny_models import brightness_classifier, draw_picture, write_run  # noqa: E402

from edge.geometry import Box  # noqa: E402
from train.annotations import AnnotatedPicture, LabeledBox, write_csv  # noqa: E402

SCRIPT = Path(__file__).parents[2] / "scripts" / "bench" / "input_size.py"


@pytest.fixture
def boxes(tmp_path: Path) -> Path:
    (tmp_path / "street" / "images").mkdir(parents=True)
    rng, pictures = np.random.default_rng(5), []
    for index in range(8):
        path = tmp_path / "street" / "images" / f"{index}.png"
        cv2.imwrite(str(path), draw_picture(rng, bright=index % 2 == 0))
        face = LabeledBox(Box(4, 4, 28, 28), "with_mask" if index % 2 == 0 else "without_mask")
        pictures.append(AnnotatedPicture(path, 32, 32, (face,)))
    write_csv(tmp_path / "street" / "annotations.csv", pictures)
    return tmp_path / "street" / "annotations.csv"


def run_script(*words: str) -> int:
    spec = importlib.util.spec_from_file_location("input_size", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    cores = os.sched_getaffinity(0)
    try:
        return int(module.main(words))
    finally:
        os.sched_setaffinity(0, cores)


def test_every_run_is_a_line_with_size_latency_and_scores(
    tmp_path: Path, boxes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [write_run(tmp_path / name, brightness_classifier()) for name in ("a", "b")]
    assert run_script(*map(str, runs), "--boxes", str(boxes), "--rounds", "5") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "| input px | int8 ms | MB | accuracy | F1 with_mask | F1 without_mask | run |"
    for line, run in zip(lines[2:4], runs, strict=True):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert (cells[0], cells[3:]) == ("32", ["1.0000", "1.0000", "1.0000", str(run)])
        assert float(cells[1]) >= 0
        assert (run / "int8.tflite").is_file()


def test_a_folder_that_is_no_run_and_runs_of_other_labels_are_named(
    tmp_path: Path, boxes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_script(str(tmp_path), "--boxes", str(boxes)) == 2
    assert "no labels.txt; give folders of finished classifier runs" in capsys.readouterr().err
    one = write_run(tmp_path / "a", brightness_classifier())
    other = write_run(tmp_path / "b", brightness_classifier(), labels=("with_mask", "with_veil"))
    assert run_script(str(one), str(other), "--boxes", str(boxes)) == 2
    assert "the runs have different labels" in capsys.readouterr().err


def test_labels_with_spaces_are_told_apart(tmp_path: Path, boxes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = write_run(tmp_path / "a", brightness_classifier(), labels=("full mask", "none"))
    other = write_run(tmp_path / "b", brightness_classifier(), labels=("full", "mask none"))
    assert run_script(str(one), str(other), "--boxes", str(boxes)) == 2
    assert "the runs have different labels" in capsys.readouterr().err

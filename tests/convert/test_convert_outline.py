from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

import keras  # noqa: E402

from convert.cli import main  # noqa: E402
from edge.manifest import DETECTOR_KIND, Outline, read_model  # noqa: E402


def dot_finder() -> keras.Model:
    """Return a detector of 96×64 pixels that sees a face wherever it is bright."""
    picture = keras.Input((64, 96, 3), name="picture")
    outputs = {}
    for stride in (8, 16, 32):
        x = keras.layers.AveragePooling2D(stride)(picture)
        outputs[f"score_{stride}"] = keras.layers.Conv2D(1, 1, kernel_initializer="ones", name=f"score_{stride}")(x)
        outputs[f"distance_{stride}"] = keras.layers.Conv2D(4, 1, bias_initializer="ones", name=f"distance_{stride}")(x)
    return keras.Model(picture, outputs)


def write_detector_run(folder: Path, report: dict[str, object]) -> Path:
    folder.mkdir()
    with (folder / "split.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "x_min", "y_min", "x_max", "y_max", "label", "source", "split"))
        for index in range(8):
            bgr = np.zeros((64, 96, 3), np.uint8)
            bgr[16:48, 32:64] = 255
            cv2.imwrite(str(folder / f"{index}.png"), bgr)
            split = "train" if index < 4 else "validation"
            writer.writerow((folder / f"{index}.png", 32, 16, 64, 48, "face", "drawn", split))
    dot_finder().save(folder / "model.keras")
    (folder / "report.json").write_text(json.dumps(report))
    return folder


@pytest.mark.parametrize(
    ("report", "outline"),
    [({"teacher": "scrfd.onnx"}, Outline(widen_frac=0.05, lower_top_frac=0.11)), ({"command": "train"}, Outline())],
)
def test_boxes_that_a_teacher_drew_are_shown_as_people_draw_them(
    tmp_path: Path, report: dict[str, object], outline: Outline
) -> None:
    run, output = write_detector_run(tmp_path / "run", report), tmp_path / "faces.tflite"
    assert main([str(run), "--output", str(output), "--max-loss", "100"]) == 0
    manifest = read_model(output, DETECTOR_KIND)[1]
    assert manifest.outline == outline
    assert manifest.input.dtype == "int8"
    assert manifest.made["trained"] == report


def test_a_detector_is_compared_on_as_many_pictures_as_asked_for(tmp_path: Path) -> None:
    run, output = write_detector_run(tmp_path / "run", {}), tmp_path / "faces.tflite"
    assert main([str(run), "--output", str(output), "--max-loss", "100", "--verify", "3"]) == 0
    assert read_model(output, DETECTOR_KIND)[1].scores["held_back_samples"] == 3


def test_a_crowd_takes_no_other_pictures_place_when_the_ranges_are_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = write_detector_run(tmp_path / "run", {})
    with (run / "split.csv").open("a", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([(run / "0.png", 32, 16, 64, 48, "face", "drawn", "train")] * 200)
        writer.writerow((run / "looked_for.png", 32, 16, 64, 48, "face", "drawn", "train"))
    assert main([str(run), "--output", str(tmp_path / "faces.tflite"), "--samples", "5"]) == 1
    assert "looked_for.png: not a picture that can be read" in capsys.readouterr().err

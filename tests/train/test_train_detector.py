"""The command that trains the detector; its network is too large to be trained here without the ImageNet weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from drawn_faces import write_annotated

pytest.importorskip("keras", reason="the train extra is not installed")

from train.cli import main  # noqa: E402

WEIGHTS = "mobilenet_v2_1.0_224_imagenet_notop.weights.h5"


@pytest.fixture
def boxes(tmp_path: Path) -> Path:
    return write_annotated(tmp_path / "drawn", 10, "face") / "annotations.csv"


@pytest.mark.data
def test_a_run_leaves_model_split_plot_and_report_and_another_goes_on_from_it(
    shared_data: Path, boxes: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    words = ["--weights", str(shared_data / "weights" / WEIGHTS), "--input", "96x64", "--batch", "4"]
    words += ["--epochs", "1", "--validation", "0.3", "--synthetic", "0.5", "--output", str(run)]
    teacher = ["--teacher", str(shared_data / "teachers" / "scrfd_2.5g_kps.onnx")]
    assert main(["detector", "--boxes", str(boxes), *teacher, *words]) == 0
    names = {path.name for path in run.iterdir()}
    assert {"model.keras", "split.csv", "history.csv", "plot.png", "report.md", "report.json", "recipe.json"} <= names
    assert (run / "repaired" / "landmarks.csv").is_file()
    report = json.loads((run / "report.json").read_text())
    assert report["data"]["validation"] == {"drawn": {"face": 3}}
    assert report["epochs_done"] == 1
    assert report["teacher"] == "scrfd_2.5g_kps.onnx"
    words = ["--weights", str(run / "model.keras"), "--batch", "4", "--seed", "9"]
    words += ["--epochs", "1", "--validation", "0.3", "--output", str(tmp_path / "more")]
    assert main(["detector", "--boxes", str(boxes), *teacher, *words]) == 0
    assert (tmp_path / "more" / "split.csv").read_text() == (run / "split.csv").read_text()
    shape = json.loads((tmp_path / "more" / "recipe.json").read_text())["shape"]
    assert (shape["width_px"], shape["height_px"]) == (96, 64)


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["--boxes", "none.csv"], 1, "none.csv: no such annotations file"),
        (["--boxes", "CSV", "--input", "100x64"], 2, "--input: must be WxH, both multiples of 32, got 100x64"),
        (["--boxes", "CSV", "--input", "large"], 2, "got large"),
        (["--boxes", "none.csv", "--output", "CSV"], 2, "annotations.csv is a file; name another"),
        (["--boxes", "CSV", "--batch", "0"], 2, "--batch: must be 1 or more, got 0"),
        (["--boxes", "CSV", "--epochs", "0"], 2, "--epochs: must be 1 or more, got 0"),
        (["--boxes", "none.csv", "--limit", "-3"], 2, "--limit: must be 1 or more, got -3"),
        (["--boxes", "none.csv", "--seed", "4294967296"], 2, "--seed: must be between 0 and 4294967295, got"),
        (["--boxes", "CSV", "--synthetic", "2"], 2, "--synthetic: must be between 0 and 1, got 2.0"),
        (["--boxes", "CSV", "--weights", "none.h5"], 4, "none.h5: no such file"),
        (["--boxes", "CSV", "--leave-out", "street"], 2, "--leave-out street: no such source; known are drawn"),
        (["--boxes", "CSV", "--leave-out", "drawn"], 1, "no picture is left for train among 10; give more pictures"),
        (["--boxes", "CSV", "--validation", "0"], 1, "no picture is left for validation among 10; give more pictures"),
    ],
)
def test_a_mistake_is_one_sentence_and_an_exit_code(
    boxes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, text: str
) -> None:
    given = [str(boxes) if word == "CSV" else word for word in words]
    assert main(["detector", "--output", str(tmp_path / "run"), *given]) == code
    assert text in capsys.readouterr().err
    assert not (tmp_path / "run" / "split.csv").exists()

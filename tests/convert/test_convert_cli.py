from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from tiny_models import brightness_classifier, tiny_classifier, write_run  # noqa: E402

from convert.cli import main  # noqa: E402
from edge.manifest import CLASSIFIER_KIND, read_model  # noqa: E402
from edge.runtime.tflite import TfliteModel  # noqa: E402
from train.provenance import revision  # noqa: E402


def test_a_run_becomes_a_model_that_the_device_loads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, output = write_run(tmp_path / "run", brightness_classifier()), tmp_path / "models" / "mask.tflite"
    assert main([str(run), "--output", str(output), "--keep-float"]) == 0
    assert output.with_suffix(".keras").read_bytes() == (run / "model.keras").read_bytes()
    said = capsys.readouterr().out
    assert f"{output}: min_score 0.6; another with --min-score" in said
    assert "accuracy on 20 held-back samples: float 1.0000, int8 1.0000" in said
    _, manifest = read_model(output, CLASSIFIER_KIND)
    assert manifest.labels == ("with_mask", "without_mask")
    assert manifest.scores["int8"] == 1.0
    assert "convert" in manifest.made["converted"]
    scores = TfliteModel(output, CLASSIFIER_KIND).invoke(np.full((32, 32, 3), 250, np.uint8))["scores"]
    assert scores.argmax() == 0


def test_the_revision_is_that_of_the_code_wherever_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, output = write_run(tmp_path / "run", brightness_classifier()), tmp_path / "mask.tflite"
    monkeypatch.chdir(tmp_path)
    assert main([str(run), "--output", str(output)]) == 0
    assert read_model(output, CLASSIFIER_KIND)[1].made["revision"] == revision()


def test_a_label_may_have_a_space(tmp_path: Path) -> None:
    labels = ("with mask", "without mask")
    run, output = write_run(tmp_path / "run", brightness_classifier(), labels), tmp_path / "mask.tflite"
    assert main([str(run), "--output", str(output)]) == 0
    assert read_model(output, CLASSIFIER_KIND)[1].labels == labels


def test_without_the_edge_tpu_compiler_the_cpu_model_is_written_and_the_exit_code_is_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run, output = write_run(tmp_path / "run", brightness_classifier()), tmp_path / "mask.tflite"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main([str(run), "--output", str(output), "--edgetpu"]) == 3
    said = capsys.readouterr()
    assert "pre-flight: mask.tflite should run wholly on an Edge TPU" in said.out
    assert "there is no edgetpu_compiler on PATH" in said.err
    assert read_model(output, CLASSIFIER_KIND)[1].model == "mask.tflite"


def test_calibration_pictures_can_come_from_a_folder(tmp_path: Path) -> None:
    run, output = write_run(tmp_path / "run", brightness_classifier()), tmp_path / "mask.tflite"
    assert main([str(run), "--output", str(output), "--calibration", str(run), "--samples", "5"]) == 0
    assert output.is_file()


def test_a_folder_without_pictures_cannot_calibrate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path / "run", brightness_classifier())
    (tmp_path / "empty").mkdir()
    assert main([str(run), "--output", str(tmp_path / "m.tflite"), "--calibration", str(tmp_path / "empty")]) == 1
    assert "no pictures there" in capsys.readouterr().err


def test_a_model_that_loses_too_much_is_not_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, output = write_run(tmp_path / "run", brightness_classifier()), tmp_path / "mask.tflite"
    assert main([str(run), "--output", str(output), "--max-loss", "-1"]) == 4
    assert "int8 lost 0.00 points of accuracy" in capsys.readouterr().err
    assert not output.exists()


def test_a_model_that_would_not_map_is_not_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import keras

    base = tiny_classifier()
    run = write_run(tmp_path / "run", keras.Model(base.input, keras.ops.sin(base.output)))
    assert main([str(run), "--output", str(tmp_path / "mask.tflite")]) == 4
    said = capsys.readouterr().err
    assert "does not map to the Edge TPU" in said
    assert "nothing was written" in said
    assert not (tmp_path / "mask.tflite").exists()


def test_a_folder_that_is_no_run_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "--output", str(tmp_path / "m.tflite")]) == 4
    assert "no such model; give the folder of a finished training run" in capsys.readouterr().err


def test_a_run_without_labels_or_held_back_pictures_is_not_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, output = write_run(tmp_path / "run", brightness_classifier()), tmp_path / "mask.tflite"
    rows = (run / "split.csv").read_text().replace(",validation", ",train")
    (run / "split.csv").write_text(rows)
    assert main([str(run), "--output", str(output)]) == 4
    assert "no labeled picture is held back to compare on" in capsys.readouterr().err
    (run / "labels.txt").unlink()
    assert main([str(run), "--output", str(output)]) == 4
    assert "has 0 labels, the model has 2 scores" in capsys.readouterr().err
    assert not output.exists()


@pytest.mark.parametrize("name", ["mask.json", "mask", "mask.keras", "my.v2"])
def test_an_output_that_is_no_tflite_is_refused_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main([str(tmp_path / "no run"), "--output", str(tmp_path / name)]) == 2
    assert f"{name}: must end in .tflite" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["--samples", "0"], ["--samples=-1"], ["--verify", "0"], ["--verify=-1"]])
def test_a_count_below_one_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main([str(tmp_path / "no run"), "--output", str(tmp_path / "mask.tflite"), *words]) == 2
    assert "--samples and --verify must be 1 or more" in capsys.readouterr().err


def test_a_run_without_a_training_picture_cannot_set_the_ranges(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = write_run(tmp_path / "run", brightness_classifier())
    (run / "split.csv").write_text((run / "split.csv").read_text().replace(",train", ",validation"))
    assert main([str(run), "--output", str(tmp_path / "mask.tflite")]) == 1
    assert "split.csv: no training picture to set the ranges; name others with --calibration" in capsys.readouterr().err


def other_archive(_: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("readme.txt", "no model")
    return data.getvalue()


@pytest.mark.parametrize(
    "damage",
    [lambda whole: whole[:-200], lambda whole: whole[:300] + bytes(200) + whole[500:], other_archive],
    ids=["cut off", "overwritten", "another archive"],
)
def test_a_damaged_model_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: Callable[[bytes], bytes]
) -> None:
    path = write_run(tmp_path / "run", brightness_classifier()) / "model.keras"
    path.write_bytes(damage(path.read_bytes()))
    assert main([str(path.parent), "--output", str(tmp_path / "mask.tflite")]) == 4
    assert "model.keras: not a whole Keras model (" in capsys.readouterr().err

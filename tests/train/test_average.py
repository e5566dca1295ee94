from __future__ import annotations

import json
from pathlib import Path

import pytest

keras = pytest.importorskip("keras", reason="the train extra is not installed")

import numpy as np  # noqa: E402

from edge.errors import ModelError  # noqa: E402
from train.average import average  # noqa: E402
from train.cli import main  # noqa: E402


def make_model(value: float, units: int = 2) -> keras.Model:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(units, name="head")])
    model.set_weights([np.full(each.shape, value, np.float32) for each in model.get_weights()])
    return model


def make_run(folder: Path, value: float, labels: str = "a b", units: int = 2) -> Path:
    folder.mkdir()
    make_model(value, units).save(folder / "model.keras")
    (folder / "labels.txt").write_text("\n".join(labels.split()) + "\n")
    (folder / "split.csv").write_text(f"path of {folder.name}\n")
    report = {"command": f"train {folder.name}", "data": {"train": folder.name}, "teacher": f"{folder.name}.onnx"}
    (folder / "report.json").write_text(json.dumps(report))
    return folder


def test_the_mean_of_the_weights_is_written_with_what_the_last_run_hands_on(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / name, value) for name, value in (("first", 1.0), ("last", 4.0))]
    assert main(["average", *map(str, runs), "--output", str(tmp_path / "mean")]) == 0
    model = keras.models.load_model(tmp_path / "mean" / "model.keras", compile=False)
    assert all((each == 2.5).all() for each in model.get_weights())
    assert (tmp_path / "mean" / "split.csv").read_text() == "path of last\n"
    report = json.loads((tmp_path / "mean" / "report.json").read_text())
    assert list(report["averaged"].values()) == ["train first", "train last"]
    assert (report["data"], report["teacher"]) == ({"train": "last"}, "last.onnx")


def test_a_model_without_its_run_can_be_averaged_with_a_run_that_went_on_from_it(tmp_path: Path) -> None:
    first, last = (make_run(tmp_path / name, value) for name, value in (("first", 1.0), ("last", 3.0)))
    assert main(["average", str(first / "model.keras"), str(last), "--output", str(tmp_path / "mean")]) == 0
    model = keras.models.load_model(tmp_path / "mean" / "model.keras", compile=False)
    assert all((each == 2.0).all() for each in model.get_weights())


def test_models_of_different_shape_are_refused() -> None:
    with pytest.raises(ModelError, match="of different shape"):
        average([make_model(1.0), make_model(1.0, units=3)])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("first",), "two models or more"),
        (("first", "first/model.keras"), "the last one must be the folder of a run"),
        (("nowhere", "first"), "nowhere/model.keras: no such model"),
        (("first", "other"), "have different labels ("),
    ],
)
def test_what_cannot_be_averaged_is_said_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    make_run(tmp_path / "first", 1.0)
    make_run(tmp_path / "other", 1.0, labels="a c")
    paths = [str(tmp_path / word) for word in words]
    assert main(["average", *paths, "--output", str(tmp_path / "mean")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "mean").exists()


def test_half_a_model_is_not_averaged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [make_run(tmp_path / name, 1.0) for name in ("first", "last")]
    whole = (runs[0] / "model.keras").read_bytes()
    for size in (len(whole) // 2, 0):
        (runs[0] / "model.keras").write_bytes(whole[:size])
        assert main(["average", *map(str, runs), "--output", str(tmp_path / "mean")]) == 4
        assert "first/model.keras: not a whole Keras model" in capsys.readouterr().err


def test_a_folder_that_is_there_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [make_run(tmp_path / name, 1.0) for name in ("first", "last")]
    assert main(["average", *map(str, runs), "--output", str(runs[0])]) == 2
    assert "is there already" in capsys.readouterr().err

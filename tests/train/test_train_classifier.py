"""Real trainings, tiny: 24 drawn pictures, a narrow network from random weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from drawn_faces import draw_scene, write_class_folders

keras = pytest.importorskip("keras", reason="the train extra is not installed")
cv2 = pytest.importorskip("cv2")

from train.annotations import AnnotatedPicture, LabeledBox, write_csv  # noqa: E402
from train.calibrate import read_calibration  # noqa: E402
from train.classifier import ClassifierRecipe, train_classifier  # noqa: E402
from train.cli import main  # noqa: E402
from train.faces import read_folders  # noqa: E402
from train.runs import read_history  # noqa: E402
from train.splits import TRAIN, VALIDATION, read_split  # noqa: E402

FILES = (
    "model.keras",
    "labels.txt",
    "history.csv",
    "plot.png",
    "confusion.png",
    "report.md",
    "report.json",
    "recipe.json",
    "inputs.json",
    "calibration.json",
    "reliability.png",
)
SMALL = (
    "--input",
    "32",
    "--alpha",
    "0.35",
    "--batch",
    "8",
    "--validation",
    "0.2",
    "--test",
    "0.2",
    "--head-epochs",
    "1",
)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return random weights whose normalization suits drawn faces: else all features, and all losses, are alike."""
    path = tmp_path_factory.mktemp("weights") / "random.weights.h5"
    keras.utils.set_random_seed(1)
    network = keras.applications.MobileNetV2(input_shape=(32, 32, 3), alpha=0.35, include_top=False, weights=None)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    drawn = [cv2.resize(draw_scene(seed, masked=seed % 2 == 0)[0], (32, 32)) for seed in range(24)]
    network(np.stack(drawn).astype(np.float32) / 127.5 - 1, training=True)
    network.save_weights(path)
    return path


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_class_folders(tmp_path_factory.mktemp("data") / "drawn", 12)


def train(pictures: Path, weights: Path, run: Path, *more: str) -> int:
    return main(
        ["classifier", "--folders", str(pictures), "--weights", str(weights), "--output", str(run), *SMALL, *more]
    )


@pytest.fixture(scope="module")
def finished(pictures: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "finished"
    assert train(pictures, weights, run, "--epochs", "3") == 0
    return run


def test_a_run_leaves_every_file(finished: Path) -> None:
    assert [name for name in FILES if not (finished / name).is_file()] == []
    assert (finished / "labels.txt").read_text().split() == ["with_mask", "without_mask"]
    assert len(read_history(finished)) == 3


def test_the_report_has_command_data_machine_and_scores(finished: Path) -> None:
    report = json.loads((finished / "report.json").read_text())
    assert report["command"].startswith("python -m train")
    assert report["recipe"]["seed"] == 1
    assert report["wall_s"] > 0
    assert report["machine"]
    assert sum(n for part in report["data"].values() for counts in part.values() for n in counts.values()) == 24
    assert set(report["test"]["labels"]["with_mask"]) == {"precision", "recall", "f1", "support"}
    assert report["by_source"]["drawn"]["accuracy"] == report["test"]["accuracy"]
    assert np.sum(report["test"]["confusion"]) == sum(report["data"]["test"]["drawn"].values())


def test_the_report_says_how_far_scores_can_be_trusted(finished: Path) -> None:
    report = (finished / "report.md").read_text()
    assert "- temperature: 1.000; see reliability.png" in report  # five held-back faces are too few for another
    assert "- unsure below: not found: too few masked faces" in report
    assert "- scores, test faces: ECE 0." in report


def test_the_saved_model_takes_pictures_of_the_asked_size(finished: Path) -> None:
    model = keras.models.load_model(finished / "model.keras", compile=False)
    assert model.input.shape == (None, 32, 32, 3)
    assert model.output.shape == (None, 2)


class PowerCut(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends everything in the middle of the third epoch."""

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        if epoch == 2:
            raise KeyboardInterrupt


def test_an_interrupted_run_goes_on_to_what_an_uncut_one_gives(
    pictures: Path, weights: Path, finished: Path, tmp_path: Path
) -> None:
    run = tmp_path / "cut"
    faces = read_folders(pictures)
    split = read_split(finished / "split.csv")
    recipe = ClassifierRecipe(("with_mask", "without_mask"), input_px=32, alpha=0.35, batch=8, head_epochs=1, epochs=3)
    training, held_back = ([face for face in faces if split[face.path] == name] for name in (TRAIN, VALIDATION))
    with pytest.raises(KeyboardInterrupt):
        train_classifier(run, recipe, training, held_back, weights, [PowerCut()])
    assert len(read_history(run)) == 2
    assert not (run / "model.keras").exists()
    (run / "unfinished-model.keras").write_text("what another cut left of the last write")
    assert train(pictures, weights, run, "--epochs", "3") == 0
    assert {path.name for path in run.iterdir()} == {path.name for path in finished.iterdir()}
    losses = [[row["loss"] for row in read_history(some)] for some in (run, finished)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_a_finished_run_and_its_report_are_left_alone(pictures: Path, weights: Path, finished: Path) -> None:
    made = {path: path.stat().st_mtime_ns for path in finished.glob("[mr]*")}
    assert train(pictures, weights, finished, "--epochs", "3") == 0
    assert {path: path.stat().st_mtime_ns for path in made} == made


def test_a_run_is_not_gone_on_with_from_other_weights(
    pictures: Path, weights: Path, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = shutil.copy(weights, tmp_path / "other.weights.h5")
    assert train(pictures, other, finished, "--epochs", "3") == 2
    assert "holds a run with another weights; choose another --output or delete it" in capsys.readouterr().err
    assert "other.weights.h5" not in (finished / "inputs.json").read_text()


def test_a_folder_of_another_run_is_refused(
    pictures: Path, weights: Path, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(pictures, weights, finished, "--epochs", "3", "--seed", "2") == 2
    assert "holds a run with another seed; choose another --output" in capsys.readouterr().err


def test_boxes_and_folders_learn_together_and_a_source_can_be_left_out(
    pictures: Path, weights: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "street" / "images"
    folder.mkdir(parents=True)
    annotated = []
    for seed in range(900, 904):
        bgr, box = draw_scene(seed, masked=seed % 2 == 0)
        cv2.imwrite(str(folder / f"{seed}.png"), bgr)
        face = LabeledBox(box, "with_mask" if seed % 2 == 0 else "without_mask")
        annotated.append(AnnotatedPicture(folder / f"{seed}.png", 96, 96, (face,)))
    write_csv(tmp_path / "repaired.csv", annotated)
    words = (
        "--boxes",
        f"{tmp_path / 'repaired.csv'}={folder}",
        "--leave-out",
        "street",
        "--epochs",
        "1",
        "--test",
        "0",
    )
    assert train(pictures, weights, tmp_path / "run", *words) == 0
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["data"]["test"] == {"street": {"with_mask": 2, "without_mask": 2}}
    assert set(report["data"]["train"]) == {"drawn"}


def test_training_goes_on_with_the_labels_of_the_model_it_starts_from(
    pictures: Path, weights: Path, tmp_path: Path
) -> None:
    more = tmp_path / "hands" / "not_face"
    more.mkdir(parents=True)
    for seed in range(6):
        cv2.imwrite(str(more / f"{seed}.png"), draw_scene(seed)[0][:40, :40])
    first = tmp_path / "first"
    assert train(pictures, weights, first, "--folders", str(pictures), str(more.parent), "--epochs", "1") == 0
    assert train(pictures, first / "model.keras", tmp_path / "second", "--epochs", "1") == 0
    assert (tmp_path / "second" / "labels.txt").read_text().split() == ["not_face", "with_mask", "without_mask"]


def test_masks_drawn_on_bare_faces_do_not_make_the_scores_expect_bare_faces_less_often(
    weights: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "street" / "images"
    folder.mkdir(parents=True)
    annotated = []
    for seed in range(40):
        bgr, box = draw_scene(seed, masked=seed % 2 == 0)
        cv2.imwrite(str(folder / f"{seed}.png"), bgr)
        face = LabeledBox(box, "with_mask" if seed % 2 == 0 else "without_mask")
        annotated.append(AnnotatedPicture(folder / f"{seed}.png", 96, 96, (face,)))
    write_csv(tmp_path / "boxes.csv", annotated)
    words = ["--boxes", f"{tmp_path / 'boxes.csv'}={folder}", "--weights", str(weights), "--epochs", "1"]
    run = tmp_path / "run"
    assert main(["classifier", *words, "--output", str(run), *SMALL, "--synthetic", "1"]) == 0
    assert json.loads((run / "recipe.json").read_text())["synthetic"] == 1
    calibration = read_calibration(run)
    assert calibration is not None
    assert calibration.shifts[0] == 0
    assert calibration.shifts[1] > 0.5


def test_half_a_model_is_called_that(
    pictures: Path, weights: Path, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, run = (finished / "model.keras").read_bytes(), tmp_path / "run"
    half = tmp_path / "half.keras"
    half.write_bytes(whole[: len(whole) // 2])
    assert train(pictures, half, run, "--epochs", "3") == 4
    assert "half.keras: not a whole Keras model" in capsys.readouterr().err
    run.mkdir(exist_ok=True)
    shutil.copy(half, run / "model.keras")
    assert train(pictures, weights, run, "--epochs", "3") == 4
    assert "run/model.keras: not a whole Keras model" in capsys.readouterr().err


def test_a_run_that_goes_on_from_another_holds_back_the_same_pictures(
    pictures: Path, finished: Path, tmp_path: Path
) -> None:
    words = ("--epochs", "1", "--seed", "9")
    assert train(pictures, finished / "model.keras", tmp_path / "more", *words) == 0
    assert read_split(tmp_path / "more" / "split.csv") == read_split(finished / "split.csv")

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the train extra is not installed")

from edge.errors import ModelError  # noqa: E402
from edge.geometry import Box  # noqa: E402
from train.annotations import AnnotatedPicture, LabeledBox  # noqa: E402
from train.classifier_network import build_classifier  # noqa: E402
from train.detector import DetectorRecipe, size_of, start_network, train_detector  # noqa: E402
from train.detector_network import DetectorShape, build_network  # noqa: E402
from train.runs import read_history  # noqa: E402

SHAPE = DetectorShape(96, 64, (8, 8), (8,) * 8, 8)


@pytest.fixture
def pictures(tmp_path: Path) -> list[AnnotatedPicture]:
    made = []
    for index in range(4):
        path = tmp_path / f"{index}.png"
        bgr = np.full((64, 96, 3), 30, np.uint8)
        cv2.rectangle(bgr, (30, 10), (69, 49), (240, 240, 240), -1)
        cv2.imwrite(str(path), bgr)
        made.append(AnnotatedPicture(path, 96, 64, (LabeledBox(Box(30, 10, 70, 50), "with_mask"),)))
    return made


def test_a_run_leaves_model_history_and_recipe_and_starts_from_an_earlier_model(
    tmp_path: Path, pictures: list[AnnotatedPicture]
) -> None:
    earlier = tmp_path / "earlier.keras"
    build_network(SHAPE).save(earlier)
    run = tmp_path / "run"
    run.mkdir()
    (run / "unfinished-model.keras").write_text("what a cut-off call left")
    network = train_detector(run, DetectorRecipe(SHAPE, epochs=2, batch=2), pictures, pictures[:1], earlier)
    assert not (run / "unfinished-model.keras").exists()
    assert sorted(network.output) == sorted(keras.models.load_model(run / "model.keras", compile=False).output)
    assert [row["epoch"] for row in read_history(run)] == [0, 1]
    assert (run / "recipe.json").is_file()
    again = train_detector(run, DetectorRecipe(SHAPE, epochs=2, batch=2), pictures, pictures[:1], earlier)
    for before, after in zip(network.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_training_starts_where_the_earlier_model_ended(tmp_path: Path, pictures: list[AnnotatedPicture]) -> None:
    earlier = build_network(SHAPE)
    earlier.save(tmp_path / "earlier.keras")
    network = start_network(DetectorRecipe(SHAPE), tmp_path / "earlier.keras", pictures)
    for before, after in zip(earlier.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_a_wider_model_of_the_same_input_is_narrowed_where_that_is_asked_for(
    tmp_path: Path, pictures: list[AnnotatedPicture]
) -> None:
    wider = build_network(DetectorShape(96, 64, (8, 8), (16,) * 8, 8))
    wider.get_layer("score_8").set_weights([np.full((1, 1, 8, 1), 0.5), np.full(1, -2.0)])
    wider.save(tmp_path / "wider.keras")
    network = start_network(DetectorRecipe(SHAPE, narrow=True), tmp_path / "wider.keras", pictures)
    assert network.count_params() < wider.count_params()
    np.testing.assert_array_equal(network.get_layer("score_8").get_weights()[1], [-2.0])


def test_a_detector_of_another_shape_is_trained_on_as_it_is(tmp_path: Path, pictures: list[AnnotatedPicture]) -> None:
    wider = build_network(DetectorShape(96, 64, (8, 8), (16,) * 8, 8))
    wider.save(tmp_path / "wider.keras")
    network = start_network(DetectorRecipe(SHAPE), tmp_path / "wider.keras", pictures)
    assert network.count_params() == wider.count_params()


def test_a_detector_of_another_input_size_keeps_its_weights(tmp_path: Path, pictures: list[AnnotatedPicture]) -> None:
    smaller = build_network(SHAPE)
    smaller.save(tmp_path / "smaller.keras")
    network = start_network(DetectorRecipe(replace(SHAPE, width_px=128)), tmp_path / "smaller.keras", pictures)
    assert network.input.shape == (None, 64, 128, 3)
    for before, after in zip(smaller.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_another_network_of_another_input_is_refused(tmp_path: Path, pictures: list[AnnotatedPicture]) -> None:
    build_network(DetectorShape(128, 64, (8, 8), (8,) * 8, 16)).save(tmp_path / "other.keras")
    with pytest.raises(
        ModelError, match=r"other\.keras: takes \(64, 128, 3\), not \(64, 96, 3\); give --input as it was"
    ):
        start_network(DetectorRecipe(SHAPE), tmp_path / "other.keras", pictures)


@pytest.mark.parametrize("narrow", [False, True])
def test_a_classifier_is_no_detector(tmp_path: Path, pictures: list[AnnotatedPicture], narrow: bool) -> None:
    build_classifier(96, 2, 0.35).save(tmp_path / "classifier.keras")
    for load in (lambda path: start_network(DetectorRecipe(SHAPE, narrow=narrow), path, pictures), size_of):
        with pytest.raises(ModelError, match=r"classifier\.keras: is no face detector; give one that training made"):
            load(tmp_path / "classifier.keras")


def test_a_file_that_is_no_model_is_refused(tmp_path: Path, pictures: list[AnnotatedPicture]) -> None:
    (tmp_path / "text.keras").write_text("not a model")
    with pytest.raises(ModelError, match=r"text\.keras: not a whole Keras model"):
        start_network(DetectorRecipe(SHAPE), tmp_path / "text.keras", pictures)

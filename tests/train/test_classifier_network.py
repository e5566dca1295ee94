from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the train extra is not installed")

from edge.errors import ModelError, UsageError  # noqa: E402
from train.classifier_network import (  # noqa: E402
    HEAD,
    build_classifier,
    free_backbone,
    freeze_backbone,
    load_start,
    logits_of,
    temper,
)

ALPHA = 0.35


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return build_classifier(32, 3, ALPHA)


def test_it_gives_one_probability_a_label(network: keras.Model) -> None:
    scores = np.asarray(network(np.zeros((2, 32, 32, 3), np.float32)))
    assert scores.shape == (2, 3)
    assert scores.sum(axis=1) == pytest.approx([1, 1])


def test_it_has_no_dense_layer(network: keras.Model) -> None:
    assert not [layer for layer in network.layers if isinstance(layer, keras.layers.Dense)]


def test_first_only_the_head_learns_then_all_but_normalization(network: keras.Model) -> None:
    freeze_backbone(network)
    assert {weight.path.split("/")[0] for weight in network.trainable_weights} == {HEAD}
    free_backbone(network)
    learning = {type(layer).__name__ for layer in network.layers if layer.trainable_weights}
    assert learning == {"Conv2D", "DepthwiseConv2D"}


def test_a_temperature_divides_the_logits_and_shifts_move_them_without_another_layer() -> None:
    network = build_classifier(32, 3, ALPHA)
    network.get_layer(HEAD).set_weights([np.ones((1, 1, 1280, 3)) * [1, -2, 3], np.array([0.5, 1, -1])])
    picture, layers = np.random.default_rng(0).uniform(-1, 1, (1, 32, 32, 3)).astype(np.float32), len(network.layers)
    before = np.asarray(logits_of(network)(picture))
    temper(network, 2.5, (0.0, -1.5, 2.0))
    assert np.asarray(logits_of(network)(picture)) == pytest.approx(before / 2.5 + [0, -1.5, 2], rel=1e-4)
    assert len(network.layers) == layers


@pytest.mark.parametrize("size", [16, 100])
def test_a_size_that_does_not_fit_is_refused(size: int) -> None:
    with pytest.raises(UsageError, match=f"must be a multiple of 32, got {size}"):
        build_classifier(size, 2)


def test_it_starts_from_a_backbone_file_of_any_input_size(network: keras.Model, tmp_path: Path) -> None:
    other = keras.applications.MobileNetV2(input_shape=(64, 64, 3), alpha=ALPHA, include_top=False, weights=None)
    other.save_weights(tmp_path / "start.weights.h5")
    load_start(network, tmp_path / "start.weights.h5", ALPHA)
    assert np.array_equal(network.get_layer("Conv1").get_weights()[0], other.get_layer("Conv1").get_weights()[0])


def test_it_starts_from_a_trained_model_whose_labels_differ(network: keras.Model, tmp_path: Path) -> None:
    trained = build_classifier(32, 2, ALPHA)
    trained.save(tmp_path / "model.keras")
    head = network.get_layer(HEAD).get_weights()[0]
    load_start(network, tmp_path / "model.keras", ALPHA)
    assert np.array_equal(network.get_layer("Conv1").get_weights()[0], trained.get_layer("Conv1").get_weights()[0])
    assert np.array_equal(network.get_layer(HEAD).get_weights()[0], head)


@pytest.mark.filterwarnings("ignore:Skipping nested container")  # Keras, before it gives up
def test_weights_that_are_missing_or_do_not_fit_are_named(network: keras.Model, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.h5: no such file"):
        load_start(network, tmp_path / "none.h5", ALPHA)
    (tmp_path / "text.weights.h5").write_text("no weights")
    with pytest.raises(ModelError, match=r"text\.weights\.h5: does not fit MobileNetV2 of width 0\.35"):
        load_start(network, tmp_path / "text.weights.h5", ALPHA)
    wide = keras.applications.MobileNetV2(input_shape=(32, 32, 3), alpha=0.5, include_top=False, weights=None)
    wide.save_weights(tmp_path / "wide.weights.h5")
    with pytest.raises(ModelError, match=r"wide\.weights\.h5: does not fit"):
        load_start(network, tmp_path / "wide.weights.h5", ALPHA)

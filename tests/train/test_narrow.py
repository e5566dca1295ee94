from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the train extra is not installed")

from train.detector_network import BLOCKS, STEM_END, DetectorShape, build_network  # noqa: E402
from train.narrow import start_from  # noqa: E402

WIDTH, HEIGHT = 96, 64
STEM = (8, 8)
WHOLE = DetectorShape(WIDTH, HEIGHT, STEM, (48,) * 8, 16)
NARROW = DetectorShape(WIDTH, HEIGHT, STEM, (32,) * 8, 16)
LAST = f"block_{max(BLOCKS)}_add"
PICTURES = np.random.default_rng(0).uniform(-1, 1, (24, HEIGHT, WIDTH, 3)).astype(np.float32)


def relative_error(ours: keras.Model, theirs: keras.Model, layer: str) -> float:
    got, wanted = (
        keras.Model(model.input, model.get_layer(layer).output).predict(PICTURES, verbose=0) for model in (ours, theirs)
    )
    return float(np.sqrt(((got - wanted) ** 2).mean()) / wanted.std())


@pytest.fixture(scope="module")
def wide() -> keras.Model:
    keras.utils.set_random_seed(0)
    return build_network(WHOLE)


def test_the_narrowed_backbone_gives_nearly_what_the_wider_one_gave(wide: keras.Model) -> None:
    keras.utils.set_random_seed(1)
    network = build_network(NARROW)
    before = relative_error(network, wide, LAST)
    start_from(network, wide, PICTURES)
    assert relative_error(network, wide, LAST) < 0.6 < before


def test_the_stem_learns_to_give_what_the_wider_network_gives(wide: keras.Model) -> None:
    keras.utils.set_random_seed(1)
    network = build_network(NARROW)
    before = relative_error(network, wide, STEM_END)
    start_from(network, wide, PICTURES)
    assert relative_error(network, wide, STEM_END) < 0.8 * before


def test_layers_alike_in_both_are_copied(wide: keras.Model) -> None:
    network = build_network(NARROW)
    start_from(network, wide, PICTURES)
    for name in ("lateral_8", "down_16_pointwise", "score_32"):
        np.testing.assert_array_equal(network.get_layer(name).get_weights()[0], wide.get_layer(name).get_weights()[0])


def test_mobilenet_is_a_source_too() -> None:
    keras.utils.set_random_seed(0)
    mobilenet = keras.applications.MobileNetV2(input_shape=(HEIGHT, WIDTH, 3), include_top=False, weights=None)
    network = build_network(NARROW)
    start_from(network, mobilenet, PICTURES)
    kernel = mobilenet.get_layer("block_5_depthwise").get_weights()[0]
    ours = network.get_layer("block_5_depthwise").get_weights()[0]
    assert all((kernel == ours[:, :, [channel]]).all(axis=(0, 1, 3)).any() for channel in range(ours.shape[2]))

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the train extra is not installed")

from train.detector_network import DetectorShape, build_network  # noqa: E402
from train.narrow import start_from_imagenet  # noqa: E402

WIDTH, HEIGHT = 96, 64
WHOLE = (32, 96, 144, 144, 192, 192, 192, 384, 384, 384, 384, 576, 576, 576, 960)
LAST = "block_14_project_bn"
PICTURES = np.random.default_rng(0).uniform(-1, 1, (6, HEIGHT, WIDTH, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def mobilenet() -> keras.Model:
    keras.utils.set_random_seed(0)
    return keras.applications.MobileNetV2(input_shape=(HEIGHT, WIDTH, 3), include_top=False, weights=None)


def test_with_all_channels_kept_the_backbone_computes_what_mobilenet_does(mobilenet: keras.Model) -> None:
    network = build_network(DetectorShape(WIDTH, HEIGHT, WHOLE, 16))
    start_from_imagenet(network, mobilenet, PICTURES)
    ours = keras.Model(network.input, network.get_layer(LAST).output).predict(PICTURES, verbose=0)
    theirs = keras.Model(mobilenet.input, mobilenet.get_layer("block_14_project_BN").output)
    wanted = theirs.predict(PICTURES, verbose=0)
    assert np.sqrt(((ours - wanted) ** 2).mean()) < 0.05 * wanted.std()


def test_batch_normalization_that_is_not_folded_is_refused(mobilenet: keras.Model) -> None:
    other = keras.models.clone_model(mobilenet)
    other.set_weights(mobilenet.get_weights())
    layer = other.get_layer("block_3_expand_BN")
    gamma, *rest = layer.get_weights()
    layer.set_weights([gamma * 3, *rest])
    network = build_network(DetectorShape(WIDTH, HEIGHT, WHOLE, 16))
    with pytest.raises(ValueError, match="block_3_expand_BN: batch normalization must be folded"):
        start_from_imagenet(network, other, PICTURES)

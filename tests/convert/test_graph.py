from __future__ import annotations

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
keras = pytest.importorskip("keras")

from tiny_models import SIZE_PX, tiny_classifier  # noqa: E402

from convert.edgetpu.layers import list_layers  # noqa: E402
from convert.edgetpu.preflight import find_obstacles  # noqa: E402
from convert.graph import parse, simplify_resizes  # noqa: E402
from convert.quantize import quantize  # noqa: E402
from edge.runtime.tflite import open_raw_interpreter  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:Statistics for quantized inputs")

RNG = np.random.default_rng(0)
SAMPLES = [RNG.integers(0, 256, (SIZE_PX, SIZE_PX, 3), np.uint8) for _ in range(8)]


def naive(model: keras.Model, per_channel: bool = True) -> bytes:
    """Convert as most examples do: from the Keras model, with its dynamic batch."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([s[None].astype(np.float32) / 127.5 - 1] for s in SAMPLES)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.uint8
    return bytes(converter.convert())


def test_a_quantized_model_has_no_obstacle() -> None:
    assert find_obstacles(quantize(tiny_classifier(), SAMPLES)) == ()


def test_a_quantized_dense_layer_is_quantized_per_tensor() -> None:
    assert find_obstacles(quantize(tiny_classifier(dense=True), SAMPLES)) == ()


def test_a_naive_conversion_of_a_dense_layer_is_refused() -> None:
    obstacles = find_obstacles(naive(tiny_classifier(dense=True)))
    assert any("quantized per channel" in text for text in obstacles)


def test_a_naive_conversion_with_a_dynamic_batch_is_refused() -> None:
    picture = keras.Input((SIZE_PX, SIZE_PX, 3))
    model = keras.Model(picture, keras.layers.Reshape((-1,))(keras.layers.Conv2D(4, 3)(picture)))
    obstacles = find_obstacles(naive(model))
    assert any("dynamic shape" in text for text in obstacles)
    assert any("SHAPE" in text for text in obstacles)


def test_a_float_model_is_refused() -> None:
    data = bytes(tf.lite.TFLiteConverter.from_keras_model(tiny_classifier()).convert())
    assert any("is FLOAT32, not quantized" in text for text in find_obstacles(data))


def test_an_operator_that_does_not_map_is_named() -> None:
    picture = keras.Input((SIZE_PX, SIZE_PX, 3))
    model = keras.Model(picture, keras.ops.sin(picture))
    assert any("does not map to the Edge TPU" in text for text in find_obstacles(quantize(model, SAMPLES)))


def doubling_model() -> keras.Model:
    picture = keras.Input((SIZE_PX, SIZE_PX, 3))
    x = keras.layers.Conv2D(4, 3, 2, padding="same")(picture)
    return keras.Model(picture, keras.layers.Resizing(SIZE_PX, SIZE_PX, interpolation="nearest")(x))


def test_doubling_is_one_resize_of_a_version_that_the_compiler_knows() -> None:
    layers = list_layers(parse(quantize(doubling_model(), SAMPLES)))
    resizes = [(layer.operator, layer.version) for layer in layers if "RESIZE" in layer.operator]
    assert resizes == [("RESIZE_NEAREST_NEIGHBOR", 2)]


def test_simplifying_a_resize_changes_no_output() -> None:
    data = naive(doubling_model())
    simple = simplify_resizes(data)
    assert simple != data
    for sample in SAMPLES:
        outputs = []
        for model in (data, simple):
            interpreter = open_raw_interpreter(model)
            interpreter.set_tensor(interpreter.get_input_details()[0]["index"], sample[None])
            interpreter.invoke()
            outputs.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
        np.testing.assert_array_equal(outputs[0], outputs[1])

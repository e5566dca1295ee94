from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from tiny_models import SIZE_PX, draw_picture, tiny_classifier  # noqa: E402

from convert.edgetpu.layers import list_layers  # noqa: E402
from convert.graph import parse, take_signed_input  # noqa: E402
from convert.quantize import quantize  # noqa: E402
from convert.twins import FloatTwin, Int8Twin, output_shapes  # noqa: E402
from edge.preprocess import real_input  # noqa: E402

RNG = np.random.default_rng(1)
SAMPLES = [draw_picture(RNG, bool(i % 2)) for i in range(20)]


def test_the_input_is_uint8_over_the_whole_range() -> None:
    model = tiny_classifier()
    twin = Int8Twin(quantize(model, SAMPLES), output_shapes(model))
    assert (twin.input.dtype, twin.input.shape) == ("uint8", (1, SIZE_PX, SIZE_PX, 3))
    assert twin.input.scale == pytest.approx(1 / 127.5, rel=1e-4)
    assert twin.input.zero_point in (127, 128)


def test_a_signed_input_changes_no_output() -> None:
    model = tiny_classifier()
    data = [quantize(model, SAMPLES, signed_input=signed) for signed in (False, True)]
    unsigned, signed = (Int8Twin(each, output_shapes(model)) for each in data)
    assert (signed.input.dtype, signed.input.zero_point) == ("int8", unsigned.input.zero_point - 128)
    for sample in SAMPLES:
        np.testing.assert_array_equal(unsigned(sample)["scores"], signed(sample)["scores"])
    all_layers, fewer = ([layer.operator for layer in list_layers(parse(each))] for each in data)
    assert fewer == all_layers[1:]


def test_a_model_whose_input_is_signed_already_is_refused() -> None:
    signed = quantize(tiny_classifier(), SAMPLES, signed_input=True)
    with pytest.raises(ValueError, match="first operator is not QUANTIZE"):
        take_signed_input(signed)


def test_the_range_of_the_input_does_not_depend_on_the_samples() -> None:
    model = tiny_classifier()
    dark = [np.full((SIZE_PX, SIZE_PX, 3), 9, np.uint8)] * 4
    twin = Int8Twin(quantize(model, dark), output_shapes(model))
    assert twin.input.scale == pytest.approx(1 / 127.5, rel=1e-4)


def test_the_twins_say_nearly_the_same() -> None:
    model = tiny_classifier()
    whole, small = FloatTwin(model), Int8Twin(quantize(model, SAMPLES), output_shapes(model))
    for sample in SAMPLES:
        np.testing.assert_allclose(whole(sample)["scores"], small(sample)["scores"], atol=0.03)


def test_the_real_input_spans_minus_one_to_one() -> None:
    real = real_input(np.array([0, 255], np.uint8))
    assert list(real) == [-1.0, 1.0]

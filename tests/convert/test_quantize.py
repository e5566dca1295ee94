from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from tiny_models import SIZE_PX, draw_picture, tiny_classifier  # noqa: E402

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

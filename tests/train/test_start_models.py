from __future__ import annotations

from pathlib import Path

import pytest

keras = pytest.importorskip("keras", reason="the train extra is not installed")

from edge.errors import ModelError  # noqa: E402
from train.detector import DetectorRecipe, start_network  # noqa: E402
from train.detector_network import DetectorShape  # noqa: E402
from train.start_models import load_mobilenet  # noqa: E402

SHAPE = (64, 96, 3)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let Keras look for its weights where nobody answers, and remember none."""
    monkeypatch.setattr("keras.src.applications.mobilenet_v2.BASE_WEIGHT_PATH", "http://127.0.0.1:9/")
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))


@pytest.mark.usefixtures("offline")
@pytest.mark.filterwarnings("ignore:`input_shape` is undefined")  # Keras, before it downloads
def test_without_the_internet_it_says_that_a_file_would_do() -> None:
    with pytest.raises(ModelError, match="connect to the internet or name a file with --weights"):
        load_mobilenet(None, SHAPE)
    with pytest.raises(ModelError, match="connect to the internet or name a file with --weights"):
        start_network(DetectorRecipe(DetectorShape(96, 64)), None, [])


def test_a_width_of_which_there_are_no_weights_lists_those_of_which_there_are() -> None:
    with pytest.raises(ModelError, match=r"alpha must be one of .*0\.35.* choose one of these or name a file"):
        load_mobilenet(None, SHAPE, 0.42)


@pytest.mark.filterwarnings("ignore:Skipping nested container")  # Keras, before it gives up
@pytest.mark.parametrize("name", ["text.weights.h5", "model.tflite", "narrow.weights.h5"])
def test_a_file_of_other_weights_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.startswith("narrow"):
        keras.applications.MobileNetV2(SHAPE, 0.35, include_top=False, weights=None).save_weights(path)
    else:
        path.write_bytes(b"\x1c\0\0\0TFL3")
    with pytest.raises(ModelError) as raised:
        start_network(DetectorRecipe(DetectorShape(96, 64)), path, [])
    assert str(raised.value).startswith(f"{path}: does not fit MobileNetV2 of width 1.0: ")
    assert "\n" not in str(raised.value)

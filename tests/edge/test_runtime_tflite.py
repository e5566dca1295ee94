from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from edge.commands import ROOT
from edge.errors import ModelError
from edge.manifest import CLASSIFIER_KIND, DETECTOR_KIND, Manifest, sha256_of, write_manifest
from edge.runtime import lay_in
from edge.runtime.tflite import TfliteModel

SHIPPED = {DETECTOR_KIND: "face_detector", CLASSIFIER_KIND: "mask_classifier"}


@pytest.fixture(params=SHIPPED)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def copy_model(kind: str, folder: Path, **changes: object) -> Path:
    """Copy a shipped model and its manifest, with something in the manifest changed."""
    source, target = ROOT / "models" / f"{SHIPPED[kind]}.tflite", folder / "model.tflite"
    manifest = msgspec.json.decode(source.with_suffix(".json").read_bytes(), type=Manifest)
    target.write_bytes(source.read_bytes())
    write_manifest(target.with_suffix(".json"), msgspec.structs.replace(manifest, **changes))
    return target


def test_a_shipped_model_gives_real_values_under_the_names_of_its_manifest(kind: str) -> None:
    model = TfliteModel(ROOT / "models" / f"{SHIPPED[kind]}.tflite", kind)
    width, height = model.manifest.input_size
    outputs = model.invoke(np.full((height, width, 3), 127, np.uint8))
    assert set(outputs) == {tensor.name for tensor in model.manifest.outputs}
    for tensor in model.manifest.outputs:
        assert outputs[tensor.name].shape == tensor.shape[1:]
        assert outputs[tensor.name].dtype == np.float32


def test_scores_of_the_shipped_classifier_sum_to_one() -> None:
    model = TfliteModel(ROOT / "models" / "mask_classifier.tflite", CLASSIFIER_KIND)
    assert model.invoke(np.full((128, 128, 3), 90, np.uint8))["scores"].sum() == pytest.approx(1.0, abs=0.02)


def test_another_scale_shape_or_kind_of_number_in_the_manifest_is_refused(kind: str, tmp_path: Path) -> None:
    manifest = TfliteModel(copy_model(kind, tmp_path), kind).manifest
    for change in ({"scale": 0.5}, {"zero_point": 3}, {"shape": (1, 64, 64, 3)}):
        wrong = msgspec.structs.replace(manifest.input, **change)
        with pytest.raises(ModelError, match=r"model\.tflite: input is .* the manifest promises"):
            TfliteModel(copy_model(kind, tmp_path, input=wrong), kind)


def test_a_file_that_is_no_model_is_refused_even_when_its_hash_is_right(kind: str, tmp_path: Path) -> None:
    data = b"not a model at all, but exactly what the manifest promises" * 10
    path = copy_model(kind, tmp_path, sha256=sha256_of(data))
    path.write_bytes(data)
    with pytest.raises(ModelError, match="the runtime refuses the model"):
        TfliteModel(path, kind)


def test_a_picture_keeps_its_levels_in_an_input_of_either_sign() -> None:
    rgb = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    unsigned, signed = np.zeros((1, 16, 16, 3), np.uint8), np.zeros((1, 16, 16, 3), np.int8)
    lay_in(rgb, unsigned)
    lay_in(rgb, signed)
    assert np.array_equal(unsigned[0], rgb)
    assert np.array_equal(signed[0].astype(int) + 128, rgb)

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from convert.edgetpu.layers import list_layers  # noqa: E402
from convert.edgetpu.preflight import find_obstacles  # noqa: E402
from convert.edgetpu.verify import verify_compiled  # noqa: E402
from convert.graph import parse  # noqa: E402
from edge.commands import ROOT  # noqa: E402
from edge.manifest import read_model  # noqa: E402
from edge.runtime.compiled import compiled_path, is_compiled, read_compiled  # noqa: E402

INT8_LIMIT_BYTES, FLOAT_LIMIT_BYTES = 3_000_000, 10_000_000
MODELS = [path for path in sorted((ROOT / "models").glob("*.tflite")) if not is_compiled(path)]
shipped = pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)


def test_both_models_are_shipped() -> None:
    assert [path.stem for path in MODELS] == ["face_detector", "mask_classifier"]


@shipped
def test_a_shipped_model_holds_only_what_an_edge_tpu_maps(model: Path) -> None:
    assert find_obstacles(model.read_bytes()) == ()


@shipped
def test_a_shipped_model_has_nothing_of_a_dynamic_batch(model: Path) -> None:
    names = {layer.operator for layer in list_layers(parse(model.read_bytes()))}
    assert not names & {"SHAPE", "STRIDED_SLICE", "PACK", "TILE", "DEQUANTIZE"}


@shipped
def test_a_shipped_model_is_small_and_has_its_float_twin(model: Path) -> None:
    assert model.stat().st_size <= INT8_LIMIT_BYTES
    assert 0 < model.with_suffix(".keras").stat().st_size <= FLOAT_LIMIT_BYTES


@shipped
def test_a_manifest_names_no_path_of_the_machine_that_made_it(model: Path) -> None:
    manifest = model.with_suffix(".json").read_text(encoding="utf-8")
    assert not re.search(r'[ ="]/[a-z]+/', manifest)
    assert "python -m train" in manifest


@shipped
def test_the_compiled_twin_of_a_shipped_model_fits_it(model: Path) -> None:
    compiled = compiled_path(model)
    if not compiled.exists():
        pytest.skip(f"{compiled.name} is missing: nobody with Google's compiler has run scripts/edgetpu/compile.sh yet")
    kind = json.loads(model.with_suffix(".json").read_bytes())["kind"]
    data, manifest = read_model(model, kind)
    verify_compiled(compiled.name, read_compiled(model, manifest), data)

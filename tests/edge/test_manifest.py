from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import ModelError
from edge.manifest import (
    CLASSIFIER_KIND,
    DETECTOR_KIND,
    DETECTOR_OUTPUTS,
    FORMAT,
    Manifest,
    Outline,
    Tensor,
    Thresholds,
    read_model,
    sha256_of,
    write_manifest,
)

DATA = b"not really a model"


def manifest(**changes: object) -> Manifest:
    tensor = Tensor("picture", (1, 4, 6, 3), "uint8", 1 / 127.5, 127)
    outputs = tuple(Tensor(name, (1, 1, 1, 1), "int8", 1.0, 0) for name in sorted(DETECTOR_OUTPUTS))
    fields: dict[str, object] = {
        "format": FORMAT, "kind": DETECTOR_KIND, "model": "m.tflite", "sha256": sha256_of(DATA), "input": tensor,
        "outputs": outputs, "labels": (), "thresholds": Thresholds(0.4), "made": {}, "scores": {},
    }  # fmt: skip
    return Manifest(**(fields | changes))  # type: ignore[arg-type]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "m.tflite"
    path.write_bytes(DATA)
    write_manifest(path.with_suffix(".json"), manifest())
    return path


def test_a_model_and_its_manifest_are_read_together(model: Path) -> None:
    data, read = read_model(model, DETECTOR_KIND)
    assert data == DATA
    assert read == manifest()
    assert read.input_size == (6, 4)


def test_a_truncated_model_is_refused_with_both_hashes(model: Path) -> None:
    model.write_bytes(DATA[:-1])
    with pytest.raises(ModelError, match=r"m\.tflite: the file is damaged or was swapped: sha256 is \w{12}…"):
        read_model(model, DETECTOR_KIND)


def test_a_missing_model_and_a_missing_manifest_are_named(model: Path) -> None:
    model.with_suffix(".json").unlink()
    with pytest.raises(ModelError, match=r"m\.json: cannot be read \(No such file"):
        read_model(model, DETECTOR_KIND)
    model.unlink()
    with pytest.raises(ModelError, match=r"m\.tflite: no such model"):
        read_model(model, DETECTOR_KIND)


def test_a_classifier_where_a_detector_is_expected_is_refused(model: Path) -> None:
    write_manifest(model.with_suffix(".json"), manifest(kind="mask_classifier"))
    with pytest.raises(ModelError, match="a face_detector is expected here, the manifest says mask_classifier"):
        read_model(model, DETECTOR_KIND)


def test_a_manifest_of_another_format_is_refused(model: Path) -> None:
    write_manifest(model.with_suffix(".json"), manifest(format=FORMAT + 1))
    with pytest.raises(ModelError, match="its format is 2, this version reads 1"):
        read_model(model, DETECTOR_KIND)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', "\udcff"])
def test_a_broken_manifest_is_refused(model: Path, text: str) -> None:
    model.with_suffix(".json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ModelError, match="not a valid manifest"):
        read_model(model, DETECTOR_KIND)


SCORES = (Tensor("scores", (1, 3), "int8", 1 / 256, -128),)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"outputs": SCORES}, r"outputs are \['scores'\], expected are \['distance_16'"),
        ({"input": Tensor("picture", (1, 4, 6, 1), "uint8", 1.0, 0)}, r"input is \(1, 4, 6, 1\) uint8"),
        ({"input": Tensor("picture", (1, 4, 6, 3), "float32", 1.0, 0)}, r"input is \(1, 4, 6, 3\) float32"),
        ({"kind": CLASSIFIER_KIND, "outputs": SCORES, "labels": ("a", "b")}, "the model has 3 scores"),
        ({"kind": CLASSIFIER_KIND, "outputs": SCORES, "labels": ("a", "b", "a")}, "the model has 3 scores"),
        ({"thresholds": Thresholds(1.0)}, "must lie between 0 and 1"),
        ({"outline": Outline(lower_top_frac=1.0)}, r"Outline\(widen_frac=0.0, lower_top_frac=1.0\) must lie between"),
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused(model: Path, changes: dict[str, object], what: str) -> None:
    promised = manifest(**changes)
    write_manifest(model.with_suffix(".json"), promised)
    with pytest.raises(ModelError, match=what):
        read_model(model, promised.kind)

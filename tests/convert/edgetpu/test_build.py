from __future__ import annotations

import shutil
import sys
from pathlib import Path

import msgspec
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("ai_edge_litert", reason="its schema draws the graphs")

from graph_sketch import Sketch  # noqa: E402

from convert.edgetpu.build import models_beside  # noqa: E402
from convert.edgetpu.cli import main  # noqa: E402
from convert.edgetpu.verify import verify_compiled  # noqa: E402
from edge.commands import ROOT  # noqa: E402
from edge.errors import ModelError  # noqa: E402
from edge.manifest import CLASSIFIER_KIND, Manifest, read_model, sha256_of, write_manifest  # noqa: E402
from edge.runtime.compiled import Compiled, compiled_path, read_compiled  # noqa: E402

STAND_IN = ROOT / "tests" / "support" / "stand_in_compiler.py"
NAMES = ("face_detector", "mask_classifier")


@pytest.fixture
def compiler(tmp_path: Path) -> Path:
    """Return the stand-in as a program."""
    path = tmp_path / "stand_in_for_edgetpu_compiler"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN}" "$@"\n')
    path.chmod(0o755)
    return path


@pytest.fixture
def models(tmp_path: Path) -> list[Path]:
    """Return copies of the shipped CPU models."""
    folder = tmp_path / "models"
    folder.mkdir()
    for name in NAMES:
        for suffix in (".tflite", ".json"):
            shutil.copyfile(ROOT / "models" / f"{name}{suffix}", folder / f"{name}{suffix}")
    return [folder / f"{name}.tflite" for name in NAMES]


def compile_with(compiler: Path, models: list[Path]) -> int:
    return main([*map(str, models), "--compiler", str(compiler)])


def test_both_models_are_compiled_in_one_call_and_tied_to_their_twins(
    compiler: Path, models: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert compile_with(compiler, models) == 0
    said = capsys.readouterr().out
    assert "pre-flight: face_detector.tflite, mask_classifier.tflite should run wholly on an Edge TPU" in said
    assert "mask_classifier_edgetpu.tflite: 67 layers on the Edge TPU, nothing stays on the CPU" in said
    for model in models:
        manifest = msgspec.json.decode(model.with_suffix(".json").read_bytes(), type=Manifest)
        paper = msgspec.json.decode(compiled_path(model).with_suffix(".json").read_bytes(), type=Compiled)
        assert paper.compiled_with == tuple(each.name for each in models)
        assert (paper.twin, paper.twin_sha256) == (model.name, manifest.sha256)
        assert paper.compiler == "16.0-stand-in"
        assert sha256_of(read_compiled(model, manifest)) == paper.sha256
    assert models_beside(models[0]) == tuple(models)


def test_all_files_of_a_folder_may_be_named_again_once_they_are_compiled(
    compiler: Path, models: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert compile_with(compiler, models) == 0
    capsys.readouterr()
    everything = sorted(models[0].parent.glob("*.tflite"))
    assert len(everything) == 4
    assert main([*map(str, everything), "--check"]) == 0
    assert "pre-flight: face_detector.tflite, mask_classifier.tflite should run wholly" in capsys.readouterr().out


def test_a_compiled_model_of_another_twin_or_a_damaged_one_is_refused(compiler: Path, models: list[Path]) -> None:
    assert compile_with(compiler, models[1:]) == 0
    _, manifest = read_model(models[1], CLASSIFIER_KIND)
    with pytest.raises(ModelError, match=r"it was made from another mask_classifier.*here is 000000000000"):
        read_compiled(models[1], msgspec.structs.replace(manifest, sha256="0" * 64))
    compiled_path(models[1]).write_bytes(b"damaged")
    with pytest.raises(ModelError, match="damaged or was swapped"):
        read_compiled(models[1], manifest)
    compiled_path(models[1]).with_suffix(".json").write_text("{}")
    with pytest.raises(ModelError, match=r"mask_classifier_edgetpu\.json: not a valid manifest"):
        read_compiled(models[1], manifest)
    compiled_path(models[1]).unlink()
    with pytest.raises(ModelError, match=r"was not compiled for the Edge TPU; docs/coral\.md"):
        read_compiled(models[1], manifest)


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ("not quantized", "the Edge TPU compiler 16.0-stand-in failed: the model is not wholly int8"),
        ("crash", "the compiler has failed without a reason"),
        ("two parts", "it has 2 parts for the Edge TPU, expected is one edgetpu-custom-op"),
        ("other output", "its outputs are ['1×5 INT8 (0.0039062, -128)'], the CPU model's ['1×4 INT8"),
        ("no file", "the compiler says it wrote it and did not"),
    ],
)
def test_what_the_compiler_gets_wrong_is_said_and_nothing_is_written(
    told: str,
    sentence: str,
    compiler: Path,
    models: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("STAND_IN", told)
    assert compile_with(compiler, models[1:]) == 4
    assert sentence in capsys.readouterr().err
    assert not compiled_path(models[1]).exists()
    assert models[1].exists()


def test_layers_left_on_the_cpu_are_listed_with_the_reason(
    compiler: Path, models: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STAND_IN", "left: SOFTMAX")
    assert compile_with(compiler, models[1:]) == 0
    assert "66 layers on the Edge TPU, stay on the CPU: 1 SOFTMAX" in capsys.readouterr().out
    paper = msgspec.json.decode(compiled_path(models[1]).with_suffix(".json").read_bytes(), type=Compiled)
    assert paper.on_cpu == {"SOFTMAX": 1}
    assert paper.made["left_on_cpu"] == ["1 SOFTMAX: More than one subgraph is not supported"]


def test_without_a_compiler_it_says_how_to_get_one(
    models: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(models[0].parent))
    assert main([str(models[1])]) == 3
    said = capsys.readouterr().err
    assert "there is no edgetpu_compiler on PATH" in said
    assert "sudo apt install edgetpu-compiler" in said
    assert "scripts/edgetpu/compile.sh" in said
    assert main([str(models[1]), "--compiler", "/nowhere/edgetpu_compiler"]) == 3
    assert "/nowhere/edgetpu_compiler is no program that can be run" in capsys.readouterr().err


def test_another_program_is_not_taken_for_the_compiler(
    models: list[Path], compiler: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compiler.write_text("#!/bin/sh\necho hello\n")
    assert compile_with(compiler, models[1:]) == 4
    assert "the Edge TPU compiler unknown failed: it said: hello" in capsys.readouterr().err
    compiler.write_text("not a program")
    assert compile_with(compiler, models[1:]) == 3
    assert "cannot be run" in capsys.readouterr().err


def test_a_model_that_would_not_map_never_reaches_the_compiler(
    models: list[Path], compiler: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sketch = Sketch()
    sketch.add("FLOOR", [sketch.tensor("a", [1])], [sketch.tensor("b", [1])])
    data = sketch.pack()
    _, manifest = read_model(models[1], CLASSIFIER_KIND)
    models[1].write_bytes(data)
    write_manifest(models[1].with_suffix(".json"), msgspec.structs.replace(manifest, sha256=sha256_of(data)))
    compiler.write_text("#!/bin/sh\ntouch was-called\n")
    assert compile_with(compiler, models[1:]) == 4
    assert "would not take it: FLOOR b: operator FLOOR does not map" in capsys.readouterr().err
    models[1].with_suffix(".json").unlink()
    assert main([str(models[1]), "--check"]) == 4
    assert "mask_classifier.json: cannot be read" in capsys.readouterr().err


def test_a_check_alone_needs_no_compiler(models: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(models[0]), "--check", "--compiler", "/nowhere"]) == 0
    said = capsys.readouterr().out
    assert "remark: RESIZE_NEAREST_NEIGHBOR" in said
    assert not compiled_path(models[0]).exists()


def test_the_model_that_google_compiled_is_verified_against_its_twin(shared_data: Path) -> None:
    twin = (shared_data / "coral" / "mobilenet_v1_0.25_128_quant.tflite").read_bytes()
    compiled = (shared_data / "coral" / "mobilenet_v1_0.25_128_quant_edgetpu.tflite").read_bytes()
    assert verify_compiled("theirs", compiled, twin) == {}
    with pytest.raises(ModelError, match="theirs: nothing was mapped to the Edge TPU"):
        verify_compiled("theirs", twin, twin)
    shipped = (ROOT / "models" / "mask_classifier.tflite").read_bytes()
    with pytest.raises(ModelError, match="theirs: its inputs are"):
        verify_compiled("theirs", compiled, shipped)
    with pytest.raises(ModelError, match="theirs: the compiler wrote no TFLite model"):
        verify_compiled("theirs", b"", twin)

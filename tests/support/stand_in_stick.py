"""A stand-in for a Coral: a TFLite delegate that is compiled here, and models "compiled" for it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from graph_sketch import compiled_twin

from edge.commands import ROOT
from edge.manifest import CLASSIFIER_KIND, DETECTOR_KIND, manifest_path, sha256_of, write_manifest
from edge.runtime.compiled import FORMAT, Compiled, compiled_path

SHIPPED = (("face_detector", DETECTOR_KIND), ("mask_classifier", CLASSIFIER_KIND))


def build_delegate(folder: Path) -> Path:
    """Compile the delegate under the name of Google's library; without a C compiler the test is skipped."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler to build the stand-in for libedgetpu with")
    library = folder / "libedgetpu.so.1"
    source = Path(__file__).with_name("stick_delegate.c")
    subprocess.run([compiler, "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, source], check=True, timeout=60)
    return library


def write_models(folder: Path) -> tuple[tuple[Path, str], ...]:
    """Copy the shipped models, with compiled twins, and return (file, kind) of each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, _ in SHIPPED:
        model = folder / f"{name}.tflite"
        shutil.copyfile(ROOT / "models" / model.name, model)
        shutil.copyfile(ROOT / "models" / manifest_path(model).name, manifest_path(model))
        write_twin(model, compiled_twin(model.read_bytes()))
    return tuple((folder / f"{name}.tflite", kind) for name, kind in SHIPPED)


def write_twin(model: Path, data: bytes) -> None:
    """Put a compiled twin beside a model, with its paper."""
    path = compiled_path(model)
    path.write_bytes(data)
    paper = Compiled(
        format=FORMAT, model=path.name, sha256=sha256_of(data), twin=model.name,
        twin_sha256=sha256_of(model.read_bytes()), compiler="stand-in", compiled_with=(model.name,), on_chip=1,
        on_cpu={}, on_chip_bytes=0, off_chip_bytes=0, made={},
    )  # fmt: skip
    write_manifest(manifest_path(path), paper)

"""What stands in the way of a release is said, and what is known to be missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("ai_edge_litert", reason="its schema draws the compiled models")

from stand_in_stick import write_models  # noqa: E402

from edge.commands import ROOT  # noqa: E402
from edge.runtime.compiled import compiled_path  # noqa: E402


@pytest.fixture
def models(tmp_path: Path) -> list[Path]:
    """Return copies of the shipped models, with compiled twins."""
    return [path for path, _ in write_models(tmp_path)]


def check(folder: Path) -> tuple[int, list[str]]:
    """Return the exit code and the lines."""
    command = [sys.executable, str(ROOT / "scripts" / "release_check.py"), "--models", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout.splitlines()


def test_nothing_is_said_about_models_that_are_complete(models: list[Path]) -> None:
    assert check(models[0].parent) == (0, ["fit for a release"])


def test_models_that_nobody_has_compiled_are_plainly_missing(models: list[Path]) -> None:
    for model in models:
        compiled_path(model).unlink()
    code, (missing, fit) = check(models[0].parent)
    assert code == 0
    assert missing.startswith(f"missing: {models[0].parent}: face_detector_edgetpu.tflite and mask_classifier_edgetpu")
    assert "scripts/edgetpu/compile.sh" in missing
    assert fit == "fit for a release, but for what is missing"


def test_a_damaged_or_mismatched_model_is_not_fit(models: list[Path]) -> None:
    compiled_path(models[0]).write_bytes(b"swapped")
    models[1].unlink()
    code, (first, second, fit) = check(models[0].parent)
    assert (code, fit) == (1, "not fit for a release")
    assert "face_detector_edgetpu.tflite: the file is damaged or was swapped" in first
    assert "mask_classifier.tflite: no such model" in second

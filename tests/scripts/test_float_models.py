"""The adapter that runs our float models as the device runs the int8 ones."""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

pytest.importorskip("keras", reason="the train extra is not installed")

from drawn_faces import draw_scene  # noqa: E402

PEERS = Path(__file__).parents[2] / "scripts" / "peers"
MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(PEERS))
    return importlib.import_module("float_models")


def test_a_missing_model_is_one_sentence(
    adapter: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert adapter.main(["--detector", str(tmp_path / "none.keras"), str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith(f"{tmp_path / 'none.keras'}: no such model")


def test_a_float_model_needs_the_manifest_of_its_twin(
    adapter: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(MODELS / "mask_classifier.keras", tmp_path / "lonely.keras")
    assert adapter.main(["--classifier", str(tmp_path / "lonely.keras"), str(tmp_path)]) == 4
    assert "lonely.tflite" in capsys.readouterr().err


@pytest.mark.train
def test_float_and_int8_classifiers_say_nearly_the_same(adapter: ModuleType) -> None:
    models = [adapter.open_model(MODELS / f"mask_classifier.{end}", "mask_classifier") for end in ("keras", "tflite")]
    scenes = [draw_scene(seed, masked=masked)[0] for seed in range(4) for masked in (False, True)]
    pictures = [np.asarray(cv2.resize(bgr, models[0].manifest.input_size), np.uint8) for bgr in scenes]
    whole, small = (np.stack([model.invoke(picture)["scores"] for picture in pictures]) for model in models)
    assert whole.shape == small.shape
    assert float(np.abs(whole - small).max(axis=1).mean()) < 0.15
    assert whole.sum(axis=1) == pytest.approx(np.ones(len(scenes)), abs=1e-4)


@pytest.mark.train
def test_a_line_is_what_the_device_prints(
    adapter: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), draw_scene(2, masked=True)[0])
    assert adapter.main(["--min-score", "0.01", str(tmp_path)]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["image"] == str(tmp_path / "a.png")
    assert {"box", "face_score", "label", "score", "scores", "verdict"} == set().union(
        *(f.keys() for f in line["faces"])
    )

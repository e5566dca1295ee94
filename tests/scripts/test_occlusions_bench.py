"""The table of what the classifier says about covered faces: what it draws, and how it counts."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

pytest.importorskip("keras", reason="the train extra is not installed")

from drawn_faces import draw_scene  # noqa: E402

from edge.classifier import TfliteClassifier  # noqa: E402
from edge.manifest import CLASSIFIER_KIND  # noqa: E402
from edge.records import WITHOUT_MASK  # noqa: E402
from edge.runtime.tflite import TfliteModel  # noqa: E402
from train.face_map import guess_landmarks  # noqa: E402
from train.faces import LabeledFace  # noqa: E402

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "scripts" / "bench"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    return importlib.import_module("occlusions")


@pytest.fixture
def bare(tmp_path: Path) -> tuple[LabeledFace, np.ndarray]:
    bgr, box = draw_scene(3)
    cv2.imwrite(str(tmp_path / "bare.png"), bgr)
    return LabeledFace(tmp_path / "bare.png", box, WITHOUT_MASK, "drawn"), guess_landmarks(
        box, np.random.default_rng(0)
    )


def test_everything_but_nothing_changes_the_face_and_is_the_same_each_time(
    bench: ModuleType, bare: tuple[LabeledFace, np.ndarray]
) -> None:
    crops = {what: [bench._draw(*bare, draw, 1) for _ in range(2)] for what, draw in bench.drawings().items()}
    assert all(np.array_equal(first, again) for first, again in crops.values())
    same = [what for what, (first, _) in crops.items() if np.array_equal(first, crops["nothing"][0])]
    assert same == ["nothing"]


def test_each_row_shares_its_faces_out_among_all_that_can_be_said(
    bench: ModuleType, bare: tuple[LabeledFace, np.ndarray]
) -> None:
    model = TfliteModel(ROOT / "models" / "mask_classifier.tflite", CLASSIFIER_KIND)
    crops = {"nothing": [bench._draw(*bare, bench.drawings()["nothing"], 1)]}
    rows = [
        bench.judge(TfliteClassifier(model, min_score, (WITHOUT_MASK,)), crops).splitlines()[-1]
        for min_score in (0.5, 0.99)
    ]
    for row in rows:
        assert sorted(cell.strip() for cell in row.split("|")[2:-1]) == ["0.0 %", "0.0 %", "0.0 %", "100.0 %"]

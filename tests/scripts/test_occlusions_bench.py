"""The table of what the classifier says about covered faces: what it draws, and how it counts."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

pytest.importorskip("keras", reason="the train extra is not installed")

from drawn_faces import draw_scene  # noqa: E402

from edge.classifier import TfliteClassifier  # noqa: E402
from edge.geometry import Box  # noqa: E402
from edge.manifest import CLASSIFIER_KIND  # noqa: E402
from edge.preprocess import Picture  # noqa: E402
from edge.records import WITHOUT_MASK  # noqa: E402
from edge.runtime.tflite import TfliteModel  # noqa: E402
from train.face_map import Points, guess_landmarks  # noqa: E402
from train.faces import cut_face  # noqa: E402

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "scripts" / "bench"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    return importlib.import_module("occlusions")


def bare() -> tuple[Picture, Box, Points]:
    bgr, box = draw_scene(3)
    return cut_face(bgr, box, 256), box, guess_landmarks(box, np.random.default_rng(0))


def test_everything_but_nothing_changes_the_face_and_is_the_same_each_time(bench: ModuleType) -> None:
    first, again = ({what: bench.draw_all([bare()], draw)[0] for what, draw in bench.drawings().items()} for _ in "ab")
    assert all(np.array_equal(first[what], again[what]) for what in first)
    assert [what for what, crop in first.items() if np.array_equal(crop, first["nothing"])] == ["nothing"]


def test_each_row_shares_its_faces_out_among_all_that_can_be_said(bench: ModuleType) -> None:
    model = TfliteModel(ROOT / "models" / "mask_classifier.tflite", CLASSIFIER_KIND)
    crops = {"nothing": bench.draw_all([bare()], bench.drawings()["nothing"])}
    rows = [
        bench.judge(TfliteClassifier(model, min_score, (WITHOUT_MASK,)), crops).splitlines()[-1]
        for min_score in (0.5, 0.99)
    ]
    for row in rows:
        assert sorted(cell.strip() for cell in row.split("|")[2:-1]) == ["0.0 %", "0.0 %", "0.0 %", "100.0 %"]

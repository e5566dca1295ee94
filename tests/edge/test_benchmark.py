"""`maskwatch bench`: what it measures, and what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scripted import ScriptedModel

from edge.benchmark import Bench, Times, draw_visitor, summarize
from edge.cli import main
from edge.commands.bench import Heat, describe, name_board, row
from edge.decode import STRIDES
from edge.geometry import iou
from edge.settings import Camera, Settings

LABELS = ("with_mask", "without_mask", "mask_worn_incorrectly")
MODEL_S = 0.25


class Ticking:
    """A clock that goes on only while a model runs."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class SlowModel(ScriptedModel):
    """A model that takes a quarter of a second of that clock."""

    clock: Ticking

    def invoke(self, rgb: np.ndarray) -> dict[str, np.ndarray]:
        self.clock.now_s += MODEL_S
        return super().invoke(rgb)


def nothing_found() -> dict[str, np.ndarray]:
    cells = {s: (64 // s, 96 // s) for s in STRIDES}
    scores = {f"score_{s}": np.full((*cells[s], 1), -9, np.float32) for s in STRIDES}
    return scores | {f"distance_{s}": np.zeros((*cells[s], 4), np.float32) for s in STRIDES}


def open_bench() -> Bench:
    clock = Ticking()
    detector = SlowModel(nothing_found(), (96, 64), ("face",))
    classifier = SlowModel({"scores": np.array([0.9, 0.05, 0.05], np.float32)}, (32, 32), LABELS)
    detector.clock = classifier.clock = clock
    return Bench((detector, classifier), Settings(camera=Camera(width_px=320, height_px=240)), clock)


def test_both_models_run_in_every_frame_though_the_detector_finds_nobody() -> None:
    bench = open_bench()
    bench.warm_up()
    frames = [bench.run_frame() for _ in range(20)]
    assert all(frame and frame.detector_s == frame.classifier_s == MODEL_S for frame in frames)


def test_the_stages_add_up_to_the_frame() -> None:
    bench = open_bench()
    bench.warm_up()
    frame = bench.run_frame()
    assert frame == Times(0.0, MODEL_S, 0.0, MODEL_S, 0.0, 2 * MODEL_S)


def test_the_visitor_sways_and_the_head_is_where_it_is_drawn() -> None:
    pictures, heads = draw_visitor(320, 240)
    assert iou(heads[0], heads[4]) < 0.5
    for picture, head in zip(pictures, heads, strict=True):
        x, y = (round(v) for v in head.center)
        assert tuple(picture[y, x]) == (120, 160, 210)


def took(whole_s: float) -> Times:
    return Times(0.0, whole_s / 2, 0.0, whole_s / 2, 0.0, whole_s)


def test_a_board_that_slows_down_is_told_by_how_much() -> None:
    summary = summarize([took(0.1)] * 50 + [took(0.15)] * 50)
    assert summary.slowed_frac == pytest.approx(0.5)
    assert "slowed down by 50%" in "\n".join(describe(summary, Heat(50.0, 82.0, False), "640×480"))


def test_a_steady_board_gets_a_row_with_its_figures() -> None:
    summary = summarize([took(0.1)] * 100)
    assert summary.fps == pytest.approx(10)
    cells = [cell.strip() for cell in row(summary, Heat(40.0, 61.4, False), "640×480").strip("|").split("|")]
    assert cells[2:9] == ["640×480", "50.0", "50.0", "100.0 / 100.0", "10", "40 → 61", "+0%"]
    assert "did not slow down" in list(describe(summary, Heat(None, None, False), "640×480"))


def test_a_board_that_was_faster_by_less_than_it_is_rounded_by_has_no_minus_before_its_zero() -> None:
    summary = summarize([took(0.1)] * 50 + [took(0.0999)] * 50)
    assert "| +0% |" in row(summary, Heat(None, None, False), "640×480")


def test_a_weak_supply_is_said() -> None:
    assert "supply voltage was too low" in list(describe(summarize([took(0.1)]), Heat(None, None, True), "x"))[-1]


def test_the_board_is_called_what_its_firmware_says(tmp_path: Path) -> None:
    model = tmp_path / "proc" / "device-tree" / "model"
    model.parent.mkdir(parents=True)
    model.write_bytes(b"Raspberry Pi 4 Model B Rev 1.4\0")
    assert name_board(tmp_path) == "Raspberry Pi 4 Model B Rev 1.4"


def test_bench_works_without_a_camera(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("camera: {source: v4l2, device: /dev/none, width_px: 320, height_px: 240}\naccelerator: cpu\n")
    assert main(["bench", "--config", str(config), "--seconds", "0.01"]) == 0
    said = capsys.readouterr().out
    assert "detector model" in said
    assert "| 320×240 |" in said


def test_bench_of_no_time_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--seconds", "0"]) == 2
    assert "--seconds: must be more than 0, got 0" in capsys.readouterr().err

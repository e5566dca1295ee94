from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("sklearn", reason="the train extra is not installed")
pytest.importorskip("matplotlib", reason="the train extra is not installed")

from train.plots import plot_confusion, plot_history  # noqa: E402
from train.provenance import describe_run  # noqa: E402
from train.report import Report, to_markdown, write_report  # noqa: E402
from train.scores import Scores, score_labels  # noqa: E402

LABELS = ("with_mask", "without_mask", "mask_worn_incorrectly")


@pytest.fixture
def scores() -> Scores:
    truth = np.array([0, 0, 0, 0, 1, 1])
    said = np.array([0, 0, 0, 1, 1, 2])
    return score_labels(truth, said, LABELS)


@pytest.fixture
def report(scores: Scores) -> Report:
    data = {"train": {"drawn": {"with_mask": 9}}, "test": {"drawn": {"with_mask": 4, "without_mask": 2}}}
    made = describe_run(["classifier", "--folders", "my pictures"], wall_s=12.34)
    return Report("Mask classifier", scores, {"drawn": scores}, data, made, {"seed": 1})


def test_scores_are_those_of_the_textbook(scores: Scores) -> None:
    assert scores.labels["with_mask"].precision == 1.0
    assert scores.labels["with_mask"].recall == 0.75
    assert scores.labels["without_mask"].f1 == pytest.approx(0.5)
    assert scores.labels["mask_worn_incorrectly"].support == 0
    assert scores.labels["mask_worn_incorrectly"].f1 == 0.0
    assert scores.accuracy == pytest.approx(4 / 6)
    assert scores.confusion == ((3, 1, 0), (0, 1, 1), (0, 0, 0))
    assert scores.support == 6


def test_the_markdown_has_every_label_source_and_the_command(report: Report) -> None:
    text = to_markdown(report)
    assert "| with_mask | 1.0000 | 0.7500 | 0.8571 | 4 |" in text
    assert "| drawn | 0.6667 | 0.857 (4) | 0.500 (2) | none | 6 |" in text
    assert "| mask_worn_incorrectly | none | none | none | 0 |" in text
    assert "| train | drawn | with_mask 9 |" in text
    assert "`python -m train classifier --folders 'my pictures'`" in text


def test_the_json_can_be_read_again(report: Report, tmp_path: Path) -> None:
    write_report(tmp_path, report)
    content = json.loads((tmp_path / "report.json").read_text())
    assert content["command"] == "python -m train classifier --folders 'my pictures'"
    assert content["wall_s"] == 12.3
    assert content["test"]["confusion"] == [[3, 1, 0], [0, 1, 1], [0, 0, 0]]
    assert content["data"]["train"] == {"drawn": {"with_mask": 9}}


def test_plots_are_pictures(scores: Scores, tmp_path: Path) -> None:
    history = [{"epoch": float(i), "loss": 1.0 / (i + 1), "val_loss": 1.1 / (i + 1), "accuracy": 0.5} for i in range(3)]
    plot_history(tmp_path / "plot.png", history, [1])
    plot_confusion(tmp_path / "confusion.png", scores)
    for path in tmp_path.glob("*.png"):
        assert path.read_bytes().startswith(b"\x89PNG")


def test_a_run_of_one_epoch_has_one_tick_and_no_phase_that_never_started(tmp_path: Path) -> None:
    plot_history(tmp_path / "plot.svg", [{"epoch": 0.0, "loss": 0.5, "val_loss": 0.4}], [1])
    words = re.findall("<!-- (.+?) -->", (tmp_path / "plot.svg").read_text())  # matplotlib's own, beside the outlines
    assert words[:3] == ["1", "epoch", "0.0"]
    assert {"Training loss", "loss"} <= {*words}
    assert not any("accuracy" in word or "fine-tuning" in word for word in words)


def test_a_loss_that_hardly_changes_does_not_lie_on_the_frame(tmp_path: Path) -> None:
    plot_history(tmp_path / "plot.png", [{"epoch": float(i), "loss": 0.69, "val_loss": 0.7} for i in range(2)])
    rgb = np.asarray(Image.open(tmp_path / "plot.png").convert("RGB")).astype(int)
    middle = rgb[:, 400]
    frame = np.flatnonzero((middle < 60).all(axis=1) & (np.arange(len(middle)) > 20))[0]  # below the title
    blue = np.flatnonzero((abs(middle - (31, 119, 180)) < 60).all(axis=1))
    assert blue[0] > frame + 10

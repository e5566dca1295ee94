from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from tiny_models import brightness_classifier, write_run  # noqa: E402

from convert.cli import main  # noqa: E402
from edge.manifest import CLASSIFIER_KIND, read_model  # noqa: E402


@pytest.mark.parametrize(
    ("found", "words", "min_score"),
    [(0.83, [], 0.83), (0.83, ["--min-score", "0.7"], 0.7), (None, [], 0.6)],
)
def test_the_threshold_that_training_found_goes_into_the_manifest(
    tmp_path: Path, found: float | None, words: list[str], min_score: float
) -> None:
    run, output = write_run(tmp_path / "run", brightness_classifier()), tmp_path / "mask.tflite"
    (run / "calibration.json").write_text(json.dumps({"temperature": 1.2, "min_score": found}))
    assert main([str(run), "--output", str(output), *words]) == 0
    assert read_model(output, CLASSIFIER_KIND)[1].thresholds.min_score == min_score


@pytest.mark.parametrize("word", ["7", "1", "0", "-0.5", "nan"])
def test_a_threshold_that_no_score_reaches_or_every_score_does_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    words = [str(tmp_path / "no run"), "--output", str(tmp_path / "mask.tflite"), f"--min-score={word}"]
    assert main(words) == 2
    assert f"--min-score {word}: must lie between 0 and 1" in capsys.readouterr().err

from __future__ import annotations

import argparse
import json
import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.errors import DataError, UsageError
from edge.geometry import Box
from train.annotations import AnnotatedPicture, LabeledBox, write_csv
from train.evaluate import add_arguments, read_exam, run

pytest.importorskip("matplotlib", reason="the train extra is not installed")

ANSWER: dict[str, Any] = {
    "image": "a.jpg",
    "faces": [{"box": [10, 10, 30, 30], "label": "with_mask", "face_score": 0.9}],
}


@pytest.fixture
def annotations(tmp_path: Path) -> Path:
    images = tmp_path / "drawn" / "images"
    images.mkdir(parents=True)
    cv2.imwrite(str(images / "a.jpg"), np.zeros((100, 100, 3), np.uint8))
    path = images.parent / "annotations.csv"
    write_csv(path, [AnnotatedPicture(images / "a.jpg", 100, 100, (LabeledBox(Box(10, 10, 30, 30), "with_mask"),))])
    return path


def evaluate(annotations: Path, *systems: str, more: Sequence[str] = ()) -> list[dict[str, object]]:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    output = annotations.parent / "out"
    words = ["--boxes", str(annotations), "--output", str(output), *more]
    for system in systems:
        words += ["--system", system]
    assert run(parser.parse_args(words)) == 0
    rows: list[dict[str, object]] = json.loads((output / "evaluation.json").read_text())
    return rows


def system(name: str, code: str) -> str:
    return f"{name}={shlex.quote(sys.executable)} -c {shlex.quote(code)}"


def test_every_system_is_scored_at_every_size(annotations: Path, capsys: pytest.CaptureFixture[str]) -> None:
    silent = dict(ANSWER, faces=[])
    rows = evaluate(
        annotations,
        system("good", f"print({json.dumps(ANSWER)!r})"),
        system("silent", f"print({json.dumps(silent)!r})"),
    )
    assert [(row["system"], row["min_side"], row["masked_f1"]) for row in rows] == [
        ("good", 0.03, 1.0), ("good", 0.08, 1.0), ("silent", 0.03, 0.0), ("silent", 0.08, 0.0),
    ]  # fmt: skip
    assert "| good | drawn | 0.03 |" in capsys.readouterr().out


def test_the_report_has_every_part_and_every_number(annotations: Path) -> None:
    scores = {"with_mask": 0.9, "without_mask": 0.1, "mask_worn_incorrectly": 0.0}
    full = {**ANSWER, "faces": [{**ANSWER["faces"][0], "score": 0.9, "scores": scores, "verdict": "masked"}]}
    wrong = {"image": "a.jpg", "faces": [{"box": [60, 60, 80, 80], "label": "without_mask"}]}
    evaluate(
        annotations, system("full", f"print({json.dumps(full)!r})"), system("bare", f"print({json.dumps(wrong)!r})")
    )
    output = annotations.parent / "out"
    text = (output / "report.md").read_text()
    numbers = json.loads((output / "report.json").read_text())
    first, second = (one for one in numbers["scores"] if one["min_side"] == 0.03)
    assert first["detector"]["average_precision"] == 1.0
    assert first["label_reliability"]["ece"] == pytest.approx(0.1)
    assert first["verdicts"]["decided"]["value"] == 1.0
    assert second["confusion"]["with_mask"]["missed"] == 1
    assert second["confusion"]["no face"]["without_mask"] == 1
    assert (second["detector"], second["label_reliability"], second["verdicts"]) == (None, None, None)
    assert "- bare: the detector's curve (no `face_score`)" in text
    assert "- bare: calibration and the band from 3% on (no annotated face found)" in text
    assert "bare: calibration and the band's curve (no `scores`)" not in text
    assert "full: " not in text.split("## Mean F1")[0]


def test_every_plot_and_sheet_of_the_report_is_there_whatever_the_system_is_called(annotations: Path) -> None:
    wrong = {"image": "a.jpg", "faces": [{"box": [60, 60, 80, 80], "label": "without_mask"}]}
    evaluate(annotations, system("my own", f"print({json.dumps(wrong)!r})"))
    output = annotations.parent / "out"
    targets = re.findall(r"\]\((?:<(.+?)>|(\S+))\)", (output / "report.md").read_text())  # no spaces but in <>
    named = {quoted or bare for quoted, bare in targets}
    assert {"slices.png", "detector.png", "chain.png", "reliability.png", "band.png", "confusion_0.03.png"} <= named
    assert {"sheet_my own_false_faces.png", "sheet_my own_missed_faces.png"} <= named
    for name in named:
        assert (output / name).read_bytes().startswith(b"\x89PNG")


def test_of_sizes_and_sides_without_a_face_there_is_no_average_precision(annotations: Path) -> None:
    evaluate(annotations, system("good", f"print({json.dumps(ANSWER)!r})"), more=("--min-side", "0.1", "0.5"))
    report = (annotations.parent / "out" / "report.md").read_text()
    assert "| 10% | good | 1.000 | 1.000 | – |\n| 50% | good | – | – | – |" in report


def test_sizes_that_differ_by_less_than_a_percent_are_told_apart(annotations: Path) -> None:
    evaluate(annotations, system("good", f"print({json.dumps(ANSWER)!r})"), more=("--min-side", "0.015", "0.02"))
    report = (annotations.parent / "out" / "report.md").read_text()
    assert [row.split(" | ")[1] for row in report.splitlines() if row.startswith("| with_mask |")] == ["1.5%", "2%"]


def test_contributors_are_sources_of_their_own(annotations: Path) -> None:
    (annotations.parent / "contributors.csv").write_text("image,contributor\na.jpg,E\n")
    evaluate(annotations, system("good", f"print({json.dumps(ANSWER)!r})"))
    assert "| source | drawn/E | good | 1 |" in (annotations.parent / "out" / "report.md").read_text()


def test_the_first_system_is_compared_with_the_others(annotations: Path) -> None:
    both = LabeledBox(Box(10, 10, 30, 30), "with_mask"), LabeledBox(Box(50, 50, 80, 80), "without_mask")
    write_csv(annotations, [AnnotatedPicture(annotations.parent / "images" / "a.jpg", 100, 100, both)])
    silent = dict(ANSWER, faces=[])
    evaluate(
        annotations,
        system("half", f"print({json.dumps(ANSWER)!r})"),
        system("silent", f"print({json.dumps(silent)!r})"),
    )
    numbers = json.loads((annotations.parent / "out" / "report.json").read_text())
    half, silent_one = (one for one in numbers["headlines"] if one["min_side"] == 0.08)
    assert half["ahead"] is None
    assert half["mean_f1"]["value"] == 0.5
    assert silent_one["ahead"] == {"value": 0.5, "low": 0.5, "high": 0.5}


def test_nobody_is_ahead_on_a_set_that_has_faces_of_one_side_only(annotations: Path) -> None:
    silent = dict(ANSWER, faces=[])
    evaluate(
        annotations,
        system("good", f"print({json.dumps(ANSWER)!r})"),
        system("silent", f"print({json.dumps(silent)!r})"),
    )
    output = annotations.parent / "out"
    numbers = json.loads((output / "report.json").read_text())
    assert [(one["mean_f1"], one["ahead"]) for one in numbers["headlines"]] == [(None, None)] * 4
    rows = [line.split(" | ") for line in (output / "report.md").read_text().splitlines() if "| drawn | 3%" in line]
    assert [(row[2], row[-1].strip(" |")) for row in rows] == [("good", "first"), ("silent", "–")]


def test_two_sets_are_scored_alone_and_together(annotations: Path, tmp_path: Path) -> None:
    shutil.copytree(annotations.parent, tmp_path / "other", ignore=shutil.ignore_patterns("out"))
    output = tmp_path / "both"
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    words = ["--boxes", str(annotations), str(tmp_path / "other" / "annotations.csv"), "--output", str(output)]
    assert run(parser.parse_args([*words, "--system", system("good", f"print({json.dumps(ANSWER)!r})")])) == 0
    numbers = json.loads((output / "report.json").read_text())
    faces = {one["set"]: one["faces"] for one in numbers["headlines"] if one["min_side"] == 0.03}
    assert faces == {"drawn": 1, "other": 1, "all": 2}


def test_two_sets_of_one_name_are_refused(annotations: Path, tmp_path: Path) -> None:
    other = shutil.copytree(annotations.parent, tmp_path / "elsewhere" / "drawn") / "annotations.csv"
    with pytest.raises(UsageError, match="are two data sets called drawn; rename one folder"):
        read_exam([str(annotations), str(other)], ())


def test_two_systems_of_one_name_are_refused(annotations: Path) -> None:
    with pytest.raises(UsageError, match="each once; a is not"):
        evaluate(annotations, "a=true", "a=true")


def test_a_system_that_fails_or_skips_pictures_is_named(annotations: Path) -> None:
    with pytest.raises(DataError, match="ended with exit code 3"):
        evaluate(annotations, system("broken", "raise SystemExit(3)"))
    with pytest.raises(DataError, match=r"said nothing about 1 pictures, a\.jpg among them"):
        evaluate(annotations, system("lazy", "pass"))


def test_a_system_needs_a_name_and_a_command(annotations: Path) -> None:
    with pytest.raises(UsageError, match="NAME=COMMAND is expected"):
        evaluate(annotations, "nothing")


@pytest.mark.parametrize("command", ["no_such_program --json", "/no/such/program", "echo 'never closed", "' '", "/"])
def test_a_command_that_cannot_be_run_is_refused_before_any_other_runs(annotations: Path, command: str) -> None:
    with pytest.raises(UsageError, match="--system mine="):
        evaluate(annotations, system("good", f"print({json.dumps(ANSWER)!r})"), f"mine={command}")
    assert not (annotations.parent / "out").exists()


def test_a_program_that_the_machine_cannot_start_is_said(annotations: Path) -> None:
    program = annotations.parent / "program"
    program.write_bytes(b"neither script nor binary")
    program.chmod(0o755)
    with pytest.raises(UsageError, match="cannot be started"):
        evaluate(annotations, f"mine={shlex.quote(str(program))}")


@pytest.mark.parametrize(
    "more", [["--seed=-1"], ["--min-side", "nan"], ["--min-side", "0.03", "2"], ["--min-side=-0.1"], ["--rounds", "0"]]
)
def test_numbers_that_cannot_be_are_refused(annotations: Path, more: list[str]) -> None:
    with pytest.raises(UsageError, match="must be"):
        evaluate(annotations, "mine=true", more=more)


@pytest.mark.parametrize("output", ["annotations.csv", "annotations.csv/below"])
def test_an_output_that_is_a_file_is_refused(annotations: Path, output: str) -> None:
    with pytest.raises(UsageError, match=r"a folder is expected, and .*/annotations\.csv is a file"):
        evaluate(annotations, "mine=true", more=["--output", str(annotations.parent / output)])


def write_labels(annotations: Path, *labels: str) -> None:
    faces = tuple(LabeledBox(Box(10, 10, 30, 30), label) for label in labels)
    write_csv(annotations, [AnnotatedPicture(annotations.parent / "images" / "a.jpg", 100, 100, faces)])


def test_labels_that_no_figure_knows_are_refused_with_their_file(annotations: Path) -> None:
    write_labels(annotations, "with_mask", "mask", "no_mask", "no_mask", "face", "ignore")
    with pytest.raises(DataError, match=r"annotations\.csv: labels .*: 'mask' \(1 boxes\), 'no_mask' \(2 boxes\);"):
        evaluate(annotations, "mine=true")


def test_what_is_annotated_as_no_face_is_nothing_to_find(annotations: Path) -> None:
    write_labels(annotations, "not_face")
    (row, _) = evaluate(annotations, system("good", f"print({json.dumps(ANSWER)!r})"))
    assert row["faces"] == {}
    assert row["false_faces_per_picture"] == 1


def test_a_class_of_ones_own_is_scored_when_it_is_named(annotations: Path) -> None:
    write_labels(annotations, "with_veil")
    words = ["--rename", "with_veil=with_veil"]
    (row, _) = evaluate(annotations, system("good", f"print({json.dumps(ANSWER)!r})"), more=words)
    assert row["faces"] == {"with_veil": 1}


def test_a_picture_of_no_size_is_refused_with_its_file(annotations: Path) -> None:
    annotations.write_text(annotations.read_text().replace("100,100", "0,0"))
    with pytest.raises(DataError, match=r"annotations\.csv: a\.jpg is 0x0 px there"):
        evaluate(annotations, "mine=true")

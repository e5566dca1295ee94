"""The recipes, run with a setup.sh that notes what it is told and leaves what the real one leaves."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

RECIPES = Path(__file__).resolve().parents[2] / "scripts" / "recipes"
ROOT = RECIPES.parents[1]
MODELS = {"detector": "face_detector", "classifier": "mask_classifier"}

SETUP = """#!/usr/bin/env bash
set -euo pipefail
printf '%q ' "$@" >>told; echo >>told
[[ "${*:1:2}" == "${FAILS:-}" ]] && exit 130
words=("$@")
for i in "${!words[@]}"; do [[ ${words[i]} == --output ]] && output=${words[i + 1]}; done
case "${*:1:2}" in
    "train evaluate") mkdir -p "$output" ;;
    "train average") mkdir -p "$output" && touch "$output"/{model.keras,report.json} ;;
    train*)
        [[ -f $output/repaired/seen.csv ]] && echo "$output" >>spared
        mkdir -p "$output/repaired" && touch "$output"/{repaired/seen.csv,model.keras,report.json}
        ;;
    convert*) touch "$output" "${output%.tflite}".{json,keras} ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    shutil.copytree(RECIPES, folder / "scripts" / "recipes")
    (folder / "setup.sh").write_text(SETUP)
    (folder / "setup.sh").chmod(0o755)
    (folder / "models").mkdir()
    for name in MODELS.values():
        (folder / "models" / f"{name}.tflite").write_text("as it came")
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "shared data"
    for name in ("jolignier", "kaggle853", "smart1600", "adityap27"):
        (folder / "detection" / name).mkdir(parents=True)
        (folder / "detection" / name / "annotations.csv").touch()
    for name in ("prajna", "maskon_synth", "jamesnogra"):
        (folder / "classification" / name).mkdir(parents=True)
    for file in ("teachers/scrfd_2.5g_kps.onnx", "weights/mobilenet_v2_1.0_224_imagenet_notop.weights.h5"):
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).touch()
    return folder


def cook(checkout: Path, data: Path, name: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "MASKWATCH_DATA": str(data), **settings}
    script = checkout / "scripts" / "recipes" / f"{name}.sh"
    return subprocess.run(["bash", script], cwd="/", env=environment, capture_output=True, text=True, check=False)


def told(checkout: Path) -> list[list[str]]:
    notes = checkout / "told"
    return [shlex.split(line) for line in notes.read_text().splitlines()] if notes.is_file() else []


def stages(checkout: Path) -> list[str]:
    return [words[0] if words[0] == "convert" else " ".join(words[:2]) for words in told(checkout)]


def shipped_min_score(name: str) -> float:
    manifest = json.loads((ROOT / "models" / f"{name}.json").read_text())
    return float(manifest["thresholds"]["min_score"])


LEARNS = {
    "detector": ["train detector"] * 2,
    "classifier": ["train classifier"] * 2 + ["train average"],
}
"""The detector learns at a small size, then at the shipped one; the classifier ends with things drawn, and the mean."""

recipes = pytest.mark.parametrize("name", MODELS)


@recipes
def test_a_recipe_trains_converts_and_scores(checkout: Path, data: Path, name: str) -> None:
    done = cook(checkout, data, name)
    assert done.returncode == 0, done.stderr
    assert stages(checkout) == [*LEARNS[name], "convert", "train evaluate"]


@recipes
def test_what_is_finished_is_not_done_again(checkout: Path, data: Path, name: str) -> None:
    cook(checkout, data, name)
    assert cook(checkout, data, name).returncode == 0
    assert len(told(checkout)) == len(LEARNS[name]) + 2


@recipes
@pytest.mark.parametrize("failing", ["training", "scoring"])
def test_an_interrupted_recipe_goes_on_where_it_was(checkout: Path, data: Path, name: str, failing: str) -> None:
    stage = {"training": f"train {name}", "scoring": "train evaluate"}[failing]
    assert cook(checkout, data, name, FAILS=stage).returncode == 130
    before = stages(checkout)
    assert before[-1] == stage
    assert cook(checkout, data, name).returncode == 0
    assert stages(checkout)[len(before)] == stage
    assert stages(checkout).count("convert") == 1


@recipes
def test_a_model_that_was_swapped_is_made_and_scored_again(checkout: Path, data: Path, name: str) -> None:
    cook(checkout, data, name)
    (checkout / "models" / f"{MODELS[name]}.tflite").write_text("another")
    cook(checkout, data, name)
    assert stages(checkout)[len(LEARNS[name]) + 2 :] == ["convert", "train evaluate"]


@recipes
def test_the_scored_source_is_learned_from_only_in_the_final_run(checkout: Path, data: Path, name: str) -> None:
    cook(checkout, data, name)
    cook(checkout, data, name, FINAL="1")
    first, final = [words for words in told(checkout) if words[:2] == ["train", name]][::2]
    assert first[first.index("--leave-out") + 1] == "adityap27"
    assert "--leave-out" not in final
    assert first[first.index("--output") + 1] != final[final.index("--output") + 1]
    assert stages(checkout).count("train evaluate") == 1


def test_the_detector_goes_on_from_the_small_size_at_the_shipped_one(checkout: Path, data: Path) -> None:
    cook(checkout, data, "detector")
    small, shipped = told(checkout)[:2]
    assert shipped[shipped.index("--weights") + 1] == f"{small[small.index('--output') + 1]}/model.keras"
    assert [words[words.index("--input") + 1] for words in (small, shipped)] == ["384x256", "480x320"]


def test_the_classifier_goes_on_with_things_drawn_on_faces(checkout: Path, data: Path) -> None:
    cook(checkout, data, "classifier")
    plain, drawn = told(checkout)[:2]
    assert drawn[drawn.index("--weights") + 1] == f"{plain[plain.index('--output') + 1]}/model.keras"
    assert "--synthetic" in drawn
    assert "--synthetic" not in plain


def test_the_mean_which_nobody_calibrated_is_told_the_shipped_threshold(checkout: Path, data: Path) -> None:
    cook(checkout, data, "classifier")
    words = next(words for words in told(checkout) if words[0] == "convert")
    assert float(words[words.index("--min-score") + 1]) == shipped_min_score("mask_classifier")


def test_the_detector_keeps_the_threshold_that_its_conversion_measured(checkout: Path, data: Path) -> None:
    cook(checkout, data, "detector")
    assert "--min-score" not in next(words for words in told(checkout) if words[0] == "convert")


@recipes
def test_the_second_stage_need_not_ask_the_teacher_again(checkout: Path, data: Path, name: str) -> None:
    cook(checkout, data, name)
    second = told(checkout)[1]
    assert (checkout / "spared").read_text().splitlines() == [second[second.index("--output") + 1]]
    assert not list(checkout.rglob("*.part"))


def test_extra_annotations_are_trained_on_too(checkout: Path, data: Path) -> None:
    cook(checkout, data, "detector", EXTRA="a.csv b.csv")
    assert {"a.csv", "b.csv"} <= set(told(checkout)[0])


@recipes
def test_missing_data_is_said_before_anything_starts(checkout: Path, data: Path, name: str) -> None:
    (data / "teachers" / "scrfd_2.5g_kps.onnx").unlink()
    done = cook(checkout, data, name)
    assert done.returncode == 2
    assert "scrfd_2.5g_kps.onnx is missing; set MASKWATCH_DATA" in done.stderr
    assert told(checkout) == []


@recipes
def test_the_commands_know_every_option_that_a_recipe_passes(checkout: Path, data: Path, name: str) -> None:
    pytest.importorskip("keras", reason="the train extra is not installed")
    from convert.cli import build_parser as convert_parser
    from train.cli import build_parser as train_parser

    cook(checkout, data, name)
    for command, *words in told(checkout):
        parser = convert_parser() if command == "convert" else train_parser(words)
        assert parser.parse_args(words)


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.sh")), ids=lambda path: path.name)
def test_the_shell_finds_no_mistake(path: Path) -> None:
    assert subprocess.run(["bash", "-n", path], check=False).returncode == 0
    checker = shutil.which("shellcheck", path=f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}")
    if checker is None:
        pytest.skip("shellcheck is not installed")
    done = subprocess.run([checker, "-x", path], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout

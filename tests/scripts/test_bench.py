"""The benchmarks: what they make of their measurements, and that they leave out what they cannot measure."""

from __future__ import annotations

import importlib
import itertools
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from edge.geometry import Box
from edge.manifest import CLASSIFIER_KIND, DETECTOR_KIND
from train.annotations import AnnotatedPicture, LabeledBox

ROOT = Path(__file__).parents[2]
BENCH = ROOT / "scripts" / "bench"


@pytest.fixture(autouse=True)
def scripts_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (ROOT / "scripts" / "demo", ROOT / "scripts" / "peers", BENCH):
        monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(sys, "path", list(sys.path))


def load(name: str) -> ModuleType:
    return importlib.import_module(name)


def test_camera_in_memory_gives_its_pictures_again_and_again_and_ends() -> None:
    pictures = [np.full((2, 2, 3), value, np.uint8) for value in (1, 2)]
    camera = load("in_memory").MemoryCamera(pictures, 3, step_s=0.5)
    frames = [camera.next_frame(0.0) for _ in range(4)]
    assert [frame and (frame.frame_index, frame.captured_s, frame.bgr[0, 0, 0]) for frame in frames] == [
        (0, 0.0, 1),
        (1, 0.5, 2),
        (2, 1.0, 1),
        None,
    ]


def test_swaying_moves_the_picture_and_comes_back() -> None:
    picture = np.arange(300, dtype=np.uint8).reshape(1, 100, 3)
    swayed = load("in_memory").sway(picture, steps=4)
    assert (swayed[0] == picture).all()
    assert (swayed[1] == np.roll(picture, 10, axis=1)).all()
    assert (swayed[3] == np.roll(picture, -10, axis=1)).all()


def test_straight_growth_is_found_and_noise_is_within_its_error() -> None:
    fit = load("soak").fit_slope
    frames = range(0, 1_000_000, 10_000)
    assert fit(frames, [70 + 5 * frame / 1e6 for frame in frames]) == pytest.approx((5.0, 0.0))
    noise = np.random.default_rng(0).normal(70, 0.1, len(frames))
    slope, error = fit(frames, list(noise))
    assert abs(slope) < 3 * error


def test_stand_ins_show_a_visitor_who_walks_through_and_then_nobody() -> None:
    soak = load("soak")
    wanted = ((ROOT / f"models/{kind}.tflite", kind) for kind in (DETECTOR_KIND, CLASSIFIER_KIND))
    detector = soak.open_stand_ins(wanted).models[0]
    from edge.decode import decode_faces

    found = [decode_faces(detector.invoke(np.zeros(0)), 0.5, 0.4)[0] for _ in range(100)]
    assert [len(boxes) for boxes in found] == [1] * soak.VISIT_FRAMES + [0] * soak.GAP_FRAMES
    lefts = [float(boxes[0, 0]) for boxes in found[: soak.VISIT_FRAMES]]
    assert lefts == sorted(lefts)
    assert lefts[-1] > lefts[0] + 200


def test_every_other_visitor_wears_no_mask() -> None:
    soak = load("soak")
    wanted = ((ROOT / f"models/{kind}.tflite", kind) for kind in (DETECTOR_KIND, CLASSIFIER_KIND))
    detector, classifier = soak.open_stand_ins(wanted).models
    said = []
    for detector.frames in (0, 100, 200, 300):
        said.append(int(classifier.invoke(np.zeros(0))["scores"].argmax()))
    assert said == [0, 1, 0, 1]


def test_stages_of_the_loop_add_up_to_the_whole() -> None:
    loop = load("loop")
    frame = {
        "detector model": 3.0, "classifier model": 1.0, "picture to detector": 0.3, "boxes from detector": 0.1,
        "face to classifier": 0.1, "find": 3.5, "judge": 1.2, "turn": 5.0, "outputs": 0.1, "recorder": 0.1,
        "observers": 0.1, "loop": 5.5,
    }  # fmt: skip
    rows = loop.summarize([frame] * 3)
    assert loop.models_ms([frame] * 3) == 4.0
    assert sum(ms for _, ms in rows) == pytest.approx(5.5)
    assert dict(rows)["tracking, votes, alarm"] == pytest.approx(0.3)


def result(name: str, cores: int, door_ms: float, f1: float, **more: Any) -> Any:
    fields = {"start_s": 0.5, "door_faces": 1, "model_bytes": 3_000_000, **more}
    found = load("compare").Result(name, cores, **fields)
    found.door_ms, found.cpu_s, found.pictures_ms, found.rss_mb, found.f1 = [door_ms] * 40, 0.2, [5.0], 80.0, f1
    return found


def test_the_table_says_how_many_times_slower_a_peer_is_on_as_many_cores() -> None:
    report = load("compare_report")
    results = [result("maskwatch", 1, 5.0, 0.9), result("aizoo", 1, 30.0, 0.8), result("maskwatch", 2, 4.0, 0.9)]
    results.append(result("aizoo", 2, 20.0, 0.8, door_faces=0))
    text = report.write_table(results, {"mobiledet": "x.tflite is missing"}, 7, 0.06)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if "| AIZOO" in line]
    assert [row[4] for row in rows] == ["6.0", "5.0"]
    assert [row[9] for row in rows] == ["-0.1000", "-0.1000"]
    assert "Left out: SSDLite MobileDet: x.tflite is missing." in text
    assert "Did not find exactly one face at the door: AIZOO SSD." in text


def test_pictures_of_one_name_in_two_folders_are_scored_each_by_its_own_line() -> None:
    faces = [LabeledBox(Box(10, 10, 30, 30), "with_mask"), LabeledBox(Box(60, 60, 90, 90), "without_mask")]
    pictures = [
        AnnotatedPicture(Path(name, "1.jpg"), 100, 100, (face,)) for name, face in zip("ab", faces, strict=True)
    ]
    lines = [
        json.dumps({"image": str(one.path), "faces": [{"box": face.box.as_tuple(), "label": face.label}]})
        for one, face in zip(pictures, faces, strict=True)
    ]
    assert load("compare").score_lines(lines, pictures) == pytest.approx(1.0)


@pytest.mark.parametrize("words", [["--limit", "0"], ["--limit", "-3"], ["--rounds", "0"]])
def test_a_comparison_without_pictures_or_looks_is_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert load("compare").main(["--boxes", "no_such.csv", *words]) == 2
    assert "--limit and --rounds must be 1 or more" in capsys.readouterr().err


def test_a_system_whose_files_are_missing_is_left_out(tmp_path: Path) -> None:
    compare, systems = load("compare"), load("systems").SYSTEMS
    assert compare._find_missing(systems["maskwatch"], tmp_path) == ""
    assert "peers/aizoo_face_mask_detection.tflite is missing" in compare._find_missing(systems["aizoo"], tmp_path)


def test_the_daemon_loop_says_of_a_picture_what_the_pipeline_says() -> None:
    systems = load("systems")
    from edge.records import Frame

    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    frame = Frame(0, 0.0, noise)
    looks = [systems.SYSTEMS[name].open_look(Path()) for name in ("maskwatch", "daemon")]
    assert tuple(looks[0](frame)) == tuple(looks[1](frame))


def test_more_instructions_than_a_twentieth_fail_the_check(capsys: pytest.CaptureFixture[str]) -> None:
    compare = load("instructions").compare
    assert compare({"frame": 104.0}, {"frame": 100.0}) == 0
    assert compare({"frame": 106.0}, {"frame": 100.0}) == 1
    assert "+6.0%  too much" in capsys.readouterr().out


def test_the_loop_benchmark_still_finds_what_it_times() -> None:
    loop = load("loop")
    ticks = itertools.count(0, 1_000_000)  # a millisecond a look at the clock
    (frame,) = loop.measure(1, None, loop.StageClock(lambda: next(ticks)))
    assert {name: frame[name] for name in ("detector model", "classifier model")} == {
        "detector model": 1.0,
        "classifier model": 1.0,
    }
    assert frame["loop"] == 5.0

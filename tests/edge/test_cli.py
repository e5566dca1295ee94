from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cli import main
from edge.commands import ROOT
from edge.commands.image import name_copies
from edge.last_good import LastGood

LINE_KEYS = {"image", "width", "height", "frame_index", "captured_s", "faces", "alarm"}
MOCK_PINS = "gpio: {driver: mock}\n"


def draw(path: Path, width: int = 320, height: int = 240) -> Path:
    noise = np.random.default_rng(0).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    cv2.imwrite(str(path), cv2.resize(noise, (width, height)))
    return path


def draw_clip(path: Path, frames: int = 12) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 12, (320, 240))
    for level in np.linspace(0, 255, frames):
        writer.write(np.full((240, 320, 3), level, np.uint8))
    writer.release()
    return path


def config(folder: Path, text: str) -> list[str]:
    path = folder / "config.yaml"
    path.write_text(text)
    return ["--config", str(path)]


def test_image_prints_one_json_line_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pictures = [draw(tmp_path / "a.jpg"), draw(tmp_path / "b.png", 200, 300)]
    assert main(["image", "--json", *map(str, pictures)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(set(line), line["width"], line["height"]) for line in lines] == [
        (LINE_KEYS, 320, 240),
        (LINE_KEYS, 200, 300),
    ]
    assert [line["frame_index"] for line in lines] == [0, 1]


def test_nothing_but_the_answer_is_printed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "edge", "image", "--json", str(draw(tmp_path / "a.jpg"))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


def test_image_looks_closer_for_small_faces_unless_it_shall_be_quick(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    masked = cv2.imread(str(ROOT / "docs" / "demo.jpg"))[380:730, 8:480]
    far_away = np.full((1080, 1920, 3), 128, np.uint8)
    far_away[300:420, 900:1062] = cv2.resize(masked, (162, 120), interpolation=cv2.INTER_AREA)  # a face 2 % as large
    cv2.imwrite(str(tmp_path / "a.png"), far_away)
    assert main(["image", "--json", "--quick", str(tmp_path / "a.png")]) == 0
    assert main(["image", "--json", str(tmp_path / "a.png")]) == 0
    quick, close = (json.loads(line)["faces"] for line in capsys.readouterr().out.splitlines())
    assert quick == []
    assert [face["label"] for face in close] == ["with_mask"]


def test_image_writes_annotated_copies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw(tmp_path / "a.jpg")
    assert main(["image", str(tmp_path / "a.jpg"), "--output", str(tmp_path / "out")]) == 0
    copy = cv2.imread(str(tmp_path / "out" / "a.jpg"))
    assert copy is not None
    assert copy.shape == (240, 320, 3)
    assert "a.jpg" in capsys.readouterr().out


def test_pictures_that_cannot_be_read_are_said_and_the_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a_text.jpg").write_text("this is no picture")
    (tmp_path / "b_empty.jpg").touch()
    draw(tmp_path / "c_fine.jpg")
    assert main(["image", "--json", str(tmp_path), str(tmp_path / "missing.jpg")]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert ["error" in line for line in lines] == [True, True, False, True]
    assert all(set(line) == {"image", "error"} for line in lines if "error" in line)
    assert "a_text.jpg" in lines[0]["error"]


def test_copies_of_one_name_do_not_overwrite_each_other() -> None:
    paths = [Path("a/x.jpg"), Path("b/x.png"), Path("c/x.jpg"), Path("c/x-2.jpg")]
    assert [copy.name for copy in name_copies(paths, Path("out"))] == ["x.jpg", "x-2.jpg", "x-3.jpg", "x-2-2.jpg"]


def test_video_prints_a_line_a_frame_and_writes_a_clip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip = draw_clip(tmp_path / "clip.mp4")
    assert main(["video", "--json", str(clip), "--output", str(tmp_path / "out.mp4")]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["frame_index"] for line in lines] == list(range(12))
    assert {line["alarm"] for line in lines} == {"clear"}
    assert cv2.VideoCapture(str(tmp_path / "out.mp4")).get(cv2.CAP_PROP_FRAME_COUNT) == 12


def test_a_text_file_is_no_video(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "clip.mp4").write_text("no video")
    assert main(["video", str(tmp_path / "clip.mp4")]) == 1
    assert re.search(r"maskwatch: .*clip\.mp4: ", capsys.readouterr().err)


def test_a_broken_configuration_stops_every_command_that_needs_it(tmp_path: Path) -> None:
    broken = config(tmp_path, "alrm: {}\n")
    picture = draw(tmp_path / "a.jpg")
    for words in (["run"], ["image", str(picture)], ["video", "x.mp4"], ["test-outputs"], ["snapshot", "x.jpg"]):
        assert main([*words, *broken]) == 2


@pytest.mark.parametrize("damage", ["truncated", "missing", "swapped"])
def test_a_damaged_model_is_refused_with_exit_code_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    model = tmp_path / "face_detector.tflite"
    data = (ROOT / "models" / "face_detector.tflite").read_bytes()
    model.with_suffix(".json").write_bytes((ROOT / "models" / "face_detector.json").read_bytes())
    if damage != "missing":
        model.write_bytes(data[: len(data) // 2] if damage == "truncated" else b"x" * len(data))
    words = config(tmp_path, f"detector: {{model: {model}}}\n")
    assert main(["image", str(draw(tmp_path / "a.jpg")), *words]) == 4
    said = capsys.readouterr().err
    assert str(model) in said
    assert len(said.strip().splitlines()) == 1


def test_a_snapshot_without_a_camera_is_exit_code_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = config(tmp_path, MOCK_PINS + "camera: {source: v4l2, device: 250}\n")
    assert main(["snapshot", str(tmp_path / "x.jpg"), *words]) == 3
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("maskwatch:")]
    assert len(lines) == 1
    assert "250" in lines[0]


def test_a_missing_file_in_the_place_of_a_camera_ends_the_daemon(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", *config(tmp_path, MOCK_PINS + "camera: {source: files, device: none.mp4}\n")]) == 1
    assert "none.mp4: no such file" in capsys.readouterr().err


@pytest.mark.skipif(any(Path("/dev").glob("gpiochip*")), reason="this machine has GPIO pins")
def test_without_gpio_the_daemon_stops_and_says_how_to_run_without(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", *config(tmp_path, "")]) == 3
    assert "gpio.driver: mock" in capsys.readouterr().err


def test_snapshot_takes_a_picture_from_the_source(tmp_path: Path) -> None:
    clip = draw_clip(tmp_path / "clip.mp4")
    words = config(tmp_path, f"camera: {{source: files, device: {clip}}}\n")
    assert main(["snapshot", str(tmp_path / "door.png"), *words]) == 0
    assert cv2.imread(str(tmp_path / "door.png")).shape == (240, 320, 3)


def test_a_folder_that_cannot_be_made_is_named_without_options_that_the_command_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = draw_clip(tmp_path / "clip.mp4")
    words = config(tmp_path, f"camera: {{source: files, device: {clip}}}\n")
    assert main(["snapshot", str(clip / "door.png"), *words]) == 1
    assert f"{clip}: cannot be made (File exists); choose another place\n" in capsys.readouterr().err


def test_outputs_are_switched_one_after_the_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test-outputs", "--seconds", "0", *config(tmp_path, MOCK_PINS)]) == 0
    assert re.findall(r"(\w+) on pin (\d+)", capsys.readouterr().out) == [
        ("lamp", "17"), ("buzzer", "27"), ("lamp", "22"),
    ]  # fmt: skip


@pytest.mark.parametrize("seconds", ["61", "-1", "nan"])
def test_outputs_are_not_switched_that_long(tmp_path: Path, capsys: pytest.CaptureFixture[str], seconds: str) -> None:
    assert main(["test-outputs", f"--seconds={seconds}", *config(tmp_path, MOCK_PINS)]) == 2
    said = f"maskwatch: --seconds: must be between 0 and 60, got {seconds}\n"
    assert capsys.readouterr() == ("", said)


def test_copies_never_take_the_place_of_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw(tmp_path / "a.png")
    before = draw(tmp_path / "a.jpg").read_bytes()
    assert main(["image", str(tmp_path / "a.png"), "--output", str(tmp_path)]) == 2
    assert "name another folder with --output" in capsys.readouterr().err
    assert (tmp_path / "a.jpg").read_bytes() == before


def test_a_clip_is_never_written_over_itself(tmp_path: Path) -> None:
    clip = draw_clip(tmp_path / "clip.mp4")
    before = clip.read_bytes()
    assert main(["video", str(clip), "--output", str(clip)]) == 2
    assert clip.read_bytes() == before


def test_an_unreadable_picture_does_not_end_the_daemon(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    draw(pictures / "a.jpg")
    (pictures / "b.jpg").write_text("no picture")
    draw(pictures / "c.jpg")
    words = config(tmp_path, MOCK_PINS + f"camera: {{source: files, device: {pictures}, max_fps: 60}}\n")
    assert main(["run", *words]) == 0


@pytest.mark.parametrize(
    ("wrong", "code"), [("classifier: {model: none.tflite}", 4), ("camera: {source: files, device: none.tflite}", 1)]
)
def test_a_start_with_a_missing_file_goes_by_the_last_good_settings_if_there_are_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, wrong: str, code: int
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    clip = draw_clip(tmp_path / "clip.mp4", frames=5)
    words = config(tmp_path, MOCK_PINS + f"journal: {{enabled: false}}\n{wrong}\n")
    assert main(["run", *words]) == code
    LastGood(tmp_path / "config.yaml").keep(f"{MOCK_PINS}camera: {{source: files, device: {clip}}}\n".encode())
    assert main(["run", *words]) == 0
    assert "none.tflite: no such" in caplog.text
    assert "status lamp blinking fast" in caplog.text


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Yield `maskwatch run` as its owner would start it, watching a folder of pictures with mock pins."""
    draw_clip(tmp_path / "clip.mp4", frames=600)
    paths = f"journal: {{path: {tmp_path / 'journal.db'}}}\ncontrol: {{path: {tmp_path / 'control.sock'}}}\n"
    camera = f"camera: {{source: files, device: {tmp_path / 'clip.mp4'}}}\n"
    words = config(tmp_path, MOCK_PINS + camera + paths)
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "edge", "run", *words]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=environment)
    yield process
    process.kill()
    process.wait()
    assert process.stderr
    process.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_stops_within_a_second_with_all_outputs_off(daemon: subprocess.Popen[str], number: signal.Signals) -> None:
    """A machine that is too busy for that may take as long as the start took, which is several times the work."""
    began_s = time.monotonic()
    assert daemon.stderr
    for line in daemon.stderr:
        if "status lamp on" in line:
            break
    asked_s = time.monotonic()
    daemon.send_signal(number)
    rest = daemon.stderr.read()
    assert daemon.wait(timeout=10) == 0
    assert time.monotonic() - asked_s < max(1.0, asked_s - began_s)
    assert "status lamp off" in rest


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    said = capsys.readouterr().out
    assert all(name in said for name in ("run", "image", "video", "check", "test-outputs", "snapshot"))


def test_unknown_commands_are_usage_errors() -> None:
    with pytest.raises(SystemExit) as stop:
        main(["dance"])
    assert stop.value.code == 2

"""The demo's clip."""

from __future__ import annotations

import importlib
import json
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

DEMO = Path(__file__).parents[2] / "scripts" / "demo"


@pytest.fixture
def make_clip(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(DEMO))
    return importlib.import_module("make_clip")


@pytest.fixture
def portrait() -> NDArray[np.uint8]:
    """A figure drawn in the place of the portrait: hair, face and suit on a grey background."""
    picture = np.full((512, 512, 3), (205, 200, 205), np.uint8)
    cv2.ellipse(picture, (226, 75), (74, 62), 0, 0, 360, (60, 110, 140), cv2.FILLED)
    cv2.ellipse(picture, (225, 120), (44, 62), 0, 0, 360, (150, 175, 225), cv2.FILLED)
    cv2.ellipse(picture, (220, 440), (195, 250), 0, 180, 360, (40, 90, 230), cv2.FILLED)
    return picture


def accept(make_clip: ModuleType, monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    """Let a drawn picture pass for the portrait."""
    monkeypatch.setattr(make_clip, "PORTRAIT_SHA256", make_clip.hashlib.sha256(data).hexdigest())


def png_of(picture: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".png", picture)[1].tobytes())


def test_clip_and_its_truth_are_written(
    make_clip: ModuleType, portrait: NDArray[np.uint8], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    png = tmp_path / "portrait.png"
    png.write_bytes(png_of(portrait))
    accept(make_clip, monkeypatch, png.read_bytes())
    assert make_clip.main([str(tmp_path / "new/clip.mp4"), "--seconds", "10", "--portrait", str(png)]) == 0
    truth = json.loads((tmp_path / "new/clip.json").read_text())
    capture = cv2.VideoCapture(str(tmp_path / "new/clip.mp4"))
    count = 0
    while capture.grab():
        count += 1
    assert count == len(truth["frames"]) == 10 * truth["fps"]
    assert (capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)) == (640, 480)


def test_somebody_comes_bare_then_nobody_then_masked(make_clip: ModuleType) -> None:
    poses = [make_clip.pose_at(index / 10, 15.0) for index in range(150)]
    story = [pose.masked if pose else None for pose in poses]
    changes = [state for index, state in enumerate(story) if index == 0 or state != story[index - 1]]
    assert changes == [None, False, None, True, None]
    assert story[10:140].count(None) == pytest.approx(50, abs=1)


def test_face_is_between_a_tenth_and_a_third_of_the_height(make_clip: ModuleType) -> None:
    truths = [make_clip._truth(0, at / 15, make_clip.pose_at(at / 15, 15.0)) for at in range(225)]
    heights = [(truth.face[3] - truth.face[1]) / 480 for truth in truths if truth.face]
    assert min(heights) > 0.10
    assert max(heights) < 0.35
    assert sum(truth.visible_frac > 0.99 for truth in truths) > 80


def test_person_grows_and_moves_without_leaps(make_clip: ModuleType) -> None:
    poses = [make_clip.pose_at(0.6 + index / 15, 15.0) for index in range(60)]
    assert poses[0].scale * 2 < poses[-1].scale
    steps_px = [abs(b.x - a.x) for a, b in zip(poses, poses[1:], strict=False)]
    assert max(steps_px) < 40


def test_mask_covers_nose_mouth_and_chin_and_leaves_the_eyes(
    make_clip: ModuleType, portrait: NDArray[np.uint8]
) -> None:
    masked = sys.modules["figure"].put_mask_on(portrait).astype(int)
    changed = abs(masked - portrait).max(axis=2) > 20
    for x, y in ((224, 127), (222, 145), (224, 175)):
        assert changed[y, x]
        assert masked[y, x, 0] > masked[y, x, 2]
    assert not changed[90:104, 195:255].any()
    assert not changed[205:].any()


def test_person_is_cut_out_along_the_silhouette(make_clip: ModuleType, portrait: NDArray[np.uint8]) -> None:
    alpha = sys.modules["figure"].cut_out(portrait)
    assert alpha[120, 225] == alpha[400, 200] == pytest.approx(1.0)
    assert alpha[60, 60] == alpha[100, 450] == 0.0
    assert 0.0 <= alpha.min() <= alpha.max() <= 1.0


def test_empty_scene_is_the_same_but_for_the_cameras_noise(make_clip: ModuleType, portrait: NDArray[np.uint8]) -> None:
    frames = make_clip.render(portrait, 10.0)
    (first, truth), (second, _) = next(frames), next(frames)
    assert truth.face is None
    assert truth.masked is None
    assert abs(first.astype(int) - second).mean() < 4


def test_cached_portrait_is_used_without_a_registry(
    make_clip: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "portrait.png"
    path.write_bytes(b"portrait")
    accept(make_clip, monkeypatch, b"portrait")
    monkeypatch.setattr(make_clip.subprocess, "run", None)
    assert make_clip.fetch_portrait(path) == path


def test_other_picture_in_the_portraits_place_is_refused(make_clip: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "portrait.png"
    path.write_bytes(b"somebody else")
    with pytest.raises(make_clip.ClipError, match="not the astronaut portrait"):
        make_clip.fetch_portrait(path)


def test_portrait_is_taken_from_the_wheel_and_kept(
    make_clip: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    wheel = shelf / "scikit_image-0.26.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("skimage/data/astronaut.png", b"portrait")
        about = "scikit_image-0.26.0.dist-info"
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: scikit-image\nVersion: 0.26.0\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    accept(make_clip, monkeypatch, b"portrait")
    kept = make_clip.fetch_portrait(tmp_path / "cache/portrait.png")
    assert kept.read_bytes() == b"portrait"
    assert [path.name for path in kept.parent.iterdir()] == ["portrait.png"]


def test_missing_registry_is_one_sentence_and_exit_code_1(
    make_clip: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert make_clip.main([str(tmp_path / "clip.mp4"), "--portrait", str(tmp_path / "portrait.png")]) == 1
    complaint = capsys.readouterr().err
    assert complaint.startswith("cannot get the portrait: ")
    assert "--portrait" in complaint
    assert complaint.count("\n") == 1


def test_clip_that_is_too_short_is_refused(make_clip: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        make_clip.main(["clip.mp4", "--seconds", "3"])
    assert caught.value.code == 2
    assert "--seconds" in capsys.readouterr().err


def test_clip_in_a_place_that_cannot_be_written_is_an_error(
    make_clip: ModuleType, portrait: NDArray[np.uint8], tmp_path: Path
) -> None:
    png = tmp_path / "portrait.png"
    png.write_bytes(png_of(portrait))
    (tmp_path / "clip.mp4").mkdir()
    with pytest.raises(make_clip.ClipError, match="cannot be written"):
        make_clip.make_clip(png, tmp_path / "clip.mp4", 7.0)

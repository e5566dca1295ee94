from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.commands import ROOT
from edge.config import load_settings
from edge.doctor.models import check_detector_model
from edge.doctor.system import Patient, this_system
from edge.errors import ConfigError, ModelError
from edge.geometry import Box
from edge.looker import open_looker
from edge.manifest import WIDER_OUTLINE
from edge.records import Frame
from edge.settings import Detector, Settings
from edge.status import gather_facts
from edge.yunet import YunetDetector, letterbox

ONNX = "teachers/yunet_n_320_320.onnx"


@pytest.mark.parametrize(("width", "height"), [(640, 480), (100, 400), (50, 20), (1000, 1)])
def test_letterbox_keeps_the_shape_in_the_top_left_corner_on_black(width: int, height: int) -> None:
    square, fit = letterbox(np.full((height, width, 3), 200, np.uint8), 320)
    assert square.shape == (320, 320, 3)
    assert max(fit.width_px, fit.height_px) == 320
    assert fit.width_px / fit.height_px == pytest.approx(width / height, rel=0.02) or min(width, height) == 1
    assert (square[: fit.height_px, : fit.width_px] == 200).all()
    assert square.astype(int).sum() == 200 * 3 * fit.width_px * fit.height_px


@pytest.mark.parametrize(("width", "height"), [(640, 480), (201, 400), (90, 70)])
def test_box_seen_in_the_letterbox_lies_where_it_was_in_the_picture(width: int, height: int) -> None:
    drawn = Box(0.3 * width, 0.5 * height, 0.6 * width, 0.9 * height)
    picture = np.zeros((height, width, 3), np.uint8)
    x0, y0, x1, y1 = (round(v) for v in drawn.as_tuple())
    picture[y0:y1, x0:x1] = 255
    square, fit = letterbox(picture, 320)
    x, y, w, h = cv2.boundingRect((square[..., 0] > 127).astype(np.uint8))
    back = fit.to_picture(np.array([[x, y, x + w, y + h]], np.float32))[0]
    assert back == pytest.approx([x0, y0, x1, y1], abs=1.5 * max(1, width / 320, height / 320))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.onnx: cannot be read \(No such file or directory\); check `model:`"):
        YunetDetector(tmp_path / "none.onnx", None)


def test_a_file_that_is_no_yunet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "odd.onnx").write_bytes(b"not a network")
    with pytest.raises(ModelError, match=r"odd\.onnx: OpenCV cannot run it as YuNet"):
        YunetDetector(tmp_path / "odd.onnx", None)


def set_up(folder: Path, model: Path) -> Path:
    config = folder / "config.yaml"
    config.write_text(f"detector:\n  backend: yunet\n  model: {model}\n")
    return config


def portrait(shared_data: Path) -> Frame:
    """Return a picture of one face, from the middle of a class folder."""
    folder = shared_data / "classification" / "prajna" / "without_mask"
    return Frame(0, 0.0, cv2.imread(str(sorted(folder.iterdir())[100])), "portrait")


@pytest.mark.data
def test_the_owners_yunet_takes_the_place_of_our_detector(shared_data: Path, tmp_path: Path) -> None:
    looker = open_looker(load_settings(set_up(tmp_path, shared_data / ONNX)), ROOT)
    frame = portrait(shared_data)
    (face,) = looker.find(frame)
    assert face.score >= 0.6
    assert face.shown.height == pytest.approx(face.box.height * (1 - WIDER_OUTLINE.lower_top_frac))
    (verdict,) = looker.look(frame)
    assert verdict.label == "without_mask"


@pytest.mark.data
def test_its_threshold_is_the_owners_or_one_that_finds_masked_faces(shared_data: Path) -> None:
    frame = portrait(shared_data)
    assert YunetDetector(shared_data / ONNX, None).min_score == 0.6
    assert YunetDetector(shared_data / ONNX, 0.99).detect(frame) == ()


def test_a_looker_without_its_yunet_is_an_error(tmp_path: Path) -> None:
    settings = Settings(accelerator="cpu", detector=Detector(backend="yunet", model=str(tmp_path / "none.onnx")))
    with pytest.raises(ModelError, match="cannot be read"):
        open_looker(settings, ROOT)


def test_no_coral_runs_it(tmp_path: Path) -> None:
    config = set_up(tmp_path, tmp_path / "any.onnx")
    config.write_text(config.read_text() + "accelerator: edgetpu\n")
    with pytest.raises(ConfigError, match=r"must be auto or cpu, as no Coral runs detector\.backend yunet"):
        load_settings(config)


def test_the_doctor_and_the_status_say_that_its_file_is_missing(tmp_path: Path) -> None:
    settings = Settings(detector=Detector(backend="yunet", model=str(tmp_path / "none.onnx")))
    finding = check_detector_model(Patient(this_system(), settings, None, tmp_path))
    assert finding.state == "problem"
    assert "none.onnx: cannot be read" in finding.says
    said = gather_facts(settings, ROOT, None)["models"]["detector"]["error"]
    assert said.endswith("none.onnx: cannot be read (No such file or directory)")


@pytest.mark.data
def test_the_doctor_and_the_status_know_it(shared_data: Path, tmp_path: Path) -> None:
    settings = Settings(detector=Detector(backend="yunet", model=str(shared_data / ONNX)))
    finding = check_detector_model(Patient(this_system(), settings, None, tmp_path))
    assert (finding.state, finding.says) == ("ok", "yunet_n_320_320.onnx runs as YuNet")
    assert len(gather_facts(settings, ROOT, None)["models"]["detector"]["sha256"]) == 64

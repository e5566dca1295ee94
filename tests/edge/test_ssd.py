from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

import cv2
import numpy as np
import pytest
from people import blank_frame

from edge.cli import main
from edge.commands import ROOT
from edge.config import load_settings
from edge.doctor.models import check_detector_model
from edge.doctor.system import Patient, this_system
from edge.errors import ConfigError, ModelError
from edge.foreign_kinds import FOREIGN
from edge.looker import open_looker
from edge.manifest import sha256_of
from edge.records import Frame
from edge.settings import Detector, Settings
from edge.ssd import Ssd, SsdDetector, open_ssd
from edge.status import gather_facts

TFLITE = "peers/ssdlite_mobiledet_mask.tflite"
OPERATOR = "TFLite_Detection_PostProcess"
FOUND: tuple[tuple[float, tuple[float, float, float, float]], ...] = (
    (0.55, (0.5, 0.25, 0.75, 0.5)),
    (0.9, (-0.1, 0.0, 0.5, 0.25)),
    (0.3, (0.0, 0.0, 1.0, 1.0)),
)


class FakeInterpreter:
    """A TFLite interpreter with a 64×32 input that finds what it is told, and keeps the picture it was given.

    Its tensors have an order of their own, as TensorFlow 2 gives them. What lies beyond the count looks like a face.
    """

    def __init__(
        self,
        found: Sequence[tuple[float, tuple[float, float, float, float]]] = FOUND,
        dtype: Any = np.uint8,
        shape: tuple[int, ...] = (1, 32, 64, 3),
        operators: Sequence[str] = ("CONV_2D", OPERATOR),
        failure: str = "",
    ) -> None:
        self.stored = np.zeros(shape, dtype)
        self._operators, self._failure = operators, failure
        boxes = np.tile(np.array([0.1, 0.1, 0.9, 0.9], np.float32), (1, 10, 1))
        scores = np.full((1, 10), 0.99, np.float32)
        for place, (score, box) in enumerate(found):
            boxes[0, place], scores[0, place] = box, score
        count = np.array([len(found)], np.float32)
        self._values = {31: scores, 32: boxes, 33: count, 34: np.zeros((1, 10), np.float32)}

    def get_input_details(self) -> list[dict[str, Any]]:
        return [{"index": 9, "shape": np.array(self.stored.shape), "dtype": self.stored.dtype.type}]

    def _get_ops_details(self) -> list[dict[str, Any]]:
        outputs = {OPERATOR: np.array([32, 34, 31, 33])}
        return [{"op_name": name, "outputs": outputs.get(name, np.array([8]))} for name in self._operators]

    def tensor(self, index: int) -> Any:
        assert index == 9
        return lambda: self.stored

    def invoke(self) -> None:
        if self._failure:
            raise RuntimeError(self._failure)

    def get_tensor(self, index: int) -> Any:
        return self._values[index]


def detector(min_score: float | None = None, **fake: Any) -> SsdDetector:
    return SsdDetector(Ssd(FakeInterpreter(**fake), "fake.tflite"), min_score)


def test_boxes_come_back_in_pixels_of_the_picture_best_first_and_inside_it() -> None:
    faces = detector().detect(blank_frame(3, 0.0, 800, 400))
    assert [face.box.as_tuple() for face in faces] == [(0, 0, 200, 200), (200, 200, 400, 300)]
    assert [face.score for face in faces] == pytest.approx([0.9, 0.55])
    assert {face.frame_index for face in faces} == {3}


def test_the_threshold_is_a_half_or_the_owners() -> None:
    frame = blank_frame(0, 0.0, 800, 400)
    assert len(detector(0.6).detect(frame)) == 1
    assert len(detector(0.2).detect(frame)) == 3
    assert detector().min_score == 0.5


def test_places_beyond_the_count_are_not_read() -> None:
    assert detector(0.05, found=()).detect(blank_frame(0, 0.0, 800, 400)) == ()


@pytest.mark.parametrize(("dtype", "red"), [(np.uint8, 255), (np.int8, 127), (np.float32, 1.0)])
def test_the_picture_lies_in_the_input_as_rgb_in_the_inputs_own_levels(dtype: Any, red: float) -> None:
    fake = FakeInterpreter(dtype=dtype)
    bgr = np.zeros((100, 50, 3), np.uint8)
    bgr[:, :25, 2] = 255
    SsdDetector(Ssd(fake, "fake.tflite"), None).detect(Frame(0, 0.0, bgr))
    black = {np.uint8: 0, np.int8: -128, np.float32: -1.0}[dtype]
    assert (fake.stored[0, :, :31, 0] == red).all()
    assert (fake.stored[0, :, 33:, 0] == black).all()
    assert (fake.stored[..., 1:] == black).all()


@pytest.mark.parametrize("shape", [(1, 32, 64, 1), (2, 32, 64, 3), (1, 6144), (1, 1, 1, 3)])
def test_a_model_that_takes_something_else_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match=r"^fake\.tflite: takes .* expected is one RGB picture of a fixed size; name"):
        detector(shape=shape)


def test_a_model_with_other_levels_is_refused() -> None:
    with pytest.raises(ModelError, match=r"takes .*int16"):
        detector(dtype=np.int16)


@pytest.mark.parametrize("operators", [("CONV_2D",), (OPERATOR, OPERATOR)])
def test_a_model_that_ends_otherwise_is_refused(operators: tuple[str, ...]) -> None:
    with pytest.raises(ModelError, match=f"^fake.tflite: does not end in one {OPERATOR}"):
        detector(operators=operators)


def test_a_model_that_fails_is_refused_before_the_first_picture() -> None:
    with pytest.raises(ModelError, match=r"^fake\.tflite: fails on a black picture \(no memory\); name another"):
        detector(failure="no\nmemory")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.tflite: cannot be read \(No such file or directory\); check `model:`"):
        open_ssd(tmp_path / "none.tflite", None)


@pytest.mark.parametrize(
    ("data", "remedy"), [(b"", "copy the file again"), (b"edgetpu-custom-op", "take the file that is not compiled for")]
)
def test_a_file_that_the_runtime_refuses_is_refused(tmp_path: Path, data: bytes, remedy: str) -> None:
    (tmp_path / "odd.tflite").write_bytes(data)
    with pytest.raises(ModelError, match=rf"odd\.tflite: the runtime refuses the model \(.*\); {remedy}"):
        open_ssd(tmp_path / "odd.tflite", None)


def test_our_own_detector_is_no_ssd() -> None:
    model = ROOT / "models/face_detector.tflite"
    with pytest.raises(ModelError, match=f"^{model}: does not end in one {OPERATOR}"):
        open_ssd(model, None)


def test_the_table_has_every_backend_but_ours() -> None:
    named = get_args(get_type_hints(Detector)["backend"])
    assert {"tflite", *FOREIGN} == set(named)


@pytest.mark.parametrize("backend", FOREIGN)
def test_every_backend_opens_and_says_when_its_file_is_missing(backend: str, tmp_path: Path) -> None:
    model = str(tmp_path / "none")
    with pytest.raises(ModelError, match="none: cannot be read"):
        open_looker(Settings(accelerator="cpu", detector=Detector(backend=backend, model=model)), ROOT)  # type: ignore[arg-type]


def write_config(folder: Path, model: Path, more: str = "") -> Path:
    config = folder / "config.yaml"
    config.write_text(f"detector:\n  backend: ssd\n  model: {model}\n{more}")
    return config


def test_another_kind_of_file_and_a_coral_are_config_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(write_config(tmp_path, tmp_path / "any.onnx", "accelerator: edgetpu\n"))
    assert "detector.model: must end in .tflite, as detector.backend is ssd" in str(caught.value)
    assert "accelerator: must be auto or cpu, as no Coral runs detector.backend ssd" in str(caught.value)


def bare_face(shared_data: Path) -> Frame:
    """Return a picture of one face, in the middle of grey, as this detector knows faces."""
    folder = shared_data / "classification" / "prajna" / "without_mask"
    face = cv2.resize(cv2.imread(str(sorted(folder.iterdir())[100])), (200, 200))
    bgr = np.full((480, 640, 3), 128, np.uint8)
    bgr[140:340, 220:420] = face
    return Frame(0, 0.0, bgr, "portrait")


@pytest.mark.data
def test_the_owners_ssd_takes_the_place_of_our_detector(shared_data: Path, tmp_path: Path) -> None:
    looker = open_looker(load_settings(write_config(tmp_path, shared_data / TFLITE)), ROOT)
    (verdict,) = looker.look(bare_face(shared_data))
    assert verdict.label == "without_mask"
    assert verdict.face.shown == verdict.face.box
    x, y = verdict.face.box.center
    assert 220 < x < 420
    assert 140 < y < 340


@pytest.mark.data
def test_the_owners_threshold_counts(shared_data: Path) -> None:
    model = Detector(backend="ssd", model=str(shared_data / TFLITE), min_score=0.99)
    looker = open_looker(Settings(accelerator="cpu", detector=model), ROOT)
    assert looker.min_face_score == 0.99
    assert looker.find(bare_face(shared_data)) == ()


@pytest.mark.parametrize("backend", FOREIGN)
def test_bench_and_status_know_that_it_is_not_ours(
    backend: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / f"any{FOREIGN[backend].suffix}"
    model.write_bytes(b"weights")
    (tmp_path / "config.yaml").write_text(f"detector:\n  backend: {backend}\n  model: {model}\n")
    assert main(["bench", "--config", str(tmp_path / "config.yaml"), "--seconds", "1"]) == 2
    assert f"bench times Maskwatch's own detector, and detector.backend is {backend}; give" in capsys.readouterr().err
    described = gather_facts(load_settings(tmp_path / "config.yaml"), ROOT, None)["models"]["detector"]
    assert described == {"file": str(model), "sha256": sha256_of(b"weights"), "labels": []}


@pytest.mark.data
def test_the_doctor_knows_it(shared_data: Path, tmp_path: Path) -> None:
    settings = Settings(detector=Detector(backend="ssd", model=str(shared_data / TFLITE)))
    finding = check_detector_model(Patient(this_system(), settings, None, tmp_path))
    assert (finding.state, finding.says) == ("ok", "ssdlite_mobiledet_mask.tflite runs as SSD")

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("onnxruntime", reason="the train extra is not installed")

from edge.errors import ModelError  # noqa: E402
from train.teacher import Teacher  # noqa: E402


@pytest.mark.parametrize("data", [b"", b"a detector, but as .tflite"])
def test_a_file_that_is_no_onnx_model_is_no_teacher(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "teacher.onnx").write_bytes(data)
    with pytest.raises(ModelError, match=r"teacher\.onnx: .*; give an SCRFD model as \.onnx"):
        Teacher(tmp_path / "teacher.onnx")


@pytest.mark.data
def test_another_kind_of_detector_is_no_teacher(shared_data: Path) -> None:
    with pytest.raises(ModelError, match=r"yunet_n_320_320\.onnx: has 12 outputs, SCRFD has 6 or 9; give an SCRFD"):
        Teacher(shared_data / "teachers" / "yunet_n_320_320.onnx")

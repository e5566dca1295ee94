"""What the command that trains the classifier reads and refuses; nothing is trained here."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from drawn_faces import write_annotated, write_class_folders

pytest.importorskip("keras", reason="the train extra is not installed")

from edge.geometry import Box  # noqa: E402
from train.annotations import AnnotatedPicture, LabeledBox, read_csv, write_csv  # noqa: E402
from train.classifier_command import count_occurring, read_faces  # noqa: E402
from train.cli import build_parser, main  # noqa: E402
from train.whole_files import write_whole  # noqa: E402


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_class_folders(tmp_path_factory.mktemp("data") / "drawn", 12)


def test_labels_occur_as_often_as_in_boxes_also_where_the_teacher_found_the_faces_of_class_folders(
    pictures: Path, tmp_path: Path
) -> None:
    boxes = write_annotated(tmp_path / "street", 3, "without_mask") / "annotations.csv"
    for label in ("with_mask", "without_mask"):
        box = (LabeledBox(Box(20, 20, 70, 80), label),)
        located = [AnnotatedPicture(path, 96, 96, box) for path in sorted((pictures / label).glob("*"))]
        write_whole(tmp_path / "run" / "repaired" / f"drawn-{label}.csv", partial(write_csv, pictures=located))
    write_whole(tmp_path / "run" / "repaired" / "street.csv", partial(write_csv, pictures=read_csv(boxes)))
    words = ["classifier", "--folders", str(pictures), "--boxes", str(boxes), "--teacher", "kept.onnx"]
    faces, scenes = read_faces(build_parser(words).parse_args([*words, "--output", str(tmp_path / "run")]))
    assert (len(faces), sum(face.box is not None for face in faces)) == (27, 27)
    assert count_occurring(faces, scenes) == {"without_mask": 3}


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["--folders", "nowhere"], 1, "nowhere: no such folder"),
        ([], 2, "nothing to learn from"),
        (["--boxes", "none.csv"], 1, "none.csv: no such annotations file"),
        (
            ["--folders", "DATA", "--leave-out", "elsewhere"],
            2,
            "--leave-out elsewhere: no such source; known are drawn",
        ),
        (
            ["--folders", "DATA", "--detector", "d.tflite"],
            2,
            "--detector looks for not_face in the pictures of",
        ),
        (["--folders", "DATA", "--labels", "with_mask", "hat"], 1, "no face is labeled hat"),
        (["--folders", "DATA", "--input", "50"], 2, "--input: must be a multiple of 32, got 50"),
        (["--folders", "DATA", "--weights", "none.h5"], 4, "none.h5: no such file"),
        (["--folders", "DATA", "--epochs", "0"], 2, "--epochs: must be 1 or more, got 0"),
        (["--folders", "nowhere", "--limit", "0"], 2, "--limit: must be 1 or more, got 0"),
        (["--folders", "nowhere", "--seed", "-1"], 2, "--seed: must be between 0 and 4294967295, got -1"),
        (["--folders", "nowhere", "--alpha", "0"], 2, "--alpha: must be between 0.1 and 2, got 0.0"),
        (["--folders", "nowhere", "--dropout", "nan"], 2, "--dropout: must be between 0 and 0.9, got nan"),
        (["--folders", "nowhere", "--learning-rate", "5"], 2, "--learning-rate: must be between 0 and 1, got 5.0"),
        (["--folders", "nowhere", "--head-learning-rate", "nan"], 2, "must be between 0 and 1, got nan"),
        (["--folders", "nowhere", "--weight-decay", "-1"], 2, "--weight-decay: must be between 0 and 1, got -1.0"),
        (["--folders", "nowhere", "--epoch-faces", "-5"], 2, "--epoch-faces: must be 0 or more, got -5"),
        (["--folders", "nowhere", "--balance", "-0.5"], 2, "--balance: must be between 0 and 1, got -0.5"),
        (["--folders", "DATA", "--synthetic", "1.5"], 2, "--synthetic: must be between 0 and 1, got 1.5"),
        (["--folders", "DATA", "--validation", "0"], 1, "no picture is left for validation among 24"),
        (["--folders", "DATA", "--test", "0.95"], 2, "--validation 0.1 and --test 0.95: must be 0 or more"),
    ],
)
def test_a_mistake_is_one_sentence_and_an_exit_code(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, text: str
) -> None:
    given = [str(pictures) if word == "DATA" else word for word in words]
    assert main(["classifier", *given, "--output", str(tmp_path / "run")]) == code
    assert text in capsys.readouterr().err


def test_an_output_that_is_a_file_is_refused_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model.keras").touch()
    assert main(["classifier", "--folders", "nowhere", "--output", str(tmp_path / "model.keras")]) == 2
    assert "model.keras is a file; name another" in capsys.readouterr().err

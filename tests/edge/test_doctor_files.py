"""The doctor tries the files that stand in for a camera."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pytest

from edge.commands import ROOT
from edge.doctor.camera import check_camera
from edge.doctor.findings import Finding
from edge.doctor.system import Patient, System, this_system
from edge.settings import Camera, Settings


def look(device: Path, system: System | None = None) -> Finding:
    settings = Settings(camera=Camera(source="files", device=str(device)))
    return check_camera(Patient(system or this_system(), settings, None, device))


def draw(path: Path) -> None:
    cv2.imwrite(str(path), np.zeros((24, 32, 3), np.uint8))


def film(path: Path) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10, (320, 240))
    writer.write(np.zeros((240, 320, 3), np.uint8))
    writer.release()


def fill(folder: Path, *texts: str) -> None:
    folder.mkdir()
    for number, text in enumerate(texts):
        (folder / f"{number}.jpg").write_text(text)


def write_words(path: Path) -> None:
    path.write_text("no picture")


@pytest.mark.parametrize(
    ("name", "make", "says", "remedy"),
    [
        ("none.gif", lambda path: None, "none.gif: no such file", "in camera.device"),
        ("empty", fill, "a folder without pictures", "name a video, a picture or a folder of pictures"),
        ("words", lambda path: fill(path, "a", "b"), "no other picture was given that can", "name a video, a picture"),
        ("a.mp4", write_words, "not a readable video", "convert it to MP4"),
        ("a.jpg", write_words, "not a readable picture", "save it as JPEG"),
        ("a.png", Path.touch, "an empty file (0 bytes)", "copy it again"),
    ],
)
def test_files_that_give_no_frame_are_a_problem(
    tmp_path: Path, name: str, make: Callable[[Path], object], says: str, remedy: str
) -> None:
    make(tmp_path / name)
    finding = look(tmp_path / name)
    assert (finding.name, finding.state) == ("camera", "problem")
    assert says in finding.says
    assert remedy in finding.remedy


@pytest.mark.parametrize(("name", "make"), [("a.mp4", film), ("a.jpg", draw), ("b.mp4", fill)])
def test_files_that_give_a_frame_are_fine(tmp_path: Path, name: str, make: Callable[[Path], object]) -> None:
    make(tmp_path / name)
    if name == "b.mp4":  # a folder, whatever its name, in which one picture can be read
        write_words(tmp_path / name / "0.jpg")
        draw(tmp_path / name / "1.jpg")
    assert look(tmp_path / name).state == "ok"


PROBE = """
import os, sys
from pathlib import Path
from edge.doctor.probe_files import probe
os.setgroups([]); os.setgid(65534); os.setuid(65534)
print(probe(Path(sys.argv[1])))
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("closed", [".", "a.mp4", "b"])
def test_what_this_user_may_not_read_is_not_called_missing(tmp_path: Path, closed: str) -> None:
    name = "b" if closed == "b" else "a.mp4"
    with TemporaryDirectory() as folder:
        (Path(folder) / "b").mkdir()
        Path(folder).chmod(0o755)
        film(Path(folder) / "a.mp4")
        (Path(folder) / closed).chmod(0o700)
        command = [sys.executable, "-c", PROBE, f"{folder}/{name}"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "may not be read by this user; `namei -l" in done.stdout


def test_a_file_that_crashes_what_reads_it_is_a_problem(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4")
    finding = look(tmp_path / "a.mp4", replace(this_system(), run=lambda command: None))
    assert finding.state == "problem"
    assert "crashes or hangs" in finding.says

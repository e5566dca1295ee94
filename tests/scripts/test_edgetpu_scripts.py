from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("ai_edge_litert", reason="its schema draws the graphs")

ROOT = Path(__file__).resolve().parents[2]
STAND_IN = ROOT / "tests" / "support" / "stand_in_compiler.py"
DOCKER = """#!/bin/bash
printf '%s\\n' "$*" >>"{calls}"
[[ $1 == run ]] || exit 0
while [[ $1 != maskwatch-edgetpu-compiler ]]; do [[ $1 != --volume ]] || cd "${{2%%:*}}"; shift; done
shift
exec "{python}" "{stand_in}" "$@"
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    for suffix in (".tflite", ".json"):
        shutil.copyfile(ROOT / "models" / f"mask_classifier{suffix}", tmp_path / f"mask_classifier{suffix}")
    return tmp_path / "mask_classifier.tflite"


def write_program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def compile_on(programs: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script where only those programs and the system's basic ones are on PATH."""
    basic = programs.parent / "basic"
    basic.mkdir(exist_ok=True)
    for name in ("bash", "dirname", "realpath", "id", "env"):
        if not (basic / name).exists():
            (basic / name).symlink_to(str(shutil.which(name)))
    environment = {"PATH": f"{programs}:{basic}", "PYTHON": sys.executable, "HOME": os.environ.get("HOME", "/")}
    command = [str(ROOT / "scripts" / "edgetpu" / "compile.sh"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)


def test_the_compiler_on_path_is_used(model: Path, tmp_path: Path) -> None:
    write_program(tmp_path / "bin" / "edgetpu_compiler", f'#!/bin/bash\nexec "{sys.executable}" "{STAND_IN}" "$@"\n')
    done = compile_on(tmp_path / "bin", str(model))
    assert done.returncode == 0, done.stderr
    assert "mask_classifier_edgetpu.tflite: 67 layers on the Edge TPU" in done.stdout
    assert (tmp_path / "mask_classifier_edgetpu.tflite").is_file()


def test_without_it_a_container_holds_it_and_sees_one_folder_and_no_network(model: Path, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    write_program(tmp_path / "bin" / "docker", DOCKER.format(calls=calls, python=sys.executable, stand_in=STAND_IN))
    done = compile_on(tmp_path / "bin", str(model))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "mask_classifier_edgetpu.json").is_file()
    build, run = calls.read_text().splitlines()
    assert build.startswith("build ")
    assert "--network none" in run
    assert run.count("--volume") == 1


def test_without_either_it_says_so(model: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    done = compile_on(tmp_path / "bin", str(model))
    assert done.returncode == 3
    assert "neither edgetpu_compiler nor docker nor podman is installed; docs/coral.md" in done.stderr
    done = compile_on(tmp_path / "bin", "nowhere.tflite")
    assert done.returncode == 2
    assert "nowhere.tflite is missing" in done.stderr

"""Every file follows the house rules, and the rules find what breaks them."""

from __future__ import annotations

import statistics
import subprocess
import sys

import pytest
from house_rules import (
    AROUND,
    FILES,
    FORBIDDEN,
    PACKAGES,
    ROOT,
    broad_excepts,
    forbidden_imports,
    function_lengths,
    impure_calls,
    module_of,
    prints,
    read,
    undocumented,
)

MAX_FILE_LINES = 300

files = pytest.mark.parametrize("path", FILES)


@files
def test_file_imports_nothing_forbidden(path: str) -> None:
    assert forbidden_imports(read(path), path) == []


@files
def test_pure_file_does_no_input_or_output(path: str) -> None:
    assert impure_calls(read(path), path) == []


@files
def test_file_catches_named_errors_only(path: str) -> None:
    assert broad_excepts(read(path), path) == []


@files
def test_only_the_command_line_prints(path: str) -> None:
    assert prints(read(path), path) == []


@files
def test_everything_public_is_documented(path: str) -> None:
    assert undocumented(read(path), path) == []


@files
def test_file_is_short(path: str) -> None:
    assert len(read(path).splitlines()) <= MAX_FILE_LINES


def test_tests_and_scripts_are_short_too() -> None:
    assert AROUND
    assert [path for path in AROUND if len(read(path).splitlines()) > MAX_FILE_LINES] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_functions_are_short(package: str) -> None:
    lengths = sorted(each for path in FILES if path.startswith(package) for each in function_lengths(read(path)))
    assert statistics.median(lengths) <= 8
    assert lengths[len(lengths) * 9 // 10] <= 25


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_are_found(package: str) -> None:
    assert f"{package}/__init__.py" in FILES


IMPORT_ALL = """
import importlib, sys
runtimes = {"ai_edge_litert", "tflite_runtime", "pycoral", "picamera2", "gpiozero", "lgpio"}
extras = {"paho", "prometheus_client", "sdnotify", "starlette", "uvicorn"}
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as exc:
        if (exc.name or "").split(".")[0] not in runtimes | extras:
            raise
print(*{name.split(".")[0] for name in sys.modules})
"""


def test_importing_all_of_edge_imports_no_training_library() -> None:
    modules = [module_of(path) for path in FILES if path.startswith("edge/")]
    command = [sys.executable, "-c", IMPORT_ALL, *modules]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "edge" in done.stdout.split()
    assert set(done.stdout.split()) & (FORBIDDEN["edge"] | {"picamera2"}) == set()


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("edge/web/page.py", "import tensorflow"),
        ("edge/detector.py", "import numpy, keras.layers as layers"),
        ("edge/detector.py", "def load():\n    from torch import nn"),
        ("edge/detector.py", "if TYPE_CHECKING:\n    from train.annotations import FACE"),
        ("edge/runtime/tflite.py", "try:\n    import convert\nexcept ImportError:\n    pass"),
        ("edge/detector.py", "import importlib\nimportlib.import_module('tensorflow.lite')"),
        ("edge/detector.py", "__import__('keras')"),
        ("train/detector.py", "from convert.graph import simplify_resizes"),
        ("convert/verify.py", "from train import annotations"),
        ("train/detector.py", "from edge.tracker import follow"),
        ("train/detector.py", "from edge import settings"),
        ("train/detector.py", "import edge"),
        ("train/detector.py", "from edge import *"),
        ("convert/verify.py", "from edge.decoder import decode"),
        ("edge/sources/v4l2.py", "from picamera2 import Picamera2"),
        ("edge/alarm.py", "from gpiozero import LED"),
        ("edge/outputs/log.py", "import gpiozero.pins.mock"),
        ("edge/detector.py", "from ai_edge_litert.interpreter import Interpreter"),
        ("convert/verify.py", "import tflite_runtime.interpreter"),
        ("edge/cli.py", "import yaml"),
        ("train/detector.py", "import yaml"),
        ("edge/alarm.py", "import time"),
        ("edge/alarm.py", "def step():\n    from datetime import datetime"),
        ("edge/records.py", "from pathlib import Path"),
        ("edge/geometry.py", "import cv2"),
        ("edge/tracker.py", "from edge.errors import DataError"),
        ("edge/tracker.py", "from .errors import DataError"),
        ("edge/tracker.py", "from . import errors"),
        ("edge/settings.py", "import msgspec"),
        ("edge/runtime/edgetpu.py", "from ...train import detector"),
    ],
)
def test_a_forbidden_import_is_found(path: str, source: str) -> None:
    assert len(forbidden_imports(source, path)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("edge/config.py", "import yaml\nfrom yaml.reader import ReaderError"),
        ("edge/outputs/gpio.py", "from gpiozero import LED"),
        ("edge/runtime/tflite.py", "def load():\n    from tflite_runtime.interpreter import Interpreter"),
        ("edge/tracker.py", "import numpy as np\nfrom math import hypot\nfrom .geometry import iou"),
        ("edge/runtime/tflite.py", "from ..errors import ModelError\nfrom . import Model"),
        ("train/teacher.py", "import tensorflow\nfrom edge.runtime.tflite import TfliteModel\nfrom edge import decode"),
        ("convert/verify.py", "import keras\nfrom convert.samples import Sample"),
        ("edge/cli.py", "from edge.trainable import x\nimport kerastuner"),
    ],
)
def test_an_allowed_import_is_left_alone(path: str, source: str) -> None:
    assert forbidden_imports(source, path) == []


@pytest.mark.parametrize("source", ["open('/dev/null')", "print(1)", "x = Path().open()"])
def test_input_or_output_in_a_pure_module_is_found(source: str) -> None:
    assert len(impure_calls(source, "edge/alarm.py")) == 1
    assert impure_calls(source, "edge/cli.py") == []


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    x()\nexcept Exception:\n    pass",
        "try:\n    x()\nexcept:\n    pass",
        "try:\n    x()\nexcept (OSError, BaseException) as exc:\n    pass",
        "with contextlib.suppress(Exception):\n    x()",
    ],
)
def test_a_broad_except_is_found(source: str) -> None:
    assert len(broad_excepts(source, "edge/cli.py")) == 1


def test_a_named_except_is_left_alone() -> None:
    source = "try:\n    x()\nexcept (OSError, ValueError):\n    raise Exception from None"
    assert broad_excepts(source, "edge/cli.py") == []


def test_a_print_is_found_outside_the_command_line() -> None:
    assert prints("def f():\n    print(1)", "edge/alarm.py") == ["edge/alarm.py:2: print"]
    assert prints("f = print", "edge/sources/files.py") == ["edge/sources/files.py:1: print"]
    assert prints("print(1)", "edge/commands/check.py") == []


def test_missing_docstrings_are_found() -> None:
    source = "class A:\n    def b(self): ...\n    def _c(self): ...\ndef d():\n    def e(): ...\n"
    source += "class _F:\n    def g(self): ..."
    assert undocumented(source, "x.py") == ["x.py:1: module", "x.py:1: A", "x.py:2: b", "x.py:4: d"]
    assert undocumented("", "x/__init__.py") == []


def test_function_length_leaves_out_the_docstring() -> None:
    assert function_lengths('def f(\n    a,\n):\n    """Say.\n\n    More.\n    """\n    return a') == [4]

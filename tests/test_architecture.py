"""The house rules that a machine can check: who may import whom, and the limits of the style."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("edge", "train", "convert")
FILES = sorted(path.relative_to(ROOT).as_posix() for name in PACKAGES for path in (ROOT / name).rglob("*.py"))

FORBIDDEN = {
    "edge": {"train", "convert", "tensorflow", "keras", "torch"},
    "train": {"convert"},
    "convert": {"train"},
}
"""Package: what nothing in it imports."""

SHARED = {f"edge.{name}" for name in ("records", "geometry", "preprocess", "decode", "manifest", "errors", "runtime")}
"""All of edge that train and convert may use."""

CONFINED = {
    "picamera2": "edge/sources/picamera.py",
    "gpiozero": "edge/outputs/gpio.py",
    "ai_edge_litert": "edge/runtime/",
    "tflite_runtime": "edge/runtime/",
    "pycoral": "edge/runtime/",
    "yaml": "edge/config.py",
}
"""Library: the only file or folder that imports it."""

PURE_NAMES = "records geometry devices settings rules clashes alarm tracker motion assignment voting zone"
PURE_NAMES += " mqtt.settings web.settings metrics.settings"
PURE = {f"edge.{name}" for name in PURE_NAMES.split()}
"""Modules that import only each other, numpy and the standard library, and do no I/O and read no clock."""

FILES_AND_PROCESSES = {"io", "os", "pathlib", "shutil", "signal", "sqlite3", "subprocess", "sys", "tempfile", "logging"}
NETWORK_AND_THREADS = {"asyncio", "http", "multiprocessing", "socket", "threading", "urllib"}
CLOCK_AND_CHANCE = {"datetime", "random", "time"}
IMPURE_LIBRARY = FILES_AND_PROCESSES | NETWORK_AND_THREADS | CLOCK_AND_CHANCE
IMPURE_CALLS = {"open", "print", "input"}

MAY_PRINT = ("edge/cli.py", "edge/commands/")
MAX_FILE_LINES = 300
Function = ast.FunctionDef | ast.AsyncFunctionDef


def imports_of(source: str, path: str) -> Iterator[tuple[int, str]]:
    """Yield (line, absolute dotted name) of every import: relative, inside functions, or by a literal name as well."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            home = _home(node, path)
            yield from ((node.lineno, f"{home}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node) in {"import_module", "__import__"}:
            names = [each.value for each in node.args[:1] if isinstance(each, ast.Constant)]
            yield from ((node.lineno, str(name)) for name in names)


def _home(node: ast.ImportFrom, path: str) -> str:
    if not node.level:
        return node.module or ""
    package = Path(path).parts[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def is_under(name: str, homes: set[str]) -> bool:
    """Return whether a dotted name is one of the modules, or inside one."""
    return any(name == home or name.startswith(f"{home}.") for home in homes)


def forbidden_imports(source: str, path: str) -> list[str]:
    """Return what a file imports and must not, as `path:line: name: why`."""
    reasons = ((line, name, _objection(name, path)) for line, name in imports_of(source, path))
    return [f"{path}:{line}: {name}: {reason}" for line, name, reason in reasons if reason]


def _objection(name: str, path: str) -> str:
    package, library = path.split("/")[0], name.split(".")[0]
    if library in FORBIDDEN[package]:
        return f"{package} must not import {library}"
    if package != "edge" and library == "edge" and not is_under(name, SHARED):
        return f"{package} may use of edge only {', '.join(sorted(SHARED))}"
    if not path.startswith(CONFINED.get(library, path)):
        return f"only {CONFINED[library]} may import {library}"
    return _impurity(name, library) if module_of(path) in PURE else ""


def _impurity(name: str, library: str) -> str:
    if library in IMPURE_LIBRARY:
        return "no I/O and no clock here"
    if library in {"numpy"} | sys.stdlib_module_names or is_under(name, PURE):
        return ""
    return f"only numpy, the standard library and {', '.join(sorted(PURE))} here"


def module_of(path: str) -> str:
    """Return the dotted name of a file: edge/web/__init__.py is edge.web."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def impure_calls(source: str, path: str) -> list[str]:
    """Return calls that do I/O, in modules that do none."""
    if module_of(path) not in PURE:
        return []
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [f"{path}:{each.lineno}: {_called(each)}()" for each in calls if _called(each) in IMPURE_CALLS]


def broad_excepts(source: str, path: str) -> list[str]:
    """Return handlers that catch everything and go on, and `suppress` that does; one that ends in `raise` may."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler):
            if isinstance(node.body[-1], ast.Raise):
                continue
            caught = [node.type] if node.type else [ast.Name("BaseException")]
        elif isinstance(node, ast.Call) and _called(node) == "suppress":
            caught = list(node.args)
        else:
            continue
        names = {each.id for part in caught for each in ast.walk(part) if isinstance(each, ast.Name)}
        found += [f"{path}:{node.lineno}: catches {name}" for name in names & {"Exception", "BaseException"}]
    return found


def prints(source: str, path: str) -> list[str]:
    """Return calls of print where only the command line may print."""
    if not path.startswith("edge/") or path.startswith(MAY_PRINT):
        return []
    names = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name) and node.id == "print")
    return [f"{path}:{each.lineno}: print" for each in names]


def undocumented(source: str, path: str) -> list[str]:
    """Return the public modules, classes, functions and methods without a docstring; an empty file needs none."""
    tree = ast.parse(source)
    missing = [f"{path}:1: module"] if tree.body and not ast.get_docstring(tree) else []
    return missing + [f"{path}:{node.lineno}: {node.name}" for node in _public(tree) if not ast.get_docstring(node)]


def _public(scope: ast.Module | ast.ClassDef) -> Iterator[Function | ast.ClassDef]:
    for node in scope.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public(node)


def function_lengths(source: str) -> list[int]:
    """Return how many lines each function has, from `def` to its last, without docstring."""
    lengths = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Function):
            first, last = node.body[0], node.body[-1]
            doc = (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(node) else 0
            lengths.append((last.end_lineno or 0) - node.lineno + 1 - doc)
    return lengths


def read(path: str) -> str:
    """Return a file of the repository."""
    return (ROOT / path).read_text(encoding="utf-8")


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

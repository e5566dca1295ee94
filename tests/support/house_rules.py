"""The house rules that a machine can check: who may import whom, and the limits of the style."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("edge", "train", "convert")


def _python_files(*folders: str) -> list[str]:
    return sorted(path.relative_to(ROOT).as_posix() for name in folders for path in (ROOT / name).rglob("*.py"))


FILES = _python_files(*PACKAGES)
AROUND = _python_files("tests", "scripts")

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

PURE_NAMES = "records geometry devices foreign_kinds settings rules clashes alarm tracker motion assignment voting zone"
PURE_NAMES += " mqtt.settings web.settings metrics.settings"
PURE = {f"edge.{name}" for name in PURE_NAMES.split()}
"""Modules that import only each other, numpy and the standard library, and do no I/O and read no clock."""

FILES_AND_PROCESSES = {"io", "os", "pathlib", "shutil", "signal", "sqlite3", "subprocess", "sys", "tempfile", "logging"}
NETWORK_AND_THREADS = {"asyncio", "http", "multiprocessing", "socket", "threading", "urllib"}
CLOCK_AND_CHANCE = {"datetime", "random", "time"}
IMPURE_LIBRARY = FILES_AND_PROCESSES | NETWORK_AND_THREADS | CLOCK_AND_CHANCE
IMPURE_CALLS = {"open", "print", "input"}

MAY_PRINT = ("edge/cli.py", "edge/commands/")
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

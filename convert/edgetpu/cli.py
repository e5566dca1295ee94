"""python -m convert.edgetpu MODEL.tflite… [--compiler PATH] [--check]."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from convert.edgetpu.build import build, inspect, read_models
from edge.errors import MaskwatchError
from edge.runtime.compiled import Compiled, is_compiled


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m convert.edgetpu", description=__doc__)
    parser.add_argument("models", type=Path, nargs="+", metavar="MODEL.tflite", help="CPU models with their manifests")
    parser.add_argument("--check", action="store_true", help="only say what the compiler would refuse")
    add_compiler_option(parser)
    return parser


def add_compiler_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the compiler."""
    parser.add_argument("--compiler", type=Path, metavar="PATH", help="edgetpu_compiler (default: the one on PATH)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Check and compile; return the exit code: 3 without a compiler, 4 for a model that it would refuse."""
    options = build_parser().parse_args(arguments)
    models = [path for path in options.models if not is_compiled(path)]  # models/*.tflite names the twins too
    try:
        return compile_models(models or options.models, options.compiler, check_only=options.check)
    except MaskwatchError as exc:
        print(f"convert: {exc}", file=sys.stderr)
        return exc.exit_code


def compile_models(paths: Sequence[Path], compiler: Path | None, check_only: bool = False) -> int:
    """Check models, compile them together, say what came out and return 0. Raises MaskwatchError."""
    models = read_models(paths)
    for remark in inspect(models):
        print(f"remark: {remark}")
    print(f"pre-flight: {', '.join(path.name for path in paths)} should run wholly on an Edge TPU")
    if not check_only:
        for paper in build(models, compiler):
            print(describe(paper))
    return 0


def describe(paper: Compiled) -> str:
    """Return one sentence on a compiled model."""
    left = ", ".join(f"{count} {name}" for name, count in paper.on_cpu.items())
    stays = f"stay on the CPU: {left}" if left else "nothing stays on the CPU"
    return (
        f"{paper.model}: {paper.on_chip} layers on the Edge TPU, {stays}; parameters: {paper.on_chip_bytes / 1e6:.2f} "
        f"MB in its cache, {paper.off_chip_bytes / 1e6:.2f} MB over USB for every picture; compiler {paper.compiler}"
    )

"""maskwatch check: every error in config.yaml, with its line."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.config import find_config, load_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument(
        "file", nargs="?", type=Path, help="the file to check (default: --config, else the installed one)"
    )


def run(options: argparse.Namespace) -> int:
    """Say that the file is fine; ConfigError lists what is not."""
    path = options.file or options.config or find_config()
    if path is None:
        print("no config.yaml found: the defaults are in force")
        return 0
    load_settings(path)
    print(f"{path}: fine; `maskwatch doctor` tries whether models, camera and pins work")
    return 0

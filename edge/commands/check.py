"""maskwatch check: every error in config.yaml, with its line."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

from edge.commands import ROOT, find_config_of
from edge.config import load_settings
from edge.errors import ModelError
from edge.manifest import FORMAT, Manifest, manifest_path, read_paper, require_labels
from edge.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument(
        "file", nargs="?", type=Path, help="the file to check (default: --config, else the installed one)"
    )


def run(options: argparse.Namespace) -> int:
    """Say that the file is fine; ConfigError lists what is not."""
    path = options.file or find_config_of(options)
    if path is None:
        print("no config.yaml found: the defaults are in force")
        return 0
    load_settings(path, find_strange_labels)
    print(f"{path}: fine; `maskwatch doctor` tries whether models, camera and pins work")
    return 0


def find_strange_labels(settings: Settings) -> Iterator[Mapping[str, str]]:
    """Yield that the classifier does not have the labels of the alarm, as a clash; nothing without its manifest."""
    try:
        manifest = read_paper(manifest_path(ROOT / settings.classifier.model), Manifest, FORMAT, "")
    except ModelError:
        return  # the doctor says what is wrong with it
    try:
        require_labels(manifest, settings.alarm.labels)
    except ModelError as exc:
        yield {"alarm.labels": str(exc), "classifier.model": str(exc)}

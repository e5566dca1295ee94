"""The command line of training. Exit codes: 0 fine, 2 usage, 4 model, 130 interrupted, 1 anything else."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Sequence
from typing import Protocol, cast

from edge.errors import MaskwatchError

COMMANDS = {
    "prepare": ("train.prepare_command", "check, normalize and split a collection of pictures"),
    "annotate": ("train.annotate_command", "let a teacher find the faces in pictures that nobody annotated"),
    "detector": ("train.detector_command", "train the face detector on boxes"),
    "classifier": ("train.classifier_command", "train the mask classifier on class folders and boxes"),
    "average": ("train.average", "make one model of several runs that went on from one another"),
    "evaluate": ("train.evaluate", "score detector and classifier together on annotated pictures"),
}
"""Each command's module, imported only when it is called, and what it does."""


_INTERRUPTED = 130  # 128 + SIGINT, as shells have it


class Command(Protocol):
    """What the module of a command offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's own arguments."""
        ...

    def run(self, options: argparse.Namespace) -> int:
        """Do it and return the exit code; MaskwatchError carries its own."""
        ...


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if os.environ.get("TF_CONFIG"):  # several workers: they must meet before anything else of TensorFlow is used
            importlib.import_module("train.workers").join()
        options = build_parser(words).parse_args(words)
        logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
        return load_command(options.command).run(options)
    except MaskwatchError as exc:
        print(f"train: {exc}", file=sys.stderr)
        return exc.exit_code
    except KeyboardInterrupt:
        print("train: stopped; given again, a training goes on from its last whole epoch", file=sys.stderr)
        return _INTERRUPTED


def build_parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser; only the command that `words` starts with loads its arguments."""
    parser = argparse.ArgumentParser(prog="python -m train", description="From pictures to models.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (_, summary) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary.capitalize() + ".")
        if words[:1] == [name]:
            load_command(name).add_arguments(command)
    return parser


def load_command(name: str) -> Command:
    """Return the module of a command."""
    return cast(Command, importlib.import_module(COMMANDS[name][0]))

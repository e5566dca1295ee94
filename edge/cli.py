"""The command line. Exit codes: 0 fine, 2 usage or configuration, 3 hardware, 4 model, 1 anything else."""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
from collections.abc import Sequence
from importlib import metadata
from io import TextIOWrapper
from pathlib import Path
from typing import Protocol, cast

from edge.errors import MaskwatchError

COMMANDS = {
    "run": "the daemon: camera to alarm, until it is stopped",
    "image": "find faces and labels in pictures; write annotated copies",
    "video": "find them in a video or GIF, through tracker and alarm",
    "check": "validate config.yaml",
    "doctor": "look at everything that the appliance needs; say what is wrong and what to do",
    "test-outputs": "flash the lamps and beep, to check the wiring",
    "outputs-off": "switch every output off; systemd runs it after the daemon has ended",
    "snapshot": "save one annotated picture from the camera, to aim it",
    "status": "say how the running daemon is",
    "mute": "silence buzzer and relay for a while, never the lamps",
    "unmute": "let them sound again",
    "journal": "say what happened at the door, as text or CSV",
    "report": "draw a day or a week as a chart",
    "bench": "time each stage of a frame on this device",
}
"""Each lives in edge/commands/NAME.py and is imported only when it is called."""


class Command(Protocol):
    """What a module in edge/commands offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's own arguments."""
        ...

    def run(self, options: argparse.Namespace) -> int:
        """Do it and return the exit code; MaskwatchError carries its own."""
        ...


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = build_parser(words).parse_args(words)
    if isinstance(sys.stdout, TextIOWrapper):  # names of files need not be UTF-8: \udcff, which JSON reads as well
        sys.stdout.reconfigure(errors="backslashreplace")
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr
    )
    try:
        return load_command(options.command).run(options)
    except MaskwatchError as exc:
        print(f"maskwatch: {exc}", file=sys.stderr)
        return exc.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130


def build_parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser; only the command that `words` name loads its arguments."""
    parser = argparse.ArgumentParser(prog="maskwatch", description="Watches a door for faces without a mask.")
    parser.add_argument("--version", action="version", version=f"maskwatch {metadata.version('maskwatch')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        command.add_argument(
            "--config", type=Path, metavar="FILE", help="settings (default: the installed config.yaml)"
        )
        command.add_argument("--verbose", action="store_true", help="say more")
        if name in words:
            load_command(name).add_arguments(command)
    return parser


def load_command(name: str) -> Command:
    """Return the module of a command."""
    return cast(Command, importlib.import_module(f"edge.commands.{name.replace('-', '_')}"))

"""maskwatch unmute: ends a mute."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.commands import read_settings
from edge.control import ask


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments: none."""


def run(options: argparse.Namespace) -> int:
    """Unmute; that nothing was muted is fine."""
    ask(Path(read_settings(options).control.path), {"command": "unmute"})
    print("buzzer and relay sound again")
    return 0

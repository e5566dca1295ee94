"""maskwatch unmute: ends a mute."""

from __future__ import annotations

import argparse

from edge.commands import find_config_of
from edge.commands.status import ask_daemon


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments: none."""


def run(options: argparse.Namespace) -> int:
    """Unmute; that nothing was muted is fine."""
    ask_daemon(find_config_of(options), {"command": "unmute"})
    print("buzzer and relay sound again")
    return 0

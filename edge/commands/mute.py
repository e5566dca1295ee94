"""maskwatch mute: silences buzzer and relay for a while, never the lamps."""

from __future__ import annotations

import argparse

from edge.commands import find_config_of
from edge.commands.status import ask_daemon, to_local
from edge.rules import limits_of
from edge.settings import Gpio


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    low, high = limits_of(Gpio, "mute_minutes")
    said = f"how long, {low:g} to {high:g} (default: gpio.mute_minutes)"
    parser.add_argument("minutes", type=_minutes, nargs="?", metavar="MINUTES", help=said)


def _minutes(text: str) -> float:
    low, high = limits_of(Gpio, "mute_minutes")
    try:
        value = float(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"must be a number of minutes, got {text}") from exc
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"must be between {low:g} and {high:g}, got {text}")
    return value


def run(options: argparse.Namespace) -> int:
    """Mute, and say until when."""
    request = {"command": "mute"} | ({} if options.minutes is None else {"minutes": options.minutes})
    said = ask_daemon(find_config_of(options), request)
    print(f"buzzer and relay are muted until {to_local(said['muted_until'])}; the lamps go on")
    return 0

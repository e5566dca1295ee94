"""maskwatch run: the daemon."""

from __future__ import annotations

import argparse
import signal
from threading import Event
from types import FrameType

from edge.commands import ROOT, find_config_of, read_settings
from edge.daemon import run_daemon


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments: none."""


def run(options: argparse.Namespace) -> int:
    """Watch until SIGTERM, SIGINT or SIGHUP (an SSH session that ends); every output is off afterwards."""
    settings = read_settings(options)
    stop = Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, on_signal)
    run_daemon(settings, ROOT, stop.is_set, config_path=find_config_of(options))
    return 0

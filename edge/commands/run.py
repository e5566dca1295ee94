"""maskwatch run: the daemon."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable
from threading import Event
from types import FrameType

from edge.commands import ROOT, find_config_of
from edge.commands.status import find_sockets
from edge.control import require_alone
from edge.daemon import run_daemon
from edge.errors import DataError, HardwareError, ModelError
from edge.live import LiveConfig
from edge.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments: none."""


def run(options: argparse.Namespace) -> int:
    """Watch until SIGTERM or SIGINT; every output is off afterwards. SIGHUP has config.yaml read again at once."""
    stop, reload = Event(), Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        (reload if number == signal.SIGHUP else stop).set()

    def is_forced() -> bool:
        if not reload.is_set():
            return False
        reload.clear()
        return True

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, on_signal)
    path = find_config_of(options)
    config = LiveConfig(path, is_forced) if path else None
    for socket in find_sockets(path):
        require_alone(socket)
    if config:
        _run_with(config, stop.is_set)
    else:
        run_daemon(Settings(), ROOT, stop.is_set)
    return 0


def _run_with(config: LiveConfig, stopped: Callable[[], bool]) -> None:
    """Run with what config.yaml says, or with the last good settings where its models, pins or files cannot be had."""
    try:
        run_daemon(config.settings, ROOT, stopped, config=config)
    except (ModelError, HardwareError, DataError) as exc:
        if not config.fall_back(str(exc)):
            raise
        run_daemon(config.settings, ROOT, stopped, config=config)

"""The daemon: opens everything in order, watches, and leaves with every output off."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path

from edge.alarm import Silence, dark, starting
from edge.looker import open_looker
from edge.outputs import Output
from edge.outputs.gpio import GpioOutputs, open_factory
from edge.outputs.log import LogOutput
from edge.pipeline import Turn, watch
from edge.records import Decision
from edge.schedule import silence_at
from edge.settings import Settings
from edge.sources import open_source

log = logging.getLogger(__name__)


def run_daemon(
    settings: Settings,
    root: Path,
    stopped: Callable[[], bool],
    on_turn: Callable[[Turn], None] = lambda turn: None,
) -> int:
    """Watch until `stopped` says so or the source ends; return how many frames were decided.

    The outputs open first, so that the status lamp shows the start, and go dark before the camera closes, which may
    take a while. Raises HardwareError for a camera or pin, ModelError for a model.
    """
    with ExitStack() as opened:
        factory = opened.enter_context(closing(open_factory(settings.gpio.driver)))
        outputs: tuple[Output, ...] = (
            opened.enter_context(closing(GpioOutputs(settings.gpio, factory))),
            opened.enter_context(closing(LogOutput())),
        )
        _show(outputs, starting(time.monotonic()))
        try:
            return _watch(settings, root, stopped, outputs, on_turn, opened)
        finally:
            _show(outputs, dark(time.monotonic()))


def _watch(
    settings: Settings, root: Path, stopped: Callable[[], bool], outputs: tuple[Output, ...],
    on_turn: Callable[[Turn], None], opened: ExitStack,
) -> int:  # fmt: skip
    looker = open_looker(settings, root)
    if stopped():
        return 0
    source = opened.enter_context(closing(open_source(settings.camera)))
    log.info("watching")
    return watch(source, looker, outputs, settings, stopped, lambda: _silence(settings), on_turn)


def _silence(settings: Settings) -> Silence:
    return silence_at(datetime.now().astimezone(), muted=False, config=settings.schedule)


def _show(outputs: tuple[Output, ...], decision: Decision) -> None:
    for output in outputs:
        output.show(decision)

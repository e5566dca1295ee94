"""The daemon: opens everything in order, watches, and leaves with every output off."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path

from edge.alarm import Silence, blind, starting
from edge.errors import HardwareError
from edge.looker import open_looker
from edge.outputs import Output
from edge.outputs.gpio import GpioOutputs, open_factory
from edge.outputs.log import LogOutput
from edge.pipeline import Turn, watch
from edge.schedule import silence_at
from edge.settings import Settings
from edge.sources import Source, open_source

log = logging.getLogger(__name__)


def run_daemon(
    settings: Settings,
    root: Path,
    stopped: Callable[[], bool],
    on_turn: Callable[[Turn], None] = lambda turn: None,
    open_camera: Callable[[Settings], Source] = lambda settings: open_source(settings.camera),
) -> int:
    """Watch until `stopped` says so or the source ends; return how many frames were decided.

    The outputs open first, so that the status lamp shows the start, and close last, all off. Raises HardwareError for
    a camera or pin, ModelError for a model.
    """
    with ExitStack() as opened:
        factory = opened.enter_context(closing(open_factory(settings.gpio.driver)))
        outputs: tuple[Output, ...] = (
            opened.enter_context(closing(GpioOutputs(settings.gpio, factory))),
            opened.enter_context(closing(LogOutput())),
        )
        _show_starting(outputs)
        looker = open_looker(settings, root)
        try:
            source = opened.enter_context(closing(open_camera(settings)))
            log.info("watching")
            return watch(source, looker, outputs, settings, stopped, lambda: _silence(settings), on_turn)
        except HardwareError:
            _show_blind(outputs)
            raise


def _silence(settings: Settings) -> Silence:
    return silence_at(datetime.now().astimezone(), muted=False, config=settings.schedule)


def _show_starting(outputs: tuple[Output, ...]) -> None:
    for output in outputs:
        output.show(starting(time.monotonic()))


def _show_blind(outputs: tuple[Output, ...]) -> None:
    for output in outputs:
        output.show(blind(0, time.monotonic()))

"""The daemon: opens everything in order, watches, and leaves with every output off."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from edge.alarm import dark, starting
from edge.button import MuteButton
from edge.looker import open_looker
from edge.mute import Mute
from edge.outputs import Output
from edge.outputs.board import GpioOutputs
from edge.outputs.gpio import open_factory
from edge.outputs.log import LogOutput
from edge.outputs.snapshot import SnapshotWriter
from edge.outputs.together import Together
from edge.pipeline import Turn, watch
from edge.recorder import recording
from edge.records import Decision
from edge.settings import Settings
from edge.silencer import Silencer
from edge.sources import open_source
from edge.status import gather_facts
from edge.watchdog import Watchdog

log = logging.getLogger(__name__)


def run_daemon(
    settings: Settings,
    root: Path,
    stopped: Callable[[], bool],
    on_turn: Callable[[Turn], None] = lambda turn: None,
    config_path: Path | None = None,
) -> int:
    """Watch until `stopped` says so or the source ends; return how many frames were decided.

    The outputs open first, so that the status lamp shows the start, and go dark before the camera closes, which may
    take a while. `config_path` is where the settings come from, to tell whoever asks. Raises HardwareError for a camera
    or pin, ModelError for a model.
    """
    mute, watchdog = Mute(), Watchdog()
    with ExitStack() as opened:
        recorder = opened.enter_context(recording(settings, mute, gather_facts(settings, root, config_path)))
        snapshots = opened.enter_context(closing(SnapshotWriter(settings)))

        def record(turn: Turn) -> None:
            recorder.add(turn, time.monotonic())
            snapshots.add(turn)
            on_turn(turn)
            watchdog.feed()

        factory = opened.enter_context(closing(open_factory(settings.gpio.driver)))
        lamps = GpioOutputs(settings.gpio, factory, mute.is_muted)
        outputs: tuple[Output, ...] = (opened.enter_context(closing(Together((lamps, LogOutput())))),)
        opened.enter_context(closing(MuteButton(settings.gpio, factory, mute)))
        _show(outputs, starting(time.monotonic()))
        try:
            return _watch(settings, root, stopped, outputs, mute, record, opened)
        finally:
            watchdog.stop()
            _show(outputs, dark(time.monotonic()))


def _watch(
    settings: Settings, root: Path, stopped: Callable[[], bool], outputs: tuple[Output, ...],
    mute: Mute, on_turn: Callable[[Turn], None], opened: ExitStack,
) -> int:  # fmt: skip
    looker = open_looker(settings, root)
    if stopped():
        return 0
    source = opened.enter_context(closing(open_source(settings.camera)))
    log.info("watching")
    silencer = Silencer(settings.schedule)
    return watch(
        source, looker, outputs, settings, stopped, lambda: silencer.silence(mute.is_muted(time.monotonic())), on_turn
    )


def _show(outputs: tuple[Output, ...], decision: Decision) -> None:
    for output in outputs:
        output.show(decision)

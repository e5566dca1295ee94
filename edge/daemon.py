"""The daemon: opens everything in order, watches, and leaves with every output off."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from edge.alarm import dark, starting
from edge.appliance import Appliance
from edge.errors import ConfigError
from edge.live import LiveConfig
from edge.mute import Mute
from edge.observers.group import Observers
from edge.outputs.log import LogOutput
from edge.outputs.together import Together
from edge.panel import Panel
from edge.pipeline import Rig, Turn, keep_watch
from edge.recorder import Recorder, recording
from edge.settings import Camera, Settings
from edge.sources import Source
from edge.sources.steady import open_steady
from edge.status import gather_facts
from edge.watchdog import Watchdog


def run_daemon(
    settings: Settings,
    root: Path,
    stopped: Callable[[], bool],
    on_turn: Callable[[Turn], None] = lambda turn: None,
    config: LiveConfig | None = None,
    open_camera: Callable[[Camera], Source] = open_steady,
) -> int:
    """Watch until `stopped` says so or the source ends; return how many frames were decided.

    The outputs open first, so that the status lamp shows the start, and go dark before the camera closes, which may
    take a while. A camera that is missing or lost is waited for. `config` is where the settings come from: what
    changes there is followed. `open_camera` opens what gives the frames. Raises HardwareError for a pin, ModelError for
    a model, DataError for a file in the place of a camera.
    """
    mute, watchdog, path = Mute(), Watchdog(), config.path if config else None
    with ExitStack() as opened:
        recorder = opened.enter_context(recording(settings, mute, gather_facts(settings, root, path)))
        panel = opened.enter_context(closing(Panel(settings.gpio, mute)))
        outputs = opened.enter_context(closing(Together((panel, LogOutput()))))
        outputs.show(starting(time.monotonic()))
        observers = opened.enter_context(closing(Observers(settings, recorder.answers(), recorder.note_fault)))
        try:
            appliance = opened.enter_context(
                closing(Appliance(settings, root, panel, recorder, mute, path, open_camera))
            )
            if config:
                config.accept()

            def change(settings: Settings) -> None:
                appliance.change(settings)
                observers.change(settings)

            def record(turn: Turn) -> None:
                recorder.add(turn, time.monotonic())
                observers.add(turn, time.monotonic())
                appliance.keep_picture(turn)
                on_turn(turn)
                watchdog.feed()

            def record_blind(reason: str) -> None:
                recorder.add_blind(reason, time.monotonic())
                observers.add_blind(reason)
                watchdog.feed()

            def record_other_source() -> None:
                recorder.start_over(time.monotonic())

            def rig() -> Rig:
                return _rig(appliance, recorder, config, change)

            return keep_watch(rig, (outputs,), stopped, record, record_blind, record_other_source)
        finally:
            watchdog.stop()
            outputs.show(dark(time.monotonic()))


def _rig(
    appliance: Appliance, recorder: Recorder, config: LiveConfig | None, change: Callable[[Settings], None]
) -> Rig:
    """Return what the loop works with now, after what happened to config.yaml and the board was followed."""
    now_s = time.monotonic()
    appliance.look_at_board(now_s)
    if config:
        follow(config, change, now_s)
        recorder.tell_config(config.fault)
    return appliance.rig(fault=bool(config and config.fault))


def follow(config: LiveConfig, change: Callable[[Settings], None], now_s: float) -> None:
    """Bring into force what config.yaml says now; `now_s` is in monotonic seconds. Raises what `change` does."""
    settings = config.look(now_s)
    if settings is None:
        return
    try:
        change(settings)
    except ConfigError as exc:
        config.refuse(str(exc))
    else:
        config.accept()

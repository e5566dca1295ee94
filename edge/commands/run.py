"""maskwatch run: the daemon."""

from __future__ import annotations

import argparse
import signal
from threading import Event
from types import FrameType

from edge.commands import ROOT, read_settings
from edge.daemon import run_daemon
from edge.errors import ConfigError
from edge.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments: none."""


def run(options: argparse.Namespace) -> int:
    """Watch until SIGTERM or SIGINT; every output is off afterwards."""
    settings = read_settings(options)
    refuse_what_is_missing(settings)
    stop = Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    run_daemon(settings, ROOT, stop.is_set)
    return 0


def refuse_what_is_missing(settings: Settings) -> None:
    """Raise ConfigError when a setting asks for what this version does not have yet: nothing is ignored in silence."""
    asked = {
        "detector.backend: yunet": settings.detector.backend == "yunet",
        "accelerator: edgetpu": settings.accelerator == "edgetpu",
        "snapshots.enabled": settings.snapshots.enabled,
        "mqtt.enabled": settings.mqtt.enabled,
        "web.enabled": settings.web.enabled,
        "metrics.enabled": settings.metrics.enabled,
        "gpio.mute_button_pin": settings.gpio.mute_button_pin is not None,
    }
    missing = [name for name, wanted in asked.items() if wanted]
    if missing:
        raise ConfigError(f"{', '.join(missing)}: not in this version of Maskwatch yet; take it out of config.yaml")

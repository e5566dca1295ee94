"""maskwatch test-outputs: each wired output on and off again, so that the wiring can be checked."""

from __future__ import annotations

import argparse
import signal
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any, Final

from edge.alarm import starting
from edge.commands import read_settings
from edge.errors import UsageError
from edge.outputs import Output
from edge.outputs.board import GpioOutputs, wiring
from edge.outputs.gpio import open_factory
from edge.records import Decision, StatusPattern
from edge.settings import Settings

OUTPUTS = {
    "lamp": "lamp_pin",
    "buzzer": "buzzer_pin",
    "relay": "relay_pin",
    "ok_lamp": "ok_lamp_pin",
}
"""A decision's flag and the setting that says where it is wired."""


_LONGEST_S: Final = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each stays on, 0 to 60 (default 1)")


def run(options: argparse.Namespace) -> int:
    """Flash and beep, one output after the other. Raises UsageError where nothing is wired or that takes too long."""
    if not 0 <= options.seconds <= _LONGEST_S:
        raise UsageError(f"--seconds: must be between 0 and {_LONGEST_S:g}, got {options.seconds:g}")
    settings = read_settings(options)
    if not any(wiring(settings.gpio)):
        raise UsageError("test-outputs: nothing is wired; give lamp and buzzer their pins below gpio: in config.yaml")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # raises, so that the outputs are closed
    with (
        closing(open_factory(settings.gpio.driver)) as factory,
        closing(GpioOutputs(settings.gpio, factory)) as outputs,
    ):
        flash_all(outputs, settings, options.seconds, time.sleep)
    return 0


def switched_on(decision: Decision, flag: str) -> Decision:
    """Return the decision with one of the flags of OUTPUTS set."""
    on: dict[str, Any] = {flag: True}
    return replace(decision, **on)


def flash_all(outputs: Output, settings: Settings, on_s: float, wait: Callable[[float], None]) -> None:
    """Switch on each wired output for `on_s` seconds, the status lamp last; `wait` takes seconds."""
    dark = replace(starting(0.0), status=StatusPattern.OFF)
    for flag, pin_setting in OUTPUTS.items():
        pin = getattr(settings.gpio, pin_setting)
        if pin is not None:
            print(f"{flag.replace('_', ' ')} on pin {pin}", flush=True)
            outputs.show(switched_on(dark, flag))
            wait(on_s)
            outputs.show(dark)
    if settings.gpio.status_lamp_pin is not None:
        print(f"status lamp on pin {settings.gpio.status_lamp_pin}: steady, then the fast blink of a fault", flush=True)
        for status in (StatusPattern.WATCHING, StatusPattern.BLIND):
            outputs.show(replace(dark, status=status))
            wait(on_s)
    outputs.show(dark)

"""maskwatch test-outputs: each wired output on and off again, so that the wiring can be checked."""

from __future__ import annotations

import argparse
import signal
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any, Final

from edge.alarm import dark
from edge.commands import read_settings
from edge.errors import UsageError
from edge.outputs import Output
from edge.outputs.board import STATUS_LAMP, GpioOutputs, wiring
from edge.outputs.gpio import open_factory
from edge.records import Decision, StatusPattern
from edge.settings import Gpio

_LONGEST_S: Final = 60.0
_DARK: Final = dark(0.0)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each stays on, 0 to 60 (default 1)")


def run(options: argparse.Namespace) -> int:
    """Flash and beep, one output after the other. Raises UsageError where nothing is wired, or for such a time."""
    if not 0 <= options.seconds <= _LONGEST_S:
        raise UsageError(f"--seconds: must be between 0 and {_LONGEST_S:g}, got {options.seconds:g}")
    gpio = read_settings(options).gpio
    if not any(wiring(gpio)):
        raise UsageError("test-outputs: nothing is wired; give lamp and buzzer their pins below gpio: in config.yaml")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # raises, so that the outputs are closed
    with (
        closing(open_factory(gpio.driver)) as factory,
        closing(GpioOutputs(gpio, factory)) as outputs,
    ):
        flash_all(outputs, gpio, options.seconds, time.sleep)
    return 0


def flash_all(outputs: Output, gpio: Gpio, on_s: float, wait: Callable[[float], None]) -> None:
    """Switch on each wired output for `on_s` seconds, the status lamp last; `wait` takes seconds."""
    for name, pin in wiring(gpio):
        if name == STATUS_LAMP:
            print(f"{name} on pin {pin}: steady, then the fast blink of a fault", flush=True)
            shown = [replace(_DARK, status=status) for status in (StatusPattern.WATCHING, StatusPattern.BLIND)]
        else:
            print(f"{name} on pin {pin}", flush=True)
            shown = [_with(name)]
        for decision in shown:
            outputs.show(decision)
            wait(on_s)
        outputs.show(_DARK)


def _with(name: str) -> Decision:
    """Return the decision that switches on the output of this name, and nothing else."""
    flag: dict[str, Any] = {name.replace(" ", "_"): True}
    return replace(_DARK, **flag)

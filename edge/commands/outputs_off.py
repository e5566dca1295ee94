"""maskwatch outputs-off: every wired output off, for when the daemon could not do it itself.

Pi OS leaves a pin as it was when its process is killed (raspberrypi/linux pull request 6117): the buzzer would go on.
systemd runs this after each end of the service. It loads no model and no OpenCV, so that it is done in a moment.
"""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

from edge.commands import find_config_of
from edge.errors import ConfigError, HardwareError
from edge.last_good import LastGood, load_in_force
from edge.outputs.board import switch_off
from edge.outputs.gpio import open_factory
from edge.settings import Gpio, Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments: none."""


def run(options: argparse.Namespace) -> int:
    """Switch off what can be, all of it before HardwareError says what could not: a daemon that runs holds its pins.

    These are the pins of the configuration that was last in force, and those of config.yaml where it names others.
    """
    problems = []
    for gpio in find_wirings(find_config_of(options)):
        try:
            _switch_off(gpio)
        except HardwareError as exc:
            problems.append(str(exc))
    if problems:
        raise HardwareError("\n".join(problems))
    return 0


def find_wirings(config: Path | None) -> list[Gpio]:
    """Return what may have been driven: by the last good settings, then by those in the file, where they differ.

    Raises ConfigError when neither is good.
    """
    if config is None:
        return [Settings().gpio]
    last_good = LastGood(config)
    in_force = load_in_force(config, last_good).gpio
    try:
        driven = last_good.load().gpio
    except ConfigError:  # never kept: nothing else was in force
        driven = in_force
    return [in_force] if driven == in_force else [driven, in_force]


def _switch_off(gpio: Gpio) -> None:
    with closing(open_factory(gpio.driver)) as factory:
        switch_off(gpio, factory)

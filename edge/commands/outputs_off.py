"""maskwatch outputs-off: every wired output off, for when the daemon could not do it itself.

Pi OS leaves a pin as it was when its process is killed (raspberrypi/linux pull request 6117): the buzzer would go on.
systemd runs this after each end of the service. It loads no model and no OpenCV, so that it is done in a moment.
"""

from __future__ import annotations

import argparse
from contextlib import closing

from edge.commands import read_settings
from edge.outputs.board import switch_off
from edge.outputs.gpio import open_factory


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments: none."""


def run(options: argparse.Namespace) -> int:
    """Switch off what can be, all of it before HardwareError says what could not: a daemon that runs holds its pins."""
    settings = read_settings(options).gpio
    with closing(open_factory(settings.driver)) as factory:
        switch_off(settings, factory)
    return 0

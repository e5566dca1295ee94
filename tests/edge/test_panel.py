"""Pins are taken anew when the wiring changes, and the old ones come back where the new ones cannot be had."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from gpiozero import OutputDevice
from gpiozero.pins.mock import MockFactory
from pins import levels

from edge.alarm import dark
from edge.errors import ConfigError, HardwareError
from edge.mute import Mute
from edge.outputs.gpio import PinFactory
from edge.panel import Panel
from edge.records import StatusPattern
from edge.settings import Gpio

ALARM = replace(dark(0.0), lamp=True, status=StatusPattern.WATCHING)


class Chip:
    """Gives mock pins of one chip again and again, or none while it is away."""

    def __init__(self) -> None:
        self.factory = MockFactory()
        self.away = False
        self.opened = 0

    def open(self, driver: str) -> PinFactory:
        if self.away:
            raise HardwareError("gpio.driver: no GPIO chip")
        self.opened += 1
        self.factory.close = lambda: None
        return self.factory


@pytest.fixture
def chip() -> Iterator[Chip]:
    chip = Chip()
    yield chip
    MockFactory.close(chip.factory)


def test_the_alarm_goes_on_at_the_new_pin_and_the_old_one_is_off(chip: Chip) -> None:
    panel = Panel(Gpio(), Mute(), chip.open)
    panel.show(ALARM)
    assert levels(chip.factory, 17, 22) == [True, True]
    panel.change(Gpio(lamp_pin=5))
    assert levels(chip.factory, 5, 22) == [True, True]
    assert chip.factory.pin(17).function == "input"
    panel.close()
    panel.close()
    assert levels(chip.factory, 5, 22) == [False, False]


def test_pins_are_left_alone_where_nothing_changed(chip: Chip) -> None:
    panel = Panel(Gpio(), Mute(), chip.open)
    panel.change(Gpio())
    assert chip.opened == 1
    panel.close()


def test_other_patterns_and_minutes_need_no_pin(chip: Chip) -> None:
    mute = Mute()
    panel = Panel(Gpio(relay_pin=23, mute_button_pin=26), mute, chip.open)
    panel.show(replace(ALARM, relay=True))
    relay = chip.factory.pin(23)
    relay.clear_states()
    panel.change(Gpio(relay_pin=23, mute_button_pin=26, buzzer_pattern="steady", mute_minutes=30))
    assert (chip.opened, [state.state for state in relay.states]) == (1, [True])
    panel.show(replace(ALARM, relay=True, buzzer=True))
    assert levels(chip.factory, 27) == [True]
    chip.factory.pin(26).drive_low()  # a press
    assert 1000 < mute.remaining_s(time.monotonic()) <= 30 * 60
    panel.close()


def test_a_pin_that_is_busy_is_refused_and_the_old_ones_go_on(chip: Chip) -> None:
    panel = Panel(Gpio(), Mute(), chip.open)
    panel.show(ALARM)
    with OutputDevice(5, pin_factory=chip.factory), pytest.raises(ConfigError, match="gpio.lamp_pin: pin 5 cannot"):
        panel.change(Gpio(lamp_pin=5))
    assert levels(chip.factory, 17, 22) == [True, True]
    panel.change(Gpio(lamp_pin=6))
    assert levels(chip.factory, 6) == [True]
    panel.close()


def test_a_chip_that_is_gone_altogether_is_a_hardware_error(chip: Chip) -> None:
    panel = Panel(Gpio(), Mute(), chip.open)
    chip.away = True
    with pytest.raises(HardwareError, match="no GPIO chip"):
        panel.change(Gpio(lamp_pin=5))
    panel.close()

"""Factories, and what lgpio is asked for, on a fake of its library."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from gpiozero import LED, Factory
from gpiozero.pins.local import LocalPiFactory
from gpiozero.pins.mock import MockFactory

from edge.errors import HardwareError
from edge.outputs.board import Board
from edge.outputs.gpio import open_button, open_factory
from edge.settings import Gpio

PI_4B = 0xC03115
LAMP, RELAY = 17, 23
UP, DOWN, NONE = 32, 64, 128


class FakeLgpio(ModuleType):
    """Remembers what the kernel would be asked for, as (call, pin, level or flags)."""

    error = OSError
    SET_PULL_UP, SET_PULL_DOWN, SET_PULL_NONE = UP, DOWN, NONE
    RISING_EDGE, FALLING_EDGE, BOTH_EDGES = 1, 2, 3

    def __init__(self) -> None:
        super().__init__("lgpio")
        self.calls: list[tuple[str, int, int]] = []

    def gpiochip_open(self, chip: int) -> int:
        return 1

    def gpiochip_close(self, handle: int) -> None:
        pass

    def gpio_claim_input(self, handle: int, gpio: int, lFlags: int = 0) -> None:  # noqa: N803
        self.calls.append(("input", gpio, lFlags))

    def gpio_claim_output(self, handle: int, gpio: int, level: int = 0, lFlags: int = 0) -> None:  # noqa: N803
        self.calls.append(("output", gpio, level))

    def gpio_write(self, handle: int, gpio: int, level: int) -> None:
        self.calls.append(("write", gpio, level))

    def gpio_read(self, handle: int, gpio: int) -> int:
        return 0

    def gpio_get_mode(self, handle: int, gpio: int) -> int:
        return 2  # an output

    def of(self, pin: int) -> list[tuple[str, int]]:
        return [(call, value) for call, number, value in self.calls if number == pin]


@pytest.fixture
def lgpio(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLgpio]:
    """Yield a fake of the library of a Pi 4B."""
    fake = FakeLgpio()
    monkeypatch.setitem(sys.modules, "lgpio", fake)
    monkeypatch.setattr(LocalPiFactory, "_get_revision", lambda self: PI_4B)
    monkeypatch.delitem(sys.modules, "gpiozero.pins.lgpio", raising=False)
    yield fake
    sys.modules.pop("gpiozero.pins.lgpio", None)


def open_pins(tmp_path: Path) -> Factory:
    (tmp_path / "gpiochip0").touch()
    return open_factory("auto", dev=tmp_path)


def test_pins_are_claimed_at_their_off_level_so_that_no_relay_clicks(lgpio: FakeLgpio, tmp_path: Path) -> None:
    settings = Gpio(buzzer_pin=None, status_lamp_pin=None, relay_pin=RELAY, active_low_pins=(RELAY,))
    with closing(open_pins(tmp_path)) as factory:
        board = Board(settings, factory)
        assert [call for call in lgpio.of(RELAY) if call[0] != "input"] == [("output", 1)]
        assert [call for call in lgpio.of(LAMP) if call[0] != "input"] == [("output", 0)]
        board.close(0.0)


def test_pins_that_are_given_back_are_pulled_to_their_off_level(lgpio: FakeLgpio, tmp_path: Path) -> None:
    settings = Gpio(buzzer_pin=None, status_lamp_pin=None, relay_pin=RELAY, active_low_pins=(RELAY,))
    with closing(open_pins(tmp_path)) as factory:
        board = Board(settings, factory)
        board.close(0.0)
    assert lgpio.of(RELAY)[-1] == ("input", UP)
    assert lgpio.of(LAMP)[-1] == ("input", DOWN)


@pytest.mark.parametrize("driver", ["auto", "lgpio"])
def test_machine_without_a_gpio_chip_is_an_error_that_offers_mock(driver: str, tmp_path: Path) -> None:
    with pytest.raises(HardwareError, match=r"no GPIO chip.*set gpio.driver: mock"):
        open_factory(driver, dev=tmp_path)


def test_chip_that_the_driver_cannot_use_is_an_error_that_offers_mock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if Path("/dev/gpiochip0").exists():
        pytest.skip("this machine has GPIO pins")
    (tmp_path / "gpiochip0").touch()
    monkeypatch.chdir(tmp_path)  # lgpio leaves a pipe in the working folder
    with pytest.raises(HardwareError, match=r"gpio\.driver: auto: .*set gpio.driver: mock"):
        open_factory("auto", dev=tmp_path)


def test_mock_pins_are_given_only_when_asked_for_and_it_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with closing(open_factory("mock")) as factory:
        assert isinstance(factory, MockFactory)
    assert "no real pin is switched" in caplog.text


def test_button_is_pulled_up_and_tells_when_it_is_pressed_and_let_go() -> None:
    told: list[bool] = []
    with MockFactory() as factory, closing(open_button("mute button", 26, factory, told.append, 0.05)):
        pin: Any = factory.pin(26)
        assert (pin.function, pin.pull, pin.bounce) == ("input", "up", 0.05)
        pin.drive_low()
        pin.drive_high()
    assert told == [True, False]


def test_busy_button_pin_is_an_error_that_names_it() -> None:
    message = r"^gpio\.mute_button_pin: pin 26 cannot be used: "
    with MockFactory() as pins, closing(LED(26, pin_factory=pins)), pytest.raises(HardwareError, match=message):
        open_button("mute button", 26, pins, lambda pressed: None, 0.05)

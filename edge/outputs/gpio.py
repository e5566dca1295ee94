"""Pins, through gpiozero: the only file that knows it."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

from gpiozero import DigitalInputDevice, Factory, GPIOZeroError, OutputDevice

from edge.errors import HardwareError

log = logging.getLogger(__name__)

PinFactory: TypeAlias = Factory
"""Where pins come from."""


class OutputPin(Protocol):
    """A pin that something is wired to; on may be its low level."""

    def on(self) -> None:
        """Switch it on."""
        ...

    def off(self) -> None:
        """Switch it off."""
        ...

    def close(self) -> None:
        """Give it back. Calling it again does nothing."""
        ...


_DRIVERS: Final = {
    "lgpio": "gpiozero.pins.lgpio:LGPIOFactory",
    "pigpio": "gpiozero.pins.pigpio:PiGPIOFactory",
    "rpigpio": "gpiozero.pins.rpigpio:RPiGPIOFactory",
    "native": "gpiozero.pins.native:NativeFactory",
    "mock": "gpiozero.pins.mock:MockFactory",
}
"""Imported when it is asked for. `auto` is lgpio, which works on every Pi and kernel of today."""

_RUN_WITHOUT: Final = "set gpio.driver: mock to run without pins"


def open_factory(driver: str, dev: Path = Path("/dev")) -> PinFactory:
    """Return what gives pins to gpiozero's devices; the caller closes it after the outputs.

    `driver` is `auto` or a key of the table above; `dev` is where the GPIO chips are, and for tests. Raises
    HardwareError when the chip or the driver's library is missing: nothing but `mock` itself ever gives mock pins.
    """
    name = "lgpio" if driver == "auto" else driver
    if name == "lgpio" and not any(dev.glob("gpiochip*")):
        raise HardwareError(f"gpio.driver: {driver}: no GPIO chip in {dev}; {_RUN_WITHOUT}")
    if name == "mock":
        log.warning("gpio.driver is mock: no real pin is switched")
    try:
        factory = _load_factory(*_DRIVERS[name].split(":"))
    except ImportError as exc:
        raise HardwareError(f"gpio.driver: {driver}: {exc}; install that library, or {_RUN_WITHOUT}") from exc
    except pin_errors() as exc:
        raise HardwareError(f"gpio.driver: {driver}: {exc}; add the user to group gpio, or {_RUN_WITHOUT}") from exc
    if name == "lgpio":
        _set_levels_first(factory)
    return factory


def open_output(name: str, pin: int, active_high: bool, factory: PinFactory) -> OutputPin:
    """Return a pin as an output that is off, and was never on. Raises HardwareError naming the pin."""
    try:
        device: OutputPin = OutputDevice(pin, active_high=active_high, initial_value=False, pin_factory=factory)
    except pin_errors() as exc:
        raise _unusable(name, pin, exc) from exc
    return device


def open_button(
    name: str, pin: int, factory: PinFactory, on_change: Callable[[bool], None], settle_s: float
) -> DigitalInputDevice:
    """Return a pin as an input that a button pulls to ground. Raises HardwareError naming the pin.

    `on_change` is called in another thread, with True when it is pressed and False when it is let go; the kernel leaves
    out what lasts less than `settle_s` seconds. The caller closes the device.
    """
    try:
        button = DigitalInputDevice(pin, pull_up=True, bounce_time=settle_s, pin_factory=factory)
        button.when_activated = lambda: on_change(True)
        button.when_deactivated = lambda: on_change(False)
    except pin_errors() as exc:
        raise _unusable(name, pin, exc) from exc
    return button


def pin_errors() -> tuple[type[Exception], ...]:
    """Return what a failing pin raises; the drivers' own errors are known only once the driver is loaded."""
    drivers = (sys.modules.get(name) for name in ("lgpio", "pigpio"))
    return GPIOZeroError, OSError, RuntimeError, *(driver.error for driver in drivers if driver)


def _load_factory(module: str, name: str) -> PinFactory:
    return getattr(importlib.import_module(module), name)()


def _unusable(name: str, pin: int, exc: Exception) -> HardwareError:
    setting = f"gpio.{name.replace(' ', '_')}_pin"
    return HardwareError(f"{setting}: pin {pin} cannot be used: {exc}; choose another one, or {_RUN_WITHOUT}")


def _set_levels_first(factory: Any) -> None:
    """Let an lgpio factory give pins that start at their level, and hold it when they are given back.

    gpiozero 2.0.1 makes a pin an output, which is low, and sets its level afterwards, so that a relay that is on when
    low clicks at every start (gpiozero issue 1177). lgpio can do both in one call to the kernel. A pin that is given
    back becomes an input; gpiozero switches its pull off, and a transistor on it would float.
    """
    lgpio: Any = importlib.import_module("lgpio")
    base: Any = factory.pin_class

    class LevelFirstPin(base):  # type: ignore[misc]
        idle_level: int | None = None

        def output_with_state(self, state: bool) -> None:
            lgpio.gpio_claim_output(self.factory._handle, self._number, int(state))
            self.idle_level = int(state)

        def close(self) -> None:
            if self.idle_level is None or self.factory._handle is None:
                super().close()
                return
            pull = lgpio.SET_PULL_UP if self.idle_level else lgpio.SET_PULL_DOWN
            lgpio.gpio_claim_input(self.factory._handle, self._number, pull)

    factory.pin_class = LevelFirstPin

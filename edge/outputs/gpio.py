"""Lamps, buzzer and relay on GPIO pins, through gpiozero."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Literal, TypeAlias

from gpiozero import LED, Buzzer, DigitalOutputDevice, Factory, GPIOZeroError

from edge.errors import HardwareError
from edge.records import Decision, StatusPattern
from edge.settings import Gpio

log = logging.getLogger(__name__)

Look: TypeAlias = Literal["on", "off", "blinking slowly", "blinking fast"]
"""What an output shows."""

STATUS_LOOKS: dict[StatusPattern, Look] = {
    StatusPattern.STARTING: "blinking slowly",
    StatusPattern.WATCHING: "on",
    StatusPattern.BLIND: "blinking fast",
    StatusPattern.OFF: "off",
}

_BLINKS_S = {"blinking slowly": (1.0, 1.0), "blinking fast": (0.1, 0.1)}
"""Seconds on and seconds off."""

_DRIVERS = {
    "lgpio": "gpiozero.pins.lgpio:LGPIOFactory",
    "pigpio": "gpiozero.pins.pigpio:PiGPIOFactory",
    "rpigpio": "gpiozero.pins.rpigpio:RPiGPIOFactory",
    "native": "gpiozero.pins.native:NativeFactory",
    "mock": "gpiozero.pins.mock:MockFactory",
}
"""Imported when it is asked for. `auto` is lgpio, which works on every Pi and kernel of today."""

_RUN_WITHOUT = "set gpio.driver: mock to run without pins"


def open_factory(driver: str, dev: Path = Path("/dev")) -> Factory:
    """Return what gives pins to gpiozero's devices; the caller closes it after the outputs.

    `driver` is `auto` or a key of the table above; `dev` is where the GPIO chips are, and for tests. Raises
    HardwareError when the chip or the driver's library is missing: nothing but `mock` itself ever gives mock pins.
    """
    name = "lgpio" if driver == "auto" else driver
    if name == "lgpio" and not any(dev.glob("gpiochip*")):
        raise HardwareError(f"gpio.driver: {driver}: no GPIO chip in {dev}; {_RUN_WITHOUT}")
    if name == "mock":
        log.warning("gpio.driver is mock: no real pin is switched")
    module, factory = _DRIVERS[name].split(":")
    try:
        return getattr(importlib.import_module(module), factory)()
    except ImportError as exc:
        raise HardwareError(f"gpio.driver: {driver}: {exc}; install that library, or {_RUN_WITHOUT}") from exc
    except _pin_errors() as exc:
        raise HardwareError(f"gpio.driver: {driver}: {exc}; add the user to group gpio, or {_RUN_WITHOUT}") from exc


class WiredOutput:
    """One lamp, buzzer or relay on its pin. A pin that fails is logged once, and tried again with every `show`."""

    def __init__(self, name: str, pin: int, device: DigitalOutputDevice) -> None:
        """Take over a device that is off."""
        self._name = name
        self._pin = pin
        self._device = device
        self._look: Look = "off"
        self._failing = False

    def show(self, look: Look) -> None:
        """Switch the pin, and log it, when it shows something else now."""
        if look != self._look and self._try(lambda: self._switch(look)):
            log.info("%s %s (pin %d)", self._name, look, self._pin)
            self._look = look

    def close(self) -> None:
        """Switch off and release the pin, which becomes an input."""
        self.show("off")
        self._try(self._device.close)

    def _switch(self, look: Look) -> None:
        if look in _BLINKS_S:
            self._device.blink(*_BLINKS_S[look])
        elif look == "on":
            self._device.on()
        else:
            self._device.off()

    def _try(self, action: Callable[[], None]) -> bool:
        try:
            action()
        except _pin_errors() as exc:
            if not self._failing:
                log.error("%s failed (pin %d): %s", self._name, self._pin, exc)
            self._failing = True
            return False
        self._failing = False
        return True


class GpioOutputs:
    """Every lamp, buzzer and relay that is wired. One that fails never stops the others."""

    def __init__(self, settings: Gpio, factory: Factory) -> None:
        """Take the pins, all of them off. `factory` is from `open_factory` and stays the caller's.

        Raises HardwareError naming the pin when one is busy or not there; the others are released first.
        """
        self._closing = ExitStack()
        self._outputs: dict[str, WiredOutput] = {}
        with ExitStack() as opened:
            for name, pin in _wiring(settings):
                self._outputs[name] = WiredOutput(name, pin, _open_device(name, pin, settings.active_high, factory))
                opened.callback(self._outputs[name].close)
            self._closing = opened.pop_all()

    def show(self, decision: Decision) -> None:
        """Switch the pins that have to change. After `close` it does nothing."""
        looks: dict[str, Look] = {
            "lamp": "on" if decision.lamp else "off",
            "buzzer": "on" if decision.buzzer else "off",
            "relay": "on" if decision.relay else "off",
            "ok lamp": "on" if decision.ok_lamp else "off",
            "status lamp": STATUS_LOOKS[decision.status],
        }
        for name, output in self._outputs.items():
            output.show(looks[name])

    def close(self) -> None:
        """Switch everything off and release the pins. Calling it again does nothing."""
        self._outputs = {}
        self._closing.close()


def _wiring(settings: Gpio) -> Iterator[tuple[str, int]]:
    pins = {
        "lamp": settings.lamp_pin,
        "buzzer": settings.buzzer_pin,
        "status lamp": settings.status_lamp_pin,
        "ok lamp": settings.ok_lamp_pin,
        "relay": settings.relay_pin,
    }
    return ((name, pin) for name, pin in pins.items() if pin is not None)


def _open_device(name: str, pin: int, active_high: bool, factory: Factory) -> DigitalOutputDevice:
    kind = Buzzer if name == "buzzer" else LED
    try:
        return kind(pin, active_high=active_high, initial_value=False, pin_factory=factory)
    except _pin_errors() as exc:
        raise HardwareError(
            f"gpio.{name.replace(' ', '_')}_pin: pin {pin} cannot be used: {exc}; choose another one, or {_RUN_WITHOUT}"
        ) from exc


def _pin_errors() -> tuple[type[Exception], ...]:
    """Return what a failing pin raises; the drivers' own errors are known only once the driver is loaded."""
    drivers = (sys.modules.get(name) for name in ("lgpio", "pigpio"))
    return GPIOZeroError, OSError, RuntimeError, *(driver.error for driver in drivers if driver)

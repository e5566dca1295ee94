"""gpiozero's mock pins, with what real ones do besides: break."""

from __future__ import annotations

from typing import Any

from gpiozero.pins.mock import MockFactory, MockPin


class BreakablePin(MockPin):  # type: ignore[misc]
    """A mock pin that fails to be written while it is broken."""

    def __init__(self, factory: Any, info: Any) -> None:
        self.broken = False
        super().__init__(factory, info)

    def _set_state(self, value: float) -> None:
        if self.broken:
            raise OSError("no current")
        super()._set_state(value)


def levels(factory: MockFactory, *numbers: int) -> list[bool]:
    """Return the level of each pin, True for high."""
    return [bool(factory.pin(number).state) for number in numbers]


def driven(pin: MockPin) -> list[bool]:
    """Return every level that a pin has had."""
    return [bool(state.state) for state in pin.states]

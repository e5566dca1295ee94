"""What is wired: lamps, buzzer, relay and the mute button. Their pins are taken anew when the wiring changes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace

from edge.button import MuteButton
from edge.errors import ConfigError, HardwareError
from edge.mute import Mute
from edge.outputs.board import GpioOutputs
from edge.outputs.gpio import PinFactory, open_factory
from edge.records import Decision
from edge.settings import Gpio


class Panel:
    """An output that can be rewired."""

    def __init__(self, gpio: Gpio, mute: Mute, open_pins: Callable[[str], PinFactory] = open_factory) -> None:
        """Take the pins; `open_pins` gives them by `gpio.driver`. Raises HardwareError naming the pin or the chip."""
        self._gpio, self._mute, self._open_pins = gpio, mute, open_pins
        self._shown: Decision | None = None
        self._open(gpio)

    def show(self, decision: Decision) -> None:
        """Show a decision. After `close` it does nothing."""
        self._shown = decision
        self._lamps.show(decision)

    def change(self, gpio: Gpio) -> None:
        """Go by other settings, showing the same; pins are given back and taken anew only where the wiring changed.

        Raises ConfigError when these cannot be used: then the old ones are in use again. HardwareError when they
        cannot either.
        """
        if _wiring(gpio) == _wiring(self._gpio):
            self._restyle(gpio)
            return
        self._opened.close()
        try:
            self._open(gpio)
        except HardwareError as exc:
            self._open(self._gpio)
            raise ConfigError(str(exc)) from exc
        self._gpio = gpio

    def close(self) -> None:
        """Switch everything off and give the pins back. Calling it again does nothing."""
        self._opened.close()

    def _open(self, gpio: Gpio) -> None:
        with ExitStack() as opened:
            factory = opened.enter_context(closing(self._open_pins(gpio.driver)))
            self._lamps = opened.enter_context(closing(GpioOutputs(gpio, factory, self._mute.is_muted)))
            self._button = opened.enter_context(closing(MuteButton(gpio, factory, self._mute)))
            self._opened = opened.pop_all()
        self._show_again()

    def _restyle(self, gpio: Gpio) -> None:
        """Take over what needs no pin: taking them anew would let a relay click."""
        self._gpio, self._button.mute_minutes = gpio, gpio.mute_minutes
        self._lamps.change_patterns(gpio)
        self._show_again()

    def _show_again(self) -> None:
        if self._shown:
            self._lamps.show(self._shown)


def _wiring(gpio: Gpio) -> Gpio:
    """Return settings without those that are not about pins."""
    default = Gpio()
    styles = {name: getattr(default, name) for name in ("lamp_pattern", "buzzer_pattern", "mute_minutes")}
    return replace(gpio, **styles)

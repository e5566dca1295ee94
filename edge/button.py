"""The mute button: a press mutes buzzer and relay for a while, another one ends that. The lamps go on."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from typing import Final

from edge.mute import Mute
from edge.outputs.gpio import PinFactory, open_button
from edge.settings import Gpio

log = logging.getLogger(__name__)

_SETTLE_S: Final = 0.05
"""How long contacts may bounce; most come to rest within 10 ms (Ganssle, A Guide to Debouncing)."""


class MuteButton:
    """A button on its pin, or nothing where none is wired.

    A press makes no sound of its own, as it is there to end one: the status lamp answers by winking. `mute_minutes` is
    how long one mutes.
    """

    def __init__(
        self, settings: Gpio, factory: PinFactory, mute: Mute, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the pin. `clock` gives the monotonic seconds that `mute` counts in. Raises HardwareError naming it."""
        self._pin = settings.mute_button_pin
        self.mute_minutes: float = settings.mute_minutes
        self._mute = mute
        self._clock = clock
        self._changed_s = -math.inf
        self._device = None
        if self._pin is not None:
            self._device = open_button("mute button", self._pin, factory, self._on_change, _SETTLE_S)

    def close(self) -> None:
        """Give the pin back; a mute goes on until it expires. Calling it again does nothing."""
        if self._device is not None:
            self._device.close()
        self._device = None

    def change(self, pressed: bool, now_s: float) -> None:
        """Take notice that it was pressed or let go; what follows within the settling time is bouncing."""
        bounced = now_s - self._changed_s < _SETTLE_S
        self._changed_s = now_s
        if pressed and not bounced:
            self._toggle(now_s)

    def _on_change(self, pressed: bool) -> None:
        self.change(pressed, self._clock())

    def _toggle(self, now_s: float) -> None:
        if self._mute.is_muted(now_s):
            self._mute.clear()
            log.info("mute ended by the button")
        else:
            self._mute.set(now_s + 60 * self.mute_minutes)
            log.info("buzzer and relay muted by the button for %g minutes", self.mute_minutes)

"""One lamp, buzzer or relay on its pin."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from edge.outputs.gpio import OutputPin, pin_errors
from edge.outputs.patterns import OFF, Pattern

log = logging.getLogger(__name__)

_RETRY_S: Final = 1.0
"""How long a pin that failed is left alone."""


class WiredOutput:
    """Shows patterns on a pin. One that fails is logged once and tried again every second; the caller goes on.

    Times are monotonic seconds.
    """

    def __init__(self, name: str, pin: int, device: OutputPin) -> None:
        """Take over a device that is off."""
        self.failing = False
        self._name = name
        self._pin = pin
        self._device = device
        self._pattern = self._logged = OFF
        self._since_s = 0.0
        self._on: bool | None = False  # None: unknown, as writing failed
        self._retry_s = 0.0

    def show(self, pattern: Pattern, now_s: float) -> float:
        """Begin a pattern at once, and return what `tick` does; the one that is shown goes on undisturbed."""
        if pattern != self._pattern:
            self._pattern, self._since_s, self._retry_s = pattern, now_s, now_s
        return self.tick(now_s)

    def tick(self, now_s: float) -> float:
        """Switch the pin if its pattern wants that now; return when to call this again, infinite for never."""
        wanted = self._pattern.is_on(now_s - self._since_s)
        if wanted != self._on and (not self.failing or now_s >= self._retry_s):
            self._switch(wanted, now_s)
        if not self.failing and self._pattern != self._logged:
            log.info("%s %s (pin %d)", self._name, self._pattern.name, self._pin)
            self._logged = self._pattern
        return self._retry_s if self.failing else now_s + self._pattern.rest_s(now_s - self._since_s)

    def close(self, now_s: float) -> None:
        """Switch off and release the pin, which becomes an input. Calling it again does nothing."""
        self._retry_s = now_s
        self.show(OFF, now_s)
        self._try(self._device.close, now_s)

    def _switch(self, on: bool, now_s: float) -> None:
        failed_before = self.failing
        done = self._try(self._device.on if on else self._device.off, now_s)
        self.failing = not done
        self._on = on if done else None
        if done and failed_before:
            log.info("%s works again (pin %d)", self._name, self._pin)

    def _try(self, action: Callable[[], None], now_s: float) -> bool:
        try:
            action()
        except pin_errors() as exc:
            if not self.failing:
                log.error("%s failed (pin %d): %s; check its wiring, it is tried again", self._name, self._pin, exc)
            self.failing, self._retry_s = True, now_s + _RETRY_S
            return False
        return True

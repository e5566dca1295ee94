"""Every lamp, buzzer and relay that is wired, and the rhythm that each shows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from math import inf
from threading import Condition, Thread, current_thread
from typing import Final

from edge.errors import HardwareError
from edge.outputs.gpio import PinFactory, open_output
from edge.outputs.patterns import BUZZER_PATTERNS, LAMP_PATTERNS, MUTED, OFF, ON, STATUS_PATTERNS, TROUBLE, Pattern
from edge.outputs.wired import WiredOutput
from edge.records import Decision, StatusPattern
from edge.settings import Gpio

STATUS_LAMP: Final = "status lamp"


class Board:
    """What is wired. One output that fails never stops the others; the status lamp shows it. Time is given.

    `is_muted` answers for a moment, in monotonic seconds like every time here.
    """

    def __init__(
        self, settings: Gpio, factory: PinFactory, is_muted: Callable[[float], bool] = lambda now_s: False
    ) -> None:
        """Take the pins, all of them off.

        Raises HardwareError naming the pin when one is busy or not there; the others are released first.
        """
        self._settings = settings
        self._is_muted = is_muted
        self._status = StatusPattern.OFF
        self._outputs: dict[str, WiredOutput] = {}
        with ExitStack() as opened:
            for name, pin in wiring(settings):
                device = open_output(name, pin, is_active_high(settings, pin), factory)
                self._outputs[name] = WiredOutput(name, pin, device)
                opened.callback(self._outputs[name].close, 0.0)
            opened.pop_all()

    def show(self, decision: Decision, now_s: float) -> float:
        """Switch the pins that have to change, and return what `tick` does. After `close` it does nothing."""
        self._status = decision.status
        patterns = {
            "lamp": LAMP_PATTERNS[self._settings.lamp_pattern] if decision.lamp else OFF,
            "buzzer": BUZZER_PATTERNS[self._settings.buzzer_pattern] if decision.buzzer else OFF,
            "relay": ON if decision.relay else OFF,
            "ok lamp": ON if decision.ok_lamp else OFF,
        }
        dues_s = [output.show(patterns[name], now_s) for name, output in self._outputs.items() if name != STATUS_LAMP]
        return min([*dues_s, self._tick_status_lamp(now_s)])

    def change_patterns(self, settings: Gpio) -> None:
        """Show the patterns of other settings from the next `show` on; their pins are not looked at."""
        self._settings = settings

    def tick(self, now_s: float) -> float:
        """Switch what the patterns want to be switched now; return when to call this again, infinite for never."""
        dues_s = [output.tick(now_s) for name, output in self._outputs.items() if name != STATUS_LAMP]
        return min([*dues_s, self._tick_status_lamp(now_s)])

    def close(self, now_s: float) -> None:
        """Switch everything off and release the pins. Calling it again does nothing."""
        for output in reversed(self._outputs.values()):
            output.close(now_s)
        self._outputs = {}

    def _tick_status_lamp(self, now_s: float) -> float:
        lamp = self._outputs.get(STATUS_LAMP)
        return inf if lamp is None else lamp.show(self._status_pattern(now_s), now_s)

    def _status_pattern(self, now_s: float) -> Pattern:
        if self._status is not StatusPattern.WATCHING:
            return STATUS_PATTERNS[self._status]
        if any(output.failing for output in self._outputs.values()):
            return TROUBLE
        return MUTED if self._is_muted(now_s) else ON


class GpioOutputs:
    """A board with a clock: one thread keeps the rhythm of all its outputs, however slow the frames are."""

    def __init__(
        self, settings: Gpio, factory: PinFactory, is_muted: Callable[[float], bool] = lambda now_s: False
    ) -> None:
        """Take the pins, all of them off. `factory` is from `open_factory` and stays the caller's.

        Raises HardwareError as `Board` does.
        """
        self._board = Board(settings, factory, is_muted)
        self._changed = Condition()
        self._open = True
        self._due_s = inf
        self._thread = Thread(target=self._keep_rhythm, name="rhythm", daemon=True)
        self._thread.start()

    def show(self, decision: Decision) -> None:
        """Switch the pins that have to change. After `close` it does nothing."""
        with self._changed:
            due_s = self._board.show(decision, time.monotonic())
            if due_s < self._due_s:
                self._changed.notify()

    def change_patterns(self, settings: Gpio) -> None:
        """Show the patterns of other settings from the next `show` on; their pins are not looked at."""
        with self._changed:
            self._board.change_patterns(settings)

    def close(self) -> None:
        """Switch everything off and release the pins. Calling it again does nothing."""
        with self._changed:
            self._open = False
            self._board.close(time.monotonic())
            self._changed.notify()
        if self._thread is not current_thread():
            self._thread.join()

    def _keep_rhythm(self) -> None:
        with self._changed:
            while self._open:
                now_s = time.monotonic()
                self._due_s = self._board.tick(now_s)
                self._changed.wait(None if self._due_s == inf else max(0.0, self._due_s - now_s))


def wiring(settings: Gpio) -> Iterator[tuple[str, int]]:
    """Yield the name and pin of every output that is wired, in the order they are switched in."""
    pins = {
        "lamp": settings.lamp_pin,
        "buzzer": settings.buzzer_pin,
        "relay": settings.relay_pin,
        "ok lamp": settings.ok_lamp_pin,
        STATUS_LAMP: settings.status_lamp_pin,
    }
    return ((name, pin) for name, pin in pins.items() if pin is not None)


def is_active_high(settings: Gpio, pin: int) -> bool:
    """Return whether a pin is high (3.3 V) when its output is on."""
    return settings.active_high and pin not in settings.active_low_pins


def switch_off(settings: Gpio, factory: PinFactory) -> None:
    """Drive every wired output to its off level and give the pins back.

    Raises HardwareError naming those that could not be, after the others are off.
    """
    problems = []
    for name, pin in wiring(settings):
        try:
            open_output(name, pin, is_active_high(settings, pin), factory).close()
        except HardwareError as exc:
            problems.append(str(exc))
    if problems:
        raise HardwareError("\n".join(problems))

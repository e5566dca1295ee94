"""Lamps, buzzer and relay, on gpiozero's mock pins."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gpiozero import LED
from gpiozero.pins.mock import MockFactory, MockPin

from edge.errors import HardwareError
from edge.outputs.gpio import STATUS_LOOKS, GpioOutputs, open_factory
from edge.records import AlarmState, Decision, StatusPattern
from edge.settings import Gpio

LAMP, BUZZER, STATUS, OK, RELAY = 17, 27, 22, 5, 6
ALL_WIRED = Gpio(lamp_pin=LAMP, buzzer_pin=BUZZER, status_lamp_pin=STATUS, ok_lamp_pin=OK, relay_pin=RELAY)
QUIET = Decision(0, 0.0, AlarmState.CLEAR, False, False, False, False, StatusPattern.OFF)
SOUNDING = replace(QUIET, alarm=AlarmState.ALARM, lamp=True, buzzer=True, relay=True)
LONG_S = 5.0


class WatchedPin(MockPin):  # type: ignore[misc]
    """A mock pin that can be waited for, and that can be broken."""

    def __init__(self, factory: Any, info: Any) -> None:
        self.changes = threading.Semaphore(0)
        self.broken = False
        super().__init__(factory, info)

    def _set_state(self, value: float) -> None:
        if self.broken:
            raise OSError("no current")
        super()._set_state(value)

    def _change_state(self, value: bool) -> bool:
        changed = bool(super()._change_state(value))
        if changed:
            self.changes.release()
        return changed

    def wait_for_changes(self, count: int) -> None:
        for _ in range(count):
            assert self.changes.acquire(timeout=LONG_S)


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    with MockFactory(pin_class=WatchedPin) as pins:
        yield pins


def states(factory: MockFactory, *numbers: int) -> list[bool]:
    return [bool(factory.pin(number).state) for number in numbers]


def test_every_output_is_off_at_the_start_and_was_never_on(factory: MockFactory) -> None:
    with closing(GpioOutputs(ALL_WIRED, factory)):
        for number in (LAMP, BUZZER, STATUS, OK, RELAY):
            assert factory.pin(number).function == "output"
            assert [state.state for state in factory.pin(number).states] == [False]


def test_alarm_switches_lamp_buzzer_and_relay_and_nothing_else(factory: MockFactory) -> None:
    with closing(GpioOutputs(ALL_WIRED, factory)) as outputs:
        outputs.show(SOUNDING)
        assert states(factory, LAMP, BUZZER, RELAY, OK, STATUS) == [True, True, True, False, False]
        outputs.show(QUIET)
        assert states(factory, LAMP, BUZZER, RELAY) == [False, False, False]


def test_muted_alarm_lights_the_lamp_only(factory: MockFactory) -> None:
    with closing(GpioOutputs(ALL_WIRED, factory)) as outputs:
        outputs.show(replace(SOUNDING, buzzer=False, relay=False))
        assert states(factory, LAMP, BUZZER, RELAY) == [True, False, False]


def test_ok_lamp_follows_the_decision(factory: MockFactory) -> None:
    with closing(GpioOutputs(ALL_WIRED, factory)) as outputs:
        outputs.show(replace(QUIET, ok_lamp=True))
        assert states(factory, OK, LAMP) == [True, False]


def test_active_low_outputs_are_high_when_off(factory: MockFactory) -> None:
    with closing(GpioOutputs(replace(ALL_WIRED, active_high=False), factory)) as outputs:
        assert states(factory, LAMP, BUZZER) == [True, True]
        outputs.show(SOUNDING)
        assert states(factory, LAMP, BUZZER) == [False, False]


def test_pins_that_are_not_wired_are_left_alone(factory: MockFactory) -> None:
    wired = Gpio(lamp_pin=LAMP, buzzer_pin=None, status_lamp_pin=None)
    with closing(GpioOutputs(wired, factory)) as outputs:
        outputs.show(SOUNDING)
        assert states(factory, LAMP) == [True]
        assert factory.pin(BUZZER).function == "input"


@pytest.mark.parametrize("active_high", [True, False])
def test_close_switches_off_and_releases_every_pin(factory: MockFactory, active_high: bool) -> None:
    outputs = GpioOutputs(replace(ALL_WIRED, active_high=active_high), factory)
    outputs.show(SOUNDING)
    outputs.close()
    outputs.close()
    for number in (LAMP, BUZZER, STATUS, OK, RELAY):
        assert factory.pin(number).states[-1].state is not active_high
        assert factory.pin(number).function == "input"
    GpioOutputs(ALL_WIRED, factory).close()


def test_show_after_close_does_nothing(factory: MockFactory, caplog: pytest.LogCaptureFixture) -> None:
    outputs = GpioOutputs(ALL_WIRED, factory)
    outputs.close()
    outputs.show(SOUNDING)
    assert states(factory, LAMP) == [False]
    assert caplog.text == ""


def test_watching_is_a_steady_status_lamp(factory: MockFactory) -> None:
    with closing(GpioOutputs(ALL_WIRED, factory)) as outputs:
        outputs.show(replace(QUIET, status=StatusPattern.WATCHING))
        assert states(factory, STATUS) == [True]


@pytest.mark.parametrize(
    ("status", "each_s"),
    [(StatusPattern.STARTING, 1.0), (StatusPattern.BLIND, 0.1)],
)
def test_status_lamp_blinks_slowly_at_start_and_fast_when_blind(
    factory: MockFactory, status: StatusPattern, each_s: float
) -> None:
    with closing(GpioOutputs(ALL_WIRED, factory)) as outputs:
        outputs.show(replace(QUIET, status=status))
        factory.pin(STATUS).wait_for_changes(2)
        on, off = factory.pin(STATUS).states[1:3]
        assert (on.state, off.state) == (True, False)
        assert off.timestamp == pytest.approx(each_s, abs=0.09)  # the time that it was on


def test_blinking_goes_on_undisturbed_while_the_pattern_stays(factory: MockFactory) -> None:
    blind = replace(QUIET, status=StatusPattern.BLIND)
    with closing(GpioOutputs(ALL_WIRED, factory)) as outputs:
        outputs.show(blind)
        started_s = time.monotonic()
        pin = factory.pin(STATUS)
        pin.wait_for_changes(1)
        while time.monotonic() - started_s < 0.05:
            outputs.show(blind)
        pin.wait_for_changes(2)
        assert [state.state for state in pin.states[:4]] == [False, True, False, True]


def test_every_status_has_a_look() -> None:
    assert set(STATUS_LOOKS) == set(StatusPattern)


def test_switches_are_logged_once_with_their_pins(factory: MockFactory, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with closing(GpioOutputs(ALL_WIRED, factory)) as outputs:
        for _ in range(3):
            outputs.show(replace(SOUNDING, relay=False, status=StatusPattern.WATCHING))
    assert [record.getMessage() for record in caplog.records] == [
        "lamp on (pin 17)",
        "buzzer on (pin 27)",
        "status lamp on (pin 22)",
        "status lamp off (pin 22)",
        "buzzer off (pin 27)",
        "lamp off (pin 17)",
    ]


def test_broken_lamp_does_not_stop_the_buzzer_and_is_logged_once(
    factory: MockFactory, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(GpioOutputs(ALL_WIRED, factory)) as outputs:
        factory.pin(LAMP).broken = True
        for _ in range(3):
            outputs.show(SOUNDING)
        assert states(factory, LAMP, BUZZER) == [False, True]
    assert [record.getMessage() for record in caplog.records] == ["lamp failed (pin 17): no current"]


def test_lamp_that_works_again_is_switched(factory: MockFactory) -> None:
    with closing(GpioOutputs(ALL_WIRED, factory)) as outputs:
        factory.pin(LAMP).broken = True
        outputs.show(SOUNDING)
        factory.pin(LAMP).broken = False
        outputs.show(SOUNDING)
        assert states(factory, LAMP) == [True]


def test_output_that_breaks_does_not_keep_the_others_on_at_close(factory: MockFactory) -> None:
    outputs = GpioOutputs(ALL_WIRED, factory)
    outputs.show(SOUNDING)
    factory.pin(BUZZER).broken = True
    outputs.close()
    assert states(factory, LAMP, RELAY) == [False, False]


def test_busy_pin_is_an_error_that_names_it_and_releases_the_others(factory: MockFactory) -> None:
    with closing(LED(BUZZER, pin_factory=factory)):
        with pytest.raises(HardwareError) as caught:
            GpioOutputs(ALL_WIRED, factory)
        assert str(caught.value).startswith("gpio.buzzer_pin: pin 27 cannot be used: ")
        assert "gpio.driver: mock" in str(caught.value)
        assert factory.pin(LAMP).function == "input"


@pytest.mark.parametrize("driver", ["auto", "lgpio"])
def test_machine_without_a_gpio_chip_is_an_error_that_offers_mock(driver: str, tmp_path: Path) -> None:
    with pytest.raises(HardwareError, match="no GPIO chip.*set gpio.driver: mock"):
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

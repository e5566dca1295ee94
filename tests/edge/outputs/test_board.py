"""Lamps, buzzer and relay, on gpiozero's mock pins; time is given."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from math import inf

import pytest
from gpiozero import LED
from gpiozero.pins.mock import MockFactory
from hypothesis import given
from hypothesis import strategies as st
from pins import BreakablePin, driven, levels

from edge.errors import HardwareError
from edge.outputs.board import Board, GpioOutputs, switch_off
from edge.records import AlarmState, Decision, StatusPattern
from edge.settings import Gpio

LAMP, BUZZER, STATUS, OK, RELAY = 17, 27, 22, 5, 6
PINS = (LAMP, BUZZER, RELAY, OK, STATUS)
STEADY = Gpio(buzzer_pattern="steady", ok_lamp_pin=OK, relay_pin=RELAY)
QUIET = Decision(0, 0.0, AlarmState.CLEAR, False, False, False, False, StatusPattern.OFF)
SOUNDING = replace(QUIET, alarm=AlarmState.ALARM, lamp=True, buzzer=True, relay=True)
WATCHING = replace(QUIET, status=StatusPattern.WATCHING)
LONG_S = 5.0


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    with MockFactory(pin_class=BreakablePin) as pins:
        yield pins


def test_every_output_is_off_at_the_start_and_was_never_on(factory: MockFactory) -> None:
    board = Board(STEADY, factory)
    board.tick(0.0)
    for number in PINS:
        assert factory.pin(number).function == "output"
        assert driven(factory.pin(number)) == [False]


def test_alarm_switches_lamp_buzzer_and_relay_and_nothing_else(factory: MockFactory) -> None:
    board = Board(STEADY, factory)
    board.show(SOUNDING, 0.0)
    assert levels(factory, *PINS) == [True, True, True, False, False]
    board.show(QUIET, 1.0)
    assert levels(factory, *PINS) == [False] * 5


def test_muted_alarm_lights_the_lamp_only(factory: MockFactory) -> None:
    board = Board(STEADY, factory)
    board.show(replace(SOUNDING, buzzer=False, relay=False), 0.0)
    assert levels(factory, LAMP, BUZZER, RELAY) == [True, False, False]


def test_ok_lamp_follows_the_decision(factory: MockFactory) -> None:
    board = Board(STEADY, factory)
    board.show(replace(QUIET, ok_lamp=True), 0.0)
    assert levels(factory, OK, LAMP) == [True, False]


def test_beeping_buzzer_is_on_and_off_at_its_times_and_the_relay_stays_on(factory: MockFactory) -> None:
    board = Board(replace(STEADY, buzzer_pattern="beep"), factory)
    assert board.show(SOUNDING, 10.0) == pytest.approx(10.2)
    assert levels(factory, BUZZER, RELAY) == [True, True]
    assert board.tick(10.2) == pytest.approx(11.0)
    assert levels(factory, BUZZER, RELAY) == [False, True]
    board.tick(11.0)
    assert levels(factory, BUZZER) == [True]


def test_a_late_beep_does_not_shift_the_next_one(factory: MockFactory) -> None:
    board = Board(replace(STEADY, buzzer_pattern="beep"), factory)
    board.show(SOUNDING, 0.0)
    assert board.tick(0.35) == pytest.approx(1.0)
    assert board.tick(1.1) == pytest.approx(1.2)


def test_a_pattern_goes_on_undisturbed_while_frames_come(factory: MockFactory) -> None:
    board = Board(replace(STEADY, lamp_pattern="blink", buzzer_pattern="beep"), factory)
    for step in range(101):
        board.show(SOUNDING, step / 50)
    assert driven(factory.pin(BUZZER)) == [False, True, False, True, False, True]
    assert driven(factory.pin(LAMP)) == [False, True, False, True, False, True]


def test_nothing_is_due_while_everything_is_steady(factory: MockFactory) -> None:
    board = Board(STEADY, factory)
    assert board.show(replace(SOUNDING, status=StatusPattern.WATCHING), 0.0) == inf


def test_active_low_outputs_are_high_when_off(factory: MockFactory) -> None:
    board = Board(replace(STEADY, active_high=False), factory)
    assert levels(factory, LAMP, BUZZER) == [True, True]
    board.show(SOUNDING, 0.0)
    assert levels(factory, LAMP, BUZZER) == [False, False]


def test_one_output_alone_can_be_active_low(factory: MockFactory) -> None:
    board = Board(replace(STEADY, active_low_pins=(RELAY,)), factory)
    assert levels(factory, RELAY, LAMP) == [True, False]
    board.show(SOUNDING, 0.0)
    assert levels(factory, RELAY, LAMP) == [False, True]


def test_pins_that_are_not_wired_are_left_alone(factory: MockFactory) -> None:
    board = Board(Gpio(lamp_pin=LAMP, buzzer_pin=None, status_lamp_pin=None), factory)
    board.show(SOUNDING, 0.0)
    assert levels(factory, LAMP) == [True]
    assert factory.pin(BUZZER).function == "input"


@given(
    history=st.lists(st.tuples(st.sets(st.sampled_from(["lamp", "buzzer", "relay", "ok_lamp"])), st.floats(0, 3))),
    active_low=st.sets(st.sampled_from(PINS)),
    broken=st.sets(st.sampled_from(PINS)),
    status=st.sampled_from(StatusPattern),
)
def test_after_close_every_pin_that_works_is_off_and_given_back(
    history: list[tuple[set[str], float]], active_low: set[int], broken: set[int], status: StatusPattern
) -> None:
    with MockFactory(pin_class=BreakablePin) as factory:
        settings = replace(STEADY, buzzer_pattern="double_beep", active_low_pins=tuple(active_low))
        board, now_s = Board(settings, factory), 0.0
        for index, (lit, pause_s) in enumerate(history):
            if index == len(history) // 2:
                for number in broken:
                    factory.pin(number).broken = True
            now_s += pause_s
            board.show(replace(QUIET, status=status, **dict.fromkeys(lit, True)), now_s)
        board.close(now_s)
        for number in set(PINS) - broken:
            assert driven(factory.pin(number))[-1] is (number in active_low)
            assert factory.pin(number).function == "input"


def test_close_twice_or_show_after_close_does_nothing(factory: MockFactory, caplog: pytest.LogCaptureFixture) -> None:
    outputs = GpioOutputs(STEADY, factory)
    outputs.close()
    outputs.close()
    outputs.show(SOUNDING)
    assert levels(factory, *PINS) == [False] * 5
    assert caplog.text == ""


def test_an_exception_while_the_alarm_sounds_leaves_every_output_off(factory: MockFactory) -> None:
    def crash() -> None:
        with closing(GpioOutputs(Gpio(ok_lamp_pin=OK, relay_pin=RELAY), factory)) as outputs:
            outputs.show(replace(SOUNDING, ok_lamp=True, status=StatusPattern.WATCHING))
            raise KeyError("a stage")

    with pytest.raises(KeyError):
        crash()
    for number in PINS:
        assert driven(factory.pin(number))[:2] == [False, True]
        assert driven(factory.pin(number))[-1] is False


def test_switches_are_logged_once_with_their_pins(factory: MockFactory, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    board = Board(Gpio(), factory)
    for now_s in (0.0, 0.5, 1.0):
        board.show(replace(SOUNDING, status=StatusPattern.WATCHING), now_s)
    board.close(2.0)
    assert [record.getMessage() for record in caplog.records] == [
        "lamp on (pin 17)",
        "buzzer beeping (pin 27)",
        "status lamp on (pin 22)",
        "status lamp off (pin 22)",
        "buzzer off (pin 27)",
        "lamp off (pin 17)",
    ]


def test_broken_lamp_does_not_stop_the_buzzer_and_is_logged_once(
    factory: MockFactory, caplog: pytest.LogCaptureFixture
) -> None:
    board = Board(STEADY, factory)
    factory.pin(LAMP).broken = True
    for now_s in (0.0, 1.5, 3.0):
        board.show(SOUNDING, now_s)
    assert levels(factory, LAMP, BUZZER) == [False, True]
    assert [record.getMessage() for record in caplog.records] == [
        "lamp failed (pin 17): no current; check its wiring, it is tried again"
    ]


def test_broken_lamp_is_tried_again_after_a_second_without_a_frame(factory: MockFactory) -> None:
    board = Board(STEADY, factory)
    factory.pin(LAMP).broken = True
    assert board.show(SOUNDING, 0.0) == 1.0
    factory.pin(LAMP).broken = False
    board.tick(0.5)
    assert levels(factory, LAMP) == [False]
    board.tick(1.0)
    assert levels(factory, LAMP) == [True]


def test_lamp_that_could_not_be_switched_off_is_switched_off_when_it_can(factory: MockFactory) -> None:
    board = Board(STEADY, factory)
    board.show(SOUNDING, 0.0)
    factory.pin(LAMP).broken = True
    board.show(QUIET, 0.1)
    factory.pin(LAMP).broken = False
    board.close(0.2)
    assert levels(factory, LAMP) == [False]


def test_status_lamp_shows_that_another_output_fails_until_it_works_again(factory: MockFactory) -> None:
    board = Board(STEADY, factory)
    factory.pin(LAMP).broken = True
    board.show(replace(WATCHING, lamp=True), 0.0)
    seen = [levels(factory, STATUS)[0] for now_s in (0.0, 0.2, 0.4, 0.6) for _ in [board.tick(now_s)]]
    assert seen == [True, False, True, False]
    factory.pin(LAMP).broken = False
    board.tick(1.7)
    board.tick(2.3)
    assert levels(factory, STATUS, LAMP) == [True, True]
    assert board.tick(2.4) == inf


def test_blindness_goes_before_a_failing_lamp_on_the_status_lamp(factory: MockFactory) -> None:
    board = Board(STEADY, factory)
    factory.pin(LAMP).broken = True
    board.show(replace(SOUNDING, status=StatusPattern.BLIND), 0.0)
    assert board.tick(0.0) == pytest.approx(0.1)


def test_status_lamp_winks_from_the_moment_it_is_muted_until_the_mute_ends(factory: MockFactory) -> None:
    board = Board(STEADY, factory, is_muted=lambda now_s: 5.0 <= now_s < 8.0)
    board.show(WATCHING, 4.0)
    assert levels(factory, STATUS) == [True]
    board.show(WATCHING, 5.0)
    assert levels(factory, STATUS) == [False]
    board.show(WATCHING, 5.3)
    assert levels(factory, STATUS) == [True]
    board.show(WATCHING, 8.0)
    assert board.tick(8.0) == inf


def test_busy_pin_is_an_error_that_names_it_and_releases_the_others(factory: MockFactory) -> None:
    with closing(LED(BUZZER, pin_factory=factory)):
        with pytest.raises(HardwareError) as caught:
            Board(STEADY, factory)
        assert str(caught.value).startswith("gpio.buzzer_pin: pin 27 cannot be used: ")
        assert "gpio.driver: mock" in str(caught.value)
        assert factory.pin(LAMP).function == "input"


def test_switching_off_takes_every_pin_that_is_free_before_it_names_the_busy_one(factory: MockFactory) -> None:
    settings = replace(STEADY, active_low_pins=(RELAY,))
    with closing(LED(BUZZER, pin_factory=factory)), pytest.raises(HardwareError, match=r"^gpio\.buzzer_pin: pin 27"):
        switch_off(settings, factory)
    assert levels(factory, LAMP, RELAY, OK, STATUS) == [False, True, False, False]
    switch_off(settings, factory)


def test_the_rhythm_goes_on_without_frames_and_with_one_thread_for_all(factory: MockFactory) -> None:
    before = threading.active_count()
    with closing(GpioOutputs(replace(STEADY, lamp_pattern="blink", buzzer_pattern="double_beep"), factory)) as outputs:
        outputs.show(replace(SOUNDING, status=StatusPattern.BLIND))
        assert threading.active_count() == before + 1
        until_s = time.monotonic() + LONG_S
        while len(driven(factory.pin(STATUS))) < 5 or len(driven(factory.pin(BUZZER))) < 4:
            assert time.monotonic() < until_s
            time.sleep(0.01)
    assert threading.active_count() == before

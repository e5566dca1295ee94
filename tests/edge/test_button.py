"""The mute button, on gpiozero's mock pins."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing

import pytest
from gpiozero.pins.mock import MockFactory

from edge.button import MuteButton
from edge.mute import Mute
from edge.settings import Gpio

PIN = 26
WIRED = Gpio(mute_button_pin=PIN, mute_minutes=2)


class Hand:
    """Presses the button at given times; `now_s` is what the clock says."""

    def __init__(self, factory: MockFactory) -> None:
        self.now_s = 0.0
        self._pin = factory.pin(PIN)

    def press(self, at_s: float) -> None:
        self.now_s = at_s
        self._pin.drive_low()

    def let_go(self, at_s: float) -> None:
        self.now_s = at_s
        self._pin.drive_high()


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    with MockFactory() as pins:
        yield pins


@pytest.fixture
def hand(factory: MockFactory) -> Hand:
    return Hand(factory)


@pytest.fixture
def mute(factory: MockFactory, hand: Hand) -> Iterator[Mute]:
    """Yield a mute that a button switches."""
    mute = Mute()
    with closing(MuteButton(WIRED, factory, mute, clock=lambda: hand.now_s)):
        yield mute


def test_a_press_mutes_until_its_time_is_over(mute: Mute, hand: Hand) -> None:
    hand.press(100.0)
    assert mute.is_muted(100.0)
    assert mute.is_muted(219.9)
    assert not mute.is_muted(220.1)


def test_letting_go_changes_nothing(mute: Mute, hand: Hand) -> None:
    hand.press(100.0)
    hand.let_go(103.0)
    assert mute.remaining_s(103.0) == pytest.approx(117.0)


def test_a_second_press_ends_the_mute(mute: Mute, hand: Hand) -> None:
    hand.press(100.0)
    hand.let_go(100.3)
    hand.press(110.0)
    assert not mute.is_muted(110.0)


def test_a_press_after_the_mute_has_expired_mutes_again(mute: Mute, hand: Hand) -> None:
    hand.press(100.0)
    hand.let_go(100.3)
    hand.press(300.0)
    assert mute.is_muted(301.0)


def test_a_press_ends_a_mute_that_came_from_elsewhere(mute: Mute, hand: Hand) -> None:
    mute.set(1000.0)
    hand.press(100.0)
    assert not mute.is_muted(100.0)


@pytest.mark.parametrize("until_ms", [18, 20])
def test_bouncing_contacts_are_one_press(mute: Mute, hand: Hand, until_ms: int) -> None:
    for at_ms in range(0, until_ms, 2):
        hand.press(100 + at_ms / 1000)
        hand.let_go(100 + (at_ms + 1) / 1000)
    hand.press(100.021)
    assert mute.is_muted(100.1)


@pytest.mark.parametrize("until_ms", [18, 20])
def test_bouncing_when_it_is_let_go_is_no_press(mute: Mute, hand: Hand, until_ms: int) -> None:
    hand.press(100.0)
    for at_ms in range(0, until_ms, 2):
        hand.let_go(103 + at_ms / 1000)
        hand.press(103 + (at_ms + 1) / 1000)
    hand.let_go(103.021)
    assert mute.is_muted(104.0)


def test_a_button_that_is_held_at_the_start_mutes_nothing(factory: MockFactory) -> None:
    factory.pin(PIN).pull = "up"
    mute = Mute()
    factory.pin(PIN).drive_low()
    with closing(MuteButton(WIRED, factory, mute, clock=lambda: 1.0)):
        assert not mute.is_muted(1.0)


def test_each_press_says_what_it_did(mute: Mute, hand: Hand, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    hand.press(100.0)
    hand.let_go(100.3)
    hand.press(110.0)
    assert [record.getMessage() for record in caplog.records] == [
        "buzzer and relay muted by the button for 2 minutes",
        "mute ended by the button",
    ]


def test_without_a_pin_there_is_no_button(factory: MockFactory) -> None:
    button = MuteButton(Gpio(), factory, Mute())
    button.close()
    assert factory.pins == {}


def test_the_mute_goes_on_when_the_pin_is_given_back(factory: MockFactory) -> None:
    mute = Mute()
    button = MuteButton(WIRED, factory, mute, clock=lambda: 5.0)
    factory.pin(PIN).drive_low()
    button.close()
    button.close()
    assert mute.is_muted(6.0)

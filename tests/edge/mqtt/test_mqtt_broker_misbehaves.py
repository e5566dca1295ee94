"""What a broker gets to see that refuses, forgets and hangs up, and when."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from onlookers import ALARM, Desk, tally, turn
from small_broker import REFUSED, SmallBroker

pytest.importorskip("paho.mqtt.client", reason="paho-mqtt is not installed; it comes with the extra mqtt")

from edge.mqtt.observer import MqttObserver
from edge.mqtt.settings import Mqtt

ROOT = "maskwatch/door-1"
SWITCH = "homeassistant/switch/door-1/mute/config"


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have lost connections tried again at once."""
    monkeypatch.setattr("edge.mqtt.link._RETRY_S", (0, 0))


def observe(broker: SmallBroker, desk: Desk, **more: Any) -> MqttObserver:
    config = Mqtt(enabled=True, host="127.0.0.1", port=broker.port, **more)
    return MqttObserver(config, "door-1", None, desk.answers(), tally())


def is_online(topic: str, payload: bytes) -> bool:
    return (topic, payload) == (f"{ROOT}/availability", b"online")


def is_state(**wanted: Any) -> Callable[[str, bytes], bool]:
    return lambda topic, payload: topic == f"{ROOT}/state" and wanted.items() <= json.loads(payload).items()


def is_event(name: str) -> Callable[[str, bytes], bool]:
    return lambda topic, payload: topic == f"{ROOT}/event" and json.loads(payload)["event"] == name


@pytest.mark.usefixtures("quick_retries")
def test_a_broker_that_takes_nothing_and_hangs_up_is_not_greeted_more_and_more() -> None:
    with closing(SmallBroker(acknowledges=False)) as broker, closing(observe(broker, Desk())) as observer:
        for number in range(10):
            broker.wait_for(is_online)
            broker.acknowledges = number == 9
            broker.hang_up()
        observer.add_blind("camera 0: unplugged")
        broker.wait_for(is_event("blind"))
        assert 1 <= len(broker.ids[SWITCH]) <= 3


def test_an_event_while_the_state_is_being_told_has_the_new_state_told_at_once() -> None:
    desk = Desk()
    with closing(SmallBroker()) as broker, closing(observe(broker, desk, send_every_s=3600.0)) as observer:
        broker.wait_for(is_state(state="watching"))

        def lose() -> None:
            desk.said["state"] = "blind"
            observer.add_blind("camera 0: unplugged")
            desk.after_status.append(sound)

        def sound() -> None:
            desk.said["alarm"] = "alarm"
            observer.add(turn(2.0, ALARM), 2.0)

        desk.after_status.append(lose)
        broker.wait_for(is_state(state="blind", alarm="OFF"))
        broker.wait_for(is_state(alarm="ON"))


def test_a_refused_subscription_is_said_once(caplog: pytest.LogCaptureFixture, quick_retries: None) -> None:
    with closing(SmallBroker(REFUSED)) as broker, closing(observe(broker, Desk())) as observer:
        for _ in range(3):
            broker.wait_for(is_online)
            broker.hang_up()
        observer.add_blind("camera 0: unplugged")
        broker.wait_for(is_event("blind"))
    said = [each.message for each in caplog.records if "does not let" in each.message]
    assert len(said) == 1
    assert f"{ROOT}/mute/set" in said[0]

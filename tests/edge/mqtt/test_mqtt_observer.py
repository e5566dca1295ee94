"""What a real broker hears, while it is there, gone, and there again."""

from __future__ import annotations

import gc
import json
import logging
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from broker import Broker, Listener, free_port
from onlookers import ALARM, CLEAR, Desk, tally, turn

pytest.importorskip("paho.mqtt.client", reason="paho-mqtt is not installed; it comes with the extra mqtt")

from edge.errors import ConfigError
from edge.mqtt.observer import MqttObserver
from edge.mqtt.settings import Mqtt

ROOT = "maskwatch/door-1"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.kill()


@contextmanager
def observing(config: Mqtt, desk: Desk | None = None, password: str | None = None) -> Iterator[MqttObserver]:
    with closing(MqttObserver(config, "door-1", password, (desk or Desk()).answers(), tally())) as observer:
        yield observer


def at(port: int, **more: Any) -> Mqtt:
    return Mqtt(enabled=True, host="127.0.0.1", port=port, send_every_s=1.0, **more)


def is_state(**wanted: Any) -> Any:
    def found(topic: str, payload: bytes) -> bool:
        return topic == f"{ROOT}/state" and wanted.items() <= json.loads(payload).items()

    return found


def test_the_state_is_kept_for_those_who_come_later(broker: Broker) -> None:
    with closing(Listener(broker.port)) as listener, observing(at(broker.port)):
        listener.wait_for(is_state(state="watching"))
        with closing(Listener(broker.port, f"{ROOT}/#")) as late:
            kept = {topic: payload for topic, payload, _ in (late.wait_for(lambda *each: True) for _ in range(2))}
    assert kept[f"{ROOT}/availability"] == b"online"
    wanted = {"fps": 14.9, "temperature_c": 51.5, "alarm": "OFF", "problem": "OFF", "people": 1}
    assert wanted.items() <= json.loads(kept[f"{ROOT}/state"]).items()


def test_a_daemon_that_stops_says_that_it_is_offline(broker: Broker) -> None:
    with closing(Listener(broker.port)) as listener, observing(at(broker.port)):
        listener.wait_for(is_state(state="watching"))
    with closing(Listener(broker.port, f"{ROOT}/availability")) as late:
        assert late.wait_for(lambda *each: True)[1:] == (b"offline", True)


def test_every_event_tells_what_when_and_why(broker: Broker) -> None:
    with closing(Listener(broker.port)) as listener, closing(Listener(broker.port)) as other:
        with observing(at(broker.port)) as observer:
            other.wait_for(is_state(state="watching"))
            observer.add(turn(1.0, ALARM), 1.0)
            observer.add_blind("camera 0: unplugged")
            observer.add(turn(4.0), 4.0)
        events = listener.events_until("stop")
    names = [event["event"] for event in events]
    assert names == ["start", "alarm_on", "alarm_off", "blind", "sees", "stop"]
    assert events[-3]["detail"] == "camera 0: unplugged"
    assert all(event["at"].endswith("Z") for event in events)


def test_nothing_is_lost_while_the_broker_is_killed_and_started_again(broker: Broker) -> None:
    took_s = []
    with observing(at(broker.port)) as observer:
        with closing(Listener(broker.port)) as listener:
            listener.wait_for(is_state(state="watching"))
        broker.kill()
        for number in range(300):
            began_s = time.perf_counter()
            observer.add(turn(float(number), ALARM if number % 2 else CLEAR), float(number))
            took_s.append(time.perf_counter() - began_s)
        broker.start()
        with closing(Listener(broker.port)) as listener:
            observer.add_blind("the end")
            events = listener.events_until("blind")
    changes = [event for event in events if event["event"].startswith("alarm_")]
    assert len(changes) == 300  # 299 frames that differ from the one before, and the end of the last alarm
    assert [each["event"] for each in changes[:2]] == ["alarm_on", "alarm_off"]
    numbers = [int(event["id"].split("-")[1]) for event in events]
    assert numbers == sorted(numbers)
    assert statistics.median(took_s) < 0.005  # the longest says how busy the machine is


def test_a_broker_that_forgot_everything_is_told_again(broker: Broker) -> None:
    with observing(at(broker.port)):
        with closing(Listener(broker.port)) as listener:
            listener.wait_for(is_state(state="watching"))
        broker.kill()
        broker.start()
        with closing(Listener(broker.port)) as listener:
            listener.wait_for(lambda topic, payload: topic.startswith("homeassistant/"))
            listener.wait_for(lambda topic, payload: (topic, payload) == (f"{ROOT}/availability", b"online"))
            listener.wait_for(is_state(state="watching"))


def test_more_events_than_may_wait_drop_the_oldest_and_never_block() -> None:
    with observing(at(free_port(), max_waiting=10)) as observer:
        for number in range(1000):
            observer.add(turn(float(number), CLEAR if number % 2 else ALARM), float(number))
        numbers = [int(json.loads(each.payload)["id"].partition("-")[2]) for each in observer.outbox]
        assert numbers == list(range(992, 1002))  # after the start a thousand alarms that go on or off
        assert not observer.is_connected


def test_the_broker_says_offline_for_a_daemon_that_died(broker: Broker, tmp_path: Path) -> None:
    code = (
        "import os, sys, threading\n"
        "from onlookers import Desk, tally\n"
        "from edge.mqtt.observer import MqttObserver\n"
        "from edge.mqtt.settings import Mqtt\n"
        f"config = Mqtt(True, '127.0.0.1', {broker.port})\n"
        "o = MqttObserver(config, 'door-1', None, Desk().answers(), tally())\n"
        "sys.stdin.read(1)\n"
        "os._exit(9)\n"
    )
    root = Path(__file__).parents[3]
    with closing(Listener(broker.port, f"{ROOT}/availability")) as listener:
        dying = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            env={"PYTHONPATH": f"{root}:{root / 'tests/support'}"},
        )
        assert listener.wait_for(lambda topic, payload: True)[1] == b"online"
        dying.communicate(b"x", timeout=20)
        assert listener.wait_for(lambda topic, payload: True)[1] == b"offline"


def test_the_switch_mutes_and_unmutes_and_a_kept_command_is_not_followed(broker: Broker) -> None:
    desk = Desk()
    with closing(Listener(broker.port)) as listener:
        listener.say(f"{ROOT}/mute/set", "ON", retain=True)
        with observing(at(broker.port), desk):
            listener.wait_for(is_state(mute="OFF"))
            listener.say(f"{ROOT}/mute/set", "perhaps")
            listener.say(f"{ROOT}/mute/set", "ON")
            listener.wait_for(is_state(mute="ON"))
            listener.say(f"{ROOT}/mute/set", "OFF")
            listener.wait_for(is_state(mute="OFF"))
    assert [command for command, request in desk.commands] == ["mute", "unmute"]


def test_home_assistant_is_told_of_every_thing_it_can_show(broker: Broker) -> None:
    with closing(Listener(broker.port, "homeassistant/#")) as listener, observing(at(broker.port)):
        topic, payload, _ = listener.wait_for(lambda topic, payload: "/switch/" in topic)
        config = json.loads(payload)
    assert topic == "homeassistant/switch/door-1/mute/config"
    assert config["command_topic"] == f"{ROOT}/mute/set"
    assert config["availability_topic"] == f"{ROOT}/availability"
    assert config["value_template"] == "{{ value_json.mute }}"


def test_without_discovery_home_assistant_is_told_nothing(broker: Broker) -> None:
    with closing(Listener(broker.port)) as listener, observing(at(broker.port, discovery=False)):
        topic = listener.wait_for(lambda topic, payload: True)[0]
        assert topic.startswith("maskwatch/")
        listener.wait_for(is_state(state="watching"))


def make_password(folder: Path) -> str:
    program = shutil.which("mosquitto_passwd")
    if program is None:
        pytest.skip("mosquitto_passwd is not installed; run: sudo apt install mosquitto")
    subprocess.run([program, "-b", "-c", str(folder / "users"), "door", "open sesame"], check=True, capture_output=True)
    return f"allow_anonymous false\npassword_file {folder / 'users'}"


def test_the_password_opens_the_broker_and_stands_in_no_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    broker = Broker(tmp_path, make_password(tmp_path))
    broker.start()
    try:
        with observing(at(broker.port, username="door"), password="wrong one") as refused:
            wait_until_said(caplog, "the broker refuses (Not authorized); check mqtt.username and its password")
            assert not refused.is_connected
        with observing(at(broker.port, username="door"), password="open sesame"):
            wait_until_said(caplog, f"mqtt: 127.0.0.1:{broker.port}: connected")
    finally:
        broker.kill()
    said = caplog.text + "".join(capfd.readouterr())
    assert "sesame" not in said and "wrong one" not in said


def wait_until_said(caplog: pytest.LogCaptureFixture, what: str) -> None:
    until_s = time.monotonic() + 20
    while what not in caplog.text:
        assert time.monotonic() < until_s, caplog.text


def make_certificate(folder: Path) -> tuple[Path, str]:
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", str(key), "-out", str(cert), "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, f"allow_anonymous true\ncertfile {cert}\nkeyfile {key}"


@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")  # paho's, after a failed handshake
def test_tls_checks_who_the_broker_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    cert, lines = make_certificate(tmp_path)
    broker = Broker(tmp_path, lines)
    broker.start()
    try:
        with observing(at(broker.port, tls=True)):
            wait_until_said(caplog, "CERTIFICATE_VERIFY_FAILED")
        gc.collect()
        with observing(at(broker.port, tls=True, ca_file=str(cert))):
            wait_until_said(caplog, "connected")
    finally:
        broker.kill()


def test_a_certificate_that_is_none_is_a_configuration_error(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.pem", tmp_path / "text.pem"):
        (tmp_path / "text.pem").write_text("hello")
        with pytest.raises(ConfigError, match=f"mqtt.ca_file: {path}"):
            MqttObserver(at(1, tls=True, ca_file=str(path)), "door-1", None, Desk().answers(), tally())


@pytest.mark.parametrize(
    ("key", "name", "fault", "fine"),
    [
        (
            "config_fault",
            "config",
            "config.yaml:3: alarm.hold_s: must be between 0 and 60, got 99",
            "config.yaml is fine again",
        ),
        ("accelerator_fault", "accelerator", "no answer for 1 s", "the Coral no longer fails"),
    ],
)
def test_a_fault_and_its_end_are_events(broker: Broker, key: str, name: str, fault: str, fine: str) -> None:
    desk = Desk()
    desk.said[key] = fault
    with closing(Listener(broker.port)) as listener, observing(at(broker.port), desk):
        assert listener.events_until(name)[-1]["detail"] == fault
        assert fault in json.loads(listener.wait_for(is_state(problem="ON"))[1])["reason"]
        desk.said[key] = None
        assert listener.events_until(name)[-1]["detail"] == fine

"""What a name and a password may say and hear at a broker, tried with MQTT 5, which tells the reason of a refusal."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

_ANSWER_S: Final = 10.0
_NOBODY_LISTENS: Final = "No matching subscribers"


@dataclass(frozen=True, slots=True)
class Broker:
    """Where it is, and the certificate to trust."""

    address: str
    certificate: Path
    port: int = 8883


def try_to_say(broker: Broker, who: tuple[str, str], topic: str, payload: bytes = b"{}") -> str:
    """Return "Success", or the reason why the broker does not take a message. Raises OSError, TimeoutError."""

    def say(client: Client, said: Callable[[str], None]) -> None:
        client.on_publish = lambda _client, _data, _number, reason, _properties: said(str(reason))
        client.publish(topic, payload, qos=1)

    reason = _talk(broker, who, say)
    if not reason:
        raise TimeoutError(f"{broker.address} does not answer to {topic}")
    return "Success" if reason == _NOBODY_LISTENS else reason


def try_to_hear(broker: Broker, who: tuple[str, str], topic: str) -> bytes:
    """Return the message that the broker keeps there, b"" when it gives none in time. Raises OSError."""
    heard: list[bytes] = []

    def hear(client: Client, said: Callable[[str], None]) -> None:
        def keep(_client: Client, _data: object, message: MQTTMessage) -> None:
            heard.append(bytes(message.payload))
            said("heard")

        client.on_message = keep
        client.subscribe(topic, qos=1)

    _talk(broker, who, hear)
    return b"".join(heard[:1])


def _talk(broker: Broker, who: tuple[str, str], begin: Callable[[Client, Callable[[str], None]], None]) -> str:
    """Return the first thing that the broker says after `begin`, or why it lets nobody in; "" when it says nothing."""
    words: list[str] = []

    def greet(client: Client, _data: object, _flags: object, reason: ReasonCode, _properties: Any) -> None:
        if reason.is_failure:
            words.append(str(reason))
        else:
            begin(client, words.append)

    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    client.username_pw_set(*who)
    client.tls_set(ca_certs=str(broker.certificate))
    client.on_connect = greet
    client.connect(broker.address, broker.port)
    until_s = time.monotonic() + _ANSWER_S
    while not words and time.monotonic() < until_s:
        client.loop(timeout=0.5)
    client.disconnect()
    return "".join(words[:1])

"""The section `mqtt` of config.yaml. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edge.rules import HOST, Rule, between, setting

_TOPIC = Rule(
    pattern=r"[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,4}",
    example="maskwatch or building-2/doors: letters, digits, _ and -, with / between",
)
_NAME = Rule(pattern=r"[A-Za-z0-9_-]{1,64}", example="front-door: letters, digits, _ and -")


@dataclass(frozen=True, slots=True)
class Mqtt:
    """The broker that events and the state go to. `device` None: the host's name and a part that no other has."""

    enabled: bool = setting(False)
    host: str = setting("localhost", HOST)
    port: int = setting(1883, between(1, 65535))
    tls: bool = setting(False)
    ca_file: str | None = setting(None)
    username: str | None = setting(None)
    password_file: str | None = setting(None)
    prefix: str = setting("maskwatch", _TOPIC)
    device: str | None = setting(None, _NAME)
    discovery: bool = setting(True)
    discovery_prefix: str = setting("homeassistant", _TOPIC)
    send_every_s: float = setting(10.0, between(1, 3600))
    max_waiting: int = setting(1000, between(1, 100_000))


def find_mqtt_clashes(mqtt: Mqtt) -> Iterator[Mapping[str, str]]:
    """Yield what is wrong between settings that are fine one by one, as `edge.clashes` does."""
    if mqtt.ca_file and not mqtt.tls:
        yield {"mqtt.ca_file": "is of no use without mqtt.tls: true; switch that on, or delete this line"}
    if mqtt.password_file and not mqtt.username:
        yield {"mqtt.password_file": "needs a name to go with it; set mqtt.username"}

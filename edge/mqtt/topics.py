"""What is said where: the names of messages, what Home Assistant is told about them, and what is in them. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from edge.observers.tally import Tallies
from edge.records import SOUNDING, VerdictKind

ONLINE, OFFLINE = b"online", b"offline"
ON, OFF = "ON", "OFF"


@dataclass(frozen=True, slots=True)
class Message:
    """What is published where, always with QoS 1; `retain`: the broker keeps the last one for those who come later."""

    topic: str
    payload: bytes
    retain: bool


@dataclass(frozen=True, slots=True)
class Topics:
    """The names of all messages of one device; `root` is their common beginning."""

    root: str

    @property
    def availability(self) -> str:
        """Whether the device is there: `online` or `offline`."""
        return f"{self.root}/availability"

    @property
    def state(self) -> str:
        """How it is now, as JSON."""
        return f"{self.root}/state"

    @property
    def event(self) -> str:
        """What happened, one JSON object each."""
        return f"{self.root}/event"

    @property
    def mute(self) -> str:
        """Where it listens for `ON` and `OFF`."""
        return f"{self.root}/mute/set"


def name_device(host: str, machine_id: str) -> str:
    """Return a name that no other device has: the host's, and a part made of the machine's id.

    The id itself stays secret, as machine-id(5) asks for.
    """
    word = re.sub(r"[^A-Za-z0-9_-]+", "-", host)[:40].strip("-") or "maskwatch"
    return f"{word}-{hashlib.sha256(f'maskwatch {machine_id}'.encode()).hexdigest()[:6]}"


def make_state(said: Mapping[str, Any], tallies: Tallies) -> bytes:
    """Return the state as JSON, of what the daemon says about itself and its sums."""
    p95_s = tallies.latencies.p95_s
    problems = [said[name] for name in ("camera_fault", "config_fault", "accelerator_fault") if said.get(name)]
    blind = said["state"] == "blind"
    state = {
        "state": said["state"],
        "alarm": ON if said["alarm"] in SOUNDING else OFF,
        "problem": ON if blind or problems else OFF,
        "reason": "; ".join(" ".join(each.split()) for each in problems)[:500],
        "mute": ON if said["muted"] else OFF,
        "people": said["people"],
        **{kind.value: tallies.visitors[kind] for kind in VerdictKind},
        "alarms": tallies.alarms,
        "fps": said["fps"],
        "latency_p95_ms": None if p95_s is None else round(1000 * p95_s),
        "temperature_c": said.get("temperature_c"),
        "runs_on": said.get("runs_on"),
        "version": said.get("version"),
    }
    return json.dumps(state).encode()


def list_discovery(prefix: str, device: str, topics: Topics, version: str) -> Iterator[Message]:
    """Yield what Home Assistant must know to show the device by itself (home-assistant.io, "MQTT discovery")."""
    about = {"identifiers": [f"maskwatch_{device}"], "name": f"Maskwatch {device}", "model": "Maskwatch"}
    for key, (kind, config) in _ENTITIES.items():
        payload = {
            "unique_id": f"maskwatch_{device}_{key}",
            "state_topic": topics.state,
            "value_template": f"{{{{ value_json.{key} }}}}",
            "availability_topic": topics.availability,
            "device": {**about, "sw_version": version},
            **config,
        }
        if kind == "switch":
            payload["command_topic"] = topics.mute
        yield Message(f"{prefix}/{kind}/{device}/{key}/config", json.dumps(payload).encode(), retain=True)


def _count(name: str, icon: str) -> tuple[str, Mapping[str, str]]:
    return "sensor", {"name": name, "state_class": "total_increasing", "icon": icon}


_DIAGNOSTIC: Final = {"state_class": "measurement", "entity_category": "diagnostic"}
_ENTITIES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "alarm": ("binary_sensor", {"name": "Alarm", "device_class": "safety"}),
    "problem": ("binary_sensor", {"name": "Problem", "device_class": "problem", "entity_category": "diagnostic"}),
    "mute": ("switch", {"name": "Mute", "icon": "mdi:volume-off"}),
    "people": ("sensor", {"name": "At the door", "state_class": "measurement", "icon": "mdi:account-group"}),
    "masked": _count("With mask", "mdi:face-mask"),
    "unmasked": _count("Without mask", "mdi:face-man"),
    "unsure": _count("Unsure", "mdi:account-question"),
    "alarms": _count("Alarms", "mdi:bell-ring"),
    "fps": ("sensor", {"name": "Frame rate", "unit_of_measurement": "fps", **_DIAGNOSTIC}),
    "latency_p95_ms": (
        "sensor",
        {"name": "Latency p95", "unit_of_measurement": "ms", "device_class": "duration", **_DIAGNOSTIC},
    ),
    "temperature_c": (
        "sensor",
        {"name": "Temperature", "unit_of_measurement": "°C", "device_class": "temperature", **_DIAGNOSTIC},
    ),
    "runs_on": ("sensor", {"name": "Models run on", "icon": "mdi:chip", "entity_category": "diagnostic"}),
}
"""Key in the state: what kind of thing Home Assistant shows for it, and how. None is `unknown` there."""

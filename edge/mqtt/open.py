"""Opens MQTT by the settings of config.yaml."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Final

from edge.control import Answers
from edge.mqtt.observer import MqttObserver
from edge.mqtt.settings import Mqtt
from edge.mqtt.topics import name_device
from edge.observers.tally import Tally
from edge.secret import read_secret

_MACHINE_ID: Final = Path("/etc/machine-id")


def open_mqtt(config: Mqtt, answers: Answers, tally: Tally) -> MqttObserver:
    """Return what talks to the broker. Raises ConfigError when password or certificate cannot be read."""
    password = read_secret("mqtt.password_file", config.password_file, "mqtt_password") if config.username else None
    return MqttObserver(config, config.device or find_name(), password, answers, tally)


def find_name() -> str:
    """Return the device's name, which no other has where the system has an id."""
    text = _MACHINE_ID.read_text(encoding="ascii").strip() if _MACHINE_ID.is_file() else ""
    return name_device(socket.gethostname(), text)

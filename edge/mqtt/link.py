"""The connection to the broker, by paho-mqtt: comes back by itself, and is logged when it changes."""

from __future__ import annotations

import logging
import queue
import ssl
import sys
from collections.abc import Callable
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.errors import ConfigError
from edge.mqtt.settings import Mqtt
from edge.mqtt.topics import Message

log = logging.getLogger(__name__)

MAX_UNACKED: Final = 20
_KEEPALIVE_S: Final = 30
_RETRY_S: Final = (1, 30)
_CONNECT_S: Final = 5.0
_QOS: Final = 1


class Link:
    """Publishes with QoS 1: what the broker has not acknowledged is sent again after the next connect.

    `changed` is called from the connection's own thread whenever there may be something to do.
    """

    def __init__(
        self,
        config: Mqtt,
        client_id: str,
        password: str | None,
        will: Message,
        heard: Callable[[str, bytes], None],
        changed: Callable[[], None],
    ) -> None:
        """Prepare; nothing is sent before `start`. The broker publishes `will` when it loses the device.

        Raises ConfigError when `mqtt.ca_file` cannot be used.
        """
        self._config, self._heard, self._changed = config, heard, changed
        self._listen_to: tuple[str, ...] = ()
        self._acked: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._unacked: set[int] = set()
        self._said, self._is_deaf = "", False
        self.sessions = 0
        """How often it was connected."""
        self._client = self._make_client(client_id, password, will)

    def start(self, listen_to: tuple[str, ...]) -> None:
        """Connect, and go on trying; messages of the topics `listen_to` are heard."""
        self._listen_to = listen_to
        self._client.connect_async(self._config.host, self._config.port, _KEEPALIVE_S)
        self._client.loop_start()

    @property
    def is_connected(self) -> bool:
        """Whether the broker is there."""
        return self._client.is_connected()

    @property
    def unacked(self) -> int:
        """How many messages the broker has not acknowledged yet."""
        while not self._acked.empty():
            self._unacked.discard(self._acked.get())
        return len(self._unacked)

    def publish(self, message: Message) -> None:
        """Send a message; one thread only."""
        info = self._client.publish(message.topic, message.payload, _QOS, message.retain)
        self._unacked.add(info.mid)

    def close(self) -> None:
        """Say good-bye to the broker and stop; takes as long as an attempt to connect that is under way."""
        self._client.disconnect()
        self._client.loop_stop()
        self._client.reinitialise()  # closes its sockets, which are otherwise left to the garbage collector

    def _make_client(self, client_id: str, password: str | None, will: Message) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, client_id=client_id)
        if self._config.tls:
            client.tls_set_context(make_context(self._config.ca_file))
        if self._config.username:
            client.username_pw_set(self._config.username, password)
        client.will_set(will.topic, will.payload, _QOS, will.retain)
        client.reconnect_delay_set(*_RETRY_S)
        client.connect_timeout = _CONNECT_S
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_connect_fail, client.on_publish = self._on_connect_fail, self._on_publish
        client.on_message, client.on_subscribe = self._on_message, self._on_subscribe
        return client

    def _on_connect(
        self, client: Client, data: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._say(logging.ERROR, f"the broker refuses ({reason}); check mqtt.username and its password")
            return
        self._say(logging.INFO, "connected")
        for topic in self._listen_to:
            client.subscribe(topic, _QOS)
        self.sessions += 1
        self._changed()

    def _on_subscribe(
        self, client: Client, data: Any, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        was_deaf, self._is_deaf = self._is_deaf, any(reason.is_failure for reason in reasons)
        if self._is_deaf and not was_deaf:
            advice = "allow it to read there; until then MQTT cannot mute"
            log.warning("mqtt: the broker does not let this device hear %s; %s", " and ".join(self._listen_to), advice)

    def _on_disconnect(
        self, client: Client, data: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure and self._said == "connected":
            self._say(logging.WARNING, f"the broker is gone ({reason}); events wait until it is back")

    def _on_connect_fail(self, client: Client, data: Any) -> None:
        # paho calls this where it handles what went wrong
        reason = sys.exception()
        self._say(logging.WARNING, f"the broker is not reached ({reason}); events wait; check mqtt.host, port and tls")

    def _on_publish(
        self, client: Client, data: Any, mid: int, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._acked.put(mid)
        self._changed()

    def _on_message(self, client: Client, data: Any, message: MQTTMessage) -> None:
        if message.retain:  # a command that the broker kept would come back with every connect
            log.warning("mqtt: %s: a retained command is not followed", message.topic)
            return
        self._heard(message.topic, bytes(message.payload))

    def _say(self, level: int, what: str) -> None:
        if what != self._said:
            log.log(level, "mqtt: %s:%d: %s", self._config.host, self._config.port, what)
        self._said = what


def make_context(ca_file: str | None) -> ssl.SSLContext:
    """Return what checks the broker's certificate: against a file, or against the system's authorities.

    Raises ConfigError when the file cannot be used.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as exc:
        raise ConfigError(f"mqtt.ca_file: {ca_file}: is no certificate that can be read ({exc.strerror})") from exc

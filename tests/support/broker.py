"""A real MQTT broker on loopback, and one who listens to everything."""

from __future__ import annotations

import json
import queue
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import pytest

WAIT_S = 20.0


def free_port() -> int:
    """Return a port that nobody listens at."""
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return int(probe.getsockname()[1])


class Broker:
    """Mosquitto without persistence: whatever is killed forgets everything."""

    def __init__(self, folder: Path, lines: str = "allow_anonymous true") -> None:
        """Write its configuration, with `lines` added; skip the test where there is no mosquitto."""
        found = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        if found is None:
            pytest.skip("mosquitto is not installed; run: sudo apt install mosquitto")
        self._program, self.port = found, free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"listener {self.port} 127.0.0.1\nuser root\n{lines}\n", encoding="utf-8")
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Return once it listens."""
        command = [self._program, "-c", str(self._config), "-v"]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        running = threading.Event()
        threading.Thread(target=_read, args=(self._process.stderr, running), daemon=True).start()
        assert running.wait(WAIT_S), "mosquitto did not start"

    def kill(self) -> None:
        """End it at once, as a power cut would. Calling it again does nothing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(WAIT_S)
        self._process = None


def _read(log: IO[str], running: threading.Event) -> None:
    with log:
        for line in log:
            if " running" in line:
                running.set()


class Listener:
    """Hears every message that the broker passes on."""

    def __init__(self, port: int, topic: str = "#") -> None:
        """Return once subscribed."""
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        self.messages: queue.Queue[tuple[str, bytes, bool]] = queue.Queue()
        self._ready: queue.Queue[None] = queue.Queue()
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *rest: client.subscribe(topic, 1)
        self._client.on_subscribe = lambda *rest: self._ready.put(None)
        self._client.on_message = lambda client, data, each: self.messages.put((each.topic, each.payload, each.retain))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._ready.get(timeout=WAIT_S)

    def wait_for(self, wanted: Callable[[str, bytes], bool]) -> tuple[str, bytes, bool]:
        """Return the first message that is wanted; those before it are gone."""
        while True:
            topic, payload, retain = self.messages.get(timeout=WAIT_S)
            if wanted(topic, payload):
                return topic, payload, retain

    def events_until(self, last: str) -> list[dict[str, Any]]:
        """Return the events up to the one of that name, each once, in order."""
        found: dict[str, dict[str, Any]] = {}
        while True:
            event = json.loads(self.wait_for(lambda topic, payload: topic.endswith("/event"))[1])
            found[event["id"]] = event
            if event["event"] == last:
                return list(found.values())

    def say(self, topic: str, payload: str, retain: bool = False) -> None:
        """Publish, and return once the broker has it."""
        self._client.publish(topic, payload, 1, retain).wait_for_publish(WAIT_S)

    def close(self) -> None:
        """Hang up."""
        self._client.disconnect()
        self._client.loop_stop()

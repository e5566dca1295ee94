"""Tells a broker how the door is: retained state, events that nobody misses, and a mute switch."""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from collections import deque
from typing import Final

from edge.clock import read_clock
from edge.control import Answers
from edge.mqtt.link import MAX_UNACKED, Link
from edge.mqtt.settings import Mqtt
from edge.mqtt.topics import OFF, OFFLINE, ON, ONLINE, Message, Topics, list_discovery, make_state
from edge.observers.tally import Tally
from edge.pipeline import Turn
from edge.records import SOUNDING
from edge.status import to_text

log = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 1.0
_FAREWELL_S: Final = 2.0
_CLOSE_S: Final = 4.0
_FAULTS: Final = {
    "config_fault": ("config", "config.yaml is fine again"),
    "accelerator_fault": ("accelerator", "the Coral no longer fails"),
}
"""What the status may say is wrong, the event about it, and what that one says when it is right again."""


class MqttObserver:
    """Follows the frames, in the frame loop's thread; a thread of its own talks to the broker."""

    def __init__(self, config: Mqtt, device: str, password: str | None, answers: Answers, tally: Tally) -> None:
        """Start to connect. `answers` are the control socket's. Raises ConfigError for `mqtt.ca_file`."""
        self._config, self._device, self._answers, self._tally = config, device, answers, tally
        self._topics = Topics(f"{config.prefix}/{device}")
        self.outbox: deque[Message] = deque(maxlen=config.max_waiting)  # appended to from several threads
        """Events that wait for the broker; where there are too many, the oldest goes."""
        self._run_id, self._events = secrets.token_hex(4), 0
        self._lock = threading.Lock()
        self._sounding, self._blind = False, False
        self._muted, self._faults = False, dict.fromkeys(_FAULTS, "")
        self._wake, self._urgent, self._closing = threading.Event(), threading.Event(), threading.Event()
        self._greeted, self._state, self._due_s = 0, b"", 0.0
        will = Message(self._topics.availability, OFFLINE, retain=True)
        self._link = Link(config, f"maskwatch-{device}", password, will, self._hear, self._wake.set)
        self._note("start")
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._thread.start()

    @property
    def is_connected(self) -> bool:
        """Whether the broker is there."""
        return self._link.is_connected

    def add(self, turn: Turn, now_s: float) -> None:
        """Take in what a frame gave; returns at once."""
        if self._blind:
            self._blind = False
            self._note("sees")
        self._note_alarm(turn.decision.alarm in SOUNDING)

    def add_blind(self, reason: str) -> None:
        """Take in that there is no picture, and why; returns at once."""
        self._note_alarm(False)
        if not self._blind:
            self._blind = True
            self._note("blind", reason)

    def close(self) -> None:
        """Send what waits, say good-bye and stop, within four seconds. Calling it again does nothing."""
        if not self._closing.is_set():
            self._note("stop")
        self._closing.set()
        self._wake.set()
        self._thread.join(_CLOSE_S)

    def _note_alarm(self, sounding: bool) -> None:
        if sounding is not self._sounding:
            self._sounding = sounding
            self._note("alarm_on" if sounding else "alarm_off")

    def _note(self, event: str, detail: str = "") -> None:
        moment = read_clock()
        with self._lock:
            self._events += 1
            number = self._events
        said = {
            "id": f"{self._run_id}-{number}",
            "event": event,
            "at": to_text(moment.utc_s),
            "clock_set": moment.clock_set,
            "detail": detail[:500],
        }
        self.outbox.append(Message(self._topics.event, json.dumps(said).encode(), retain=False))
        self._hurry()

    def _hear(self, topic: str, payload: bytes) -> None:
        command = {ON.encode(): "mute", OFF.encode(): "unmute"}.get(payload)
        if command is None:
            log.warning("mqtt: %s: must be %s or %s, got %.40r", topic, ON, OFF, payload)
            return
        self._answers[command]({})
        self._hurry()

    def _hurry(self) -> None:
        """Have the state told as soon as it can be; in any thread."""
        self._urgent.set()
        self._wake.set()

    def _run(self) -> None:
        self._link.start((self._topics.mute,))
        while not self._closing.is_set():
            self._wake.wait(_LOOK_EVERY_S)
            self._wake.clear()
            self._look(time.monotonic())
        self._take_leave()

    def _look(self, now_s: float) -> None:
        """Note what changed outside the frames, and send what can be sent."""
        if self._urgent.is_set():
            self._urgent.clear()  # before the question: what hurries from here on may not be in the answer
            self._due_s = 0.0
        said = self._answers["status"]({})
        if said["muted"] is not self._muted:
            self._muted = said["muted"]
            self._note("mute" if self._muted else "unmute")
        for key, (event, fine) in _FAULTS.items():
            fault = said.get(key) or ""
            if fault != self._faults[key]:
                self._faults[key] = fault
                self._note(event, fault or fine)
        if self._link.is_connected:
            self._greet(str(said.get("version")))
            self._send_events()
            self._send_state(make_state(said, self._tally.read()), now_s)

    def _greet(self, version: str) -> None:
        """Say everything that the broker should keep, once a connection: it may have forgotten all.

        That waits while much is not acknowledged: with a broker that hangs up each time it would pile up.
        """
        sessions = self._link.sessions
        if sessions == self._greeted or self._link.unacked >= MAX_UNACKED:
            return
        self._greeted, self._state, self._due_s = sessions, b"", 0.0
        if self._config.discovery:
            for message in list_discovery(self._config.discovery_prefix, self._device, self._topics, version):
                self._link.publish(message)
        self._link.publish(Message(self._topics.availability, ONLINE, retain=True))

    def _send_events(self) -> None:
        while self._link.unacked < MAX_UNACKED and self.outbox:
            self._link.publish(self.outbox.popleft())

    def _send_state(self, state: bytes, now_s: float) -> None:
        if now_s >= self._due_s and state != self._state and self._link.unacked < MAX_UNACKED:
            self._state, self._due_s = state, now_s + self._config.send_every_s
            self._link.publish(Message(self._topics.state, state, retain=True))

    def _take_leave(self) -> None:
        until_s = time.monotonic() + _FAREWELL_S
        if self._link.is_connected:
            self._link.publish(Message(self._topics.availability, OFFLINE, retain=True))
        while self._link.is_connected and (self.outbox or self._link.unacked) and time.monotonic() < until_s:
            self._send_events()
            self._wake.wait(0.1)
            self._wake.clear()
        self._link.close()

"""A broker for one device on loopback: it speaks as much MQTT 3.1.1 as that needs, and misbehaves when told to."""

from __future__ import annotations

import queue
import socket
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing, suppress
from typing import BinaryIO

CONNECT, PUBLISH, SUBSCRIBE, PING = 1, 3, 8, 12
GRANTED, REFUSED = 1, 0x80
WAIT_S = 20.0


class SmallBroker:
    """Takes what the device publishes."""

    def __init__(self, granted: int = GRANTED, acknowledges: bool = True) -> None:
        """Listen at `port`. `granted` is what a subscription gets; without acknowledgments the device sends again."""
        self._granted, self.acknowledges = granted, acknowledges
        self.published: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.ids: defaultdict[str, set[bytes]] = defaultdict(set)
        """Of each topic the packet identifiers: the same one again is the same message again."""
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._connection: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait_for(self, wanted: Callable[[str, bytes], bool]) -> tuple[str, bytes]:
        """Return the first message that is wanted; those before it are gone."""
        while True:
            topic, payload = self.published.get(timeout=WAIT_S)
            if wanted(topic, payload):
                return topic, payload

    def hang_up(self) -> None:
        """End the connection that is there."""
        if self._connection is not None:
            with suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up and listen no more."""
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self.hang_up()
        self._thread.join(WAIT_S)
        self._server.close()

    def _run(self) -> None:
        with suppress(OSError):
            while True:
                self._connection, _ = self._server.accept()
                with closing(self._connection), self._connection.makefile("rb") as packets, suppress(OSError):
                    self._serve(self._connection, packets)

    def _serve(self, connection: socket.socket, packets: BinaryIO) -> None:
        while head := packets.read(1):
            body = packets.read(_read_length(packets))
            kind, qos = head[0] >> 4, head[0] >> 1 & 3
            if kind == CONNECT:
                connection.sendall(b"\x20\x02\x00\x00")
            elif kind == SUBSCRIBE:
                connection.sendall(b"\x90\x03" + body[:2] + bytes([self._granted]))
            elif kind == PING:
                connection.sendall(b"\xd0\x00")
            elif kind == PUBLISH and qos == 1:
                self._take(connection, body)

    def _take(self, connection: socket.socket, body: bytes) -> None:
        end = 2 + int.from_bytes(body[:2], "big")
        topic = body[2:end].decode()
        self.ids[topic].add(body[end : end + 2])
        if self.acknowledges:
            connection.sendall(b"\x40\x02" + body[end : end + 2])
        self.published.put((topic, body[end + 2 :]))


def _read_length(packets: BinaryIO) -> int:
    length, shift = 0, 0
    while True:
        byte = packets.read(1)[0]
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            return length
        shift += 7

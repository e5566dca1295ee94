"""Tells systemd that the daemon is ready and alive (sd_notify(3)), from within the loop and never from a timer."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


class Watchdog:
    """Speaks to the service manager; without one (no NOTIFY_SOCKET) it says nothing."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Speak to the socket that the environment names: a path, or an abstract name after @."""
        name = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + name[1:] if name.startswith("@") else name
        self._is_ready = False

    def feed(self) -> None:
        """Say that a turn of the loop is done; the first one makes the service ready."""
        self._say("WATCHDOG=1" if self._is_ready else "READY=1\nWATCHDOG=1")
        self._is_ready = True

    def stop(self) -> None:
        """Say that the daemon is about to end; before it was ready there is nothing to end."""
        if self._is_ready:
            self._say("STOPPING=1")

    def _say(self, words: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            try:
                sender.connect(self._address)
                sender.send(words.encode(), socket.MSG_DONTWAIT)
            except OSError:
                return  # nobody listens, or too slowly: the next turn speaks again

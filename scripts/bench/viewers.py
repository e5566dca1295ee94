"""People who look at the page's live picture, as cheaply as a program can: what comes is counted and forgotten."""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

_REQUEST: Final = b"GET /stream HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n"
_MARK: Final = b"Content-Type: image/jpeg"
_CHUNK: Final = 1 << 20


class Viewers:
    """Look from entering the `with` to leaving it."""

    def __init__(self, port: int, count: int) -> None:
        """`count` of them look at the page that listens at `port` of this machine."""
        self._port, self._count = port, count
        self._pictures = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="viewers", daemon=True)

    @property
    def pictures(self) -> int:
        """How many pictures all of them together have got. One whose heading came in two parts is not counted."""
        return self._pictures

    def __enter__(self) -> Self:
        self._selector = selectors.DefaultSelector()
        for _ in range(self._count):
            viewer = socket.create_connection(("127.0.0.1", self._port), timeout=10)
            viewer.sendall(_REQUEST % self._port)
            viewer.setblocking(False)
            self._selector.register(viewer, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]  # always a socket here
        self._selector.close()

    def _look(self) -> None:
        while not self._stop.is_set():
            for key, _ in self._selector.select(0.2):
                with suppress(BlockingIOError):
                    self._read(key.fileobj)  # type: ignore[arg-type]  # always a socket here

    def _read(self, viewer: socket.socket) -> None:
        data = viewer.recv(_CHUNK)
        if not data:
            raise SystemExit("the page hung up on a viewer")
        self._pictures += data.count(_MARK)

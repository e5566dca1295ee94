"""The server: uvicorn in a thread of its own, behind every other thread of the process."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import closing
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from edge.web.caller import IDLE_S, Caller
from edge.web.picture import lower_priority

_MAX_CONNECTIONS: Final = 64
_BACKLOG: Final = 32
_GOODBYE_S: Final = 1
_CLOSE_S: Final = 4.0


class Server:
    """Listens and answers until it is closed."""

    def __init__(self, app: ASGIApp, address: str, port: int) -> None:
        """Listen. Raises OSError when that cannot be."""
        self._socket = listen(address, port)
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="error",  # what strangers send is not worth a line each
            access_log=False,
            lifespan="off",
            ws="none",
            http=Caller,
            loop="asyncio",
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_MAX_CONNECTIONS,
            backlog=_BACKLOG,
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=_GOODBYE_S,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port it listens at."""
        return int(self._socket.getsockname()[1])

    def close(self) -> None:
        """Hang up on everybody and stop. Calling it again does nothing."""
        self._server.should_exit = True
        self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        lower_priority()
        with closing(self._socket):
            asyncio.run(self._server.serve(sockets=[self._socket]))


def listen(address: str, port: int) -> socket.socket:
    """Return a socket that listens at an address or the name of one. Raises OSError when that cannot be."""
    family, kind, _, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening

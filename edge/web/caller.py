"""A connection of the page: uvicorn's, and hung up on where a stranger would only hold it.

uvicorn waits for a request as long as the caller likes, and above `limit_concurrency` it still accepts, to say so. But
each connection is a file descriptor, of which the daemon, with camera and pins, has 1,024 by systemd's default.
"""

from __future__ import annotations

import asyncio
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

MAX_OPEN: Final = 128
"""Further connections are hung up on without a word."""

IDLE_S: Final = 10
"""Within this time the first request must have come; later ones, and what a request carries, within twice of it."""


class Caller(H11Protocol):
    """Looks every ten seconds whether anything has come since; one event loop only."""

    _known: RequestResponseCycle | None = None
    _look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Take a connection, or hang up at once where too many are open."""
        super().connection_made(transport)
        if len(self.connections) > MAX_OPEN:
            transport.abort()
        else:
            self._look = self.loop.call_later(IDLE_S, self._look_again)

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more."""
        super().connection_lost(exc)
        if self._look is not None:
            self._look.cancel()

    def _look_again(self) -> None:
        if self.cycle is self._known and self._is_waiting:
            self.transport.abort()
            return
        self._known = self.cycle
        self._look = self.loop.call_later(IDLE_S, self._look_again)

    @property
    def _is_waiting(self) -> bool:
        """Whether it is the caller's turn: to ask, or to go on with what a request carries."""
        return self.cycle is None or self.cycle.response_complete or self.conn.their_state is h11.SEND_BODY

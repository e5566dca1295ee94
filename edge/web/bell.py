"""Wakes what waits in the server when another thread has something new."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Bell:
    """Rung from any thread, heard in one event loop."""

    def __init__(self) -> None:
        """Begin unheard."""
        self._event = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def wait(self, timeout_s: float) -> None:
        """Return at the next ring, or after `timeout_s`."""
        self._loop = asyncio.get_running_loop()
        event = self._event
        with suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), timeout_s)

    def ring(self) -> None:
        """Wake all who wait now; does nothing where nobody ever waited."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop has just ended
                loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._event.set()
        self._event = asyncio.Event()

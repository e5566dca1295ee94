"""Who only holds a connection is hung up on; who waits for an answer is not."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Coroutine
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="starlette is not installed; it comes with the extra web")
pytest.importorskip("uvicorn", reason="uvicorn is not installed; it comes with the extra web")

from page import serving
from uvicorn import Config
from uvicorn.server import ServerState

from edge.web.caller import MAX_OPEN, Caller

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
HALF_A_BODY = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\ntoke"


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose timers run when it is told that they are due."""

    def __init__(self) -> None:
        super().__init__()
        self._timers: list[tuple[asyncio.TimerHandle, Callable[..., object], tuple[Any, ...]]] = []

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(self.time() + delay, callback, args, self)
        self._timers.append((handle, callback, args))
        return handle

    async def pass_ten_seconds(self) -> None:
        for _ in range(3):
            await asyncio.sleep(0)  # what was sent before is read before
        due, self._timers = self._timers, []
        for handle, callback, args in due:
            if not handle.cancelled():
                callback(*args)


class Door:
    """Answers a request as soon as it may, with what it carries."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def call(talk: Callable[[Loop, Door, socket.socket], Coroutine[Any, Any, None]]) -> None:
    """Have a caller talk to a door."""

    async def connect() -> None:
        loop, door = asyncio.get_running_loop(), Door()
        assert isinstance(loop, Loop)
        config = Config(door, log_config=None, lifespan="off", ws="none", timeout_keep_alive=10)
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with closing(ours):
            transport, _ = await loop.connect_accepted_socket(lambda: Caller(config, ServerState(), {}), theirs)
            async with asyncio.timeout(20):
                await talk(loop, door, ours)
            transport.abort()
            await asyncio.sleep(0)

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(connect())


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: loc"])
def test_who_asks_for_nothing_within_ten_seconds_is_hung_up_on(sent: bytes) -> None:
    async def talk(loop: Loop, door: Door, ours: socket.socket) -> None:
        await loop.sock_sendall(ours, sent)
        await loop.pass_ten_seconds()
        assert await loop.sock_recv(ours, 100) == b""

    call(talk)


def test_who_begins_to_ask_again_and_does_not_go_on_is_hung_up_on() -> None:
    async def talk(loop: Loop, door: Door, ours: socket.socket) -> None:
        door.may_answer.set()
        await loop.sock_sendall(ours, REQUEST)
        assert (await loop.sock_recv(ours, 1000)).startswith(b"HTTP/1.1 204")
        await loop.sock_sendall(ours, b"GET")
        await loop.pass_ten_seconds()
        await loop.pass_ten_seconds()
        assert await loop.sock_recv(ours, 100) == b""

    call(talk)


def test_who_does_not_send_what_was_promised_is_hung_up_on() -> None:
    async def talk(loop: Loop, door: Door, ours: socket.socket) -> None:
        await loop.sock_sendall(ours, HALF_A_BODY)
        await loop.pass_ten_seconds()
        await loop.sock_sendall(ours, b"n")
        await loop.pass_ten_seconds()
        assert await loop.sock_recv(ours, 100) == b""

    call(talk)


def test_who_waits_for_a_long_answer_has_it() -> None:
    async def talk(loop: Loop, door: Door, ours: socket.socket) -> None:
        await loop.sock_sendall(ours, REQUEST)
        for _ in range(5):
            await loop.pass_ten_seconds()
        door.may_answer.set()
        assert (await loop.sock_recv(ours, 1000)).startswith(b"HTTP/1.1 204")

    call(talk)


def test_more_connections_than_may_be_open_are_hung_up_on_at_once(tmp_path: Path) -> None:
    with serving(tmp_path) as (page, visitor), ExitStack() as opened:
        for _ in range(MAX_OPEN):
            opened.enter_context(closing(socket.create_connection(("127.0.0.1", page.port), 20)))
        assert visitor_is_hung_up_on(page.port)
        opened.close()
        ends_s = time.monotonic() + 20
        while visitor_is_hung_up_on(page.port) and time.monotonic() < ends_s:
            pass
        assert visitor.ask("GET", "/state.json")[0] == 200


def visitor_is_hung_up_on(port: int) -> bool:
    """Return whether there is no answer, not even that there are too many."""
    with closing(socket.create_connection(("127.0.0.1", port), 20)) as connection:
        try:
            connection.sendall(REQUEST)
            return not connection.recv(1000)
        except (ConnectionResetError, BrokenPipeError):
            return True

"""The pages behind the guard."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from edge.control import Answer, Answers
from edge.observers.tally import Tally
from edge.records import VerdictKind
from edge.settings import Settings
from edge.web.bell import Bell
from edge.web.guard import read_body
from edge.web.picture import LivePicture
from edge.web.today import Today

MAX_VIEWERS: Final = 32
_WAIT_S: Final = 1.0
_FIRST_S: Final = 3.0
_BOUNDARY: Final = "maskwatch-picture"
_METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the page has everything from. `metrics` None: there is no /metrics."""

    answers: Answers
    tally: Tally
    picture: LivePicture
    bell: Bell
    today: Today
    settings: Callable[[], Settings]
    page: str
    metrics: Callable[[], bytes] | None = None


class Pages:
    """Answers requests; one event loop only."""

    def __init__(self, sources: Sources) -> None:
        """Begin with nobody looking."""
        self._from = sources
        self._viewers = 0
        self._closed = False

    def close(self) -> None:
        """End all streams; may be called from another thread."""
        self._closed = True
        self._from.bell.ring()

    def make_app(self) -> Starlette:
        """Return the application."""
        routes = [
            Route("/", self._show_page),
            Route("/state.json", self._tell_state),
            Route("/today.json", self._tell_today),
            Route("/picture.jpg", self._send_picture),
            Route("/stream", self._send_stream),
            Route("/mute", self._mute, methods=["POST"]),
            Route("/unmute", self._unmute, methods=["POST"]),
        ]
        if self._from.metrics is not None:
            routes.append(Route("/metrics", self._tell_metrics))
        return Starlette(routes=routes)

    async def _show_page(self, request: Request) -> Response:
        return HTMLResponse(self._from.page)

    def _tell_state(self, request: Request) -> Response:
        settings = self._from.settings()
        said = describe_state(self._from.answers["status"]({}), self._from.tally, settings)
        return JSONResponse({**said, "viewers": self._viewers})

    def _tell_today(self, request: Request) -> Response:
        return JSONResponse(self._from.today.ask())

    def _tell_metrics(self, request: Request) -> Response:
        metrics = self._from.metrics
        return Response(metrics() if metrics else b"", media_type=_METRICS_TYPE)

    async def _send_picture(self, request: Request) -> Response:
        picture = self._from.picture
        for _ in range(round(_FIRST_S / _WAIT_S)):
            picture.want()
            if (newest := picture.newest) is not None:
                return Response(newest.jpeg, media_type="image/jpeg")
            await self._from.bell.wait(_WAIT_S)
        return PlainTextResponse("the camera gives no picture\n", 503)

    async def _send_stream(self, request: Request) -> Response:
        if self._viewers >= MAX_VIEWERS:
            return PlainTextResponse("too many are looking\n", 503, {"Retry-After": "10"})
        kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
        if request.method == "HEAD":  # who asks for the head alone keeps the connection, and would count as looking
            return Response(media_type=kind)
        return StreamingResponse(self._stream(), media_type=kind)

    async def _stream(self) -> AsyncIterator[bytes]:
        """Yield each picture that is newer than the last one; whoever is slow misses some."""
        self._viewers += 1
        try:
            sent = 0
            yield f"--{_BOUNDARY}\r\n".encode()
            while not self._closed:
                self._from.picture.want()
                newest = self._from.picture.newest
                if newest is not None and newest.number > sent:
                    sent = newest.number
                    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(newest.jpeg)}\r\n\r\n"
                    yield head.encode() + newest.jpeg + f"\r\n--{_BOUNDARY}\r\n".encode()
                else:
                    await self._from.bell.wait(_WAIT_S)
        finally:
            self._viewers -= 1

    async def _mute(self, request: Request) -> Response:
        return self._do("mute", await read_body(request))

    async def _unmute(self, request: Request) -> Response:
        return self._do("unmute", await read_body(request))

    def _do(self, command: str, body: bytes) -> Response:
        try:
            wish = json.loads(body or b"{}")
            if not isinstance(wish, dict):
                raise ValueError("a request is a JSON object")
            return JSONResponse(self._from.answers[command](wish))
        except (ValueError, RecursionError) as exc:
            return PlainTextResponse(f"{exc}\n", 400)


def describe_state(said: Answer, tally: Tally, settings: Settings) -> dict[str, Any]:
    """Return what the page shows besides the picture and the day, fit for JSON."""
    tallies = tally.read()
    latencies = {"latency_p50_ms": tallies.latencies.p50_s, "latency_p95_ms": tallies.latencies.p95_s}
    return {
        "accelerator": settings.accelerator,
        **said,
        **{name: None if value is None else round(1000 * value) for name, value in latencies.items()},
        "visitors": {kind.value: tallies.visitors[kind] for kind in VerdictKind},
        "alarms": tallies.alarms,
        "polygon": settings.zone.polygon,
        "mute_minutes": settings.gpio.mute_minutes,
    }

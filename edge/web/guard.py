"""Stands before every page: who may come in, from where, and what browsers are told not to do."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.web.lockout import Lockout
from edge.web.token import is_loopback

COOKIE: Final = "maskwatch"
OWN_HEADER: Final = "X-Maskwatch"
"""A form of another site cannot send a header of its own, and a script of another site may not (Fetch, "CORS-preflight
request")."""

MAX_BODY_BYTES: Final = 4096
_COOKIE_S: Final = 30 * 86_400


class Guard:
    """Lets a request through to the app, or answers it itself."""

    def __init__(
        self,
        app: ASGIApp,
        token: str | None,
        headers: Mapping[str, str],
        login_page: Callable[[str], str],
    ) -> None:
        """Ask for `token`, None for nobody; `headers` go with every answer, `login_page` makes a page of a message."""
        self._app, self._token, self._headers, self._login_page = app, token, headers, login_page
        self._lockout = Lockout()
        self._session = secrets.token_urlsafe(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        request = Request(scope, receive)
        answer: ASGIApp = self._refuse_strangers(request) or await self._ask_for_token(request) or self._app
        await answer(scope, receive, send_with_headers)

    def _refuse_strangers(self, request: Request) -> Response | None:
        """Return why a request is not looked at at all: another site sent it, or a name that is not ours."""
        host = request.headers.get("host", "")
        if self._token is None and not is_loopback(_name_of(host)):  # DNS rebinding
            return PlainTextResponse("open this page as http://localhost or http://127.0.0.1\n", 421)
        if request.method not in ("GET", "HEAD") and not _is_same_origin(request, host):
            return PlainTextResponse("sent by another site; refused\n", 403)
        if request.method == "POST" and request.url.path != "/login" and OWN_HEADER not in request.headers:
            return PlainTextResponse(f"the header {OWN_HEADER} is missing; refused\n", 403)
        return None

    async def _ask_for_token(self, request: Request) -> Response | None:
        """Return None for whoever may come in."""
        if request.url.path == "/login":  # a browser that comes back to it after a wrong token asks with GET
            return await self._log_in(request) if request.method == "POST" else RedirectResponse("/", 303)
        if self._token is None or _same(request.cookies.get(COOKIE, ""), self._session):
            return None
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._try(request, given.strip())
        if request.url.path == "/":
            return HTMLResponse(self._login_page(""), 401)
        return PlainTextResponse("log in first, or send the token\n", 401, {"WWW-Authenticate": "Bearer"})

    def _try(self, request: Request, given: str) -> Response | None:
        """Return None for the right token."""
        address, now_s = request.client.host if request.client else "", time.monotonic()
        wait_s = self._lockout.wait_s(address, now_s)
        if wait_s > 0:
            words = "too many wrong tokens; try again in a minute"
            return self._answer(request, words, 429, {"Retry-After": str(int(wait_s) + 1)})
        if _same(given, self._token or ""):
            return None
        self._lockout.fail(address, now_s)
        return self._answer(request, "wrong token", 401, {})

    async def _log_in(self, request: Request) -> Response:
        if self._token is None:
            return RedirectResponse("/", 303)
        body = await read_body(request)
        given = parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0].strip()
        refusal = self._try(request, given)
        if refusal is not None:
            return refusal
        answer = RedirectResponse("/", 303)
        https = request.url.scheme == "https"
        answer.set_cookie(COOKIE, self._session, _COOKIE_S, secure=https, httponly=True, samesite="strict")
        return answer

    def _answer(self, request: Request, words: str, status: int, headers: Mapping[str, str]) -> Response:
        if request.url.path == "/login":
            return HTMLResponse(self._login_page(words), status, headers)
        return PlainTextResponse(words + "\n", status, headers)


async def read_body(request: Request) -> bytes:
    """Return what a request carries, cut off at MAX_BODY_BYTES; nothing where the visitor hung up."""
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY_BYTES:
                break
    except ClientDisconnect:
        return b""
    return body[:MAX_BODY_BYTES]


def _same(given: str, wanted: str) -> bool:
    """Compare in a time that tells nothing about where they differ."""
    return hmac.compare_digest(given.encode(), wanted.encode())


def _name_of(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_same_origin(request: Request, host: str) -> bool:
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        return False
    return origin is None or origin.partition("://")[2] == host

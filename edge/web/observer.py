"""The page as an observer: hands on the newest turn while somebody looks."""

from __future__ import annotations

import base64
import hashlib
import html
import logging
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from edge.control import Answers
from edge.observers.tally import Tally
from edge.pipeline import Turn
from edge.settings import Settings
from edge.web.app import Pages, Sources
from edge.web.bell import Bell
from edge.web.guard import Guard
from edge.web.picture import LivePicture
from edge.web.server import Server
from edge.web.settings import Web
from edge.web.today import Today

log = logging.getLogger(__name__)

_FOLDER: Final = Path(__file__).parent
_PLACE: Final = "<!-- message -->"


class PageObserver:
    """Opens picture and server together."""

    def __init__(
        self,
        config: Web,
        token: str | None,
        answers: Answers,
        tally: Tally,
        settings: Callable[[], Settings],
        metrics: Callable[[], bytes] | None = None,
    ) -> None:
        """Listen. `settings` gives those in force, `metrics` what /metrics says. Raises OSError as `Server` does."""
        bell = Bell()
        page, login = (_FOLDER / "page.html").read_text("utf-8"), (_FOLDER / "login.html").read_text("utf-8")
        self.picture = LivePicture(config, lambda: settings().zone.polygon, bell.ring)
        """What is shown."""
        today = Today(lambda: Path(settings().journal.path))
        self._pages = Pages(Sources(answers, tally, self.picture, bell, today, settings, page, metrics))
        guard = Guard(
            self._pages.make_app(),
            token,
            make_headers(page, login),
            lambda words: login.replace(_PLACE, html.escape(words)),
        )
        try:
            self._server = Server(guard, config.address, config.port)
        except OSError:
            self.picture.close()
            raise
        log.info("page: at http://%s:%d", config.address, self.port)

    @property
    def port(self) -> int:
        """The port it listens at."""
        return self._server.port

    def add(self, turn: Turn, now_s: float) -> None:
        """Take in what a frame gave; returns at once."""
        self.picture.put(turn, now_s)

    def add_blind(self, reason: str) -> None:
        """Take in that there is no picture; returns at once."""
        self.picture.clear()

    def close(self) -> None:
        """Stop server and picture. Calling it again does nothing."""
        self._pages.close()
        self._server.close()
        self.picture.close()


def make_headers(*pages: str) -> Mapping[str, str]:
    """Return what goes with every answer: only what is written in these pages may run, and nobody may frame them."""
    scripts = " ".join(_hash(each) for page in pages for each in re.findall(r"<script>(.*?)</script>", page, re.DOTALL))
    styles = " ".join(_hash(each) for page in pages for each in re.findall(r"<style>(.*?)</style>", page, re.DOTALL))
    policy = {
        "default-src": "'none'",
        "script-src": scripts or "'none'",
        "style-src": styles or "'none'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Cache-Control": "no-store",
    }


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

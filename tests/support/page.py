"""A page that is served on loopback, and somebody who asks it for things."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onlookers import ALARM, Desk
from people import UNMASKED, verdict

from edge import settings as all_settings
from edge.geometry import Box
from edge.observers.tally import Tally
from edge.pipeline import Turn
from edge.records import Decision, Frame, StatusPattern
from edge.settings import Settings
from edge.web.observer import PageObserver
from edge.web.settings import Web

TOKEN = "an-easy-token-for-tests"


class Visitor:
    """Asks one page."""

    def __init__(self, port: int, host: str | None = None) -> None:
        """Call the page `host`, if that is not where it is."""
        self._port, self._host = port, host or f"127.0.0.1:{port}"

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Return status, headers and what came; `_` in the names of headers to send is `-`."""
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)) as connection:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, {"Host": self._host, **named})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()

    def json(self, path: str, **headers: str) -> Any:
        """Return a JSON answer."""
        return json.loads(self.ask("GET", path, **headers)[2])


def picture_turn(bgr: NDArray[np.uint8], index: int, at_s: float) -> Turn:
    """Return a turn with one unmasked face in the middle of a picture."""
    height, width = bgr.shape[:2]
    side = height / 3
    box = Box(width / 2 - side / 2, height / 4, width / 2 + side / 2, height / 4 + side)
    decision = Decision(index, at_s, ALARM, True, True, False, False, StatusPattern.WATCHING)
    return Turn(Frame(index, at_s, bgr), (verdict(box, UNMASKED, 0.98),), (), decision)


def settings_in(folder: Path, **sections: Any) -> Settings:
    """Return settings with a journal in a folder."""
    return replace(Settings(), journal=all_settings.Journal(path=str(folder / "journal.db")), **sections)


@contextmanager
def serving(
    folder: Path, token: str | None = None, desk: Desk | None = None, settings: Settings | None = None, **web: Any
) -> Iterator[tuple[PageObserver, Visitor]]:
    """Yield a page at a free port, and a visitor."""
    config = Web(enabled=True, port=0, **web)  # 0: any free one
    known = settings or settings_in(folder)
    page = PageObserver(config, token, (desk or Desk()).answers(), Tally(1.5), lambda: known)
    with closing(page):
        yield page, Visitor(page.port)


@contextmanager
def filming(page: PageObserver, make: Callable[[int], NDArray[np.uint8]], fps: float = 15.0) -> Iterator[None]:
    """Show pictures in another thread, as a camera would."""
    stop = threading.Event()

    def film() -> None:
        index = 0
        while not stop.wait(1 / fps):
            now_s = time.monotonic()
            page.add(picture_turn(make(index), index, now_s), now_s)
            index += 1

    thread = threading.Thread(target=film)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def noise(index: int) -> NDArray[np.uint8]:
    """Return a picture that no other index has."""
    bgr = np.full((240, 320, 3), 90, np.uint8)
    bgr[:, (7 * index) % 320] = 255
    return bgr

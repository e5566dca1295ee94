"""The live picture: newest only, capped, and nothing at all while nobody looks."""

from __future__ import annotations

import http.client
import threading
import time
from contextlib import ExitStack, closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from onlookers import Desk

pytest.importorskip("starlette", reason="starlette is not installed; it comes with the extra web")
pytest.importorskip("uvicorn", reason="uvicorn is not installed; it comes with the extra web")

from page import TOKEN, filming, noise, picture_turn, serving

from edge.web.picture import LOOKING_S, LivePicture, draw, shrink
from edge.web.settings import Web


class Clock:
    """Shows what it is set to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_nothing_is_drawn_or_kept_while_nobody_looks() -> None:
    clock, drawn = Clock(), threading.Semaphore(0)
    with closing(LivePicture(Web(), lambda: (), drawn.release, clock)) as picture:
        for number in range(50):
            picture.put(picture_turn(noise(number), number, clock.now_s), clock.now_s)
        assert picture.newest is None
        picture.want()
        picture.put(picture_turn(noise(1), 1, clock.now_s), clock.now_s)
        assert drawn.acquire(timeout=20)
        assert picture.newest is not None
        assert picture.newest.number == 1
        clock.now_s += LOOKING_S + 1
        picture.put(picture_turn(noise(2), 2, clock.now_s), clock.now_s)
        assert picture.newest is None
        assert not drawn.acquire(blocking=False)


def test_the_rate_is_capped_and_the_newest_wins(tmp_path: Path) -> None:
    with serving(tmp_path, max_fps=2.0) as (page, visitor), filming(page, noise, fps=60):
        began_s = time.monotonic()
        until_s = began_s + 2
        while time.monotonic() < until_s:
            assert visitor.ask("GET", "/picture.jpg")[0] == 200
        newest = page.picture.newest
        assert newest is not None
        assert newest.number <= 2 * (time.monotonic() - began_s) + 2


def test_boxes_and_the_zone_are_drawn_and_the_picture_is_reduced() -> None:
    grey = np.full((720, 1280, 3), 128, np.uint8)
    jpeg = draw(picture_turn(grey, 0, 0.0), [(0.1, 0.1), (0.4, 0.1), (0.4, 0.9)], 640)
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (360, 640, 3)
    assert picture[:, 260, 2].max() > 180  # the red box
    assert picture[300, 220:300].min() < 120 or picture[:, 256, 0].max() > 180  # the zone's right side
    assert shrink(grey, 1280) is grey


def test_a_lost_camera_leaves_no_old_picture(tmp_path: Path) -> None:
    with serving(tmp_path) as (page, visitor):
        with filming(page, noise):
            assert visitor.ask("GET", "/picture.jpg")[0] == 200
        page.add_blind("camera 0: unplugged")
        assert page.picture.newest is None


def read_pictures(port: int, count: int, token: str | None = None) -> list[bytes]:
    """Return so many pictures from the stream."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("GET", "/stream", headers={"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        assert answer.status == 200
        assert (answer.getheader("content-type") or "").startswith("multipart/x-mixed-replace")
        found: list[bytes] = []
        while len(found) < count:
            line = answer.readline()
            assert line, "the stream ended"
            if line.lower().startswith(b"content-length:"):
                answer.readline()
                found.append(answer.read(int(line.split(b":")[1])))
        return found


def test_the_stream_moves(tmp_path: Path) -> None:
    with serving(tmp_path, TOKEN, max_fps=15.0) as (page, _), filming(page, noise):
        pictures = read_pictures(page.port, 4, TOKEN)
    assert len(set(pictures)) == 4
    assert all(cv2.imdecode(np.frombuffer(each, np.uint8), cv2.IMREAD_COLOR) is not None for each in pictures)


def test_twenty_viewers_share_the_same_pictures(tmp_path: Path) -> None:
    with serving(tmp_path, max_fps=5.0) as (page, visitor), filming(page, noise):
        counted: list[int] = []

        def look() -> None:
            counted.append(len(read_pictures(page.port, 5)))

        viewers = [threading.Thread(target=look) for _ in range(20)]
        for viewer in viewers:
            viewer.start()
        for viewer in viewers:
            viewer.join(60)
        assert counted == [5] * 20
        assert visitor.ask("GET", "/picture.jpg")[0] == 200
        newest = page.picture.newest
        assert newest is not None
        assert newest.number < 40, "each viewer had pictures drawn for it"


def test_a_stream_ends_with_the_page_and_nothing_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with ExitStack() as opened:
        with serving(tmp_path) as (page, _), filming(page, noise):
            viewer = opened.enter_context(closing(http.client.HTTPConnection("127.0.0.1", page.port, timeout=20)))
            viewer.request("GET", "/stream")
            answer = viewer.getresponse()
            answer.readline()
        answer.read()
    assert caplog.text == ""


def test_too_many_viewers_are_turned_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.web.app.MAX_VIEWERS", 1)
    with serving(tmp_path, None, Desk()) as (page, visitor), filming(page, noise), ExitStack() as opened:
        first = opened.enter_context(closing(http.client.HTTPConnection("127.0.0.1", page.port, timeout=20)))
        first.request("GET", "/stream")
        first.getresponse().readline()
        assert visitor.ask("GET", "/stream")[0] == 503
        assert visitor.json("/state.json")["viewers"] == 1


def test_who_asks_for_the_head_of_the_stream_alone_is_no_viewer(tmp_path: Path) -> None:
    with serving(tmp_path) as (page, visitor), ExitStack() as opened:
        asking = opened.enter_context(closing(http.client.HTTPConnection("127.0.0.1", page.port, timeout=20)))
        asking.request("HEAD", "/stream")
        answer = asking.getresponse()
        assert (answer.getheader("content-type") or "").startswith("multipart/x-mixed-replace")
        assert answer.read() == b""
        assert visitor.json("/state.json")["viewers"] == 0

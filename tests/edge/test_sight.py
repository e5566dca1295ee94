"""One line when the camera is lost, one when it is back, and one an hour in between."""

from __future__ import annotations

import logging

import pytest

from edge.sight import Sight


def test_a_night_without_a_camera_is_a_line_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    notes: list[str] = []
    sight = Sight(notes.append)
    for at_s in range(0, 7300, 10):
        sight.lose("camera 0: unplugged", float(at_s))
    sight.see(7300.0)
    sight.see(7301.0)
    assert caplog.messages == [
        "blind: camera 0: unplugged; it is tried again until there are pictures",
        "blind for 1 h: camera 0: unplugged",
        "blind for 2 h: camera 0: unplugged",
        "the camera gives pictures again, after 7300 s",
    ]
    assert notes == ["blind: camera 0: unplugged", "the camera gives pictures again, after 7300 s"]


def test_the_first_picture_of_all_is_no_recovery(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    notes: list[str] = []
    Sight(notes.append).see(1.0)
    assert (caplog.messages, notes) == (["watching"], [])


def test_why_another_camera_gives_no_picture_is_said_at_once() -> None:
    notes: list[str] = []
    sight = Sight(notes.append)
    sight.lose("camera 0: unplugged", 0.0)
    sight.start_over()
    for at_s in (10.0, 20.0):
        sight.lose("camera 5: is not there", at_s)
    assert notes == ["blind: camera 0: unplugged", "blind: camera 5: is not there"]

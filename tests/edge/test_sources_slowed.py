"""Frames that a hot board leaves out."""

from __future__ import annotations

from people import blank_frame
from scripted import ScriptedSource

from edge.errors import NotDueError
from edge.sources.slowed import Slowed


def indexes(slowed: Slowed, count: int) -> list[int]:
    found = []
    for _ in range(count):
        try:
            frame = slowed.next_frame(0.1)
        except NotDueError:
            continue
        if frame:
            found.append(frame.frame_index)
    return found


def test_all_frames_pass_without_a_limit_and_only_so_many_with_one() -> None:
    limit: list[float | None] = [None]
    source = ScriptedSource([blank_frame(index, index / 10) for index in range(60)])
    slowed = Slowed(source, lambda: limit[0])
    assert indexes(slowed, 20) == list(range(20))
    limit[0] = 2.0
    assert indexes(slowed, 20) == [20, 23, 28, 33, 38]
    limit[0] = None
    assert indexes(slowed, 20) == list(range(40, 60))
    assert slowed.next_frame(0.1) is None
    slowed.close()
    assert source.closed

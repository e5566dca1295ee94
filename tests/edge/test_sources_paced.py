"""Files in the place of a camera: at their pace, turned as it hangs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from two_colors import RED, all_frames, two_colors, write

from edge.errors import ConfigError, DataError, NotDueError
from edge.records import Frame
from edge.settings import Camera
from edge.sources import open_source
from edge.sources.orient import Oriented, orient
from edge.sources.paced import Paced


class Clock:
    """Time that passes only when somebody sleeps, or when the test says so."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.slept_s: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now_s += seconds


class Numbered:
    """Frames a second apart; an exception in the list is raised."""

    def __init__(self, count: int, failing: int | None = None) -> None:
        self._indices: Iterator[int] = iter(range(count))
        self._failing = failing
        self.closed = False

    def next_frame(self, timeout_s: float) -> Frame | None:
        index = next(self._indices, None)
        if index is None:
            return None
        if index == self._failing:
            raise DataError("bad picture")
        return Frame(index, float(index), two_colors())

    def close(self) -> None:
        self.closed = True


def test_paced_frames_come_at_their_times() -> None:
    clock = Clock()
    frames = all_frames(Paced(Numbered(3), clock, clock.sleep))
    assert [frame.captured_s for frame in frames] == [0.0, 1.0, 2.0]
    assert clock.slept_s == [1.0, 1.0]


def test_paced_frames_that_the_reader_was_too_slow_for_are_dropped() -> None:
    clock = Clock()
    source = Paced(Numbered(8), clock, clock.sleep)
    first = source.next_frame(1.0)
    clock.now_s = 104.5
    rest = all_frames(source)
    assert first is not None
    assert [frame.frame_index for frame in [first, *rest]] == [0, 4, 5, 6, 7]


def test_paced_source_gives_every_frame_once_however_late_the_reader_is() -> None:
    clock = Clock()
    source = Paced(Numbered(100), clock, clock.sleep)
    source.next_frame(1.0)
    clock.now_s = 1000.0
    indices = [frame.frame_index for frame in all_frames(source)]
    assert indices == sorted(set(indices))
    assert indices[-1] == 99


def test_a_frame_that_is_not_due_within_the_wait_comes_later() -> None:
    clock = Clock()
    source = Paced(Numbered(2), clock, clock.sleep)
    assert source.next_frame(0.4) is not None
    for _ in range(2):
        with pytest.raises(NotDueError):
            source.next_frame(0.4)
    last = source.next_frame(0.4)
    assert last is not None
    assert last.frame_index == 1
    assert clock.slept_s == [0.4, 0.4, pytest.approx(0.2)]


def test_paced_source_loses_no_good_frame_to_a_bad_one() -> None:
    clock = Clock()
    source = Paced(Numbered(3, failing=1), clock, clock.sleep)
    with pytest.raises(DataError):
        source.next_frame(1.0)
    assert [frame.frame_index for frame in all_frames(source)] == [0, 2]


def test_wrapping_sources_close_the_file() -> None:
    inner = Numbered(3)
    Paced(Oriented(inner, 90, False)).close()
    assert inner.closed


@pytest.mark.parametrize(
    ("rotate_deg", "mirror", "red_side"),
    [(0, False, "left"), (0, True, "right"), (90, False, "top"), (180, False, "right"), (270, False, "bottom")],
)
def test_picture_is_turned_clockwise_then_mirrored(rotate_deg: int, mirror: bool, red_side: str) -> None:
    picture = orient(two_colors(), rotate_deg, mirror)
    middle = {"left": (10, 2), "right": (10, 37), "top": (2, 10), "bottom": (37, 10)}[red_side]
    assert tuple(picture[middle]) == RED


def test_files_source_stands_in_for_the_camera(tmp_path: Path) -> None:
    write(tmp_path / "1.png", two_colors())
    source = open_source(Camera(source="files", device=str(tmp_path), rotate_deg=90))
    frame = source.next_frame(1.0)
    source.close()
    assert frame is not None
    assert frame.bgr.shape == (40, 20, 3)


def test_files_source_needs_a_path() -> None:
    with pytest.raises(ConfigError, match=r"camera\.device: must name a file or folder"):
        open_source(Camera(source="files", device=0))


def test_source_that_this_version_lacks_lists_those_it_has() -> None:
    with pytest.raises(ConfigError, match="files, picamera, rtsp, v4l2, got webcam"):
        open_source(Camera(source="webcam"))

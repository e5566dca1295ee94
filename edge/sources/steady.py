"""A camera that may fail, be missing or hang: it is opened and opened again, for ever, and never holds up the reader.

Opening and closing are done by a thread of their own, since a driver may hang in both. Reading is not: the cameras'
`next_frame` waits for a thread of theirs, and never longer than it is told.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from threading import Event
from typing import Final, NoReturn, TypeVar

from edge.devices import is_address
from edge.errors import HardwareError, MaskwatchError, NoFrameError, NotDueError
from edge.records import Frame
from edge.settings import Camera
from edge.sources import Source, open_source
from edge.sources.frozen import FROZEN_S, FROZEN_STREAM_S, Stillness

log = logging.getLogger(__name__)
T = TypeVar("T")

PAUSES_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Pauses before the first, second… reopening; the last one again and again."""

LOST_S: Final = 2.5
"""Without a frame for so long, a camera that gave some is lost: the fault is to be seen within three seconds."""

START_S: Final = 8.0
"""How long opening may take before the fault is shown: less than the service manager's patience with the loop."""

_FIRST_FRAME_S: Final = 10.0
"""How long a camera that was just opened is waited for before it is opened again."""

_SETTLED_S: Final = 30.0
"""A camera that gives frames for so long has recovered: the pauses begin anew when it is lost again."""

HUNG_S: Final = 300.0
"""A driver that hangs for so long in opening or closing comes back, if at all, with a new process."""

_CLOSE_S: Final = 2.0


class Steady:
    """A source that is lost now and then, and comes back.

    `frame_index` goes on over reopenings.
    """

    def __init__(
        self,
        open_camera: Callable[[], Source],
        frozen_s: float = FROZEN_S,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[Event, float], bool] = Event.wait,
    ) -> None:
        """Begin to open the camera.

        `clock` gives monotonic seconds; `pause` waits for an event or some seconds and tells whether the event came.
        """
        self._open_camera, self._clock, self._pause = open_camera, clock, pause
        self._still = Stillness(frozen_s)
        self._guard, self._stop = threading.Lock(), Event()
        self._source: Source | None = None
        self._problem, self._tries, self._seen = "", 0, False
        self._next_index = self._offset = 0
        self._begun_s = self._opened_s = self._alive_s = clock()
        self._busy_s: float | None = None
        self._opened = self._begin(None)

    def next_frame(self, timeout_s: float) -> Frame | None:
        """Return the next frame, after at most `timeout_s` seconds; None once this is closed.

        Raises NotDueError while nothing is wrong yet, NoFrameError as long as the camera is lost, with the reason;
        HardwareError when its driver hangs for good, and ConfigError or what else opening raises that no retry mends.
        """
        if self._stop.is_set():
            return None
        source = self._source or self._take_opened(timeout_s)
        try:
            frame = source.next_frame(timeout_s)
        except NoFrameError as exc:
            self._wait(exc)
        except OSError as exc:
            self._lose(str(exc), exc)
        if frame is None:
            self._lose("the camera ended its stream")
        if self._still.is_frozen(frame):
            self._lose("the camera delivers the same picture again and again; switch it off and on")
        return self._see(frame)

    def close(self) -> None:
        """Give the camera back. Calling it again does nothing.

        Waits a moment; a driver that hangs is left to its thread, which gives the camera back when it can.
        """
        with self._guard:
            closed_before = self._stop.is_set()
            self._stop.set()
        source = self._source
        if source is None and self._opened.done() and not self._opened.exception():
            source = self._opened.result()
        if not closed_before and source is not None:
            closer = threading.Thread(target=source.close, name="closing camera", daemon=True)
            closer.start()
            closer.join(_CLOSE_S)

    def _begin(self, lost: Source | None) -> Future[Source]:
        opened: Future[Source] = Future()
        threading.Thread(target=self._work, args=(lost, opened), name="opening camera", daemon=True).start()
        return opened

    def _work(self, lost: Source | None, opened: Future[Source]) -> None:
        try:
            if lost is not None:
                self._timed(lost.close)
            source = self._open_at_last()
        except MaskwatchError as exc:
            opened.set_exception(exc)
            return
        except BaseException as exc:
            opened.set_exception(exc)
            raise
        if source is not None:
            self._hand_over(source, opened)

    def _open_at_last(self) -> Source | None:
        """Return the camera once it can be opened; None when it is not wanted any more."""
        while not self._pause(self._stop, PAUSES_S[min(self._tries, len(PAUSES_S)) - 1] if self._tries else 0.0):
            self._tries += 1
            try:
                return self._timed(self._open_camera)
            except OSError as exc:
                self._problem = str(exc)
                log.debug("opening the camera, try %d: %s", self._tries, exc)
        return None

    def _timed(self, action: Callable[[], T]) -> T:
        self._busy_s = self._clock()
        try:
            return action()
        finally:
            self._busy_s = None

    def _hand_over(self, source: Source, opened: Future[Source]) -> None:
        with self._guard:
            wanted = not self._stop.is_set()
            if wanted:
                opened.set_result(source)
        if not wanted:
            source.close()

    def _take_opened(self, timeout_s: float) -> Source:
        try:
            self._source = self._opened.result(timeout_s)
        except TimeoutError:
            self._wait_for_opening()
        self._opened_s = self._alive_s = self._clock()
        self._offset, self._seen = self._next_index, False
        return self._source

    def _wait_for_opening(self) -> NoReturn:
        now_s, busy_s = self._clock(), self._busy_s
        if busy_s is not None and now_s - busy_s >= HUNG_S:
            raise HardwareError(f"the camera's driver hangs for {now_s - busy_s:.0f} s; Maskwatch has to start anew")
        self._raise_no_frame("the camera takes long to open; check the cable")

    def _wait(self, exc: NoFrameError) -> NoReturn:
        """Raise what a silent camera means: still fine, lost, or, while one is waited for, lost as before."""
        if self._clock() - self._alive_s >= (LOST_S if self._seen else _FIRST_FRAME_S):
            self._lose(str(exc), exc)
        if self._seen:
            raise NotDueError(str(exc)) from exc
        self._raise_no_frame(str(exc))

    def _raise_no_frame(self, reason: str) -> NoReturn:
        if not self._problem and self._clock() - self._begun_s < START_S:
            raise NotDueError(reason)
        raise NoFrameError(self._problem or reason)

    def _lose(self, reason: str, exc: Exception | None = None) -> NoReturn:
        lost, self._source = self._source, None
        self._problem, self._tries = reason, max(self._tries, 1)
        self._opened = self._begin(lost)
        raise NoFrameError(reason) from exc

    def _see(self, frame: Frame) -> Frame:
        self._problem, self._alive_s, self._seen = "", self._clock(), True
        if self._alive_s - self._opened_s >= _SETTLED_S:
            self._tries = 1
        self._next_index = self._offset + frame.frame_index + 1
        return replace(frame, frame_index=self._next_index - 1)


def open_steady(camera: Camera, pause: Callable[[Event, float], bool] = Event.wait) -> Source:
    """Return what the settings ask for: a camera as `Steady`; a file, which cannot be waited for, as it is.

    `pause` is for tests. Raises DataError for a file that cannot be read.
    """
    if camera.source == "files":
        return open_source(camera)
    say, frozen_s = _Once(), FROZEN_STREAM_S if is_address(camera.device) else FROZEN_S
    return Steady(lambda: open_source(camera, say), frozen_s, pause=pause)


class _Once:
    """Logs each line once: not again with every try."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def __call__(self, line: str) -> None:
        if line not in self._said:
            log.info("%s", line)
        self._said.add(line)

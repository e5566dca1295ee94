"""Keeps a picture of each alarm, if the owner asked for it. A thread of its own writes: no frame waits for a disk."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Thread
from typing import Final

import cv2

from edge.annotate import annotate
from edge.outputs.snapshot_folder import SnapshotFolder
from edge.pipeline import Turn
from edge.pixelate import pixelate
from edge.records import SOUNDING
from edge.settings import Settings

log = logging.getLogger(__name__)

_JPEG_QUALITY: Final = 85
_TIDY_EVERY_S: Final = 3600.0
"""Old pictures are deleted on time, even when no new ones come."""

_CLOSE_S: Final = 2.0
"""How long a stop waits for the picture that is being written."""


def draw_snapshot(turn: Turn, settings: Settings) -> bytes:
    """Return the annotated picture of a turn as JPEG, made from nothing but the pixels that it shows.

    Unless `snapshots.pixelate_faces` is off, every face and every person that is followed is pixelated first.
    """
    bgr = turn.frame.bgr
    if settings.snapshots.pixelate_faces:
        faces = [face.box for face in turn.faces]
        bgr = pixelate(bgr, [*faces, *(person.box for person in turn.people)])
    picture = annotate(bgr, turn.verdicts, turn.decision.alarm, settings.zone.polygon)
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1])


class SnapshotWriter:
    """Writes the first picture of each alarm, one at a time; one that comes meanwhile is left out.

    Without `snapshots.enabled` it writes none, but still deletes old ones.
    """

    def __init__(
        self,
        settings: Settings,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        before: SnapshotWriter | None = None,
    ) -> None:
        """Start the thread. `now` gives the wall clock's time with its zone, for names and ages.

        `before` is the writer that this one takes over from: its thread closes it. Of an alarm that is on already that
        one has kept the picture.
        """
        self._settings = settings
        self._now = now
        self._folder = SnapshotFolder(Path(settings.snapshots.folder))
        self._sounding: bool = before is not None and before._sounding
        self._failing = False
        self._closed = False
        self._turns: Queue[Turn | None] = Queue(maxsize=1)
        self._thread = Thread(target=self._work, args=(before,), name="snapshots", daemon=True)
        self._thread.start()

    def add(self, turn: Turn) -> None:
        """Have the picture written if an alarm begins with it. Returns at once; called after every frame."""
        began = turn.decision.alarm in SOUNDING and not self._sounding
        self._sounding = turn.decision.alarm in SOUNDING
        if not began or not self._settings.snapshots.enabled or self._closed:
            return
        try:
            self._turns.put_nowait(turn)
        except Full:
            log.warning("snapshot left out: the one before is still being written")

    def close(self) -> None:
        """Finish the picture that is being written, for at most two seconds. Calling it again does nothing."""
        self._closed = True
        try:
            self._turns.put_nowait(None)
        except Full:
            log.debug("a snapshot is still waiting")  # the thread ends after it
        self._thread.join(_CLOSE_S)

    def _work(self, before: SnapshotWriter | None) -> None:
        if before:
            before.close()
        self._try(self._tidy)
        while not (self._closed and self._turns.empty()):
            try:
                turn = self._turns.get(timeout=_TIDY_EVERY_S)
            except Empty:
                turn = None
            if turn is not None:
                self._try(lambda turn=turn: self._write(turn))  # type: ignore[misc]
            self._try(self._tidy)

    def _write(self, turn: Turn) -> None:
        path = self._folder.write(self._now(), draw_snapshot(turn, self._settings))
        if self._failing:
            log.info("snapshots work again")
        self._failing = False
        log.info("snapshot %s", path)

    def _tidy(self) -> None:
        self._folder.tidy(self._now(), self._settings.snapshots.keep_days, self._settings.snapshots.max_mb)

    def _try(self, action: Callable[[], None]) -> None:
        try:
            action()
        except OSError as exc:
            advice = "check that the folder can be written to and the disk has room; the alarm goes on without"
            self._fail(f"snapshots.folder: {self._settings.snapshots.folder}: {exc.strerror}; {advice}")
        except cv2.error as exc:
            reason = " ".join(str(exc).split())
            self._fail(f"snapshots: OpenCV cannot make the picture ({reason}); the alarm goes on without")

    def _fail(self, problem: str) -> None:
        if not self._failing and self._settings.snapshots.enabled:
            log.error("%s", problem)
        self._failing = True

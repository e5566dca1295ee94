"""Writes the metrics into a file that node_exporter's textfile collector reads, whole or not at all."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from edge.pipeline import Turn

log = logging.getLogger(__name__)

_MODE: Final = 0o644
"""node_exporter is another user; the numbers are nobody's secret."""

_CLOSE_S: Final = 2.0


class TextfileWriter:
    """Writes now and then, in a thread of its own. A disk that fails is logged once, and tried again."""

    def __init__(self, path: Path, every_s: float, render: Callable[[], bytes]) -> None:
        """Start the thread; `render` gives what is in the file."""
        self._path, self._every_s, self._render = path, every_s, render
        self._failing = False
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)
        self._thread.start()

    def add(self, turn: Turn, now_s: float) -> None:
        """Do nothing: the numbers are asked for when they are written."""

    def add_blind(self, reason: str) -> None:
        """Do nothing, as `add`."""

    def close(self) -> None:
        """Remove the file, so that nobody takes old numbers for new ones. Calling it again does nothing."""
        self._closed.set()
        self._thread.join(_CLOSE_S)

    def write(self) -> None:
        """Write the file now."""
        with self._lock:
            self._write()

    def _write(self) -> None:
        part = self._path.with_name(f".{self._path.name}.part")  # the collector reads *.prom only
        try:
            part.write_bytes(self._render())
            part.chmod(_MODE)
            part.replace(self._path)
        except OSError as exc:
            self._fail(exc)
            return
        if self._failing:
            log.info("metrics: %s is written again", self._path)
        self._failing = False

    def _fail(self, error: OSError) -> None:
        if not self._failing:
            advice = "make the folder and let this user write there, or correct metrics.textfile; the alarm goes on"
            log.warning("metrics: %s cannot be written (%s); %s", self._path, error.strerror, advice)
        self._failing = True

    def _run(self) -> None:
        self.write()
        while not self._closed.wait(self._every_s):
            self.write()
        try:
            self._path.unlink(missing_ok=True)
        except OSError as exc:
            self._fail(exc)

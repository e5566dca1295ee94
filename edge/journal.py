"""The journal: what happened and how many came, written by a thread of its own so that no frame waits for a disk.

A commit takes as long as the disk's sync: of 60, half took less than 1.3 ms and the longest 33 ms on a desktop's disk;
an SD card that is busy may take seconds. Events are written at once, counts once a minute: a power cut takes one's.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Any, Final

from edge import settings
from edge.clock import Moment, read_clock
from edge.journal_file import ClockSet, Entry, EntryKind, Item, JournalFile
from edge.records import VerdictKind

log = logging.getLogger(__name__)

COUNTS_EVERY_S: Final = 60.0
PRUNE_EVERY_S: Final = 3600.0
_SAY_EVERY_S = 3600.0
"""A disk that is full takes some entries and refuses others: the log hears of it once an hour."""

_DAY_S = 86_400.0
_MB = 1_000_000
_MOST_WAITING = 1000
"""How many entries wait for a disk: of more, the oldest go where it refuses them, the newest where it hangs."""

CLOSE_S: Final = 5.0
"""How long a stop waits for the last commit."""


@dataclass(frozen=True, slots=True)
class Health:
    """How the journal is: `off`, `writing` or `failing`, and why."""

    state: str
    reason: str = ""


class Journal:
    """Takes entries from any thread and writes them behind its back. A disk that fails is logged once."""

    def __init__(
        self,
        config: settings.Journal,
        clock: Callable[[], Moment] = read_clock,
        counts_every_s: float = COUNTS_EVERY_S,
        prune_every_s: float = PRUNE_EVERY_S,
    ) -> None:
        """Start the thread, unless the settings say that there is no journal."""
        self._config, self._clock = config, clock
        self._counts_every_s, self._prune_every_s = counts_every_s, prune_every_s
        self._items: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._unset_offset_s: float | None = None
        self._health = Health("writing" if config.enabled else "off")
        self._silent_until_s, self._recovered = 0.0, True
        self._finished = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        if config.enabled:
            self._thread.start()

    def change(self, config: settings.Journal) -> None:
        """Keep the same file for another time, or at another size, from now on."""
        self._config = config

    def note(self, kind: EntryKind, detail: str = "") -> None:
        """Write an event down, now."""
        moment = self._read_clock()
        self._put(Entry(moment.utc_s, moment.clock_set, kind, detail))

    def count(self, kind: VerdictKind) -> None:
        """Count a visitor into the minute that it is now."""
        moment = self._read_clock()
        one: dict[str, Any] = {kind.value: 1}
        self._put(Entry(moment.utc_s // 60 * 60, moment.clock_set, EntryKind.COUNTS, **one))

    @property
    def health(self) -> Health:
        """How writing goes; nothing is written any more once the thread has ended by itself."""
        if self._config.enabled and not self._finished and not self._thread.is_alive():
            return Health("failing", "its thread has ended, see the log; restart Maskwatch")
        return self._health

    def finish(self) -> None:
        """Have the thread write what waits and end, and do not wait for it. Calling it again does nothing."""
        self._finished = True
        self._items.put(None)

    def close(self, limit_s: float = CLOSE_S) -> None:
        """Finish, and wait for that, for `limit_s` at most. Calling it again does nothing."""
        self.finish()
        if self._thread.is_alive():
            self._thread.join(limit_s)

    def _read_clock(self) -> Moment:
        """Return the time; the first one after the clock was set tells the thread how wrong it had been."""
        moment = self._clock()
        offset_s = moment.utc_s - moment.monotonic_s
        with self._lock:
            wrong_s, self._unset_offset_s = self._unset_offset_s, None if moment.clock_set else offset_s
        if moment.clock_set and wrong_s is not None:
            self._put(ClockSet(offset_s - wrong_s))
        return moment

    def _put(self, item: Item) -> None:
        """Queue an item. An entry is let go where a disk that hangs has filled the queue: the alarm never waits."""
        if self._config.enabled and (isinstance(item, ClockSet) or self._items.qsize() < _MOST_WAITING):
            self._items.put(item)

    def _run(self) -> None:
        with closing(JournalFile(Path(self._config.path))) as file:
            waiting: list[Item] = []
            due_s, prune_s, stopping = inf, inf, False
            while not stopping:
                came, stopping = self._take(min(due_s, prune_s))
                waiting, now_s = drop_oldest(merge_counts([*waiting, *came]), _MOST_WAITING), time.monotonic()
                urgent = stopping or any(is_event(item) for item in came)
                if waiting and (urgent or now_s >= due_s):
                    waiting = [] if self._save(file, waiting) else waiting
                    due_s = inf
                    prune_s = now_s if prune_s == inf else prune_s  # never before the first entry
                if waiting:
                    due_s = min(due_s, now_s + self._counts_every_s)
                prune_s = self._prune(file, prune_s, now_s)

    def _take(self, due_s: float) -> tuple[list[Item], bool]:
        """Return what has come, after a wait that ends at `due_s` or with the first thing; and whether to stop."""
        came: list[Item | None] = []
        with suppress(queue.Empty):
            wait_s = max(0.0, due_s - time.monotonic())
            came.append(self._items.get(timeout=None if wait_s == inf else wait_s))
            while True:
                came.append(self._items.get_nowait())
        return [item for item in came if item is not None], None in came

    def _save(self, file: JournalFile, items: Sequence[Item]) -> bool:
        try:
            file.write(items)
        except (sqlite3.Error, OSError) as exc:
            self._fail(exc)
            return False
        if self._health.state == "failing" and not self._recovered:
            self._recovered = True
            log.info("journal: %s is written again", self._config.path)
        self._health = Health("writing")
        return True

    def _fail(self, error: Exception) -> None:
        folder = Path(self._config.path).parent
        there = folder.is_dir()
        reason = str(error) if there else f"there is no folder {folder}"
        now_s = time.monotonic()
        if self._health.state != "failing" and now_s >= self._silent_until_s:
            self._silent_until_s, self._recovered = now_s + _SAY_EVERY_S, False
            advice = f"{'make room' if there else 'make it'}, correct journal.path, or set journal.enabled: false"
            log.warning("journal: %s cannot be written (%s); the alarm goes on; %s", self._config.path, reason, advice)
        self._health = Health("failing", reason)

    def _prune(self, file: JournalFile, due_s: float, now_s: float) -> float:
        """Delete what is too old or too much, once an hour, in small steps; return when to do it again.

        A file that cannot be written is left alone for another hour.
        """
        if now_s < due_s:
            return due_s
        more = self._health.state == "writing" and self._delete_surplus(file)
        return now_s if more else now_s + self._prune_every_s

    def _delete_surplus(self, file: JournalFile) -> bool:
        moment = self._clock()
        oldest_s = moment.utc_s - self._config.keep_days * _DAY_S if moment.clock_set else None
        try:
            return file.prune(oldest_s, self._config.max_mb * _MB)
        except sqlite3.Error as exc:
            self._fail(exc)
            return False


def is_event(item: Item) -> bool:
    """Return whether an item is to be written at once."""
    return isinstance(item, Entry) and item.kind is not EntryKind.COUNTS


def merge_counts(items: Sequence[Item]) -> list[Item]:
    """Return the items in their order, with the counts of each minute in one entry, where its first one was."""
    merged: dict[object, Item] = {}
    for number, item in enumerate(items):
        if isinstance(item, ClockSet) or is_event(item):
            merged[number] = item
        else:
            minute = item.at_s, item.clock_set
            before = merged.get(minute)
            merged[minute] = _add(before, item) if isinstance(before, Entry) else item
    return list(merged.values())


def drop_oldest(items: Sequence[Item], most: int) -> list[Item]:
    """Return the newest `most` items, and each ClockSet before them: what is in the file already still needs it."""
    return [*(item for item in items[:-most] if isinstance(item, ClockSet)), *items[-most:]]


def _add(a: Entry, b: Entry) -> Entry:
    return replace(a, masked=a.masked + b.masked, unmasked=a.unmasked + b.unmasked, unsure=a.unsure + b.unsure)

"""The journal's file: one SQLite table to which entries are appended, whole after a power cut, bounded in age and size.

Write-ahead log with synchronous FULL: a commit is one append and one sync, and survives a power cut. With NORMAL it may
be rolled back after one (https://www.sqlite.org/pragma.html#pragma_synchronous). With a rollback journal it would also
survive, but cost an SD card more (https://www.sqlite.org/wal.html): SQLite 3.40 on ext4, 60 commits of one row, made 69
syncs and wrote 8 KB a commit with WAL, 244 syncs and 24 KB a commit with DELETE.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from pathlib import Path
from typing import TypeAlias

from edge.errors import DataError

log = logging.getLogger(__name__)

_APPLICATION_ID = 0x4D61736B
""""Mask", so that no other program's database is written to by mistake."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY, at_s REAL NOT NULL, clock_set INTEGER NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL,
    masked INTEGER NOT NULL, unmasked INTEGER NOT NULL, unsure INTEGER NOT NULL)
"""
_COLUMNS = "at_s, clock_set, kind, detail, masked, unmasked, unsure"
_FIND_OLD = """
SELECT max(id), count(*) FROM (SELECT id, at_s, clock_set FROM entries ORDER BY id LIMIT ?)
WHERE (clock_set OR ?) AND at_s < ?
"""
_PRUNE_ROWS = 2000
_VACUUM_PAGES = 128
_CACHE_KB = 128
"""Of the file in memory: the daemon seldom reads what it wrote. SQLite's own 2 MB would fill over months."""

_BUSY_S = 2.0
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class EntryKind(StrEnum):
    """What an entry is about."""

    START = "start"
    STOP = "stop"
    FAULT = "fault"
    ALARM_ON = "alarm_on"
    ALARM_OFF = "alarm_off"
    MUTE = "mute"
    UNMUTE = "unmute"
    CONFIG = "config"
    COUNTS = "counts"


_KINDS = frozenset(EntryKind)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal: an event, or (`COUNTS`) how many visitors of a minute were decided how.

    `at_s` is UTC in seconds since 1970, for counts the start of the minute; it is a guess unless `clock_set`.
    """

    at_s: float
    clock_set: bool
    kind: EntryKind
    detail: str = ""
    masked: int = 0
    unmasked: int = 0
    unsure: int = 0


@dataclass(frozen=True, slots=True)
class ClockSet:
    """The clock has been set: entries that this run wrote before were `shift_s` seconds too early."""

    shift_s: float


Item: TypeAlias = Entry | ClockSet


class JournalFile:
    """Writes the file. Opens it with the first write, and anew after any failure or when it was deleted or moved.

    For one thread only.
    """

    def __init__(self, path: Path) -> None:
        """Write to `path`, in a folder that is there."""
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._first_id: int | None = None

    def write(self, items: Sequence[Item]) -> None:
        """Append in one transaction; a damaged file is put aside and a new one begun. Raises sqlite3.Error, OSError."""
        try:
            self._write(items)
        except sqlite3.DatabaseError as exc:
            if not is_damaged(exc):
                raise
            self._put_aside(exc)
            self._write(items)

    def prune(self, expired_before_s: float | None, max_bytes: int) -> bool:
        """Delete the oldest entries, a few thousand at most; return whether more are due. Raises sqlite3.Error.

        Those go that were written before an entry with a set clock and an earlier time than `expired_before_s`; and,
        while the file needs more than `max_bytes`, the oldest.
        """
        connection = self._open()
        too_large = _used_bytes(connection) > max_bytes
        before_s = inf if too_large else -1.0 if expired_before_s is None else expired_before_s
        last_id, count = connection.execute(_FIND_OLD, (_PRUNE_ROWS, too_large, before_s)).fetchone()
        if last_id is None:
            return False
        connection.execute("DELETE FROM entries WHERE id <= ?", (last_id,))
        self._first_id = min(self._first_id or 1, _next_id(connection))  # an empty table begins with 1 again
        if too_large:
            # execute would take one step, which is one page
            connection.executescript(f"PRAGMA incremental_vacuum({_VACUUM_PAGES})")
        return bool(count >= _PRUNE_ROWS)

    def close(self) -> None:
        """Close the file. Calling it again does nothing."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()

    def _write(self, items: Sequence[Item]) -> None:
        connection = self._open()
        try:
            connection.execute("BEGIN IMMEDIATE")
            for item in items:
                self._write_item(connection, item)
            connection.execute("COMMIT")
        except sqlite3.Error:
            self.close()  # rolls back
            raise

    def _write_item(self, connection: sqlite3.Connection, item: Item) -> None:
        if isinstance(item, ClockSet):
            correct = "UPDATE entries SET at_s = at_s + ?, clock_set = 1 WHERE id >= ? AND NOT clock_set"
            connection.execute(correct, (item.shift_s, self._first_id))
        else:
            detail = item.detail.encode(errors="replace").decode()  # a path that is not UTF-8 has lone surrogates
            row = (item.at_s, item.clock_set, item.kind, detail, item.masked, item.unmasked, item.unsure)
            connection.execute(f"INSERT INTO entries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and _identify(self._path) != self._identity:
            self._leave(self._connection)
        if self._connection is None:
            self._connection = _connect(self._path)
            self._identity = _identify(self._path)
        if self._first_id is None:
            self._first_id = _next_id(self._connection)
        return self._connection

    def _leave(self, connection: sqlite3.Connection) -> None:
        """Close a file that its owner deleted or moved: SQLite would write on into it, whatever its name is now."""
        try:
            # what the log alone holds is the old file's: SQLite would delete it, or read it as the new one's
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self.close()
            self._first_id = None

    def _put_aside(self, reason: sqlite3.Error) -> None:
        self.close()
        self._first_id = None
        aside = self._path.with_name(f"{self._path.name}.damaged")
        for suffix in ("", "-wal", "-shm"):
            part = self._path.with_name(self._path.name + suffix)
            if part.exists():
                part.replace(aside.with_name(aside.name + suffix))
        log.error("journal: %s is damaged (%s); it is now %s, and a new one begins", self._path, reason, aside)


def is_damaged(error: sqlite3.Error) -> bool:
    """Return whether an error means that the file is no whole database."""
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _DAMAGED


def read_entries(path: Path, since_s: float, until_s: float) -> tuple[Entry, ...]:
    """Return the entries from `since_s` up to but without `until_s`, in UTC seconds since 1970, oldest first.

    A daemon may be writing meanwhile. Raises DataError when there is no journal or it cannot be read.
    """
    return _read(path, "at_s >= ? AND at_s < ? ORDER BY at_s, id", (since_s, until_s))


def read_last_before(path: Path, at_s: float) -> Entry | None:
    """Return the newest entry from before `at_s`, in UTC seconds since 1970; None without any. Raises DataError."""
    return next(iter(_read(path, "at_s < ? ORDER BY at_s DESC, id DESC LIMIT 1", (at_s,))), None)


def _read(path: Path, which: str, values: tuple[float, ...]) -> tuple[Entry, ...]:
    try:
        if not path.exists():
            raise DataError(f"{path}: there is no journal yet; `maskwatch run` begins it where journal.enabled is true")
        with closing(_connect_to_read(path)) as connection:
            return tuple(_select(connection, which, values))
    except (sqlite3.Error, OSError) as exc:
        raise DataError(f"{path}: {_explain(exc, path)}") from exc


def _explain(error: Exception, path: Path) -> str:
    if isinstance(error, sqlite3.Error) and is_damaged(error):
        advice = f"start Maskwatch anew: it renames the file to {path.name}.damaged and begins another"
        return f"the journal is damaged ({error}); {advice}"
    return f"the journal cannot be read ({error}); check journal.path; join the group maskwatch or use sudo"


def _identify(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _connect(path: Path) -> sqlite3.Connection:
    with ExitStack() as opened:
        connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        opened.callback(connection.close)
        _prepare(connection, path)
        opened.pop_all()
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    if owner != _APPLICATION_ID and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise sqlite3.OperationalError(f"{path.name} is another program's database")
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        error = sqlite3.DatabaseError(" ".join(found.split()))
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    if owner != _APPLICATION_ID:
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.execute(_SCHEMA)


def _connect_to_read(path: Path) -> sqlite3.Connection:
    """Return a connection that never writes. Once no daemon has the file open, not even a lock may be needed."""
    quiet = not path.with_name(path.name + "-wal").exists()
    options = "mode=ro&immutable=1" if quiet else "mode=ro"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{options}", uri=True, timeout=_BUSY_S)


def _select(connection: sqlite3.Connection, which: str, values: tuple[float, ...]) -> Iterator[Entry]:
    if not connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'entries'").fetchone()[0]:
        return  # a daemon is just beginning it
    query = f"SELECT {_COLUMNS} FROM entries WHERE {which}"  # noqa: S608
    for at_s, clock_set, kind, detail, *counts in connection.execute(query, values):
        if kind in _KINDS:  # a later version may have written others
            yield Entry(at_s, bool(clock_set), EntryKind(kind), detail, *counts)


def _next_id(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(id), 0) + 1 FROM entries").fetchone()[0])


def _used_bytes(connection: sqlite3.Connection) -> int:
    names = ("page_count", "freelist_count", "page_size")
    pages, free, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
    return int((pages - free) * size)

"""The journal's thread: events at once, counts by the minute, and a disk that fails stops nothing."""

from __future__ import annotations

import logging
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from edge import settings
from edge.clock import Moment
from edge.journal import Journal, drop_oldest, merge_counts
from edge.journal_file import ClockSet, Entry, EntryKind, JournalFile, read_entries
from edge.records import VerdictKind

ROOT = Path(__file__).parents[2]
NOON_S = 1_795_219_200.0
MASKED, UNMASKED, UNSURE = VerdictKind.MASKED, VerdictKind.UNMASKED, VerdictKind.UNSURE


def at_noon() -> Moment:
    return Moment(NOON_S + 7.0, True, 100.0)


def scripted_clock(*moments: Moment) -> Callable[[], Moment]:
    script = list(moments)
    return lambda: script.pop(0) if len(script) > 1 else script[0]


def open_journal(path: Path, clock: Callable[[], Moment] = at_noon, every_s: float = 60.0, **config: int) -> Journal:
    return Journal(settings.Journal(path=str(path), **config), clock, every_s)


def read(path: Path) -> list[Entry]:
    return list(read_entries(path, 0.0, 1e12)) if path.exists() else []


def wait_for(condition: Callable[[], bool], at_most_s: float = 10.0) -> bool:
    deadline_s = time.monotonic() + at_most_s
    while not condition() and time.monotonic() < deadline_s:
        time.sleep(0.005)
    return condition()


def test_an_event_is_on_the_disk_at_once(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j.db")
    journal.note(EntryKind.FAULT, "camera 0: gone")
    assert wait_for(lambda: journal.health.state == "writing" and len(read(tmp_path / "j.db")) == 1)
    journal.close()
    assert read(tmp_path / "j.db") == [Entry(NOON_S + 7.0, True, EntryKind.FAULT, "camera 0: gone")]


def test_visitors_of_a_minute_are_one_entry_that_is_written_when_the_time_has_come(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j.db", every_s=0.2)
    for kind in (MASKED, UNMASKED, MASKED, UNSURE):
        journal.count(kind)
    assert read(tmp_path / "j.db") == []
    assert wait_for(lambda: len(read(tmp_path / "j.db")) > 0)
    journal.close()
    assert read(tmp_path / "j.db") == [Entry(NOON_S, True, EntryKind.COUNTS, "", 2, 1, 1)]


def test_what_waits_is_written_when_the_journal_closes(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j.db")
    journal.count(MASKED)
    journal.close()
    journal.close()
    assert [entry.masked for entry in read(tmp_path / "j.db")] == [1]


def test_an_event_before_the_clock_was_set_gets_its_true_time_with_the_next_one(tmp_path: Path) -> None:
    clock = scripted_clock(Moment(1000.0, False, 10.0), Moment(NOON_S, True, 40.0))
    journal = open_journal(tmp_path / "j.db", clock)
    journal.note(EntryKind.START)
    journal.note(EntryKind.ALARM_ON)
    journal.close()
    found = [(entry.at_s, entry.clock_set, entry.kind) for entry in read(tmp_path / "j.db")]
    assert found == [(NOON_S - 30, True, EntryKind.START), (NOON_S, True, EntryKind.ALARM_ON)]


def test_an_event_while_the_clock_is_not_set_says_so(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j.db", lambda: Moment(1000.0, False, 10.0))
    journal.note(EntryKind.START)
    journal.close()
    assert [entry.clock_set for entry in read(tmp_path / "j.db")] == [False]


def test_old_entries_are_deleted_by_the_way(tmp_path: Path) -> None:
    long_ago = open_journal(tmp_path / "j.db", lambda: Moment(NOON_S - 8 * 86_400, True, 0.0))
    long_ago.note(EntryKind.START)
    long_ago.close()
    journal = open_journal(tmp_path / "j.db", keep_days=7)
    journal.note(EntryKind.ALARM_ON)
    journal.close()
    assert [entry.kind for entry in read(tmp_path / "j.db")] == [EntryKind.ALARM_ON]


def test_entries_are_deleted_in_time_though_nothing_happens(tmp_path: Path) -> None:
    days, config = [0.0], settings.Journal(path=str(tmp_path / "j.db"), keep_days=7)
    with closing(Journal(config, lambda: Moment(NOON_S + days[0] * 86_400, True, 0.0), prune_every_s=0.01)) as journal:
        journal.note(EntryKind.ALARM_ON)
        assert wait_for(lambda: len(read(tmp_path / "j.db")) == 1)
        days[0] = 8.0
        assert wait_for(lambda: read(tmp_path / "j.db") == [])


def test_all_that_is_too_old_is_deleted_without_waiting_for_more_to_write(tmp_path: Path) -> None:
    with closing(JournalFile(tmp_path / "j.db")) as long_ago:
        long_ago.write([Entry(float(number), True, EntryKind.ALARM_ON) for number in range(5000)])
    with closing(open_journal(tmp_path / "j.db", keep_days=7)) as journal:
        journal.note(EntryKind.START)
        assert wait_for(lambda: [entry.kind for entry in read(tmp_path / "j.db")] == [EntryKind.START])


def test_a_journal_that_is_switched_off_writes_nothing(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j.db", enabled=False)
    journal.note(EntryKind.START)
    journal.count(MASKED)
    journal.close()
    assert journal.health.state == "off"
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_said_once_and_taking_entries_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = open_journal(tmp_path / "none" / "j.db")
    journal.note(EntryKind.START)
    assert wait_for(lambda: journal.health.state == "failing")
    journal.note(EntryKind.ALARM_ON)
    journal.close()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert f"there is no folder {tmp_path / 'none'}" in caplog.text
    assert "journal.path" in caplog.text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_has_ended_by_itself_is_told_of(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "no\0file.db")
    journal.note(EntryKind.START)
    assert wait_for(lambda: journal.health.state == "failing")
    assert "its thread has ended" in journal.health.reason
    journal.close()


def test_entries_wait_for_a_disk_that_works_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    journal = open_journal(tmp_path / "later" / "j.db")
    journal.note(EntryKind.START)
    assert wait_for(lambda: journal.health.state == "failing")
    (tmp_path / "later").mkdir()
    journal.note(EntryKind.ALARM_ON)
    journal.close()
    kinds = [entry.kind for entry in read(tmp_path / "later" / "j.db")]
    assert kinds == [EntryKind.START, EntryKind.ALARM_ON]
    assert "is written again" in caplog.text


def test_taking_entries_never_waits_for_a_disk_that_is_stuck(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j.db")
    journal.note(EntryKind.START)
    assert wait_for(lambda: len(read(tmp_path / "j.db")) == 1)
    blocker = subprocess.Popen(
        [sys.executable, "-c", LOCK, str(tmp_path / "j.db")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert blocker.stdout and blocker.stdin
    blocker.stdout.readline()
    began_s = time.monotonic()
    for _ in range(5000):
        journal.note(EntryKind.ALARM_ON)
    took_s = time.monotonic() - began_s
    blocker.communicate(b"done\n")
    journal.close()
    assert took_s < 1.0
    assert len(read(tmp_path / "j.db")) > 1


def test_the_newest_counts_outlast_a_disk_that_refuses_a_thousand_events(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "later" / "j.db")
    for number in range(1500):
        journal.note(EntryKind.FAULT, str(number))
        assert wait_for(lambda: journal._items.qsize() < 100)
    journal.count(MASKED)
    assert wait_for(lambda: journal._items.qsize() == 0)
    (tmp_path / "later").mkdir()
    journal.close()
    found = read(tmp_path / "later" / "j.db")
    assert [entry.detail for entry in found if entry.kind is EntryKind.FAULT] == [str(n) for n in range(501, 1500)]
    assert [entry.masked for entry in found if entry.kind is EntryKind.COUNTS] == [1]


def test_that_the_clock_was_set_gets_past_a_disk_that_hangs(tmp_path: Path) -> None:
    """A clock that hangs stands in for the disk: the thread asks it too."""
    disk_is_free, moments = threading.Event(), [Moment(1000.0, False, 10.0), Moment(NOON_S, True, 40.0)]

    def clock() -> Moment:
        if threading.current_thread().name == "journal":
            disk_is_free.wait(10.0)
        return moments[0]

    journal = open_journal(tmp_path / "j.db", clock)
    journal.note(EntryKind.START)
    assert wait_for(lambda: len(read(tmp_path / "j.db")) == 1)
    for _ in range(1500):
        journal.note(EntryKind.ALARM_ON)
    moments.pop(0)
    journal.note(EntryKind.ALARM_OFF)
    disk_is_free.set()
    journal.close()
    found = read(tmp_path / "j.db")
    assert found[0] == Entry(NOON_S - 30, True, EntryKind.START)
    assert all(entry.clock_set for entry in found)


LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.readline()
"""

FILL = """
import logging, sys
from edge import settings
from edge.journal import Journal
from edge.journal_file import EntryKind
logging.basicConfig(format="%(message)s")
journal = Journal(settings.Journal(path=sys.argv[1]))
for number in range(200):
    journal.note(EntryKind.FAULT, "x" * 2000)
    while journal._items.qsize():
        pass
journal.close()
print(journal.health.state)
"""


def test_a_full_disk_is_said_once_and_leaves_what_was_committed_whole(tmp_path: Path) -> None:
    def limit_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    command = [sys.executable, "-c", FILL, str(tmp_path / "j.db")]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, preexec_fn=limit_files, timeout=60
    )
    assert done.stdout == "failing\n"
    assert done.stderr.count("cannot be written") == 1
    assert len(done.stderr.splitlines()) == 1
    assert 0 < len(read(tmp_path / "j.db")) < 200


def test_counts_of_a_minute_are_merged_and_events_are_not() -> None:
    one = Entry(60.0, True, EntryKind.COUNTS, masked=1)
    other = Entry(60.0, True, EntryKind.COUNTS, unmasked=2)
    next_minute = Entry(120.0, True, EntryKind.COUNTS, unsure=1)
    events: list[Entry | ClockSet] = [Entry(61.0, True, EntryKind.ALARM_ON), ClockSet(5.0)]
    merged = merge_counts([one, *events, other, next_minute])
    assert merged == [Entry(60.0, True, EntryKind.COUNTS, "", 1, 2, 0), *events, next_minute]


def test_of_too_many_the_oldest_go_and_the_setting_of_the_clock_stays() -> None:
    alarms = [Entry(float(at_s), True, EntryKind.ALARM_ON) for at_s in range(3)]
    counts = Entry(60.0, True, EntryKind.COUNTS, masked=1)
    items = [alarms[0], ClockSet(5.0), alarms[1], alarms[2], counts]
    assert drop_oldest(items, 2) == [ClockSet(5.0), alarms[2], counts]
    assert drop_oldest(items, 5) == items

"""The journal's file: whole, bounded, and never in the way."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from edge.errors import DataError
from edge.journal_file import ClockSet, Entry, EntryKind, JournalFile, read_entries, read_last_before

ROOT = Path(__file__).parents[2]
ALWAYS = (0.0, 1e12)


def event(at_s: float, clock_set: bool = True, kind: EntryKind = EntryKind.ALARM_ON, detail: str = "") -> Entry:
    return Entry(at_s, clock_set, kind, detail)


def write(path: Path, *items: Entry | ClockSet) -> JournalFile:
    file = JournalFile(path)
    file.write(items)
    return file


def times(path: Path) -> list[float]:
    return [entry.at_s for entry in read_entries(path, *ALWAYS)]


def test_what_was_written_is_read_oldest_first(tmp_path: Path) -> None:
    counts = Entry(60.0, True, EntryKind.COUNTS, masked=3, unmasked=1, unsure=2)
    fault = event(30.5, kind=EntryKind.FAULT, detail="camera 0: gone")
    write(tmp_path / "j.db", counts, fault).close()
    assert read_entries(tmp_path / "j.db", *ALWAYS) == (fault, counts)


def test_what_is_no_unicode_is_written_with_question_marks(tmp_path: Path) -> None:
    write(tmp_path / "j.db", event(1.0, detail="caf\udce9.yaml: is gone")).close()
    assert [entry.detail for entry in read_entries(tmp_path / "j.db", *ALWAYS)] == ["caf?.yaml: is gone"]


def test_reading_leaves_out_what_is_before_and_what_is_after(tmp_path: Path) -> None:
    write(tmp_path / "j.db", *(event(at_s) for at_s in (9.0, 10.0, 19.0, 20.0))).close()
    assert [entry.at_s for entry in read_entries(tmp_path / "j.db", 10.0, 20.0)] == [10.0, 19.0]


def test_the_last_entry_before_a_time_can_be_asked_for(tmp_path: Path) -> None:
    write(tmp_path / "j.db", *(event(at_s) for at_s in (10.0, 9.0, 19.0))).close()
    assert read_last_before(tmp_path / "j.db", 19.0) == event(10.0)
    assert read_last_before(tmp_path / "j.db", 9.0) is None


def test_a_reader_sees_what_was_committed_while_the_daemon_has_the_file_open(tmp_path: Path) -> None:
    file = write(tmp_path / "j.db", event(1.0))
    assert times(tmp_path / "j.db") == [1.0]
    file.write([event(2.0)])
    assert times(tmp_path / "j.db") == [1.0, 2.0]
    file.close()


def test_a_file_that_is_deleted_meanwhile_is_begun_anew(tmp_path: Path) -> None:
    file = write(tmp_path / "j.db", event(1.0))
    (tmp_path / "j.db").unlink()
    file.write([event(2.0, clock_set=False), ClockSet(10.0)])
    assert times(tmp_path / "j.db") == [12.0]
    file.close()


def test_a_file_that_is_moved_away_meanwhile_keeps_what_was_written(tmp_path: Path) -> None:
    file = write(tmp_path / "j.db", event(1.0))
    (tmp_path / "j.db").rename(tmp_path / "kept.db")
    file.write([event(2.0)])
    assert (times(tmp_path / "kept.db"), times(tmp_path / "j.db")) == ([1.0], [2.0])
    file.close()


def test_a_file_that_another_one_took_the_place_of_is_not_mixed_with_it(tmp_path: Path) -> None:
    write(tmp_path / "backup.db", *(event(float(at_s)) for at_s in range(1, 9))).close()
    file = write(tmp_path / "j.db", event(20.0))
    (tmp_path / "backup.db").replace(tmp_path / "j.db")
    file.write([event(30.0)])
    assert times(tmp_path / "j.db") == [*map(float, range(1, 9)), 30.0]
    file.close()


def test_entries_follow_a_clock_that_is_set_later_but_not_those_of_earlier_runs(tmp_path: Path) -> None:
    write(tmp_path / "j.db", event(100.0, clock_set=False)).close()
    write(tmp_path / "j.db", event(200.0, False), ClockSet(shift_s=1e9), event(1e9 + 210.0)).close()
    found = read_entries(tmp_path / "j.db", *ALWAYS)
    assert [(each.at_s, each.clock_set) for each in found] == [(100.0, False), (1e9 + 200, True), (1e9 + 210, True)]


def test_entries_follow_a_clock_that_is_set_after_all_of_an_earlier_run_was_deleted(tmp_path: Path) -> None:
    write(tmp_path / "j.db", event(1.0), event(2.0), event(3.0)).close()
    file = write(tmp_path / "j.db", event(4.0))
    file.prune(expired_before_s=100.0, max_bytes=10**9)
    file.write([event(200.0, False), ClockSet(shift_s=1e9)])
    file.close()
    assert [(each.at_s, each.clock_set) for each in read_entries(tmp_path / "j.db", *ALWAYS)] == [(1e9 + 200, True)]


def test_entries_are_deleted_when_they_are_too_old(tmp_path: Path) -> None:
    file = write(tmp_path / "j.db", *(event(float(at_s)) for at_s in range(100, 110)))
    assert not file.prune(expired_before_s=105.0, max_bytes=10**9)
    file.close()
    assert times(tmp_path / "j.db") == [105.0, 106.0, 107.0, 108.0, 109.0]


def test_entries_of_an_unset_clock_are_as_old_as_those_around_them(tmp_path: Path) -> None:
    file = write(tmp_path / "j.db", event(5.0, False), event(100.0), event(7.0, False), event(200.0))
    file.prune(expired_before_s=150.0, max_bytes=10**9)
    file.close()
    assert times(tmp_path / "j.db") == [7.0, 200.0]


def test_nothing_is_too_old_while_the_clock_is_not_set(tmp_path: Path) -> None:
    file = write(tmp_path / "j.db", event(1.0), event(2.0))
    file.prune(expired_before_s=None, max_bytes=10**9)
    file.close()
    assert times(tmp_path / "j.db") == [1.0, 2.0]


def test_old_entries_go_in_small_steps(tmp_path: Path) -> None:
    file = write(tmp_path / "j.db", *(event(float(number)) for number in range(5000)))
    steps = [file.prune(expired_before_s=4500.0, max_bytes=10**9) for _ in range(3)]
    file.close()
    assert steps == [True, True, False]
    assert times(tmp_path / "j.db")[0] == 4500.0


def test_a_file_that_is_too_large_loses_its_oldest_entries_and_shrinks(tmp_path: Path) -> None:
    file = write(tmp_path / "j.db", *(event(float(number), False, detail="x" * 100) for number in range(10_000)))
    while file.prune(expired_before_s=None, max_bytes=400_000):
        pass
    file.close()
    assert (tmp_path / "j.db").stat().st_size < 500_000
    kept = times(tmp_path / "j.db")
    assert len(kept) > 1000
    assert kept[-1] == 9999.0


@pytest.mark.parametrize("damage", [b"this is no database at all, but long enough to be one" * 100, None])
def test_a_damaged_file_is_put_aside_and_a_new_one_begun(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: bytes | None
) -> None:
    path = tmp_path / "j.db"
    if damage is None:  # a page in the middle was lost
        write(path, *(event(float(number)) for number in range(2000))).close()
        content = bytearray(path.read_bytes())
        content[4096 * 3 : 4096 * 5] = b"\xa5" * 8192
        damage = bytes(content)
    path.write_bytes(damage)
    write(path, event(7.0)).close()
    assert times(path) == [7.0]
    assert (tmp_path / "j.db.damaged").read_bytes()[100:] == damage[100:]
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "j.db.damaged" in caplog.text


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "j.db") as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()
    with pytest.raises(sqlite3.OperationalError, match="another program"):
        write(tmp_path / "j.db", event(1.0))
    assert not (tmp_path / "j.db.damaged").exists()


def test_a_missing_journal_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no journal yet"):
        read_entries(tmp_path / "j.db", *ALWAYS)


def test_a_journal_that_is_no_database_is_said_to_be_damaged_and_what_becomes_of_it(tmp_path: Path) -> None:
    (tmp_path / "j.db").write_text("words" * 1000)
    with pytest.raises(DataError, match=r"is damaged \(file is not a database\); start .* to j\.db\.damaged"):
        read_entries(tmp_path / "j.db", *ALWAYS)


def test_a_journal_that_cannot_be_opened_is_not_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "j.db").mkdir()
    with pytest.raises(DataError, match=r"cannot be read \(.*\); check journal\.path; join the group maskwatch"):
        read_entries(tmp_path / "j.db", *ALWAYS)


WRITE_FOREVER = """
import sys
from pathlib import Path
from edge.journal_file import Entry, EntryKind, JournalFile
file = JournalFile(Path(sys.argv[1]))
for number in range(10**6):
    file.write([Entry(number, True, EntryKind.ALARM_ON), Entry(number, True, EntryKind.ALARM_OFF)])
    print(number, flush=True)
"""


def test_killing_the_process_while_it_writes_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    command = [sys.executable, "-c", WRITE_FOREVER, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        said = [writer.stdout.readline() for _ in range(50)]
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.readlines()
    committed = int(said[-1])
    found = read_entries(path, *ALWAYS)
    assert len(found) >= 2 * (committed + 1)
    assert len(found) % 2 == 0, "a transaction is there in full or not at all"
    assert [entry.at_s for entry in found] == [float(number // 2) for number in range(len(found))]
    write(path, event(1e9)).close()
    assert times(path)[-1] == 1e9


READ = """
import os, sys
from pathlib import Path
from edge.journal_file import read_entries
os.setgid(65534); os.setuid(65534)
print(len(read_entries(Path(sys.argv[1]), 0, 1e12)))
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("running", [True, False])
def test_a_user_who_may_only_read_sees_the_journal_of_a_daemon_that_runs_or_not(running: bool) -> None:
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        file = write(Path(folder) / "j.db", event(1.0), event(2.0))
        if not running:
            file.close()
        command = [sys.executable, "-c", READ, f"{folder}/j.db"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        file.close()
    assert (done.stdout, done.stderr) == ("2\n", "")

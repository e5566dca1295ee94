"""What the page says about the day."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from edge import settings
from edge.clock import Moment
from edge.journal import Journal
from edge.journal_file import EntryKind
from edge.records import VerdictKind
from edge.web.today import Today

NOON_S = datetime(2026, 11, 20, 12, 0).astimezone().timestamp()


def test_visitors_are_summed_by_the_hour_and_events_come_newest_first(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(Journal(settings.Journal(path=str(path)), lambda: Moment(NOON_S, True, 0.0))) as journal:
        journal.note(EntryKind.START, "maskwatch 9.9")
        for kind in (VerdictKind.MASKED, VerdictKind.MASKED, VerdictKind.UNMASKED):
            journal.count(kind)
        journal.note(EntryKind.ALARM_ON)
    said = Today(lambda: path, lambda: NOON_S + 60).ask()
    assert len(said["hours"]) == 24
    assert said["hours"][12] == {"hour": "12:00", "masked": 2, "unmasked": 1, "unsure": 0, "alarms": 1}
    assert [each["kind"] for each in said["events"]] == ["alarm_on", "start"]
    assert said["sums"].startswith("3 people: 2 with a mask")
    assert said["error"] is None


def test_without_a_journal_the_reason_is_said(tmp_path: Path) -> None:
    said = Today(lambda: tmp_path / "none.db", lambda: NOON_S).ask()
    assert "there is no journal yet" in said["error"]
    assert (said["hours"], said["events"]) == ([], [])


def test_however_many_ask_the_journal_is_read_once_in_five_seconds(tmp_path: Path) -> None:
    asked: list[float] = []
    now_s = [NOON_S]

    def find() -> Path:
        asked.append(now_s[0])
        return tmp_path / "none.db"

    today = Today(find, lambda: now_s[0])
    for at_s in (0.0, 1.0, 4.9, 5.0, 2.0):
        now_s[0] = NOON_S + at_s
        today.ask()
    assert [at_s - NOON_S for at_s in asked] == [0.0, 5.0, 2.0]


@pytest.mark.usefixtures("berlin")
def test_a_time_zone_that_is_changed_meanwhile_moves_the_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half_past_ten_pm_s = datetime(2026, 11, 20, 22, 30).astimezone().timestamp()
    now_s = [half_past_ten_pm_s]
    path = tmp_path / "journal.db"
    with closing(Journal(settings.Journal(path=str(path)), lambda: Moment(now_s[0], True, 0.0))) as journal:
        journal.note(EntryKind.START)
    today = Today(lambda: path, lambda: now_s[0])
    assert (today.ask()["day"], today.ask()["events"][0]["time"]) == ("Friday, 20 November 2026", "22:30:00")
    monkeypatch.setenv("TZ", "IST-5:30")
    now_s[0] += 60
    assert (today.ask()["day"], today.ask()["events"][0]["time"]) == ("Saturday, 21 November 2026", "03:00:00")

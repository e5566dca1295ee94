"""maskwatch journal and report, as their owner calls them."""

from __future__ import annotations

import csv
import time
from contextlib import closing
from pathlib import Path

import cv2
import pytest

from edge.cli import main
from edge.journal_file import Entry, EntryKind, JournalFile


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """Return the option that names a config.yaml whose journal has an alarm and three people, a minute ago."""
    now_s = time.time()
    file = JournalFile(tmp_path / "j.db")
    file.write(
        [
            Entry(now_s - 3 * 86_400, True, EntryKind.START, "maskwatch 0.1.0"),
            Entry(now_s - 2, True, EntryKind.ALARM_ON),
            Entry(now_s - 1, False, EntryKind.COUNTS, "", 2, 1, 0),
        ]
    )
    file.close()
    (tmp_path / "config.yaml").write_text(f"journal: {{path: {tmp_path / 'j.db'}}}\n")
    return ["--config", str(tmp_path / "config.yaml")]


def test_the_journal_of_today_is_text_with_its_sums(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "--since", "yesterday", *words]) == 0
    alarm, counts, sums = capsys.readouterr().out.splitlines()
    assert alarm.endswith("  alarm on")
    assert counts.endswith("people    3: 2 masked, 1 unmasked  (clock not set)")
    assert sums == "people 3: 2 masked, 1 unmasked; 1 alarm"


@pytest.mark.parametrize("stopped_s", [40, 61])
def test_the_people_of_a_minute_stand_behind_what_happened_in_it_and_before_the_stop(
    stopped_s: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    minute_s = time.time() // 60 * 60 - 600
    with closing(JournalFile(tmp_path / "j.db")) as file:
        file.write(
            [
                Entry(minute_s + 19, True, EntryKind.START, "maskwatch 0.1.0"),
                Entry(minute_s, True, EntryKind.COUNTS, "", 1, 0, 0),
                Entry(minute_s + stopped_s, True, EntryKind.STOP),
            ]
        )
    (tmp_path / "config.yaml").write_text(f"journal: {{path: {tmp_path / 'j.db'}}}\n")
    assert main(["journal", "--since", "yesterday", "--config", str(tmp_path / "config.yaml")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[21:].split()[0] for line in lines[:3]] == ["started", "people", "stopped"]


def test_the_journal_is_also_csv(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "--since", "7d", "--csv", *words]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [(row["kind"], row["people"], row["clock_set"]) for row in rows] == [
        ("start", "0", "1"),
        ("alarm_on", "0", "1"),
        ("counts", "3", "0"),
    ]
    assert rows[0]["detail"] == "maskwatch 0.1.0"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--since", "tomorrow"], "--since: must be today, yesterday, 7d"),
        (["--until", "2026-02-30"], "--until: there is no such day"),
        (["--since", "today", "--until", "yesterday"], "must not be later than"),
    ],
)
def test_days_of_no_sense_are_usage_errors(
    words: list[str], capsys: pytest.CaptureFixture[str], options: list[str], error: str
) -> None:
    assert main(["journal", *options, *words]) == 2
    assert error in capsys.readouterr().err


def test_a_journal_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text(f"journal: {{path: {tmp_path / 'j.db'}}}\n")
    assert main(["journal", "--config", str(tmp_path / "config.yaml")]) == 1
    assert "there is no journal yet; `maskwatch run` begins it where journal.enabled is true" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--week"], ["--day", "yesterday"]])
def test_a_report_is_a_picture_of_1200_by_600(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert main(["report", *options, "-o", str(tmp_path / "chart.png"), *words]) == 0
    picture = cv2.imread(str(tmp_path / "chart.png"))
    assert picture is not None
    assert picture.shape == (600, 1200, 3)
    assert str(tmp_path / "chart.png") in capsys.readouterr().out


@pytest.mark.parametrize("options", [[], ["--week"]])
def test_a_report_of_a_day_to_come_is_a_usage_error(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert main(["report", "--day", "2999-01-01", *options, "-o", str(tmp_path / "chart.png"), *words]) == 2
    assert "--day 2999-01-01 must not be later than today" in capsys.readouterr().err
    assert not (tmp_path / "chart.png").exists()


def test_a_report_is_named_after_its_day(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["report", "--day", "2024-11-17", *words]) == 0
    assert (tmp_path / "maskwatch-2024-11-17.png").exists()

"""The virtual appliance's own parts that need no emulator: what is read out of pins, journal, doctor and results."""

from __future__ import annotations

import importlib
import subprocess
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

APPLIANCE = Path(__file__).parents[2] / "scripts" / "appliance"


def load(monkeypatch: pytest.MonkeyPatch, name: str) -> ModuleType:
    monkeypatch.syspath_prepend(str(APPLIANCE))
    return importlib.import_module(name)


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return load(monkeypatch, "signals")


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return load(monkeypatch, "results")


@pytest.fixture
def power(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return load(monkeypatch, "rows_power")


NOTES = """\
1.00 17 0
1.00 22 0
2.00 22 1
3.00 22 0
4.00 22 1
20.00 22 0
20.10 22 1
20.20 22 0
30.00 17 1
31.00 17 0
32.00 22 1
33.00 2"""


def test_a_note_that_is_not_whole_yet_is_left_out(signals: ModuleType) -> None:
    changes = signals.read_changes(NOTES)
    assert len(changes) == 11
    assert changes[2] == signals.Change(2.0, 22, True)


def test_blind_is_fast_blinking_and_counts_from_its_first_change(signals: ModuleType) -> None:
    changes = signals.read_changes(NOTES)
    assert signals.first_blind(changes, 1.5) == 20.0  # the slow blinks at 2 to 4 s are the start
    assert signals.first_blind(changes, 25.0) is None


def test_lamp_rises_and_falls_after_a_moment(signals: ModuleType) -> None:
    changes = signals.read_changes(NOTES)
    assert signals.first_rise(changes, signals.LAMP, 5.0) == 30.0
    assert signals.first_fall(changes, signals.LAMP, 30.0) == 31.0
    assert signals.first_rise(changes, signals.LAMP, 30.0) is None


@pytest.mark.parametrize(("after_s", "now_s", "since_s"), [(0.0, 33.0, None), (0.0, 35.0, 32.0), (33.5, 36.0, 33.5)])
def test_steady_is_on_for_a_while(signals: ModuleType, after_s: float, now_s: float, since_s: float | None) -> None:
    assert signals.first_steady(signals.read_changes(NOTES), after_s, now_s) == since_s


def test_all_off_looks_at_every_pin(signals: ModuleType) -> None:
    changes = signals.read_changes(NOTES)
    assert signals.all_off(changes, 20.5)
    assert not signals.all_off(changes, 30.5)


def test_rows_without_an_outcome_are_called_not_run(results: ModuleType, tmp_path: Path) -> None:
    kept = results.Results(tmp_path / "results.json")
    kept.add("killed", results.Outcome("the hook drives the pin low", 1.26, 9.0), "2026-11-21")
    kept.add("full", results.Outcome("the alarm | stops", passed=False), "2026-11-21")
    table = results.to_table({"killed": "SIGKILL", "full": "disk full", "jump": "clock"}, kept.read())
    assert table.splitlines()[2:] == [
        "| SIGKILL | the hook drives the pin low | 1.3 | 9.0 | 2026-11-21 |",
        "| disk full | **failed:** the alarm / stops |  |  | 2026-11-21 |",
        "| clock | not run | | | |",
    ]


def test_a_later_outcome_replaces_the_earlier_one(results: ModuleType, tmp_path: Path) -> None:
    kept = results.Results(tmp_path / "results.json")
    kept.add("killed", results.Outcome("no", passed=False), "2026-11-20")
    kept.add("killed", results.Outcome("yes"), "2026-11-21")
    assert kept.read()["killed"]["passed"] is True


def test_only_the_part_between_the_marks_changes(results: ModuleType) -> None:
    document = f"before\n{results.BEGIN}\nold\n{results.END}\nafter\n"
    assert results.put_table(document, "new") == f"before\n{results.BEGIN}\nnew\n{results.END}\nafter\n"
    with pytest.raises(ValueError, match="lacks the marks"):
        results.put_table("no marks", "new")


def test_the_document_has_a_place_for_the_table(results: ModuleType) -> None:
    document = (APPLIANCE.parents[1] / "docs/reliability.md").read_text()
    assert "| x |" in results.put_table(document, "| x |")


ROWS = [(1, "start", 10.0), (2, "counts", 20.0)]


def kept(power: ModuleType, **changes: Any) -> Any:
    return power.Kept(**{"config": "a: 1\n", "last_good": "a: 1\n", "check": "ok", "rows": ROWS} | changes)


def test_more_rows_and_times_set_right_after_a_cut_are_fine(power: ModuleType) -> None:
    power.compare(kept(power), kept(power, rows=[(1, "start", 99.0), *ROWS[1:], (3, "start", 30.0)]))


@pytest.mark.parametrize(
    ("after", "problem"),
    [
        ({"config": ""}, "config.yaml was"),
        ({"last_good": ""}, "last good copy"),
        ({"check": "row 3 missing"}, "damaged"),
        ({"rows": ROWS[:1]}, "lost 1 committed rows"),
    ],
)
def test_whatever_a_cut_takes_is_a_failure(power: ModuleType, after: dict[str, Any], problem: str) -> None:
    with pytest.raises(power.RowError, match=problem):
        power.compare(kept(power), kept(power, **after))


def test_scenes_keep_their_colors(monkeypatch: pytest.MonkeyPatch) -> None:
    scenes = load(monkeypatch, "scenes")
    picture = np.full((4, 6, 3), (40, 90, 200), np.uint8)
    data = np.frombuffer(scenes.to_yuyv(picture), np.uint8).reshape(4, 6, 2)
    assert np.abs(cv2.cvtColor(data, cv2.COLOR_YUV2BGR_YUYV).astype(int) - picture).max() <= 24


def test_every_row_of_the_table_can_be_run(monkeypatch: pytest.MonkeyPatch) -> None:
    appliance = load(monkeypatch, "appliance")
    runnable = {*appliance.INSTALLING, *appliance.RUNNING, appliance.CUTS}
    assert set(appliance.TITLES) == runnable


def test_outputs_of_two_processors_are_compared_value_by_value(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    arm64 = load(monkeypatch, "arm64")
    np.savez(tmp_path / "here.npz", fast=np.array([[0, 255]], np.int16), plain=np.array([[-128, 5]], np.int16))
    np.savez(tmp_path / "there.npz", fast=np.array([[0, 250]], np.int16), plain=np.array([[127, 5]], np.int16))
    apart = arm64.measure(tmp_path / "here.npz", tmp_path / "there.npz")
    assert {name: each.tolist() for name, each in apart.items()} == {"fast": [0, 5], "plain": [255, 0]}


def test_both_processors_get_the_same_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    arm64 = load(monkeypatch, "arm64")
    pictures = arm64.draw_inputs(48, 32, 2)
    assert (pictures.shape, pictures.dtype) == ((2, 32, 48, 3), np.uint8)
    np.testing.assert_array_equal(pictures, arm64.draw_inputs(48, 32, 2))


def test_the_doctor_is_read_by_the_name_of_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = load(monkeypatch, "rows_install")
    said = 'a warning\n[{"name": "pins", "state": "ok", "says": "fine", "remedy": ""}]\n'
    assert rows.read_findings(said)["pins"]["state"] == "ok"
    assert rows.read_findings("Traceback") == {}


def test_a_row_that_does_not_hold_says_what_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    appliance = load(monkeypatch, "appliance")

    def row(bench: object) -> Any:
        raise appliance.RowError("the lamp stayed dark")

    outcome = appliance.try_row(None, "install", row)
    assert (outcome.passed, outcome.says) == (False, "the lamp stayed dark")


def test_the_log_is_read_from_the_very_moment_on(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = load(monkeypatch, "bench")
    uptime_s, utc_s = float(Path("/proc/uptime").read_text().split()[0]), time.time()
    script = f'journalctl() {{ echo "${{@: -1}}"; }}; {bench.log_since(uptime_s - 3.3)}'
    said = subprocess.run(("bash", "-c", script), capture_output=True, text=True, check=True).stdout
    assert float(said.removeprefix("--since=@")) == pytest.approx(utc_s - 3.3, abs=0.1)


class Guest:
    """A stand-in for the container: an upgrade of its is cut while the new release is built, or is done by then."""

    def __init__(self, in_time: bool) -> None:
        self.in_time, self.release, self.booted = in_time, "releases/0.1.0", False

    def start(self) -> float:
        self.booted = True
        return 1.1

    def now_s(self) -> float:
        return 100.0

    def cut(self) -> None: ...

    def run(self, command: str) -> str:
        return self.ask(command).text

    def ask(self, command: str, timeout_s: float = 0.0, user: str = "") -> SimpleNamespace:
        if "setup.sh upgrade" in command and (self.booted or not self.in_time):
            self.release = "releases/9.0.0"
        return SimpleNamespace(code=0, text=self.release if command.startswith("readlink") else "")


@pytest.mark.parametrize(
    ("in_time", "says"), [(True, "the old release runs after the boot"), (False, "the upgrade was done before it")]
)
def test_an_upgrade_counts_as_killed_only_when_the_old_release_runs_after_it(
    monkeypatch: pytest.MonkeyPatch, in_time: bool, says: str
) -> None:
    rows, container = load(monkeypatch, "rows_releases"), load(monkeypatch, "container")
    monkeypatch.setattr("random.uniform", lambda low, high: 0.0)
    outcome = load(monkeypatch, "appliance").try_row(
        container.ContainerBench(Guest(in_time), Path()), "killed-upgrade", rows.killed_upgrade
    )
    assert (outcome.passed, says in outcome.says) == (in_time, True)


def test_a_stand_in_release_is_not_made_by_chance(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    appliance = load(monkeypatch, "appliance")
    project = tmp_path / "pyproject.toml"
    project.write_text('version = "0.1.0"\n')
    appliance._replace(project, r'^version = ".*"$', 'version = "9.0.0"')
    assert project.read_text() == 'version = "9.0.0"\n'
    with pytest.raises(appliance.ApplianceError, match="0 times"):
        appliance._replace(project, "nothing like it", "")

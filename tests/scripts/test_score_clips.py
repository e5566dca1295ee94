"""Scoring of simulated clips: hand-made truths and lines give known delays and counts."""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from edge.geometry import Box
from edge.records import WITH_MASK, WITHOUT_MASK
from edge.settings import Settings

SIMULATOR = Path(__file__).parents[2] / "scripts" / "simulator"
FPS = 10.0
BIG, SMALL = Box(400, 200, 480, 300), Box(400, 200, 430, 230)
CLEAR, ALARM, HOLDING = "clear", "alarm", "holding"


@pytest.fixture(autouse=True)
def scripts_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SIMULATOR))


def load(name: str) -> ModuleType:
    return importlib.import_module(name)


def person(number: int, label: str, frames: range, small: int = 0, poster: bool = False) -> Any:
    """Return somebody who is there in these frames, in the first of them too small to count."""
    truth = load("truth")
    sights = tuple(truth.Sight(f, SMALL if i < small else BIG, label, 1.0) for i, f in enumerate(frames))
    return truth.PersonTruth(number, poster, (f"{number}.jpg",), sights)


def clip(people: Sequence[Any], seconds: float = 20.0) -> Any:
    return load("truth").ClipTruth("drill", 0, FPS, round(seconds * FPS), 960, 540, tuple(people))


def lines(count: int, *alarms: tuple[int, int, str], faces: Sequence[tuple[int, Box, str]] = ()) -> list[dict]:
    """Return a line a frame: `alarms` are (from, until, state), `faces` (frame, box, label)."""
    found = []
    for frame in range(count):
        state = next((state for first, last, state in alarms if first <= frame < last), CLEAR)
        seen = [{"box": box.as_tuple(), "label": label} for at, box, label in faces if at == frame]
        found.append({"frame_index": frame, "alarm": state, "faces": seen})
    return found


def score(truth: Any, said: list[dict], every_frame: bool = False) -> Any:
    visits = load("visits")
    read = visits.read_every_frame if every_frame else visits.read_said
    return visits.score_clip(truth, read(said, truth, Settings()), Settings(), visits.Rules())


def test_delays_count_from_the_first_visible_frame_and_from_the_zone() -> None:
    truth = clip([person(0, WITHOUT_MASK, range(50, 100), small=10)])
    (visit,) = score(truth, lines(200, (65, 105, ALARM))).visits
    assert (visit.kind, visit.alarmed, visit.alarms) == ("unmasked", True, 1)
    assert (visit.from_visible_s, visit.from_zone_s) == (pytest.approx(1.5), pytest.approx(0.5))


def test_visitor_without_a_mask_and_without_an_alarm_is_missed() -> None:
    result = score(clip([person(0, WITHOUT_MASK, range(50, 100))]), lines(200))
    (row, _) = load("table").sum_up([result])
    assert (row.unmasked, row.missed, row.alarmed.value, row.from_zone) == (1, 1, 0.0, None)


def test_alarm_that_was_on_already_counts_without_a_delay() -> None:
    truth = clip([person(0, WITHOUT_MASK, range(20, 60)), person(1, WITHOUT_MASK, range(40, 90))])
    first, second = score(truth, lines(200, (25, 90, ALARM))).visits
    assert first.from_visible_s == pytest.approx(0.5)
    assert (second.alarmed, second.from_visible_s, second.alarms) == (True, None, 0)


def test_alarm_about_a_masked_visitor_is_false_and_its_rate_is_of_the_calm_time() -> None:
    truth = clip([person(0, WITH_MASK, range(50, 100))], seconds=36)
    result = score(truth, lines(360, (60, 80, ALARM)))
    assert (result.visits[0].kind, result.visits[0].alarmed, result.false_alarms) == ("masked", True, 1)
    (row, _) = load("table").sum_up([result])
    assert row.calm_h == pytest.approx(0.01)
    assert row.false_per_hour == pytest.approx(100)


def test_alarm_goes_to_whose_face_was_called_unmasked() -> None:
    truth_of = load("truth")
    beside = tuple(truth_of.Sight(f, Box(700, 200, 780, 300), WITH_MASK, 1.0) for f in range(50, 100))
    truth = clip([person(0, WITH_MASK, range(50, 100)), truth_of.PersonTruth(1, False, ("1.jpg",), beside)])
    result = score(truth, lines(200, (60, 70, ALARM), faces=[(60, BIG, WITHOUT_MASK)]))
    assert [visit.alarmed for visit in result.visits] == [True, False]


def test_alarm_right_after_somebody_left_is_no_false_one_and_a_late_one_is() -> None:
    truth = clip([person(0, WITHOUT_MASK, range(50, 100))])
    assert score(truth, lines(200, (110, 120, ALARM))).false_alarms == 0
    assert score(truth, lines(200, (120, 130, ALARM))).false_alarms == 1


def test_alarm_on_the_way_into_the_zone_is_no_false_one() -> None:
    truth = clip([person(0, WITHOUT_MASK, range(50, 100), small=20)])
    result = score(truth, lines(200, (60, 100, ALARM)))
    assert (result.false_alarms, result.visits[0].from_visible_s, result.visits[0].from_zone_s) == (0, 1.0, 0.0)


def test_poster_and_covered_face_and_nobody_give_no_reason() -> None:
    covered = load("truth").COVERED
    truth = clip([person(0, WITHOUT_MASK, range(80), poster=True), person(1, covered, range(100, 140))], 30)
    said = lines(300, (10, 20, ALARM), (110, 120, ALARM), (200, 210, ALARM))
    (row, _) = load("table").sum_up([score(truth, said)])
    assert (row.posters, row.hands, row.about_nobody, row.false_alarms) == ((1, 1), (1, 1), 1, 3)
    assert row.masked == row.unmasked == 0


def test_visitor_without_a_mask_outside_the_zone_gives_no_reason() -> None:
    truth = clip([person(0, WITHOUT_MASK, range(50, 100), small=50)])
    result = score(truth, lines(200, (60, 70, ALARM)))
    assert (result.visits[0].kind, result.visits[0].alarmed, result.false_alarms) == ("outside", True, 1)


def test_alarms_of_one_visit_are_counted() -> None:
    truth = clip([person(0, WITHOUT_MASK, range(50, 150))])
    said = lines(200, (60, 70, ALARM), (70, 90, HOLDING), (90, 95, ALARM), (95, 110, HOLDING), (110, 150, ALARM))
    assert score(truth, said).visits[0].alarms == 3


def test_lamp_that_is_lit_for_too_long_is_measured() -> None:
    truth = clip([person(0, WITHOUT_MASK, range(10, 590))], seconds=60)
    assert score(truth, lines(600, (20, 320, ALARM))).over_max_s == 0
    assert score(truth, lines(600, (20, 300, ALARM), (300, 371, HOLDING))).over_max_s == pytest.approx(5.0)


def test_every_frame_decides_on_any_unmasked_face() -> None:
    truth = clip([person(0, WITH_MASK, range(50, 100))])
    said = lines(200, faces=[(frame, BIG, WITHOUT_MASK) for frame in (60, 61, 70, 90)])
    assert score(truth, said).false_alarms == 0
    result = score(truth, said, every_frame=True)
    assert (result.false_alarms, result.visits[0].alarmed) == (3, True)


def test_frames_that_were_not_looked_at_keep_the_last_state() -> None:
    visits = load("visits")
    truth = clip([], seconds=1)
    said = visits.read_said([{"frame_index": 4, "alarm": ALARM, "faces": []}], truth, Settings())
    assert said.on.tolist() == [False] * 4 + [True] * 6


def test_table_has_a_row_a_scenario_one_for_all_and_an_interval() -> None:
    result = score(clip([person(0, WITHOUT_MASK, range(50, 100))]), lines(200, (57, 100, ALARM)))
    table = load("table")
    rows = table.sum_up([result, result])
    text = table.as_markdown(rows)
    assert [row.scenario for row in rows] == ["drill", "all"]
    assert (rows[0].unmasked, rows[0].unmasked_pictures) == (2, 1)
    assert "| 2 (1) | 100.0% (34.2%–100.0%) | 0 | 0.70, 0.70 |" in text
    assert table.as_json(rows[0])["from_zone"] == {"median_s": pytest.approx(0.7), "p90_s": pytest.approx(0.7)}


def test_kept_lines_are_scored_again_and_both_tables_are_written(tmp_path: Path) -> None:
    truth, scorer = load("truth"), load("score_clips")
    whole = clip([person(0, WITHOUT_MASK, range(50, 100))])
    truth.write_truth(tmp_path / "a.json", whole, Settings().zone, load("visits").Rules())
    (tmp_path / "door.yaml").write_text("")
    (tmp_path / "lines").mkdir()
    (tmp_path / "lines" / "a.jsonl").write_text("\n".join(json.dumps(line) for line in lines(200, (55, 99, ALARM))))
    assert scorer.main([str(tmp_path), "--again", "--every-frame"]) == 0
    tables = json.loads((tmp_path / "score.json").read_text())["tables"]
    assert tables["Maskwatch"][-1]["alarmed"]["value"] == 1.0
    assert tables["Every frame decides"][-1]["alarmed"]["value"] == 0.0
    assert "## Every frame decides" in (tmp_path / "score.md").read_text()


def test_folder_without_clips_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "door.yaml").write_text("")
    assert load("score_clips").main([str(tmp_path)]) == 1
    assert "make_clips.py" in capsys.readouterr().err

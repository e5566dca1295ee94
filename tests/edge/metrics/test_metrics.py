"""What Prometheus and node_exporter read."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest
from onlookers import ALARM, CLEAR, Desk, tally, turn
from people import MASKED, UNMASKED, person

pytest.importorskip("prometheus_client", reason="prometheus-client is not installed; it comes with the extra metrics")

from prometheus_client.parser import text_string_to_metric_families

from edge.metrics.collector import make_registry, render
from edge.metrics.settings import Metrics, find_metrics_clashes
from edge.metrics.textfile import TextfileWriter

DOCS = Path(__file__).parents[3] / "docs" / "metrics.md"


def read(desk: Desk | None = None, turns: int = 0) -> dict[str, float]:
    """Return every sample by its name and labels."""
    sums = tally()
    for number in range(turns):
        people = [person(1, MASKED), person(2, UNMASKED)]
        sums.add(turn(float(number), ALARM if number else CLEAR, people), number + 0.08)
    text = render(make_registry((desk or Desk()).answers(), sums)).decode()
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {f"{each.name}{sorted(each.labels.items()) or ''}": each.value for each in samples}


def test_sums_are_counters_and_everybody_counts_once() -> None:
    found = read(turns=3)
    assert found["maskwatch_frames_total"] == 3
    assert found["maskwatch_alarms_total"] == 1
    assert found["maskwatch_visitors_total[('verdict', 'masked')]"] == 1
    assert found["maskwatch_visitors_total[('verdict', 'unmasked')]"] == 1
    assert found["maskwatch_visitors_total[('verdict', 'unsure')]"] == 0


def test_latency_is_a_histogram_in_seconds() -> None:
    found = read(turns=4)
    assert found["maskwatch_decision_latency_seconds_bucket[('le', '0.075')]"] == 0
    assert found["maskwatch_decision_latency_seconds_bucket[('le', '0.1')]"] == 4
    assert found["maskwatch_decision_latency_seconds_bucket[('le', '+Inf')]"] == 4
    assert found["maskwatch_decision_latency_seconds_count"] == 4
    assert found["maskwatch_decision_latency_seconds_sum"] == pytest.approx(0.32)


def test_the_state_is_one_of_those_that_the_status_can_tell() -> None:
    found = {name: value for name, value in read().items() if name.startswith("maskwatch_state")}
    assert found == {
        f"maskwatch_state[('state', '{name}')]": name == "watching" for name in ("starting", "watching", "blind")
    }


def test_a_board_without_thermometer_has_no_temperature() -> None:
    desk = Desk()
    desk.said["temperature_c"] = None
    assert read()["maskwatch_temperature_celsius"] == 51.5
    assert "maskwatch_temperature_celsius" not in read(desk)


def test_faults_are_numbers() -> None:
    desk = Desk()
    assert read(desk)["maskwatch_config_fault"] == 0
    desk.said["config_fault"] = "config.yaml:3: broken"
    assert read(desk)["maskwatch_config_fault"] == 1


def test_every_metric_is_documented_and_nothing_else() -> None:
    desk = Desk()
    desk.said["slowed_to_fps"] = 5.0
    names = {re.sub(r"\[.*", "", name) for name in read(desk)}
    names = {re.sub(r"_(bucket|count|sum|created)$", "", name) for name in names}
    own = {name for name in names if not name.startswith("maskwatch_process_")}
    assert set(re.findall(r"^\| `(maskwatch_\w+)", DOCS.read_text(encoding="utf-8"), re.MULTILINE)) == own


def test_the_file_is_whole_readable_by_others_and_gone_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "maskwatch.prom"
    with closing(TextfileWriter(path, 3600, lambda: b"maskwatch_frames_total 1.0\n")) as writer:
        writer.write()
        assert path.read_bytes() == b"maskwatch_frames_total 1.0\n"
        assert path.stat().st_mode & 0o777 == 0o644
        assert not list(tmp_path.glob("*.part*.prom"))
    assert not path.exists()


def test_a_folder_that_is_not_there_is_said_once_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    path = tmp_path / "later" / "maskwatch.prom"
    with closing(TextfileWriter(path, 3600, lambda: b"x 1\n")) as writer:
        writer.write()
        writer.write()
        assert caplog.text.count("cannot be written (No such file or directory)") == 1
        path.parent.mkdir()
        writer.write()
        assert path.read_bytes() == b"x 1\n"
        assert "written again" in caplog.text


def test_metrics_need_somewhere_to_go() -> None:
    assert [list(each) for each in find_metrics_clashes(Metrics(enabled=True), has_page=False)] == [["metrics.enabled"]]
    assert not list(find_metrics_clashes(Metrics(enabled=True), has_page=True))
    assert not list(find_metrics_clashes(Metrics(enabled=True, textfile="/x.prom"), has_page=False))

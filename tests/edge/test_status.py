"""What the daemon says about itself."""

from __future__ import annotations

from pathlib import Path

from edge.clock import Moment
from edge.commands import ROOT
from edge.records import AlarmState, StatusPattern
from edge.settings import Classifier, Gpio, Settings
from edge.status import Seen, Status, gather_facts

WATCHING = Seen(2, AlarmState.ALARM, StatusPattern.WATCHING)


def at(monotonic_s: float) -> Moment:
    return Moment(1_795_219_200.0 + monotonic_s, True, monotonic_s)


def test_before_the_first_frame_it_is_starting() -> None:
    said = Status(10.0, {}).ask(at(15.0))
    assert (said["state"], said["state_s"], said["since"]) == ("starting", 5.0, "2026-11-21T00:00:10Z")
    assert (said["frames"], said["fps"], said["frame_age_s"]) == (0, 0.0, None)


def test_frames_their_rate_and_age_and_what_the_last_one_gave_are_said() -> None:
    status = Status(0.0, {})
    for number in range(101):
        status.tell(WATCHING, 10 + number / 10)
    said = status.ask(at(20.5))
    assert (said["state"], said["people"], said["alarm"]) == ("watching", 2, "alarm")
    assert (said["frames"], said["frame_age_s"]) == (101, 0.5)
    assert 9.4 < said["fps"] < 10.1


def test_the_rate_falls_to_nothing_when_frames_stop() -> None:
    status = Status(0.0, {})
    for number in range(100):
        status.tell(WATCHING, number / 10)
    assert status.ask(at(30.0))["fps"] == 0.0


def test_without_a_frame_for_three_seconds_it_is_blind_since_the_last_one() -> None:
    status = Status(0.0, {})
    status.tell(WATCHING, 10.0)
    said = status.ask(at(14.0))
    assert (said["state"], said["state_s"]) == ("blind", 4.0)


def test_after_a_gap_it_watches_since_the_frames_came_back() -> None:
    status = Status(0.0, {})
    for at_s in (10.0, 11.0, 60.0, 61.0):
        status.tell(WATCHING, at_s)
    said = status.ask(at(62.0))
    assert (said["state"], said["state_s"]) == ("watching", 2.0)


def test_the_facts_name_the_driver_of_the_pins_as_mock_switches_nothing() -> None:
    assert gather_facts(Settings(gpio=Gpio(driver="mock")), ROOT, None)["gpio_driver"] == "mock"


def test_the_facts_name_version_config_and_models(tmp_path: Path) -> None:
    facts = gather_facts(Settings(), ROOT, tmp_path / "config.yaml")
    assert facts["config"] == str(tmp_path / "config.yaml")
    assert facts["models"]["classifier"]["file"].endswith("models/mask_classifier.tflite")
    assert len(facts["models"]["detector"]["sha256"]) == 64


def test_a_model_that_is_missing_is_said_instead_of_its_version() -> None:
    facts = gather_facts(Settings(classifier=Classifier(model="models/none.tflite")), ROOT, None)
    assert "no such model" in facts["models"]["classifier"]["error"]

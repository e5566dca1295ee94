"""The configuration while the daemon runs, and at its start."""

from __future__ import annotations

import logging
from itertools import count
from pathlib import Path

import pytest

from edge.daemon import follow
from edge.errors import ConfigError
from edge.live import LiveConfig
from edge.settings import Settings


class Running:
    """A daemon that goes by a config.yaml; whatever it is told to refuse does not work there."""

    def __init__(self, folder: Path, text: str) -> None:
        self.path = folder / "config.yaml"
        self.path.write_text(text)
        self.environment = {"STATE_DIRECTORY": str(folder)}
        self.refused = ""
        self.forced = False
        self._seconds = count()
        self.applied: list[Settings] = []
        self.start()

    def start(self) -> None:
        self.config = LiveConfig(self.path, lambda: self.forced, self.environment)
        self.config.accept()

    def change(self, settings: Settings) -> None:
        if self.refused:
            raise ConfigError(self.refused)
        self.applied.append(settings)

    def write(self, text: str) -> None:
        self.path.write_text(text)
        self.wait()

    def wait(self) -> None:
        for _ in range(3):
            follow(self.config, self.change, float(next(self._seconds)))

    @property
    def holds_s(self) -> list[float]:
        return [settings.alarm.hold_s for settings in self.applied]


@pytest.fixture
def running(tmp_path: Path) -> Running:
    return Running(tmp_path, "alarm: {hold_s: 3}\n")


def test_a_good_change_is_applied_once_and_named(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    running.write("alarm: {hold_s: 5}\ncamera: {max_fps: 5}\n")
    assert (running.holds_s, running.config.fault) == ([5], "")
    assert caplog.messages == [f"{running.path}: applied, changed: camera, alarm"]


def test_a_comment_changes_nothing(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    running.write("alarm: {hold_s: 3}  # the door is slow\n")
    assert (running.applied, caplog.messages) == ([], [])


def test_a_broken_change_leaves_the_last_good_one_and_is_said_once_until_it_is_mended(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    running.write("alarm: {hold_s: 99}\n")
    running.wait()
    assert running.applied == []
    assert running.config.fault == f"{running.path}:1: alarm.hold_s: must be between 0 and 60, got 99"
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "the last good settings stay in force" in caplog.text
    running.write("alarm: {hold_s: 3}\n")
    assert (running.applied, running.config.fault) == ([], "")
    assert caplog.messages[1:] == [f"{running.path}: fine, and in force"]


def test_what_does_not_work_here_is_refused_and_tried_again_when_asked(running: Running) -> None:
    running.refused = "models/none.tflite: no such model"
    running.write("classifier: {model: models/none.tflite}\n")
    assert (running.applied, running.config.fault) == ([], running.refused)
    assert running.config.settings == Settings()
    running.refused, running.forced = "", True
    running.wait()
    assert [each.classifier.model for each in running.applied] == ["models/none.tflite"]
    assert running.config.fault == ""


def test_a_start_with_a_broken_file_goes_by_the_last_good_one_and_shows_the_fault(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    running.write("alarm: {hold_s: 5}\n")
    running.write("alarm: {hold_s: ninety}\n")
    running.start()
    assert running.config.settings.alarm.hold_s == 5
    assert "alarm.hold_s: must be a number" in running.config.fault
    assert "last-good.yaml" in caplog.text
    running.start()
    assert running.config.settings.alarm.hold_s == 5
    running.write("alarm: {hold_s: 7}\n")
    assert (running.holds_s, running.config.fault) == ([5, 7], "")


def test_a_refused_configuration_is_not_kept_for_the_next_start(running: Running) -> None:
    running.write("alarm: {hold_s: 5}\n")
    running.refused = "gpio.lamp_pin: pin 4 cannot be used"
    running.write("gpio: {lamp_pin: 4}\n")
    running.path.unlink()
    running.start()
    assert (running.config.settings.gpio.lamp_pin, running.config.settings.alarm.hold_s) == (17, 5)


def test_a_file_that_a_full_disk_left_empty_changes_nothing_not_even_at_a_start(running: Running) -> None:
    running.write("alarm: {hold_s: 5}\n")
    running.write("")
    assert running.holds_s == [5]
    assert "is empty" in running.config.fault
    running.start()
    assert running.config.settings.alarm.hold_s == 5


def test_a_start_with_what_does_not_work_falls_back_to_the_last_good_one_if_that_is_another(running: Running) -> None:
    assert not running.config.fall_back("models/none.tflite: no such model")
    running.path.write_text("classifier: {model: models/none.tflite}\n")
    config = LiveConfig(running.path, environment=running.environment)
    assert config.fall_back("models/none.tflite: no such model")
    config.accept()
    assert (config.settings, config.fault) == (Settings(), "models/none.tflite: no such model")
    running.path.unlink()
    assert LiveConfig(running.path, environment=running.environment).settings == Settings()


def test_what_fails_after_a_good_start_is_not_answered_with_older_settings(running: Running) -> None:
    running.write("gpio: {lamp_pin: 6}\n")
    (running.path.parent / ".last-good.yaml.part").mkdir()  # what is in force cannot be kept
    running.path.write_text("gpio: {lamp_pin: 5}\n")
    running.start()
    assert not running.config.fall_back("the camera's driver hangs; Maskwatch has to start anew")


def test_pins_that_cannot_be_had_are_not_replaced_by_none(running: Running) -> None:
    running.write("gpio: {driver: mock}\n")
    running.path.write_text("gpio: {driver: auto}\n")
    config = LiveConfig(running.path, environment=running.environment)
    assert not config.fall_back("gpio.driver: auto: no GPIO chip in /dev")
    assert config.settings.gpio.driver == "auto"


def test_a_start_with_a_broken_file_and_none_ever_good_is_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("alrm: {}\n")
    with pytest.raises(ConfigError, match="unknown key; did you mean alarm") as caught:
        LiveConfig(tmp_path / "config.yaml", environment={"STATE_DIRECTORY": str(tmp_path)})
    assert caught.value.exit_code == 2

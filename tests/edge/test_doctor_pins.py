"""What the doctor and test-outputs say of pins that switch nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge.cli import main
from edge.config import parse_settings
from edge.doctor.pins import check_pin_use, check_pins
from edge.doctor.system import Patient, this_system


def patient(folder: Path, text: str) -> Patient:
    """Return a machine without anything in it that goes by a config.yaml."""
    return Patient(replace(this_system(), root=folder), parse_settings(text, "config.yaml"), None, folder)


def test_mock_pins_are_a_warning_as_a_door_with_them_is_silent(tmp_path: Path) -> None:
    finding = check_pins(patient(tmp_path, "gpio: {driver: mock}"))
    assert (finding.state, finding.says) == ("warning", "gpio.driver is mock: nothing is switched")
    assert "set gpio.driver: auto" in finding.remedy


@pytest.mark.parametrize("more", ["", ", driver: mock", ", mute_button_pin: 5"])
def test_pins_that_are_all_null_are_a_warning_as_no_alarm_can_be_seen(tmp_path: Path, more: str) -> None:
    text = f"gpio: {{lamp_pin: null, buzzer_pin: null, status_lamp_pin: null{more}}}"
    finding = check_pin_use(patient(tmp_path, text))
    assert (finding.state, finding.says) == ("warning", "nothing is wired: an alarm switches no pin")
    assert "gpio.lamp_pin" in finding.remedy


def test_a_test_of_outputs_that_are_not_wired_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "gpio: {driver: mock, lamp_pin: null, buzzer_pin: null, status_lamp_pin: null, mute_button_pin: 5}\n"
    )
    assert main(["test-outputs", "--config", str(path)]) == 2
    assert "nothing is wired" in capsys.readouterr().err

"""What the doctor says of pins that switch nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edge.config import parse_settings
from edge.doctor.pins import check_pins
from edge.doctor.system import Patient, this_system


def patient(folder: Path, text: str) -> Patient:
    """Return a machine without anything in it that goes by a config.yaml."""
    return Patient(replace(this_system(), root=folder), parse_settings(text, "config.yaml"), None, folder)


def test_mock_pins_are_a_warning_as_a_door_with_them_is_silent(tmp_path: Path) -> None:
    finding = check_pins(patient(tmp_path, "gpio: {driver: mock}"))
    assert (finding.state, finding.says) == ("warning", "gpio.driver is mock: nothing is switched")
    assert "set gpio.driver: auto" in finding.remedy

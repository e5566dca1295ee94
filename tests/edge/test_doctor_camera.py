"""What the doctor says of a camera that is no device of this machine, and of one that is named by a link."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edge.config import parse_settings
from edge.doctor.camera import check_camera, check_camera_use
from edge.doctor.system import Patient, this_system


@pytest.mark.parametrize("source", ["auto", "rtsp"])
def test_a_network_camera_is_not_looked_for_in_this_machine(tmp_path: Path, source: str) -> None:
    settings = parse_settings(f"camera: {{source: {source}, device: rtsp://cam/live}}", "config.yaml")
    patient = Patient(replace(this_system(), root=tmp_path), settings, None, tmp_path)
    assert (check_camera(patient).state, check_camera_use(patient).state) == ("skipped", "skipped")
    assert "a network camera" in check_camera(patient).says


def test_a_network_camera_needs_the_network_of_the_service(tmp_path: Path) -> None:
    settings = parse_settings("camera: {source: rtsp, device: rtsp://cam/live}", "config.yaml")
    system = replace(this_system(), root=tmp_path, run=lambda command: "LoadState=loaded\n")
    patient = Patient(system, settings, None, tmp_path)
    found = check_camera(patient)
    assert (found.state, found.remedy) == ("problem", "sudo ./setup.sh network on")
    opened = tmp_path / "etc/systemd/system/maskwatch.service.d/network.conf"
    opened.parent.mkdir(parents=True)
    opened.touch()
    assert check_camera(patient).state == "skipped"


def test_the_program_that_uses_a_camera_is_named_where_the_settings_name_a_link(tmp_path: Path) -> None:
    for folder in ("dev/v4l/by-id", "proc/77/fd"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "dev/video0").touch()
    (tmp_path / "dev/v4l/by-id/usb-cam-index0").symlink_to("../../video0")
    (tmp_path / "proc/77/fd/5").symlink_to("/dev/video0")
    (tmp_path / "proc/77/comm").write_text("cheese\n")
    settings = parse_settings("camera: {device: /dev/v4l/by-id/usb-cam-index0}", "config.yaml")
    busy = json.dumps({"error": "EBUSY", "card": "cam", "captures": True})
    system = replace(this_system(), root=tmp_path, run=lambda command: busy)
    finding = check_camera_use(Patient(system, settings, None, tmp_path))
    assert finding.says == "/dev/v4l/by-id/usb-cam-index0: cheese (process 77) uses it"

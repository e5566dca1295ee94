"""The doctor's lines about page, MQTT and metrics, before a machine that is laid out in a folder."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.config import parse_settings
from edge.doctor.outside import check_metrics, check_mqtt, check_page
from edge.doctor.system import Patient, System

DROP_IN = "etc/systemd/system/maskwatch.service.d/network.conf"
DAEMON = "proc/812/cmdline"
TOKEN = "a-token-of-more-than-sixteen"
WEB = "web: {enabled: true}\n"
MQTT = "mqtt: {enabled: true, host: broker.home}\n"
FOLDER = "/var/lib/prometheus/node-exporter"
METRICS = f"metrics: {{enabled: true, textfile: {FOLDER}/maskwatch.prom}}\n"
METRICS_FILE = f"{FOLDER}/maskwatch.prom".lstrip("/")


@dataclass
class Machine:
    """A machine in a folder, with every extra; `said` answers the command that contains its key."""

    folder: Path
    said: dict[str, str | None] = field(default_factory=lambda: {"LoadState": "LoadState=loaded"})

    def write(self, name: str, text: str = "", mode: int = 0o640) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def install(self, *names: str) -> None:
        for name in names:
            self.write(f"site/{name.replace('-', '_')}-1.0.dist-info/METADATA", f"Name: {name}\nVersion: 1.0\n")

    def start(self) -> None:
        self.write(DAEMON, "/opt/venv/bin/python3\0/opt/venv/bin/maskwatch\0run\0")

    def run(self, command: Sequence[str]) -> str | None:
        line = " ".join(command)
        return next((text for key, text in self.said.items() if key in line), "")

    def with_config(self, text: str) -> Patient:
        system = System(
            root=self.folder,
            run=self.run,
            access=os.access,
            free_bytes=lambda path: 0,
            clock_set=lambda: True,
            clock_marked=lambda: True,
            module_paths=(str(self.folder / "site"),),
            machine="x",
            bits=64,
            python=(3, 11),
        )
        return Patient(system, parse_settings(text, "config.yaml"), None, self.folder)


@pytest.fixture
def pi(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.install("starlette", "uvicorn", "paho-mqtt", "prometheus-client")
    machine.write(DROP_IN)
    return machine


def test_what_is_switched_off_is_not_looked_at(pi: Machine) -> None:
    patient = pi.with_config("")
    assert [check(patient).state for check in (check_page, check_mqtt, check_metrics)] == ["skipped"] * 3


@pytest.mark.parametrize(
    ("config", "extra"), [(WEB, "web"), (MQTT, "mqtt"), (WEB + "metrics: {enabled: true}", "metrics")]
)
def test_a_missing_extra_is_named(tmp_path: Path, config: str, extra: str) -> None:
    check = {"web": check_page, "mqtt": check_mqtt, "metrics": check_metrics}[extra]
    found = check(Machine(tmp_path).with_config(config))
    assert found.state == "problem"
    assert f"the extra {extra}" in found.remedy


@pytest.mark.parametrize(("config", "check"), [(WEB, check_page), (MQTT, check_mqtt)])
def test_a_service_without_network_gets_the_command_that_opens_it(pi: Machine, config: str, check: object) -> None:
    (pi.folder / DROP_IN).unlink()
    found = check(pi.with_config(config))  # type: ignore[operator]
    assert (found.state, found.remedy) == ("problem", "sudo ./setup.sh network on")
    pi.said.clear()  # not installed: whoever runs it by hand has the network
    assert check(pi.with_config(config)).state == "ok"  # type: ignore[operator]


def test_a_page_for_others_needs_a_token_that_others_cannot_read(pi: Machine) -> None:
    assert "can be reached by others" in check_page(pi.with_config("web: {enabled: true, address: 0.0.0.0}")).says
    config = "web: {enabled: true, address: 0.0.0.0, token_file: /etc/maskwatch/web_token}"
    token = pi.write("etc/maskwatch/web_token", TOKEN, mode=0o644)
    assert "everybody can read" in check_page(pi.with_config(config)).says
    token.chmod(0o640)
    assert check_page(pi.with_config(config)).state == "ok"
    token.write_text("short")
    assert "fewer than 16" in check_page(pi.with_config(config)).says
    token.write_text("a secret\nand a remark\n")
    found = check_page(pi.with_config(config))
    assert "must hold one line of at most 4096 bytes" in found.says
    assert found.remedy == "write the secret there, alone"


def test_a_page_that_does_not_answer_is_a_warning_only_while_the_daemon_runs(pi: Machine) -> None:
    pi.said["127.0.0.1 8080"] = "Connection refused"
    assert check_page(pi.with_config(WEB)).state == "ok"
    pi.start()
    found = check_page(pi.with_config(WEB))
    assert found.state == "warning"
    assert "Connection refused" in found.says
    pi.said["127.0.0.1 8080"] = None
    assert "no answer in time" in check_page(pi.with_config(WEB)).says


def test_a_broker_that_does_not_answer_is_a_warning(pi: Machine) -> None:
    assert check_mqtt(pi.with_config(MQTT)).state == "ok"
    pi.said["broker.home 1883"] = "Name or service not known"
    found = check_mqtt(pi.with_config(MQTT))
    assert found.state == "warning"
    assert "broker.home port 1883: Name or service not known" in found.says


def test_a_password_in_the_clear_is_a_warning_but_not_on_the_device_itself(pi: Machine) -> None:
    assert "unencrypted" in check_mqtt(pi.with_config("mqtt: {enabled: true, host: b.home, username: door}")).says
    assert check_mqtt(pi.with_config("mqtt: {enabled: true, username: door}")).state == "ok"
    assert check_mqtt(pi.with_config("mqtt: {enabled: true, host: b.home, username: door, tls: true}")).state == "ok"


def test_missing_files_of_mqtt_are_problems(pi: Machine) -> None:
    config = "mqtt: {enabled: true, username: door, password_file: /etc/maskwatch/mqtt_password}"
    found = check_mqtt(pi.with_config(config))
    assert found.state == "problem"
    assert "cannot be read" in found.says
    found = check_mqtt(pi.with_config("mqtt: {enabled: true, tls: true, ca_file: /etc/ca.pem}"))
    assert found.says == "mqtt.ca_file: /etc/ca.pem is not there"


def test_a_metrics_folder_must_be_there_and_open_to_the_service(pi: Machine) -> None:
    assert "is not there" in check_metrics(pi.with_config(METRICS)).says
    (pi.folder / FOLDER.lstrip("/")).mkdir(parents=True)
    found = check_metrics(pi.with_config(METRICS))
    assert "does not let it write" in found.says
    assert f"ReadWritePaths={FOLDER}" in found.remedy
    pi.said["LoadState"] = f"LoadState=loaded\nReadWritePaths=-/run/x {FOLDER}"
    assert check_metrics(pi.with_config(METRICS)).state == "ok"


def test_a_folder_whose_name_only_begins_alike_is_not_open_to_the_service(pi: Machine) -> None:
    (pi.folder / FOLDER.lstrip("/")).mkdir(parents=True)
    pi.said["LoadState"] = "LoadState=loaded\nReadWritePaths=/var/lib/prom"
    assert "does not let it write" in check_metrics(pi.with_config(METRICS)).says


def test_old_metrics_are_a_warning_while_the_daemon_runs(pi: Machine) -> None:
    pi.said["LoadState"] = f"LoadState=loaded\nReadWritePaths={FOLDER}"
    path = pi.write(METRICS_FILE, "maskwatch_muted 0\n")
    pi.start()
    assert check_metrics(pi.with_config(METRICS)).state == "ok"
    os.utime(path, (time.time() - 60, time.time() - 60))
    assert check_metrics(pi.with_config(METRICS)).state == "warning"
    path.unlink()
    assert check_metrics(pi.with_config(METRICS)).state == "warning"


def test_metrics_without_a_file_are_at_the_page(pi: Machine) -> None:
    assert check_metrics(pi.with_config(WEB + "metrics: {enabled: true}")).says == "at /metrics of the page"

"""What others see of Maskwatch: the page, MQTT, the metrics. Settings that would leave one of them silent."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from edge.doctor.findings import Finding, explain, ok, problem, skipped, warning
from edge.doctor.service import SEE_LOG, find_closed_network, may_unit_write, read_unit
from edge.doctor.system import Patient, System, find_daemon
from edge.errors import ConfigError
from edge.mqtt.settings import Mqtt
from edge.secret import read_secret
from edge.web.token import is_loopback, read_token

_LATE: Final = 3
"""After so many intervals without being written a file of metrics is old."""

_CONNECT: Final = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5).close()
except OSError as exc:
    print(exc.strerror or exc)
"""


def check_page(patient: Patient) -> Finding:
    """Return whether the status page can be served, is guarded, and answers where the daemon runs."""
    name, system, web = "page", patient.system, patient.settings.web
    if not web.enabled:
        return skipped(name, "web.enabled is false")
    if missing := _find_missing(name, "web", ("starlette", "uvicorn"), system) or find_closed_network(name, system):
        return missing
    try:
        read_token(replace(web, token_file=_below_root(system, web.token_file)))
    except ConfigError as exc:
        return _judge_secret(name, exc)
    address = "127.0.0.1" if web.address in ("0.0.0.0", "::") else web.address  # noqa: S104  # compared, not bound
    place = f"{web.address} port {web.port}"
    if find_daemon(system) is None:
        return ok(name, f"will be at {place}")
    if reason := _try_connection(system, address, web.port):
        return warning(name, f"the daemon runs, and nobody answers at {place}: {reason}", SEE_LOG)
    return ok(name, f"answers at {place}")


def check_mqtt(patient: Patient) -> Finding:
    """Return whether messages can be sent, and whether somebody answers at the broker's place."""
    name, system, mqtt = "mqtt", patient.system, patient.settings.mqtt
    if not mqtt.enabled:
        return skipped(name, "mqtt.enabled is false")
    if missing := _find_missing(name, "mqtt", ("paho-mqtt",), system) or find_closed_network(name, system):
        return missing
    try:
        read_secret("mqtt.password_file", _below_root(system, mqtt.password_file), "mqtt_password")
    except ConfigError as exc:
        return _judge_secret(name, exc)
    if mqtt.ca_file and not system.path(mqtt.ca_file).is_file():
        return problem(name, f"mqtt.ca_file: {mqtt.ca_file} is not there", "correct mqtt.ca_file in config.yaml")
    return _judge_broker(name, mqtt, system)


def check_metrics(patient: Patient) -> Finding:
    """Return whether the metrics reach the file that they are written to."""
    name, system, metrics = "metrics", patient.system, patient.settings.metrics
    if not metrics.enabled:
        return skipped(name, "metrics.enabled is false")
    if missing := _find_missing(name, "metrics", ("prometheus-client",), system):
        return missing
    if metrics.textfile is None:
        return ok(name, "at /metrics of the page")
    folder = metrics.textfile.rpartition("/")[0]
    if not system.path(folder).is_dir():
        return problem(name, f"{folder} is not there", "make it, or correct metrics.textfile in config.yaml")
    unit = read_unit(system)
    if unit and not may_unit_write(unit, folder):
        advice = f"sudo systemctl edit maskwatch: ReadWritePaths={folder} below [Service] (docs/metrics.md)"
        return problem(name, f"the service's unit does not let it write to {folder}", advice)
    return _judge_age(name, metrics.textfile, metrics.write_every_s, system)


def _find_missing(name: str, extra: str, packages: Sequence[str], system: System) -> Finding | None:
    missing = [package for package in packages if system.version_of(package) is None]
    if not missing:
        return None
    advice = f"install Maskwatch with the extra {extra}, or set {extra}.enabled: false"
    return problem(name, f"{' and '.join(missing)} not installed", advice)


def _below_root(system: System, path: str | None) -> str | None:
    return None if path is None else str(system.path(path))


def _judge_secret(name: str, error: ConfigError) -> Finding:
    found = explain(name, str(error))
    if isinstance(error.__cause__, PermissionError):
        return skipped(name, f"{found.says}; sudo maskwatch doctor can")
    return found


def _judge_broker(name: str, mqtt: Mqtt, system: System) -> Finding:
    place = f"{mqtt.host} port {mqtt.port}"
    if reason := _try_connection(system, mqtt.host, mqtt.port):
        advice = "start the broker, or correct mqtt.host and mqtt.port"
        return warning(name, f"nobody answers at {place}: {reason}", advice)
    if mqtt.username and not mqtt.tls and not is_loopback(mqtt.host):
        return warning(name, f"the password goes to {place} unencrypted", "set mqtt.tls: true (docs/mqtt.md)")
    return ok(name, f"somebody answers at {place}")


def _try_connection(system: System, host: str, port: int) -> str:
    """Return why nobody can be reached there, or nothing. It is tried in a process of its own."""
    said = system.run((sys.executable, "-c", _CONNECT, host, str(port)))
    return "no answer in time" if said is None else said


def _judge_age(name: str, path: str, every_s: float, system: System) -> Finding:
    if find_daemon(system) is None:
        return ok(name, f"will be written to {path}")
    there = system.path(path)
    old_s = time.time() - there.stat().st_mtime if there.exists() else float("inf")
    if old_s > _LATE * every_s:
        return warning(name, f"the daemon runs and does not write {path}", "journalctl -u maskwatch | grep metrics")
    return ok(name, f"{path} is being written")

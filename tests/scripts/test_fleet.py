"""The fleet's playbook: its examples are what Maskwatch takes, and its rules fit what Maskwatch says."""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from onlookers import Desk, tally

from edge.config import parse_settings
from edge.mqtt.topics import Topics, list_discovery
from edge.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
FLEET = ROOT / "scripts" / "fleet"
DOOR = "door-0001"


@pytest.fixture
def rehearsal(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(FLEET / "rehearsal"))
    import rehearse

    yield rehearse
    for name in ("rehearse", "releases", "hosts", "playbook"):
        sys.modules.pop(name, None)


def load(name: str) -> Any:
    return yaml.safe_load((FLEET / name).read_text())


def settings_of(config: dict[str, Any]) -> Settings:
    return parse_settings(yaml.safe_dump(config).replace("{{ inventory_hostname }}", DOOR), "config.yaml")


def test_the_example_of_an_inventory_makes_valid_settings() -> None:
    shared = load("inventory.example/group_vars/doors.yml")["door_config"]
    own = load(f"inventory.example/host_vars/{DOOR}.yml")["door_config_own"]
    settings = settings_of(shared | own)
    assert settings.mqtt.device == settings.mqtt.username == DOOR
    assert settings.web.token_file == "/etc/maskwatch/web_token"
    assert settings.mqtt.password_file == "/etc/maskwatch/mqtt_password"
    assert settings.schedule.quiet_hours


def test_the_settings_of_the_rehearsal_are_valid(rehearsal: Any) -> None:
    from playbook import CONFIG

    assert replace(settings_of(dict(CONFIG)), web=Settings().web).gpio.driver == "mock"


def test_the_rehearsal_can_still_break_a_release(rehearsal: Any) -> None:
    assert rehearsal.make_releases.__globals__["_FINDS"] in (ROOT / "edge" / "pipeline.py").read_text()


def test_alerts_are_about_metrics_that_exist() -> None:
    pytest.importorskip("prometheus_client", reason="it comes with the extra metrics")
    from edge.metrics.collector import make_registry, render

    sums = tally()
    said = render(make_registry(Desk().answers(), sums)).decode()
    alerts = load("roles/prometheus/templates/alerts.yml.j2")["groups"][0]["rules"]
    wanted = {name for rule in alerts for name in re.findall(r"maskwatch_\w+", rule["expr"])}
    assert wanted
    missing = {name for name in wanted if not re.search(rf"^(# TYPE )?{name}\b", said, re.MULTILINE)}
    assert missing <= {"maskwatch_last_frame_age_seconds"}  # there once a frame was seen


def test_a_blind_door_with_an_old_picture_is_one_alert() -> None:
    rules = load("roles/prometheus/templates/alerts.yml.j2")["groups"][0]["rules"]
    blind = next(rule["expr"] for rule in rules if rule["alert"] == "MaskwatchBlind")
    assert re.fullmatch(r"max without \(state\) \(.* or .*\)", blind)  # else each side has labels of its own
    assert f"  expr: {blind}\n" in (ROOT / "docs" / "metrics.md").read_text()


def test_a_door_that_refuses_its_settings_after_a_while_is_not_healthy() -> None:
    first, *_, last = load("roles/door/tasks/health.yml")
    assert "not (door_said.stdout | from_json).config_fault" in first["until"]
    assert "not still.config_fault" in last["ansible.builtin.assert"]["that"]


def test_a_deployment_begins_once_an_earlier_one_has_let_go_of_the_lock_of_setup_sh(tmp_path: Path) -> None:
    first = load("roles/door/tasks/main.yml")[0]
    *wait, _, lock, done = first["ansible.builtin.command"]["argv"]
    assert lock.removeprefix("/run") in (ROOT / "scripts/install/checks.sh").read_text()
    command = [*wait, "0", str(tmp_path / "lock"), done]
    with (tmp_path / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert subprocess.run(command, check=False).returncode != 0
    assert subprocess.run(command, check=False).returncode == 0


def test_prometheus_looks_at_addresses_and_calls_doors_by_their_names() -> None:
    template = (FLEET / "roles/prometheus/templates/prometheus.yml.j2").read_text()
    plain = re.sub(r"(?m)^{%.*%}$", "", template).replace("{{ prometheus_every_s }}", "15")
    door = yaml.safe_load(plain)["scrape_configs"][0]["static_configs"][0]
    assert "hostvars[name].ansible_host | default(name)" in door["targets"][0]
    assert door["labels"] == {"instance": "{{ name }}"}


def test_a_door_may_send_all_that_it_sends_and_nothing_of_another_door() -> None:
    acl = (FLEET / "roles/broker/templates/acl.j2").read_text()
    acl = acl.replace("{{ broker_prefix }}", "maskwatch").replace("{{ broker_discovery_prefix }}", "homeassistant")
    rules = [line.split()[1:] for line in acl.splitlines() if line.startswith("pattern ")]
    for door in (DOOR, "door-0002"):
        topics = Topics(f"maskwatch/{door}")
        sent = [each.topic for each in list_discovery("homeassistant", door, topics, "1")]
        sent += [topics.availability, topics.state, topics.event]
        assert [may(rules, "write", topic) for topic in sent] == [door == DOOR] * len(sent)
        assert may(rules, "read", topics.mute) is (door == DOOR)


def may(rules: list[list[str]], wish: str, topic: str) -> bool:
    patterns = [pattern.replace("%u", DOOR) for kind, pattern in rules if kind == wish]
    return any(re.fullmatch(each.replace("+", "[^/]+").replace("#", ".+"), topic) for each in patterns)


def test_ansible_lint_has_nothing_to_say(tmp_path: Path) -> None:
    lint = shutil.which("ansible-lint")
    if lint is None:
        pytest.skip("ansible-lint is not installed; run: pip install ansible-lint")
    folder = shutil.copytree(FLEET, tmp_path / "fleet", ignore=shutil.ignore_patterns("inventory", ".ansible"))
    command = [lint, "--offline", "--profile", "production", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout

"""What the doctor says of the journal's folder: its owner, its group, and what the service's unit allows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge.config import parse_settings
from edge.doctor.findings import Finding
from edge.doctor.service import check_journal
from edge.doctor.system import Patient, this_system


def ask(root: Path, unit: str, folder: str = "/var/lib/maskwatch") -> Finding:
    """Return the finding about a journal in a folder, where systemd says `unit` of the service."""
    settings = parse_settings(f"journal: {{path: {folder}/journal.db}}", "config.yaml")
    system = replace(this_system(), root=root, run=lambda command: unit)
    return check_journal(Patient(system, settings, None, root))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Where the service keeps things; `tmp_path` is the root."""
    folder = tmp_path / "var/lib/maskwatch"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("line", ["Group={}", "SupplementaryGroups=video {}", ""])
def test_a_folder_of_somebody_else_is_fine_where_the_services_group_may_write(
    tmp_path: Path, state: Path, line: str
) -> None:
    unit = f"LoadState=loaded\nUser=somebody\n{line.format(state.group())}"
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/group").write_text(f"{state.group()}:x:44:pi,{'' if line else 'somebody'}\n")
    state.chmod(0o770)
    assert ask(tmp_path, unit).state == "ok"
    state.chmod(0o757)
    finding = ask(tmp_path, unit)
    assert (finding.state, finding.remedy) == ("problem", "sudo chown somebody /var/lib/maskwatch")


def test_a_folder_elsewhere_must_be_open_to_the_service_by_its_unit_too(tmp_path: Path) -> None:
    (tmp_path / "srv/door").mkdir(parents=True)
    unit = f"LoadState=loaded\nUser={tmp_path.owner()}\n"
    finding = ask(tmp_path, unit, "/srv/door")
    assert finding.state == "problem"
    assert "the service's unit does not let it write to /srv/door: nothing is written down" in finding.says
    assert "ReadWritePaths=/srv/door" in finding.remedy
    assert ask(tmp_path, f"{unit}ReadWritePaths=-/run/x /srv/door", "/srv/door").state == "ok"
    assert ask(tmp_path, "", "/srv/door").state == "ok"  # not installed: whoever runs it by hand may write

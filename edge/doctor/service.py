"""The service: installed, started at boot, running, and able to write what it writes."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from edge.doctor.findings import Finding, ok, problem, skipped, warning
from edge.doctor.system import Patient, System, find_daemon

_UNIT = "maskwatch.service"
_PROPERTIES = (
    "LoadState,UnitFileState,ActiveState,SubState,Result,NRestarts,User,Group,SupplementaryGroups,ReadWritePaths"
)
_STATE = "/var/lib/maskwatch"
_GROUPS = ("video", "gpio")
_BUSY_RESTARTS = 3
_NETWORK = "/etc/systemd/system/maskwatch.service.d/network.conf"
SEE_LOG = "see why: journalctl -u maskwatch -n 50"


def check_service(patient: Patient) -> Finding:
    """Return whether the service is installed, starts at boot and runs."""
    name, system = "service", patient.system
    if not system.path("/run/systemd/system").exists():
        return skipped(name, "systemd does not run here")
    unit = read_unit(system)
    if not unit:
        return warning(name, "not installed: nothing starts at boot", "sudo ./setup.sh install")
    if unit.get("UnitFileState") not in ("enabled", "enabled-runtime"):
        advice = "sudo systemctl enable --now maskwatch"
        return problem(name, f"{unit.get('UnitFileState') or 'not enabled'}: it does not start at boot", advice)
    return _judge_activity(unit)


def check_service_user(patient: Patient) -> Finding:
    """Return whether the service's user may use cameras and pins."""
    name, system = "service user", patient.system
    unit = read_unit(system)
    user = unit.get("User", "")
    if not user or user == "root":
        return skipped(name, "no service with a user of its own")
    given = set(unit.get("SupplementaryGroups", "").split())
    groups = _members_by_group(system)
    missing = [each for each in _GROUPS if each in groups and each not in given and user not in groups[each]]
    if missing:
        says = f"{user} is not in group {' and '.join(missing)}"
        return problem(name, says, f"sudo usermod -aG {','.join(missing)} {user}; sudo systemctl restart maskwatch")
    return ok(name, f"{user} may use cameras and pins")


def check_journal(patient: Patient) -> Finding:
    """Return whether the journal's folder can be written by who runs the daemon."""
    journal = patient.settings.journal
    if not journal.enabled:
        return skipped("journal", "journal.enabled is false")
    return _check_folder("journal", journal.path, "journal.path", "nothing is written down", patient.system)


def check_control(patient: Patient) -> Finding:
    """Return whether this user can talk to the daemon, or the daemon could listen if it ran."""
    name, system, path = "control", patient.system, patient.settings.control.path
    daemon = find_daemon(system)
    if daemon is None and read_unit(system):
        return skipped(name, "the service does not run; it makes the socket when it starts")
    if daemon is None:
        return _check_folder(name, path, "control.path", "status and mute do not work", system)
    try:
        there = stat.S_ISSOCK(system.path(path).stat().st_mode)
    except PermissionError:
        there = True
    except OSError:
        there = False
    if not there:
        advice = "see its log; compare control.path in config.yaml with its own"
        return warning(name, f"the daemon runs (process {daemon}) and does not listen at {path}", advice)
    if not system.access(system.path(path), os.R_OK | os.W_OK):
        return warning(name, f"{path}: no permission", "sudo usermod -aG maskwatch $USER, then log in again")
    return ok(name, f"the daemon runs (process {daemon}) and listens at {path}")


def read_unit(system: System) -> Mapping[str, str]:
    """Return what systemd says about the service, by property; nothing when it is not installed."""
    said = system.run(("systemctl", "show", _UNIT, f"--property={_PROPERTIES}")) or ""
    unit = {key: value for key, _, value in (line.partition("=") for line in said.splitlines())}
    return unit if unit.get("LoadState") == "loaded" else {}


def find_closed_network(name: str, system: System) -> Finding | None:
    """Return the finding that the service may not use the network, None where it may or is not installed."""
    if not read_unit(system) or system.path(_NETWORK).exists():
        return None
    return problem(name, "the network is closed to the service", "sudo ./setup.sh network on")


def may_unit_write(unit: Mapping[str, str], folder: str) -> bool:
    """Return whether the service's unit leaves a folder open for writing, whoever may write there otherwise."""
    allowed = [_STATE, *(each.lstrip("-+") for each in unit.get("ReadWritePaths", "").split())]
    return any(f"{folder}/".startswith(f"{each.rstrip('/')}/") for each in allowed)


def _judge_activity(unit: Mapping[str, str]) -> Finding:
    state, restarts = unit.get("ActiveState", "unknown"), int(unit.get("NRestarts") or 0)
    if state == "activating" and unit.get("SubState", "").startswith("start"):
        return ok("service", "starts at boot, is starting now")
    if state not in ("active", "reloading"):
        result = unit.get("Result", "")
        reason = f" ({result})" if result not in ("", "success") else ""
        return problem("service", f"enabled, but {state}{reason}", f"sudo systemctl start maskwatch; {SEE_LOG}")
    if restarts >= _BUSY_RESTARTS:
        return warning("service", f"runs, after {restarts} restarts by itself", SEE_LOG)
    return ok("service", "starts at boot, runs")


def _members_by_group(system: System) -> dict[str, list[str]]:
    rows = (line.split(":") for line in (system.read("/etc/group") or "").splitlines())
    return {row[0]: row[3].split(",") for row in rows if len(row) == 4}


def _check_folder(name: str, path: str, key: str, loss: str, system: System) -> Finding:
    folder = system.path(path).parent
    shown = str(Path(path).parent)
    unit = read_unit(system)
    user = unit.get("User", "")
    try:
        writable = _may_write(folder, unit, system)
    except FileNotFoundError:
        advice = f"sudo ./setup.sh install makes it; or set {key} in config.yaml to a place of your own"
        return warning(name, f"{shown} does not exist: {loss}", advice)
    except PermissionError:
        return skipped(name, f"{shown} may not be looked at by this user; sudo maskwatch doctor can")
    if not writable:
        who = user or "this user"
        return problem(name, f"{shown} cannot be written by {who}: {loss}", f"sudo chown {user or '$USER'} {shown}")
    if unit and not may_unit_write(unit, shown):
        advice = f"sudo systemctl edit maskwatch: ReadWritePaths={shown} below [Service]; or set {key} below {_STATE}"
        return problem(name, f"the service's unit does not let it write to {shown}: {loss}", advice)
    return ok(name, f"{shown} can be written")


def _may_write(folder: Path, unit: Mapping[str, str], system: System) -> bool:
    """Return whether the service's user may, or this one where there is no service. Raises OSError."""
    mode, user = folder.stat().st_mode, unit.get("User", "")
    if not user:
        return system.access(folder, os.W_OK | os.X_OK)
    if _name(folder.owner) == user:
        wanted = stat.S_IWUSR | stat.S_IXUSR
    elif _name(folder.group) in _groups_of(user, unit, system):
        wanted = stat.S_IWGRP | stat.S_IXGRP
    else:
        wanted = stat.S_IWOTH | stat.S_IXOTH
    return mode & wanted == wanted


def _groups_of(user: str, unit: Mapping[str, str], system: System) -> set[str]:
    given = {unit.get("Group", ""), *unit.get("SupplementaryGroups", "").split()} - {""}
    return given | {group for group, members in _members_by_group(system).items() if user in members}


def _name(look_up: Callable[[], str]) -> str:
    try:
        return look_up()
    except KeyError:  # a number that belongs to nobody
        return ""

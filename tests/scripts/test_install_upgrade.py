"""`setup.sh upgrade` and `rollback`: from one release to another, and back when the new one does not get ready."""

from __future__ import annotations

from pathlib import Path

import pytest
from machine import Machine, make_checkout


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return make_checkout(tmp_path / "old", "1.0.0")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return make_checkout(tmp_path / "new", "2.0.0")


@pytest.fixture
def machine(tmp_path: Path, old: Path) -> Machine:
    machine = Machine(tmp_path)
    assert machine.setup(old, "install").returncode == 0
    return machine


def releases(machine: Machine) -> list[str]:
    return sorted(path.name for path in (machine.opt / "releases").iterdir())


def test_an_upgrade_switches_the_link_and_keeps_the_old_release(machine: Machine, new: Path) -> None:
    done = machine.setup(new, "upgrade")
    assert done.returncode == 0, done.stderr
    assert (machine.release(), machine.release("previous")) == ("2.0.0", "1.0.0")
    assert releases(machine) == ["1.0.0", "2.0.0"]
    assert machine.is_running
    assert not (machine.opt / "trial").exists()


def test_only_the_release_before_is_kept(machine: Machine, new: Path, tmp_path: Path) -> None:
    machine.setup(new, "upgrade")
    machine.setup(make_checkout(tmp_path / "newest", "3.0.0"), "upgrade")
    assert releases(machine) == ["2.0.0", "3.0.0"]


def test_an_upgrade_needs_an_installation(tmp_path: Path, new: Path) -> None:
    bare = Machine(tmp_path / "bare")
    done = bare.setup(new, "upgrade")
    assert done.returncode == 2
    assert "sudo ./setup.sh install" in done.stderr


def test_a_broken_release_is_rolled_back_and_removed(machine: Machine, tmp_path: Path) -> None:
    unit = (machine.root / "etc/systemd/system/maskwatch.service").read_text()
    broken = make_checkout(tmp_path / "broken", "2.0.0", behavior="broken")
    (broken / "systemd" / "maskwatch.service").write_text("[Service]\nExecStart=/other\n")
    done = machine.setup(broken, "upgrade")
    assert done.returncode == 2
    assert "release 1.0.0 runs again" in done.stderr
    assert (machine.release(), machine.release("previous")) == ("1.0.0", "")
    assert releases(machine) == ["1.0.0"]
    assert machine.is_running
    assert (machine.root / "etc/systemd/system/maskwatch.service").read_text() == unit


def test_a_failed_upgrade_leaves_the_release_before_as_it_was(machine: Machine, new: Path, tmp_path: Path) -> None:
    machine.setup(new, "upgrade")
    machine.setup(make_checkout(tmp_path / "broken", "3.0.0", behavior="broken"), "upgrade")
    assert (machine.release(), machine.release("previous")) == ("2.0.0", "1.0.0")


def test_a_release_that_sees_nothing_is_rolled_back_where_the_old_one_saw(machine: Machine, tmp_path: Path) -> None:
    done = machine.setup(make_checkout(tmp_path / "blind", "2.0.0", behavior="blind"), "upgrade")
    assert done.returncode == 2
    assert machine.release() == "1.0.0"


def test_a_release_that_sees_nothing_is_kept_where_the_old_one_saw_nothing_either(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "dark")
    machine.setup(make_checkout(tmp_path / "dark" / "1", "1.0.0", behavior="blind"), "install")
    done = machine.setup(make_checkout(tmp_path / "dark" / "2", "2.0.0", behavior="blind"), "upgrade")
    assert done.returncode == 0, done.stderr
    assert machine.release() == "2.0.0"


@pytest.mark.parametrize("changing", ["systemctl start", "rm -f"])
def test_an_upgrade_cut_while_the_new_release_is_on_trial_can_still_go_back(
    machine: Machine, new: Path, tmp_path: Path, changing: str
) -> None:
    broken = make_checkout(tmp_path / "broken", "2.0.0", behavior="broken")
    probe = Machine(tmp_path / "probe")
    probe.setup(make_checkout(tmp_path / "probe" / "old", "1.0.0"), "install")
    probe.setup(broken, "upgrade")
    after = next(i for i, call in enumerate(probe.calls) if call.startswith("systemctl stop"))
    cut_at = next(i for i, call in enumerate(probe.calls, 1) if i > after and call.startswith(changing))
    assert machine.setup(broken, "upgrade", CUT_AT=str(cut_at)).returncode == -9
    done = machine.setup(broken, "upgrade")
    assert done.returncode == 2, done.stdout
    assert machine.release() == "1.0.0"
    assert machine.is_running


def test_an_upgrade_cut_on_trial_can_be_taken_back_by_hand(machine: Machine, new: Path, tmp_path: Path) -> None:
    broken = make_checkout(tmp_path / "broken", "2.0.0", behavior="broken")
    probe = Machine(tmp_path / "probe")
    probe.setup(make_checkout(tmp_path / "probe" / "old", "1.0.0"), "install")
    probe.setup(broken, "upgrade")
    cut_at = next(i for i, call in enumerate(probe.calls, 1) if call.startswith("systemctl is-active"))
    machine.setup(broken, "upgrade", CUT_AT=str(cut_at))
    assert machine.release() == "2.0.0"
    assert machine.setup(broken, "rollback").returncode == 0
    assert machine.release() == "1.0.0"
    assert machine.is_running


def test_rollback_goes_back_and_forth(machine: Machine, new: Path) -> None:
    machine.setup(new, "upgrade")
    assert machine.setup(new, "rollback").returncode == 0
    assert (machine.release(), machine.release("previous")) == ("1.0.0", "2.0.0")
    assert machine.setup(new, "rollback").returncode == 0
    assert (machine.release(), machine.release("previous")) == ("2.0.0", "1.0.0")


def test_a_rollback_cut_after_the_switch_is_finished_by_the_next_one(machine: Machine, new: Path) -> None:
    machine.setup(new, "upgrade")
    machine.setup(new, "rollback")
    cut_at = next(i for i, call in enumerate(machine.calls, 1) if call.startswith("systemctl start"))
    machine.setup(new, "rollback")
    assert machine.setup(new, "rollback", CUT_AT=str(cut_at)).returncode == -9
    assert machine.setup(new, "rollback").returncode == 0
    assert (machine.release(), machine.release("previous")) == ("1.0.0", "2.0.0")
    assert machine.is_running


def test_rollback_without_an_earlier_release_changes_nothing(machine: Machine, old: Path) -> None:
    before = machine.tree()
    done = machine.setup(old, "rollback")
    assert done.returncode == 2
    assert "no earlier release" in done.stderr
    assert machine.tree() == before


def test_an_upgrade_to_the_release_that_runs_changes_nothing(machine: Machine, old: Path) -> None:
    before = machine.tree()
    assert machine.setup(old, "upgrade").returncode == 0
    assert machine.tree() == before
    assert "systemctl stop maskwatch.service" not in machine.calls


@pytest.mark.parametrize("change", [{"FAKE_PYTHON": "3.13"}, {"FAKE_HAS_CAMERA": "yes"}])
def test_a_system_that_has_changed_gets_a_new_release_of_the_same_files(
    machine: Machine, old: Path, change: dict[str, str]
) -> None:
    done = machine.setup(old, "upgrade", **change)
    assert done.returncode == 0, done.stderr
    assert machine.release().startswith("1.0.0+")
    before = machine.tree()
    assert machine.setup(old, "upgrade", **change).returncode == 0
    assert machine.tree() == before


def test_the_same_files_get_no_second_name_once_the_first_release_of_a_version_is_gone(
    machine: Machine, tmp_path: Path
) -> None:
    for name in ("second", "third"):
        machine.setup(make_checkout(tmp_path / name, "1.0.0", behavior=name), "upgrade")
    assert "1.0.0" not in releases(machine)
    before = machine.tree()
    done = machine.setup(tmp_path / "third", "upgrade")
    assert done.returncode == 0, done.stderr
    assert machine.tree() == before


def test_network_stays_on_over_an_upgrade(machine: Machine, new: Path) -> None:
    machine.setup(new, "network", "on")
    (new / "systemd" / "network.conf").write_text("[Service]\nPrivateNetwork=no\n")
    machine.setup(new, "upgrade")
    drop_in = machine.root / "etc/systemd/system/maskwatch.service.d/network.conf"
    assert drop_in.read_text() == "[Service]\nPrivateNetwork=no\n"

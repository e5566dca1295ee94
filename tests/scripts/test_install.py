"""`setup.sh install` and `uninstall` on a computer whose programs are stand-ins."""

from __future__ import annotations

from pathlib import Path

import pytest
from machine import Machine, make_checkout


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return make_checkout(tmp_path / "checkout")


@pytest.fixture
def installed(machine: Machine, checkout: Path) -> Machine:
    done = machine.setup(checkout, "install")
    assert done.returncode == 0, done.stderr
    return machine


def test_a_fresh_install_runs_a_release_of_its_own(installed: Machine) -> None:
    assert installed.release() == "1.0.0"
    assert installed.is_running
    assert (installed.opt / "current" / "venv" / "bin" / "maskwatch").exists()
    assert (installed.root / "usr/local/bin/maskwatch").readlink() == Path("/opt/maskwatch/current/venv/bin/maskwatch")
    assert (installed.root / "etc/systemd/system/maskwatch.service").exists()
    assert "systemctl enable --quiet maskwatch.service" in installed.calls
    assert installed.said.splitlines()[-1] == "maskwatch doctor"


def test_settings_belong_to_root_and_the_group_may_write_them(installed: Machine) -> None:
    assert installed.config.stat().st_mode & 0o777 == 0o664
    assert f"chown root:maskwatch {installed.config}.new" in installed.calls


def test_the_user_joins_the_groups_that_exist(installed: Machine) -> None:
    joined = [call for call in installed.calls if call.startswith("usermod")]
    assert joined == [f"usermod --append --groups {group} maskwatch" for group in ("video", "gpio")]
    assert any(call.startswith("useradd --system") for call in installed.calls)


def test_who_installs_joins_the_group_of_the_settings(machine: Machine, checkout: Path) -> None:
    machine.setup(checkout, "install", SUDO_USER="ada")
    assert "usermod --append --groups maskwatch ada" in machine.calls


def test_libraries_are_locked_by_hash(installed: Machine) -> None:
    pip = next(call for call in installed.calls if "--requirement" in call)
    assert "--require-hashes" in pip
    assert "/requirements/edge-py31" in pip


def test_a_release_holds_the_documents_that_its_settings_name(machine: Machine, checkout: Path) -> None:
    (checkout / "docs" / "mqtt.md").write_text("what is said where")
    machine.setup(checkout, "install")
    assert (machine.opt / "current" / "docs" / "mqtt.md").read_text() == "what is said where"


def test_nothing_of_a_release_speaks_of_the_folder_it_was_built_in(installed: Machine) -> None:
    assert not list(installed.opt.rglob("*.part"))
    assert (
        installed.opt / "current/venv/bin/pinout"
    ).read_text() == f"#!{installed.opt}/releases/1.0.0/venv/bin/python\n"


@pytest.mark.parametrize(("has_camera", "shared"), [("yes", True), ("", False)])
def test_the_venv_sees_the_system_where_that_has_camera_or_pins(
    machine: Machine, checkout: Path, has_camera: str, shared: bool
) -> None:
    machine.setup(checkout, "install", FAKE_HAS_CAMERA=has_camera)
    venv = next(call for call in machine.calls if "-m venv" in call)
    assert ("--system-site-packages" in venv) is shared


def test_only_missing_packages_that_exist_are_installed(machine: Machine, checkout: Path) -> None:
    (machine.fakes / "packages").write_text("python3-venv\n")
    machine.setup(checkout, "install", FAKE_APT_KNOWS="python3-venv python3-lgpio")
    assert [call.split()[-1] for call in machine.calls if call.startswith("apt-get install")] == ["python3-lgpio"]
    assert not any(call.startswith("apt-get install") and "python3-venv" in call for call in machine.calls)


def test_package_lists_are_fetched_where_apt_knows_nothing(machine: Machine, checkout: Path) -> None:
    machine.setup(checkout, "install", FAKE_APT_KNOWS="")
    assert "apt-get update --quiet" in machine.calls


def test_the_camera_is_installed_where_only_newer_lists_know_it(machine: Machine, checkout: Path) -> None:
    (machine.fakes / "packages").write_text("python3-venv\n")
    learns = "python3-picamera2 python3-lgpio"
    done = machine.setup(checkout, "install", FAKE_APT_KNOWS="python3-venv", FAKE_APT_LEARNS=learns)
    assert done.returncode == 0, done.stderr
    assert any(call.startswith("apt-get install") and call.endswith(learns) for call in machine.calls)


@pytest.mark.parametrize(("packages", "code"), [("python3-venv\n", 0), ("", 2)])
def test_without_the_servers_of_apt_only_a_needed_package_stops_the_install(
    machine: Machine, checkout: Path, packages: str, code: int
) -> None:
    (machine.fakes / "packages").write_text(packages)
    done = machine.setup(checkout, "install", FAKE_APT_KNOWS="", FAKE_NO_SERVERS="yes")
    assert done.returncode == code, done.stderr
    assert "apt cannot reach its servers" in (done.stderr if code else done.stdout)


def test_offline_takes_wheels_from_the_folder_and_asks_nobody_else(
    machine: Machine, checkout: Path, tmp_path: Path
) -> None:
    (tmp_path / "wheels").mkdir()
    done = machine.setup(checkout, "install", "--offline", str(tmp_path / "wheels"))
    assert done.returncode == 0, done.stderr
    pips = [call for call in machine.calls if "pip install" in call]
    assert len(pips) == 2
    assert all(f"--no-index --find-links {tmp_path / 'wheels'}" in pip for pip in pips)
    assert not any(call.startswith("apt-get") for call in machine.calls)


def test_a_second_install_changes_nothing(installed: Machine, checkout: Path) -> None:
    before = installed.tree()
    done = installed.setup(checkout, "install")
    assert done.returncode == 0, done.stderr
    assert installed.tree() == before
    changing = ("apt-get", "groupadd", "useradd", "usermod", "systemctl stop")
    assert not [call for call in installed.calls if call.startswith(changing)]


def test_settings_that_are_there_are_kept(installed: Machine, tmp_path: Path) -> None:
    installed.config.write_text("alarm:\n  hold_s: 9\n")
    installed.setup(make_checkout(tmp_path / "newer", "2.0.0"), "install")
    assert installed.release() == "2.0.0"
    assert installed.config.read_text() == "alarm:\n  hold_s: 9\n"


def test_other_contents_of_the_same_version_are_another_release(installed: Machine, checkout: Path) -> None:
    (checkout / "edge" / "new.py").write_text("")
    installed.setup(checkout, "install")
    assert installed.release().startswith("1.0.0+")
    assert installed.release("previous") == "1.0.0"


def test_a_first_install_that_does_not_get_ready_says_where_to_look(machine: Machine, tmp_path: Path) -> None:
    done = machine.setup(make_checkout(tmp_path / "broken", behavior="broken"), "install")
    assert done.returncode == 2
    assert "journalctl -u maskwatch" in done.stderr


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"FAKE_UID": "1000"}, "sudo ./setup.sh install"),
        ({"FAKE_UID": "1000", "PYTHON": "python3.12"}, "sudo PYTHON=python3.12 ./setup.sh install"),
        ({"FAKE_PYTHON": "3.9"}, "sudo PYTHON=python3.11 ./setup.sh install"),
        ({"FAKE_ARCH": "armv7l"}, "64-bit Raspberry Pi OS"),
        ({"FAKE_BITS": "32"}, "64-bit Raspberry Pi OS"),
        ({"FAKE_FREE_MB": "12"}, "only 12 MB are free"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_built(
    machine: Machine, checkout: Path, environment: dict[str, str], words: str
) -> None:
    done = machine.setup(checkout, "install", **environment)
    assert done.returncode == 2
    assert words in done.stderr
    assert not machine.release()
    assert not list(machine.opt.glob("releases/*"))


@pytest.mark.parametrize("command", ["demo", "run"])
def test_a_32_bit_system_is_told_before_pip_finds_no_runtime_for_it(
    machine: Machine, checkout: Path, command: str
) -> None:
    done = machine.setup(checkout, command, FAKE_BITS="32")
    assert done.returncode == 2
    assert done.stderr == "setup.sh: python3 is a 32-bit program; write the 64-bit Raspberry Pi OS to the card\n"
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["install", "--purge"],
        ["install", "--offline", "nowhere"],
        ["network"],
        ["network", "maybe"],
        ["coral"],
        ["rollback", "1"],
    ],
)
def test_a_wrong_word_changes_nothing(machine: Machine, checkout: Path, words: list[str]) -> None:
    assert machine.setup(checkout, *words).returncode == 2
    assert [path.name for path in machine.root.iterdir()] == ["etc"]


def test_uninstall_keeps_settings_and_journal(installed: Machine, checkout: Path) -> None:
    journal = installed.root / "var/lib/maskwatch/journal.db"
    journal.write_text("rows")
    assert installed.setup(checkout, "uninstall").returncode == 0
    assert not installed.is_running
    assert not installed.opt.exists()
    assert not (installed.root / "usr/local/bin/maskwatch").is_symlink()
    assert list((installed.root / "etc/systemd/system").iterdir()) == []
    assert installed.config.exists()
    assert journal.read_text() == "rows"


def test_uninstall_purge_leaves_nothing(installed: Machine, checkout: Path) -> None:
    assert installed.setup(checkout, "uninstall", "--purge").returncode == 0
    assert not installed.config.parent.exists()
    assert not (installed.root / "var/lib/maskwatch").exists()
    assert "userdel maskwatch" in installed.calls


def test_uninstall_purge_leaves_no_group_and_can_be_followed_by_an_install(machine: Machine, checkout: Path) -> None:
    machine.setup(checkout, "install", SUDO_USER="ada")
    assert "maskwatch" in machine.groups
    assert machine.setup(checkout, "uninstall", "--purge", SUDO_USER="ada").returncode == 0
    assert "maskwatch" not in machine.groups
    done = machine.setup(checkout, "install", SUDO_USER="ada")
    assert done.returncode == 0, done.stderr
    assert "usermod --append --groups maskwatch ada" in machine.calls


def test_an_install_goes_on_where_the_group_was_left(machine: Machine, checkout: Path) -> None:
    with (machine.fakes / "groups").open("a") as groups:
        groups.write("maskwatch\n")
    done = machine.setup(checkout, "install")
    assert done.returncode == 0, done.stderr


def test_network_on_adds_the_drop_in_and_off_takes_it_away(installed: Machine, checkout: Path) -> None:
    drop_in = installed.root / "etc/systemd/system/maskwatch.service.d/network.conf"
    assert installed.setup(checkout, "network", "on").returncode == 0
    assert drop_in.read_text() == (checkout / "systemd" / "network.conf").read_text()
    assert installed.calls[-2:] == ["systemctl daemon-reload", "systemctl try-restart maskwatch.service"]
    assert installed.setup(checkout, "network", "off").returncode == 0
    assert not drop_in.exists()


def test_coral_on_lets_the_service_use_the_stick_and_off_takes_it_away(installed: Machine, checkout: Path) -> None:
    places = {
        "coral.conf": installed.root / "etc/systemd/system/maskwatch.service.d/coral.conf",
        "coral.rules": installed.root / "etc/udev/rules.d/60-maskwatch-coral.rules",
    }
    assert installed.setup(checkout, "coral", "on").returncode == 0
    for name, place in places.items():
        assert place.read_text() == (checkout / "systemd" / name).read_text()
    assert "usermod --append --groups plugdev maskwatch" in installed.calls
    assert installed.calls[-2:] == ["systemctl daemon-reload", "systemctl try-restart maskwatch.service"]
    assert installed.setup(checkout, "coral", "off").returncode == 0
    assert not any(place.exists() for place in places.values())


CHANGING = ("apt-get", "groupadd", "ln", "mv", "python", "rm", "systemctl", "useradd")
"""Programs that complete a step: a cut before one of them leaves the step half done."""


def test_an_install_cut_before_any_change_ends_as_an_uncut_one_when_run_again(tmp_path: Path, checkout: Path) -> None:
    whole = Machine(tmp_path / "whole")
    whole.setup(checkout, "install")
    expected, calls = portable(whole), whole.calls
    cuts = [number for number, call in enumerate(calls, 1) if call.startswith(CHANGING) and "is-active" not in call]
    for cut_at in cuts:
        machine = Machine(tmp_path / str(cut_at))
        assert machine.setup(checkout, "install", CUT_AT=str(cut_at)).returncode == -9
        done = machine.setup(checkout, "install")
        assert done.returncode == 0, (calls[cut_at - 1], done.stderr)
        assert portable(machine) == expected, calls[cut_at - 1]
        assert machine.is_running


def portable(machine: Machine) -> dict[str, str]:
    """Return the tree without the name of the folder that the computer lies in."""
    return {path: words.replace(str(machine.root), "") for path, words in machine.tree().items()}

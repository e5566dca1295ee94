"""The unit as systemd sees it, and what must not be lost from it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edge.runtime.coral import USB_IDS

SYSTEMD = Path(__file__).resolve().parents[2] / "systemd"
UNIT = SYSTEMD / "maskwatch.service"

analyze = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")


DROP_INS = {
    "alone": ((), 1.5),
    "with the network drop-in": (("network.conf",), 2.0),
    "with the Coral's": (("coral.conf",), 1.5),
    "with both": (("network.conf", "coral.conf"), 2.0),
}


@pytest.fixture(params=DROP_INS)
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, float]:
    """Return a copy of the unit whose commands exist, and the exposure that it may have."""
    names, exposure = DROP_INS[request.param]
    path = tmp_path / UNIT.name
    path.write_text(re.sub(r"/opt/maskwatch/current/venv/bin/maskwatch", "/bin/true", UNIT.read_text()))
    (tmp_path / "maskwatch.service.d").mkdir()
    for name in names:
        shutil.copy(SYSTEMD / name, tmp_path / "maskwatch.service.d")
    return path, exposure


@analyze
def test_systemd_has_nothing_to_say_against_the_unit(unit: tuple[Path, float]) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit[0]], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@analyze
def test_exposure_is_low(unit: tuple[Path, float]) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", unit[0]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    exposure = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    assert exposure, done.stderr
    assert float(exposure[1]) <= unit[1]


def settings(path: Path) -> dict[str, list[str]]:
    """Return key: values of a unit file."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


def test_the_daemon_reaches_cameras_and_pins_and_no_other_device() -> None:
    unit = settings(UNIT)
    assert unit["DevicePolicy"] == ["closed"]
    kinds = ["video4linux", "media", "dma_heap", "gpiochip"]
    assert sorted(unit["DeviceAllow"]) == sorted(f"char-{kind} rw" for kind in kinds)


def test_the_kernel_knows_cameras_before_systemd_allows_them_to_the_daemon() -> None:
    unit = settings(UNIT)
    assert (unit["Wants"], unit["After"]) == (["modprobe@videodev.service"], ["modprobe@videodev.service"])


def test_the_outputs_are_switched_off_after_any_end() -> None:
    assert settings(UNIT)["ExecStopPost"][0].startswith("-/opt/maskwatch/current/venv/bin/maskwatch outputs-off")


def test_it_comes_back_for_ever_and_starts_without_a_network() -> None:
    unit = settings(UNIT)
    seconds, starts, pause = (float(unit[key][0]) for key in ("StartLimitIntervalSec", "StartLimitBurst", "RestartSec"))
    assert unit["Restart"] == ["always"]
    assert seconds / pause < starts
    assert "network" not in " ".join(unit.get("After", []) + unit.get("Wants", []))


def test_no_group_is_asked_for_that_a_system_may_lack() -> None:
    assert "SupplementaryGroups" not in settings(UNIT)


def test_pictures_in_memory_reach_no_core_file() -> None:
    assert settings(UNIT)["LimitCORE"] == ["0"]


def test_only_the_drop_in_opens_the_network() -> None:
    unit, drop_in = settings(UNIT), settings(SYSTEMD / "network.conf")
    assert (unit["RestrictAddressFamilies"], unit["PrivateNetwork"], unit["IPAddressDeny"]) == (
        ["AF_UNIX"],
        ["yes"],
        ["any"],
    )
    assert drop_in["RestrictAddressFamilies"] == ["AF_INET AF_INET6"]
    assert drop_in["PrivateNetwork"] == ["no"]


def test_the_drop_in_for_a_coral_opens_usb_and_no_network() -> None:
    drop_in = settings(SYSTEMD / "coral.conf")
    assert drop_in == {
        "DeviceAllow": ["char-usb_device rw"],
        "PrivateNetwork": ["no"],
        "RestrictAddressFamilies": ["AF_NETLINK"],
    }


def test_the_udev_rules_name_the_stick_before_and_after_its_firmware() -> None:
    rules = (SYSTEMD / "coral.rules").read_text()
    assert set(re.findall(r'ATTR{idVendor}=="(\w+)", ATTR{idProduct}=="(\w+)", GROUP="plugdev"', rules)) == USB_IDS

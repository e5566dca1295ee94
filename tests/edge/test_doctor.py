"""The doctor, before machines that are laid out in a folder: a healthy Pi 4, and what can be wrong with it."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from edge.commands import ROOT
from edge.config import parse_settings
from edge.doctor.examine import CHECKS, examine
from edge.doctor.findings import Finding
from edge.doctor.system import Patient, System

CAMERA = {"error": None, "card": "HD Webcam", "captures": True}
PINS = {"error": None, "users": {"17": "", "27": "", "22": ""}}
UNIT = "LoadState=loaded\nUnitFileState=enabled\nActiveState=active\nSubState=running\nNRestarts=0\nUser="
PACKAGES = {
    "numpy": "1.26.4", "opencv-python-headless": "4.11.0.86", "ai-edge-litert": "2.1.0", "lgpio": "0.2.2",
    "simplejpeg": "1.6.6",
}  # fmt: skip
FILES = {
    "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_CODENAME=bookworm\n',
    "etc/group": "video:x:44:pi,maskwatch\ngpio:x:997:pi,maskwatch\n",
    "etc/maskwatch/config.yaml": "camera: {device: 0}\n",
    "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.5\0",
    "proc/mounts": "/dev/mmcblk0p2 / ext4 rw,noatime 0 0\n",
    "proc/812/cmdline": "/opt/venv/bin/python3\0/opt/venv/bin/maskwatch\0run\0--config\0/etc/maskwatch/config.yaml\0",
    "proc/9/cmdline": "",
    "dev/video0": "",
    "dev/gpiochip0": "",
    "sys/class/video4linux/video0/name": "HD Webcam: HD Webcam\n",
    "sys/class/video4linux/video10/name": "bcm2835-codec-decode\n",
    "sys/class/thermal/thermal_zone0/temp": "51121\n",
    "sys/class/hwmon/hwmon1/in0_lcrit_alarm": "0\n",
    "run/systemd/system/x": "",
}
STICK = "sys/bus/usb/devices/2-1/"
CORAL = {
    STICK + "idVendor": "1a6e", STICK + "idProduct": "089a", STICK + "speed": "5000", STICK + "busnum": "2",
    STICK + "devnum": "3", "usr/lib/aarch64-linux-gnu/libedgetpu.so.1": "",
}  # fmt: skip


@dataclass
class Machine:
    """A machine in a folder. `said` answers the command that contains its key; all others print nothing."""

    folder: Path
    said: dict[str, str | None]
    denied: set[str] = field(default_factory=set)
    free_mb: int = 5000
    clock_set: bool = True
    clock_marked: bool = True
    config: str = ""
    home: Path = ROOT

    def run(self, command: Sequence[str]) -> str | None:
        line = " ".join(command)
        return next((text for key, text in self.said.items() if key in line), "")

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def remove(self, name: str) -> None:
        path = self.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    def install(self, name: str, version: str) -> None:
        self.uninstall(name)
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        self.write({f"site/{name.replace('-', '_')}-{version}.dist-info/METADATA": text})

    def uninstall(self, name: str) -> None:
        for folder in (self.folder / "site").glob(f"{name.replace('-', '_')}-*"):
            shutil.rmtree(folder)

    def system(self) -> System:
        return System(
            root=self.folder,
            run=self.run,
            access=lambda path, mode: str(path.relative_to(self.folder)) not in self.denied,
            free_bytes=lambda path: self.free_mb * 1_000_000,
            clock_set=lambda: self.clock_set,
            clock_marked=lambda: self.clock_set and self.clock_marked,
            module_paths=(str(self.folder / "site"),),
            machine="aarch64",
            bits=64,
            python=(3, 11),
        )

    def patient(self, **changes: Any) -> Patient:
        settings = parse_settings(self.config, "config.yaml")
        config = self.folder / "etc/maskwatch/config.yaml"
        return Patient(replace(self.system(), **changes), settings, config, self.home)

    def ask(self, name: str) -> Finding:
        return CHECKS[name](self.patient())


@pytest.fixture
def pi(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path, {"probe_camera": json.dumps(CAMERA), "probe_pins": json.dumps(PINS)})
    machine.said["systemctl"] = UNIT + tmp_path.owner()
    machine.write(FILES)
    for name, version in PACKAGES.items():
        machine.install(name, version)
    (tmp_path / "var/lib/maskwatch").mkdir(parents=True)
    (tmp_path / "run/maskwatch").mkdir(parents=True)
    os.mknod(tmp_path / "run/maskwatch/control.sock", stat.S_IFSOCK | 0o660)
    return machine


def test_a_healthy_pi_has_nothing_wrong(pi: Machine) -> None:
    assert [each for each in examine(pi.patient()) if each.state not in ("ok", "skipped")] == []


def test_findings_carry_the_name_of_their_check_and_a_remedy_where_something_is_wrong(tmp_path: Path) -> None:
    findings = list(examine(Machine(tmp_path, {"": None}, free_mb=0, clock_set=False).patient()))
    assert [each.name for each in findings] == list(CHECKS)
    wrong = [each for each in findings if each.state in ("warning", "problem")]
    assert len(wrong) >= 10
    assert all(each.remedy for each in wrong)
    assert all("\n" not in each.says + each.remedy for each in findings)


def test_a_check_that_fails_does_not_stop_the_others(pi: Machine) -> None:
    def fail(patient: Patient) -> Finding:
        raise OSError("the disk is gone")

    first, second = examine(pi.patient(), {"disk": fail, "python": CHECKS["python"]})
    assert (first.name, first.state) == ("disk", "warning")
    assert "the disk is gone" in first.says
    assert second.state == "ok"


Sickness = Callable[[Machine], object]


def say(key: str, text: str | None) -> Sickness:
    return lambda machine: machine.said.update({key: text})


def write(name: str, text: str) -> Sickness:
    return lambda machine: machine.write({name: text})


def install(name: str, version: str) -> Sickness:
    return lambda machine: machine.install(name, version)


def uninstall(name: str) -> Sickness:
    return lambda machine: machine.uninstall(name)


def remove(*names: str) -> Sickness:
    return lambda machine: [machine.remove(name) for name in names]


def deny(*names: str) -> Sickness:
    return lambda machine: machine.denied.update(names)


def configure(text: str) -> Sickness:
    return lambda machine: setattr(machine, "config", text)


def plug_coral(**changes: str) -> Sickness:
    return lambda machine: machine.write(CORAL | {STICK + name: text for name, text in changes.items()})


def compile_models(machine: Machine) -> None:
    for name in ("face_detector", "mask_classifier"):
        machine.write({f"home/models/{name}_edgetpu.tflite": ""})
    machine.home = machine.folder / "home"


LITERT, OLD, SOCKET = "ai-edge-litert", "tflite-runtime", "run/maskwatch/control.sock"
BUSY_CAMERA = json.dumps(CAMERA | {"error": "EBUSY"})
BUSY_PIN = json.dumps(PINS | {"users": {"17": "lg", "27": "", "22": ""}})
BULLSEYE = 'PRETTY_NAME="Debian 11"\nID=debian\nVERSION_CODENAME=bullseye\n'
LISTS_CAMERAS = "find_cameras"

SICK: list[tuple[str, str, list[Sickness], str, str]] = [
    ("system", "warning", [write("etc/os-release", BULLSEYE)], "Debian 11, 64-bit", "bookworm or trixie"),
    ("opencv", "problem", [say("cv2", "ImportError: libGL.so.1")], "numpy 1.26.4: ImportError: libGL", "setup.sh"),
    ("numpy", "problem", [say("simplejpeg", "ValueError: numpy.dtype size changed"), install("numpy", "2.2.0")],
     "numpy 2.2.0 and simplejpeg 1.6.6 do not fit: ValueError: numpy.dtype size", "numpy 1.26"),
    ("runtime", "problem", [uninstall(LITERT)], "no TFLite runtime", "ai-edge-litert"),
    ("runtime", "problem", [uninstall(LITERT), install(OLD, "2.14.0"), install("numpy", "2.2.0")],
     "tflite-runtime 2.14.0 crashes with numpy 2.2.0", "ai-edge-litert"),
    ("runtime", "problem", [say("ai_edge_litert", None)], "LiteRT 2.1.0: Python crashes or hangs", "setup.sh"),
    ("pycoral", "problem", [install("pycoral", "0.0.2")], "not Google's", "pip uninstall pycoral"),
    ("config", "problem", [write("etc/maskwatch/config.yaml", "alarm: {hold_s: 99}\nx: 1\n")],
     "config.yaml:1: alarm.hold_s: must be between 0 and 60, got 99, and 1 more", "maskwatch check"),
    ("detector", "problem", [say("TfliteModel", "m: the runtime refuses the model (bad\nnode); convert it again")],
     "refuses the model (bad node)", "convert it again"),
    ("classifier", "problem", [say("TfliteModel", None)], "crashes or hangs", "runtime"),
    ("camera", "problem", [remove("dev/video0", "sys/class/video4linux/video0")], "/dev/video0 does not", "plug a cam"),
    ("camera", "problem", [configure("camera: {device: 2}")], "/dev/video2 does not exist",
     "camera.device to one of /dev/video0 (HD Webcam: HD Webcam)"),
    ("camera", "problem", [write("sys/class/video4linux/video0/name", "unicam-image")], "ribbon", "picamera2"),
    ("camera use", "problem", [deny("dev/video0")], "/dev/video0: no permission", "usermod -aG video"),
    ("camera use", "problem", [say("probe_camera", None)], "its driver hangs", "reboot"),
    ("camera use", "problem", [say("probe_camera", BUSY_CAMERA), remove("proc/812")], "another program", "fuser"),
    ("camera use", "problem", [say("probe_camera", json.dumps({"error": "ENOTTY"}))], "is no camera (ENOTTY)", "set"),
    ("camera use", "problem", [say("probe_camera", json.dumps(CAMERA | {"captures": False}))], "no pictures", "set"),
    ("pins", "problem", [remove("dev/gpiochip0")], "no GPIO chip in /dev", "gpio.driver: mock"),
    ("pins", "problem", [say("_lgpio", "ModuleNotFoundError: No module named '_lgpio'")], "No module", "python3-lgpio"),
    ("pins", "problem", [install("lgpio", "0.0.0.2")], "0.0.0.2 is too old", "python3-lgpio"),
    ("pins", "problem", [deny("dev/gpiochip0")], "/dev/gpiochip0: no permission", "usermod -aG gpio"),
    ("pin use", "problem", [say("probe_pins", BUSY_PIN), remove("proc/812")], "pin 17 (lamp_pin) is used by lg", "end"),
    ("coral", "warning", [plug_coral(speed="480")], "on USB 2 (480 Mbit/s)", "USB 3"),
    ("coral", "problem", [plug_coral(), deny("dev/bus/usb/002/003")], "002/003: no permission", "18d1:9302"),
    ("edgetpu", "problem", [plug_coral(), remove("usr/lib/aarch64-linux-gnu/libedgetpu.so.1")], "is not", "feranick"),
    ("edgetpu", "problem", [plug_coral(), say("dpkg-query", "16.0"), uninstall(LITERT), install(OLD, "2.14.0")],
     "crashes tflite-runtime 2.14.0", "feranick"),
    ("edgetpu", "warning", [plug_coral(), say("dpkg-query", "16.0")], "older than LiteRT 2.1.0", "feranick"),
    ("edgetpu", "warning", [plug_coral(), say("dpkg-query", "16.0tf2.17.1")],
     "but for a Coral models/face_detector.tflite and models/mask_classifier.tflite must be compiled", "docs/coral.md"),
    ("edgetpu", "warning", [plug_coral(), configure("detector: {backend: yunet, model: y.onnx}")], "models/mask", ""),
    ("clock", "warning", [lambda machine: setattr(machine, "clock_set", False)], "nobody has set it", "network"),
    ("clock", "warning", [lambda machine: setattr(machine, "clock_marked", False)], "service cannot tell", "timesyncd"),
    ("temperature", "warning", [write("sys/class/thermal/thermal_zone1/temp", "72500")], "72 °C: warm", "80 °C"),
    ("temperature", "problem", [write("sys/class/thermal/thermal_zone1/temp", "83000")], "83 °C", "fan"),
    ("power", "problem", [say("vcgencmd", "throttled=0x50005")], "too low now", "power supply"),
    ("power", "warning", [say("vcgencmd", "throttled=0x50000")], "at some time", "power supply"),
    ("power", "warning", [say("vcgencmd", "throttled=0x4")], "slowed down now", "temperature"),
    ("power", "problem", [write("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n")], "too low now", "power supply"),
    ("disk", "problem", [lambda machine: setattr(machine, "free_mb", 20)], "20 MB free", "delete"),
    ("disk", "warning", [lambda machine: setattr(machine, "free_mb", 60), configure("journal: {max_mb: 70}")],
     "60 MB free, journal and snapshots may take 70 MB", "journal.max_mb"),
    ("disk", "warning", [write("proc/mounts", "/dev/mmcblk0p2 / ext4 ro,noatime 0 0\n")], "read-only", "read-write"),
    ("journal", "warning", [remove("var/lib/maskwatch")], "/var/lib/maskwatch does not exist", "journal.path"),
    ("journal", "problem", [say("systemctl", UNIT + "somebody")], "cannot be written by somebody", "chown somebody"),
    ("journal", "problem", [say("systemctl", ""), deny("var/lib/maskwatch")], "by this user", "chown"),
    ("control", "warning", [remove(SOCKET)], "process 812) and does not listen", "control.path"),
    ("control", "warning", [deny(SOCKET)], "control.sock: no permission", "usermod -aG maskwatch"),
    ("service", "warning", [say("systemctl", "LoadState=not-found")], "not installed", "setup.sh install"),
    ("service", "problem", [say("systemctl", UNIT.replace("=enabled", "=disabled"))], "disabled", "enable --now"),
    ("service", "problem", [say("systemctl", UNIT.replace("=active", "=failed") + "\nResult=exit-code")],
     "enabled, but failed (exit-code)", "journalctl -u maskwatch"),
    ("service", "warning", [say("systemctl", UNIT.replace("NRestarts=0", "NRestarts=7"))], "7 restarts", "journalctl"),
    ("service user", "problem", [say("systemctl", UNIT + "maskwatch"), write("etc/group", "video:x:44:pi\ngpio:x:9:")],
     "maskwatch is not in group video and gpio", "usermod -aG video,gpio maskwatch"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "state", "sickness", "says", "remedy"), SICK)
def test_a_sickness_is_found_and_has_a_remedy(
    pi: Machine, name: str, state: str, sickness: list[Sickness], says: str, remedy: str
) -> None:
    for befall in sickness:
        befall(pi)
    finding = pi.ask(name)
    assert (finding.name, finding.state) == (name, state)
    assert says in finding.says
    assert remedy in finding.remedy


HEALTHY: list[tuple[str, str, list[Sickness], str]] = [
    ("camera use", "ok", [say("probe_camera", BUSY_CAMERA)], "the daemon uses it (process 812)"),
    ("camera", "ok", [install("picamera2", "0.3.25"), say(LISTS_CAMERAS, "imx708")], "imx708 on the ribbon cable"),
    ("camera use", "skipped", [install("picamera2", "0.3.25"), say(LISTS_CAMERAS, "imx708")], "no USB camera"),
    ("camera", "ok", [install("picamera2", "0.3.25"), say(LISTS_CAMERAS, "! it is broken; x")], "HD Webcam"),
    ("pin use", "ok", [say("probe_pins", BUSY_PIN)], "the daemon uses 17 (process 812)"),
    ("pin use", "skipped", [say("probe_pins", json.dumps({"error": "EINVAL"}))], "EINVAL"),
    ("pins", "skipped", [configure("gpio: {driver: pigpio}"), remove("dev/gpiochip0")], "pigpio"),
    ("pycoral", "ok", [install("pycoral", "2.0.0"), write("site/pycoral/utils/edgetpu.py", "")], "2.0.0, Google's"),
    ("coral", "ok", [plug_coral(idVendor="18d1", idProduct="9302")], "on USB 3 (5000 Mbit/s)"),
    ("edgetpu", "ok", [plug_coral(), say("dpkg-query", "16.0tf2.17.1-1.bookworm"), compile_models], "16.0tf2.17.1"),
    ("service", "ok", [say("systemctl", UNIT.replace("=active\nSubState=running", "=activating\nSubState=start"))],
     "starting now"),
    ("service", "skipped", [remove("run/systemd")], "systemd does not run here"),
    ("service user", "ok", [say("systemctl", UNIT + "maskwatch")], "maskwatch may use"),
    ("control", "skipped", [remove("proc/812")], "the service does not run"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "state", "changes", "says"), HEALTHY)
def test_what_is_unusual_and_fine_is_no_sickness(
    pi: Machine, name: str, state: str, changes: list[Sickness], says: str
) -> None:
    for change in changes:
        change(pi)
    finding = pi.ask(name)
    assert (finding.name, finding.state) == (name, state)
    assert says in finding.says

"""The camera: whether it is there, whether it may be used, and who else uses it."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

from edge.devices import is_address
from edge.doctor.findings import Finding, explain, ok, problem, skipped
from edge.doctor.service import find_closed_network
from edge.doctor.system import Patient, System, find_daemon
from edge.settings import Camera

_RIBBON = ("unicam", "rp1-cfe")
"""How the drivers of a Pi's ribbon connector begin their names: raw sensor data, which only libcamera reads."""

_NO_CAMERA = ("bcm2835-", "pispbe", "rpi-hevc", "rpivid")
"""Parts of the Pi's own chip that also show as /dev/videoN: codec, scaler, decoder."""

_NAME_FILES = "name a video, a picture or a folder of pictures in camera.device"
_FIND = """
from edge.errors import HardwareError
from edge.sources.picamera import find_cameras
try:
    print(*find_cameras())
except HardwareError as exc:
    print("!", exc)
"""


def check_camera(patient: Patient) -> Finding:
    """Return whether the camera that the settings ask for is there."""
    camera, system = patient.settings.camera, patient.system
    if is_address(camera.device):
        closed = find_closed_network("camera", system)
        return closed or skipped("camera", "a network camera: `maskwatch snapshot FILE` tries it")
    if camera.source == "files":
        return _check_files(camera, system)
    if camera.source == "picamera":
        return _check_ribbon(*_find_ribbon_cameras(system))
    models, _ = _find_ribbon_cameras(system) if _may_be_ribbon(camera) else ("", "")
    return _check_ribbon(models, "") if models else _check_node(camera, system)


def check_camera_use(patient: Patient) -> Finding:
    """Return whether a USB camera may be opened, answers, and is used by nobody else."""
    camera, system = patient.settings.camera, patient.system
    nothing = skipped("camera use", "no USB camera to ask")
    if camera.source not in ("auto", "v4l2") or is_address(camera.device) or not _node(camera, system).exists():
        return nothing
    if _may_be_ribbon(camera) and _find_ribbon_cameras(system)[0]:
        return nothing
    return _check_use(_node(camera, system), system)


def _check_use(node: Path, system: System) -> Finding:
    name = "camera use"
    if not system.access(node, os.R_OK | os.W_OK):
        return problem(name, f"{_show(node, system)}: no permission", "sudo usermod -aG video $USER, then log in again")
    said = system.run((sys.executable, "-m", "edge.doctor.probe_camera", str(node)))
    if said is None:
        return problem(name, f"{_show(node, system)}: its driver hangs", "unplug the camera and plug it in, or reboot")
    answer = json.loads(said)
    if answer["error"] == "EBUSY":
        return _explain_busy(node, system)
    if answer["error"] or not answer["captures"]:
        reason = answer["error"] or "takes no pictures"
        return problem(name, f"{_show(node, system)}: is no camera ({reason})", _choose(system))
    return ok(name, f"{answer['card']} answers and is free")


def _check_files(camera: Camera, system: System) -> Finding:
    path = system.path(Path(str(camera.device)).absolute())
    reason = system.run((sys.executable, "-m", "edge.doctor.probe_files", str(path)))
    if reason is None:
        return problem("camera", f"{camera.device}: reading it crashes or hangs", "see the line `opencv`")
    if reason:
        return explain("camera", reason, _NAME_FILES)
    return ok("camera", f"files instead of a camera: {camera.device}")


def _check_ribbon(models: str, reason: str) -> Finding:
    if reason:
        return explain("camera", reason)
    if not models:
        advice = "switch the Pi off, check both ends of the ribbon cable; rpicam-hello --list-cameras must show it"
        return problem("camera", "libcamera sees no camera", advice)
    return ok("camera", f"{models} on the ribbon cable, through picamera2")


def _check_node(camera: Camera, system: System) -> Finding:
    node = _node(camera, system)
    if not node.exists():
        return problem("camera", f"{_show(node, system)} does not exist", _choose(system))
    kind = system.read(f"/sys/class/video4linux/{node.resolve().name}/name") or "unnamed"
    if kind.startswith(_RIBBON):
        says = f"{_show(node, system)} is the ribbon connector ({kind}), which OpenCV cannot read"
        return problem("camera", says, "sudo apt install python3-picamera2; set camera.source: picamera")
    return ok("camera", f"{_show(node, system)} ({kind})")


def _explain_busy(node: Path, system: System) -> Finding:
    shown, daemon = _show(node, system), find_daemon(system)
    if daemon is not None:
        return ok("camera use", f"{shown}: the daemon uses it (process {daemon})")
    user = _find_user(f"/dev/{node.resolve().name}", system)  # a path in /dev/v4l is a link
    says = f"{shown}: {user or 'another program'} uses it"
    return problem("camera use", says, "end that program" if user else f"find it with `sudo fuser -v {shown}`, end it")


def _find_user(device: str, system: System) -> str:
    """Return the program that has a device like /dev/video0 open; only root sees those of other users."""
    for link in system.glob("/proc/[0-9]*/fd/*"):
        with suppress(OSError):  # it has closed the file, or ended
            if str(link.readlink()) == device:
                pid = link.parts[-3]
                return f"{system.read(f'/proc/{pid}/comm') or 'a program'} (process {pid})"
    return ""


def _choose(system: System) -> str:
    """Return the advice to take one of the cameras that there are, or to plug one in."""
    nodes = system.glob("/sys/class/video4linux/video*")
    names = {node.name: system.read(f"/sys/class/video4linux/{node.name}/name") or "" for node in nodes}
    cameras = [f"/dev/{node} ({name})" for node, name in names.items() if not name.startswith(_NO_CAMERA)]
    return f"set camera.device to one of {', '.join(cameras)}" if cameras else "plug a camera in, check its cable"


def _find_ribbon_cameras(system: System) -> tuple[str, str]:
    """Return the models of the cameras that libcamera sees, such as `imx708`; or why it cannot be asked and a remedy.

    Asked in a process of its own, and only where picamera2 is installed.
    """
    if system.version_of("picamera2") is None:
        return "", "picamera2 is not installed; sudo apt install python3-picamera2, then sudo ./setup.sh install"
    said = system.run((sys.executable, "-c", _FIND))
    if said is None:
        return "", "picamera2 crashes or hangs when it is asked for cameras; reboot, and see the line `numpy`"
    return ("", " ".join(said[1:].split())) if said.startswith("!") else (said, "")


def _may_be_ribbon(camera: Camera) -> bool:
    """Return whether `auto` looks for a camera on the ribbon cable first."""
    return camera.source == "auto" and isinstance(camera.device, int)


def _node(camera: Camera, system: System) -> Path:
    name = f"/dev/video{camera.device}" if isinstance(camera.device, int) else camera.device
    return system.path(name)


def _show(node: Path, system: System) -> str:
    return f"/{node.relative_to(system.root)}"

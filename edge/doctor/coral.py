"""A Coral USB Accelerator: whether it is seen, at which speed, and whether its library fits."""

from __future__ import annotations

import os
from pathlib import Path

from edge.doctor.findings import Finding, ok, problem, skipped, warning
from edge.doctor.system import Patient, System
from edge.foreign_kinds import FOREIGN
from edge.runtime.compiled import compiled_path
from edge.runtime.coral import NEWER, PACKAGES, find_misfit, find_sticks
from edge.sensors import read_fact

_USB3_MBIT = 5000
_UDEV = (
    "add udev rules for both USB ids of the stick, 1a6e:089a and 18d1:9302 (the package libedgetpu1-std has them), "
    "then plug it in again"
)
_LIBRARY_PLACES = ("/usr/lib/*/libedgetpu.so.1", "/usr/lib/libedgetpu.so.1", "/usr/local/lib/libedgetpu.so.1")


def check_coral(patient: Patient) -> Finding:
    """Return whether a Coral is there, may be used, and hangs on USB 3."""
    name, wanted, system = "coral", patient.settings.accelerator, patient.system
    stick = find_stick(system)
    if system.path("/dev/apex_0").exists():
        return ok(name, "on PCI Express, /dev/apex_0")
    if stick is None and wanted == "edgetpu":
        advice = "plug it in (a USB 3 port), or set accelerator: auto"
        return problem(name, "accelerator is edgetpu, and no Coral is seen", advice)
    if stick is None:
        return skipped(name, "none is plugged in; the processor runs the models")
    node = _usb_node(stick)
    if not system.access(system.path(node), os.R_OK | os.W_OK):
        return problem(name, f"{node}: no permission", _UDEV)
    return _judge_speed(read_fact(stick / "speed"))


def check_coral_library(patient: Patient) -> Finding:
    """Return whether libedgetpu is there when a Coral is, and fits the TFLite runtime."""
    name, system = "edgetpu", patient.system
    if find_stick(system) is None and not system.path("/dev/apex_0").exists():
        return skipped(name, "no Coral, so libedgetpu is not needed")
    library = next((path for place in _LIBRARY_PLACES for path in system.glob(place)), None)
    if library is None:
        return problem(name, "a Coral is there, libedgetpu.so.1 is not", f"{NEWER}; accelerator: cpu does without")
    version = next(filter(None, (system.run(("dpkg-query", "-Wf${Version}", each)) for each in PACKAGES)), "")
    return _judge_pair(f"libedgetpu {version or 'of unknown version'}", version, patient)


def find_stick(system: System) -> Path | None:
    """Return the folder in /sys of a Coral on USB, or None."""
    return next(iter(find_sticks(system.root)), None)


def _judge_pair(says: str, version: str, patient: Patient) -> Finding:
    system = patient.system
    litert, old = system.version_of("ai-edge-litert"), system.version_of("tflite-runtime")
    misfit = find_misfit(version, litert, old)
    if misfit:
        return warning("edgetpu", misfit, NEWER) if litert else problem("edgetpu", misfit, NEWER)
    detector, classifier = patient.settings.detector, patient.settings.classifier
    named = [detector.model, classifier.model] if detector.backend not in FOREIGN else [classifier.model]
    missing = [name for name in named if not compiled_path(patient.home / name).is_file()]
    if missing:
        lacking = f"{says}, but for a Coral {' and '.join(missing)} must be compiled: the processor runs them"
        return warning("edgetpu", lacking, "docs/coral.md says how, on an x86-64 desktop, and where to put the result")
    return ok("edgetpu", says)


def _judge_speed(speed: str) -> Finding:
    if speed.isdigit() and int(speed) >= _USB3_MBIT:
        return ok("coral", f"on USB 3 ({speed} Mbit/s)")
    advice = "use a blue (USB 3) port and the cable that came with it; a Pi 3 has no USB 3"
    return warning("coral", f"on USB 2 ({speed or '?'} Mbit/s): three times slower", advice)


def _usb_node(stick: Path) -> str:
    numbers = [read_fact(stick / name) for name in ("busnum", "devnum")]
    return "/dev/bus/usb/" + "/".join(number.zfill(3) for number in numbers)

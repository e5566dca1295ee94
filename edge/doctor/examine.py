"""Every check, in the order in which they are read: what others depend on comes first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from edge.doctor.board import check_clock, check_disk, check_power, check_temperature
from edge.doctor.camera import check_camera, check_camera_use
from edge.doctor.coral import check_coral, check_coral_library
from edge.doctor.findings import Finding, warning
from edge.doctor.models import check_classifier_model, check_config, check_detector_model
from edge.doctor.outside import check_metrics, check_mqtt, check_page
from edge.doctor.pins import check_pin_use, check_pins
from edge.doctor.service import check_control, check_journal, check_service, check_service_user
from edge.doctor.software import (
    check_numpy,
    check_opencv,
    check_pycoral,
    check_python,
    check_runtime,
    check_system,
)
from edge.doctor.system import Patient

Check: TypeAlias = Callable[[Patient], Finding]

CHECKS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "system": check_system,
        "python": check_python,
        "opencv": check_opencv,
        "numpy": check_numpy,
        "runtime": check_runtime,
        "pycoral": check_pycoral,
        "config": check_config,
        "detector": check_detector_model,
        "classifier": check_classifier_model,
        "camera": check_camera,
        "camera use": check_camera_use,
        "pins": check_pins,
        "pin use": check_pin_use,
        "coral": check_coral,
        "edgetpu": check_coral_library,
        "clock": check_clock,
        "temperature": check_temperature,
        "power": check_power,
        "disk": check_disk,
        "journal": check_journal,
        "control": check_control,
        "page": check_page,
        "mqtt": check_mqtt,
        "metrics": check_metrics,
        "service": check_service,
        "service user": check_service_user,
    }
)
"""The name that each check's finding carries, and the check."""


def examine(patient: Patient, checks: Mapping[str, Check] = CHECKS) -> Iterator[Finding]:
    """Yield a finding for each check; one that cannot be made is a warning, and the others go on."""
    for name, check in checks.items():
        try:
            yield check(patient)
        except (OSError, ValueError, KeyError) as exc:
            says = f"cannot be looked at: {type(exc).__name__}: {exc}"
            yield warning(name, says, "try again, or with sudo; if it stays, report it with this line")

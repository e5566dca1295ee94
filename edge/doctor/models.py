"""config.yaml, and the models that it names."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from edge.config import load_settings
from edge.doctor.findings import Finding, explain, ok, problem
from edge.doctor.system import Patient, System
from edge.errors import ConfigError, ModelError
from edge.foreign_kinds import FOREIGN
from edge.manifest import CLASSIFIER_KIND, DETECTOR_KIND, read_model, require_labels

_LOAD = """
import sys
from pathlib import Path
from edge.errors import ModelError
try:
    from {module} import {loader}
    {loader}({arguments})
except ImportError as exc:
    print(f"{{exc}}; {lines}")
except ModelError as exc:
    print(exc)
"""
_LINES = "see the lines `opencv` and `runtime`"
_LOAD_OURS = _LOAD.format(
    module="edge.runtime.tflite", loader="TfliteModel", arguments="Path(sys.argv[1]), sys.argv[2]", lines=_LINES
)
_LOAD_FOREIGN = _LOAD.format(
    module="edge.foreign", loader="open_foreign", arguments="sys.argv[2], Path(sys.argv[1]), None", lines=_LINES
)


def check_config(patient: Patient) -> Finding:
    """Return whether config.yaml is valid; `maskwatch check` lists all of its errors."""
    if patient.config is None:
        return ok("config", "no config.yaml: the defaults are in force")
    try:
        load_settings(patient.config)
    except ConfigError as exc:
        first, *others = str(exc).splitlines()
        more = f", and {len(others)} more" if others else ""
        return problem("config", first + more, "correct that line; `maskwatch check` lists every error")
    return ok("config", f"{patient.config} is valid")


def check_detector_model(patient: Patient) -> Finding:
    """Return whether the face detector is what its manifest promises, and loads."""
    detector = patient.settings.detector
    path, foreign = patient.home / detector.model, FOREIGN.get(detector.backend)
    if foreign is None:
        return _check_model("detector", path, DETECTOR_KIND, patient.system)
    program = (_LOAD_FOREIGN, str(path), detector.backend)
    return _try("detector", path, program, patient.system) or ok("detector", f"{path.name} runs as {foreign.name}")


def check_classifier_model(patient: Patient) -> Finding:
    """Return whether the mask classifier is what its manifest promises, has the labels of the alarm, and loads."""
    path, labels = patient.home / patient.settings.classifier.model, patient.settings.alarm.labels
    return _check_model("classifier", path, CLASSIFIER_KIND, patient.system, labels)


def _check_model(name: str, path: Path, kind: str, system: System, alarm_labels: Sequence[str] = ()) -> Finding:
    try:
        _, manifest = read_model(path, kind)
        if alarm_labels:
            require_labels(manifest, alarm_labels)
    except ModelError as exc:
        return explain(name, str(exc), _LINES)
    return _try(name, path, (_LOAD_OURS, str(path), kind), system) or ok(
        name, f"{path.name} is what its manifest promises (sha256 {manifest.sha256[:12]})"
    )


def _try(name: str, path: Path, program: Sequence[str], system: System) -> Finding | None:
    """Return why a model cannot be loaded, None when it can; in a process of its own, which may crash."""
    reason = system.run((sys.executable, "-c", *program))
    if reason is None:
        return problem(name, f"{path.name}: loading it crashes or hangs", _LINES)
    return explain(name, reason, _LINES) if reason else None

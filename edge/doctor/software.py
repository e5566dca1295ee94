"""Operating system, Python and the packages, none of which is imported into this process."""

from __future__ import annotations

from pathlib import Path

from edge.doctor.findings import Finding, ok, problem, skipped, warning
from edge.doctor.system import Patient, System, try_import

_CODENAMES = frozenset({"bookworm", "trixie"})
_OLDEST_PYTHON, _NEWEST_PYTHON = (3, 11), (3, 13)
_OTHER_PYTHON = "use Python 3.11, 3.12 or 3.13: sudo PYTHON=python3.11 ./setup.sh install"
_INSTALL_ANEW = (
    "install it anew: sudo ./setup.sh uninstall (settings stay; network and coral go off), sudo ./setup.sh install; "
    "or, without a service: rm -r .venv, ./setup.sh run"
)
"""Installing once more leaves alone what is there, also where its libraries are broken."""


def check_system(patient: Patient) -> Finding:
    """Return whether the operating system is one that Maskwatch is made for."""
    name, system = "system", patient.system
    release = _read_release(system)
    says = f"{release.get('PRETTY_NAME', 'an unknown system')}, {system.bits}-bit, {system.machine}"
    if system.bits != 64:
        return problem(name, f"{says}: the model runtime is made for 64 bits only", "write the 64-bit Raspberry Pi OS")
    if release.get("ID") == "ubuntu" or release.get("VERSION_CODENAME") in _CODENAMES:
        return ok(name, says)
    advice = "use Raspberry Pi OS or Debian, bookworm or trixie, if anything else here is wrong"
    return warning(name, f"{says}: nobody has tried that", advice)


def check_python(patient: Patient) -> Finding:
    """Return whether this Python is one that the lock files are for."""
    says = ".".join(map(str, patient.system.python))
    if _OLDEST_PYTHON <= patient.system.python <= _NEWEST_PYTHON:
        return ok("python", says)
    return problem("python", f"{says} is not supported", _OTHER_PYTHON)


def check_opencv(patient: Patient) -> Finding:
    """Return whether numpy and OpenCV load together."""
    name, system = "opencv", patient.system
    says = f"OpenCV {_describe_opencv(system)}, numpy {system.version_of('numpy') or 'missing'}"
    reason = try_import(system, "cv2")
    if reason:
        return problem(name, f"{says}: {reason}", _INSTALL_ANEW)
    return ok(name, says)


def check_numpy(patient: Patient) -> Finding:
    """Return whether numpy fits the system's own simplejpeg, which picamera2 needs and which is compiled against it."""
    name, system = "numpy", patient.system
    version = system.version_of("simplejpeg")
    if version is None:
        return skipped(name, "no simplejpeg (it comes with picamera2), so any numpy fits")
    reason = try_import(system, "simplejpeg")
    pair = f"numpy {system.version_of('numpy')} and simplejpeg {version}"
    if not reason:
        return ok(name, f"{pair} fit each other")
    advice = f"{_INSTALL_ANEW}; on bookworm that brings numpy 1.26, as picamera2 needs"
    return problem(name, f"{pair} do not fit: {reason}", advice)


def check_runtime(patient: Patient) -> Finding:
    """Return whether a TFLite runtime is there that works with this numpy."""
    name, system = "runtime", patient.system
    litert, old = system.version_of("ai-edge-litert"), system.version_of("tflite-runtime")
    if litert:
        return _try_runtime(system, f"LiteRT {litert}", "ai_edge_litert.interpreter")
    if old is None:
        return problem(name, "no TFLite runtime is installed", "pip install ai-edge-litert")
    numpy = system.version_of("numpy") or "0"
    if int(numpy.split(".")[0]) >= 2:
        return problem(name, f"tflite-runtime {old} crashes with numpy {numpy}", "pip install ai-edge-litert")
    return _try_runtime(system, f"tflite-runtime {old}", "tflite_runtime.interpreter")


def check_pycoral(patient: Patient) -> Finding:
    """Return whether the package pycoral is Google's. The one of that name on PyPI is a map tool."""
    package = patient.system.find_package("pycoral")
    if package is None:
        return ok("pycoral", "not installed, and not needed")
    if Path(str(package.locate_file("pycoral/utils/edgetpu.py"))).exists():
        return ok("pycoral", f"{package.version}, Google's")
    says = f"{package.version} is not Google's but an unrelated map tool of that name on PyPI"
    return problem("pycoral", says, "pip uninstall pycoral; Maskwatch uses a Coral without it")


def _try_runtime(system: System, says: str, module: str) -> Finding:
    reason = try_import(system, module)
    return problem("runtime", f"{says}: {reason}", _INSTALL_ANEW) if reason else ok("runtime", says)


def _describe_opencv(system: System) -> str:
    names = ("opencv-python-headless", "opencv-python", "opencv-contrib-python", "opencv")
    return next((version for version in map(system.version_of, names) if version), "of the system")


def _read_release(system: System) -> dict[str, str]:
    lines = (line.partition("=") for line in (system.read("/etc/os-release") or "").splitlines())
    return {key: value.strip("\"'") for key, _, value in lines}

"""maskwatch doctor on the machine that the tests run on, and the parts of it that ask the system itself."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cli import main
from edge.commands import ROOT
from edge.commands.doctor import describe, report, summarize
from edge.doctor import probe_camera, probe_pins
from edge.doctor.examine import CHECKS
from edge.doctor.findings import Finding, ok, problem, skipped, warning
from edge.doctor.models import check_classifier_model, check_detector_model
from edge.doctor.software import check_python, check_system
from edge.doctor.system import Patient, find_daemon, run_command, this_system, try_import
from edge.manifest import manifest_path
from edge.settings import Alarm, Classifier, Detector, Settings

FINE = ok("disk", "100 MB free")
WRONG = problem("camera", "not there", "plug it in")


def patient(home: Path, settings: Settings | None = None) -> Patient:
    return Patient(this_system(), settings or Settings(), None, home)


def test_doctor_prints_one_json_list_whatever_is_wrong_and_its_exit_code_is_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.yaml").write_text("alarm: {hold_s: 99}\n")
    assert main(["doctor", "--json", "--config", str(tmp_path / "config.yaml")]) == 3
    findings = [Finding(**each) for each in json.loads(capsys.readouterr().out)]
    assert [each.name for each in findings] == list(CHECKS)
    states = {each.name: each.state for each in findings}
    assert states["config"] == "problem"
    assert (states["python"], states["runtime"], states["detector"], states["classifier"]) == ("ok",) * 4


@pytest.mark.parametrize(("found", "expected"), [([FINE, WRONG], 3), ([FINE, warning("clock", "x", "y")], 0)])
def test_only_a_problem_makes_the_exit_code_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], found: list[Finding], expected: int
) -> None:
    checks = {each.name: lambda _, each=each: each for each in found}
    assert report(patient(tmp_path), False, checks) == expected
    assert capsys.readouterr().out.splitlines()[-1] == summarize(found)


def test_a_finding_is_a_line_and_its_remedy_stands_aligned_below_it() -> None:
    says, remedy = describe(WRONG).splitlines()
    assert says.split(maxsplit=2) == ["problem", "camera", "not there"]
    assert remedy == " " * says.index("not there") + "→ plug it in"
    assert len(describe(FINE).splitlines()) == 1


def test_colors_change_no_letter() -> None:
    colored = describe(WRONG, colored=True)
    assert colored.replace("\033[31m", "").replace("\033[0m", "") == describe(WRONG)


def test_the_last_line_counts() -> None:
    assert summarize([FINE, FINE, WRONG, skipped("coral", "none")]) == "2 fine, 1 skipped, 0 warnings, 1 problem"


def test_a_command_that_takes_too_long_is_given_up() -> None:
    begin_s = time.monotonic()
    assert run_command((sys.executable, "-c", "import time; time.sleep(60)"), timeout_s=0.2) is None
    assert time.monotonic() - begin_s < 30


@pytest.mark.parametrize("code", ["import os; os.abort()", "raise SystemExit(1)"])
def test_a_command_that_crashes_or_fails_gives_nothing(code: str) -> None:
    assert run_command((sys.executable, "-c", code)) is None


def test_a_command_that_is_not_there_gives_nothing() -> None:
    assert run_command(("/no/such/command",)) is None


def test_an_import_that_fails_says_why_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_part.py").write_text("raise ValueError('numpy.dtype size changed\\nmay indicate')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert try_import(this_system(), "broken_part") == "ValueError: numpy.dtype size changed may indicate"
    assert try_import(this_system(), "json") == ""


def test_32_bits_and_an_old_python_are_problems(tmp_path: Path) -> None:
    old = Patient(replace(this_system(), bits=32, python=(3, 9)), Settings(), None, tmp_path)
    assert check_system(old).state == check_python(old).state == "problem"
    assert "3.9 is not supported" in check_python(old).says


def test_a_truncated_model_is_a_problem_before_any_runtime_sees_it(tmp_path: Path) -> None:
    whole = ROOT / Settings().classifier.model
    (tmp_path / "m.tflite").write_bytes(whole.read_bytes()[:-1000])
    manifest_path(tmp_path / "m.tflite").write_bytes(manifest_path(whole).read_bytes())
    finding = check_classifier_model(patient(tmp_path, Settings(classifier=Classifier(model="m.tflite"))))
    assert finding.state == "problem"
    assert "the file is damaged or was swapped" in finding.says
    assert finding.remedy == "copy both files again or convert the model again"


def test_labels_that_the_classifier_does_not_have_are_a_problem() -> None:
    finding = check_classifier_model(patient(ROOT, Settings(alarm=Alarm(labels=("no_mask",)))))
    assert finding.state == "problem"
    assert "mask_worn_incorrectly, and alarm.labels asks for no_mask" in finding.says
    assert finding.remedy == "change alarm.labels in config.yaml or the model"


@pytest.mark.parametrize(
    ("printed", "says", "remedy"),
    [
        (None, "n.onnx: loading it crashes or hangs", "see the lines `opencv` and `runtime`"),
        ("numpy is old;\n rebuild\n it; see the line", "numpy is old; rebuild it", "see the line"),
        ("libGL.so.1 is missing", "libGL.so.1 is missing", "see the lines `opencv` and `runtime`"),
    ],
)
def test_a_detector_that_does_not_load_is_a_problem(
    tmp_path: Path, printed: str | None, says: str, remedy: str
) -> None:
    settings = Settings(detector=Detector(backend="yunet", model="n.onnx"))
    system = replace(this_system(), run=lambda command: printed)
    finding = check_detector_model(Patient(system, settings, None, tmp_path))
    assert (finding.state, finding.says, finding.remedy) == ("problem", says, remedy)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/venv/bin/python3\0/venv/bin/maskwatch\0run\0", 7),
        ("python3\0-m\0edge\0run\0--config\0x\0", 7),
        ("python3\0-m\0edge\0doctor\0", None),
        ("nano\0maskwatch\0run\0", None),
    ],
)
def test_the_daemon_is_known_by_its_command_line(tmp_path: Path, line: str, expected: int | None) -> None:
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/7/cmdline").write_text(line)
    assert find_daemon(replace(this_system(), root=tmp_path)) == expected


def test_the_probes_name_what_is_no_camera_and_no_chip(tmp_path: Path) -> None:
    assert probe_camera.probe(str(tmp_path / "none")) == {"error": "ENOENT"}
    assert probe_camera.probe(os.devnull) == {"error": "ENOTTY"}
    assert probe_pins.probe(os.devnull, [17]) == {"error": "ENOTTY"}


def test_the_probes_run_as_programs() -> None:
    for module in ("edge.doctor.probe_camera", "edge.doctor.probe_pins"):
        said = run_command((sys.executable, "-m", module, os.devnull, "17"))
        assert json.loads(said or "") == {"error": "ENOTTY"}

"""maskwatch doctor: what is wrong with this machine, one line and one remedy each.

Exit code 3 when there is a problem, 0 when there is none; warnings do not count.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from edge.commands import ROOT, count_of, find_config_of, read_settings
from edge.doctor.examine import CHECKS, Check, examine
from edge.doctor.findings import Finding
from edge.doctor.system import Patient, System, this_system
from edge.errors import ConfigError, HardwareError
from edge.settings import Settings

_COLORS = {"ok": "32", "warning": "33", "problem": "31", "skipped": "2"}
_STATE_WIDTH = max(map(len, _COLORS))
_NAME_WIDTH = max(map(len, CHECKS))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("--json", action="store_true", help="one JSON list instead of text")


def run(options: argparse.Namespace) -> int:
    """Look at everything and say it; return 3 when there is a problem, else 0."""
    return report(meet_patient(options, this_system()), options.json)


def meet_patient(options: argparse.Namespace, system: System) -> Patient:
    """Return whom to examine; with the default settings where config.yaml is broken, which is a finding of its own."""
    try:
        settings = read_settings(options)
    except ConfigError:
        settings = Settings()
    return Patient(system, settings, find_config_of(options), ROOT)


def report(patient: Patient, as_json: bool, checks: Mapping[str, Check] = CHECKS) -> int:
    """Print the findings and return the exit code."""
    findings = []
    colored = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for finding in examine(patient, checks):
        findings.append(finding)
        if not as_json:
            print(describe(finding, colored), flush=True)
    print(json.dumps([asdict(each) for each in findings], ensure_ascii=False) if as_json else summarize(findings))
    return HardwareError.exit_code if any(each.state == "problem" for each in findings) else 0


def describe(finding: Finding, colored: bool = False) -> str:
    """Return a finding as a line, and its remedy, if there is one, as another below it."""
    word = finding.state.ljust(_STATE_WIDTH)
    shown = f"\033[{_COLORS[finding.state]}m{word}\033[0m" if colored else word
    line = f"{shown}  {finding.name.ljust(_NAME_WIDTH)}  {finding.says}"
    indent = " " * (_STATE_WIDTH + _NAME_WIDTH + 4)
    return f"{line}\n{indent}→ {finding.remedy}" if finding.remedy else line


def summarize(findings: Iterable[Finding]) -> str:
    """Return the last line: `18 fine, 3 skipped, 1 warning, 1 problem`."""
    count = Counter(each.state for each in findings)
    fine = f"{count['ok']} fine, {count['skipped']} skipped"
    return f"{fine}, {count_of(count['warning'], 'warning')}, {count_of(count['problem'], 'problem')}"

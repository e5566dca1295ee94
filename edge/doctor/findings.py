"""What the doctor says about one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

State: TypeAlias = Literal["ok", "warning", "problem", "skipped"]
"""Fine; works, but read this; Maskwatch does not work like that; there is nothing to look at here."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor: `says` is what was seen, `remedy` what to do, empty where nothing is to be done."""

    name: str
    state: State
    says: str
    remedy: str = ""


def ok(name: str, says: str) -> Finding:
    """Return that something is fine."""
    return Finding(name, "ok", says)


def warning(name: str, says: str, remedy: str) -> Finding:
    """Return that something works, but not well or not for long."""
    return Finding(name, "warning", says, remedy)


def problem(name: str, says: str, remedy: str) -> Finding:
    """Return that Maskwatch does not work like that."""
    return Finding(name, "problem", says, remedy)


def explain(name: str, error: str, otherwise: str = "") -> Finding:
    """Return an error's sentence, `what is wrong; what to do`, as a problem.

    `otherwise` is the remedy where the sentence has none.
    """
    says, _, remedy = " ".join(error.split()).rpartition("; ")
    return problem(name, says, remedy) if says else problem(name, remedy, otherwise)


def skipped(name: str, says: str) -> Finding:
    """Return that there is nothing to look at, and why."""
    return Finding(name, "skipped", says)

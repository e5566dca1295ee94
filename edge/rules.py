"""How a setting is declared: its default, and what a value must satisfy beyond its type. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import inf
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """What a value must satisfy beyond its type.

    `limits` are the least and the greatest number, both allowed. `pattern` is a regular expression that matches the
    whole text, `example` shows it to the owner.
    """

    limits: tuple[float, float] | None = None
    pattern: str | None = None
    example: str | None = None


HOST = Rule(
    pattern=r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?|([0-9A-Fa-f]*:){2}[0-9A-Fa-f.:]*(%[A-Za-z0-9_.-]+)?",
    example="192.168.1.20, broker.local or fe80::1%eth0",
)
"""The name or the address of a computer. A network that is not there yet may come; what is no name, `192.168..20`, will
never be one."""


def setting(default: Any, rule: Rule | None = None) -> Any:
    """Return a dataclass field with a default and, in its metadata as "rule", a rule."""
    metadata: Mapping[str, Any] = MappingProxyType({"rule": rule or Rule()})
    return field(default=default, metadata=metadata)


def section(cls: type) -> Any:
    """Return a dataclass field that holds another class of settings, with its defaults."""
    return field(default_factory=cls)


def between(low: float, high: float) -> Rule:
    """Return the rule that a number lies in low..high, both included."""
    return Rule(limits=(low, high))


def limits_of(settings: Any, name: str) -> tuple[float, float]:
    """Return the least and the greatest number that a setting of a section (or of its class) may be."""
    rule: Rule = next(each.metadata["rule"] for each in fields(settings) if each.name == name)
    return rule.limits or (-inf, inf)

"""What a value in config.yaml means, and whether it fits a setting: in words for an owner who does not know Python."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec

from edge.rules import Rule
from edge.settings import Settings

_NAMES: Final[Mapping[Any, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    NoneType: "null",
}

_WORDS: Final[Mapping[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null")),
    **dict.fromkeys(("true", "yes", "on"), True),
    **dict.fromkeys(("false", "no", "off"), False),
}
# of bounded length: int() refuses 4,300 digits
_WHOLE_NUMBER: Final = r"[-+]?(0|[1-9][0-9]{0,17})"
_NUMBER: Final = r"[-+]?([0-9]{1,20}\.[0-9]{0,20}|\.[0-9]{1,20}|[0-9]{1,20}(\.[0-9]{0,20})?[eE][-+]?[0-9]{1,3})"
_NOT_SHOWN: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's categories of control characters, halves of characters and line ends. Opening a file raises ValueError for
the first two. Spaces and joiners that `str.isprintable` refuses as well are in names of real files."""

_LOOKS_EMPTY: Final = frozenset({"Zs", "Cf"})
"""Unicode's categories of spaces and joiners, such as the no-break space of a web page, or of a Mac's Option+Space."""

_ADVICE: Final = (
    (r"0\d+", "; leave out the leading zero"),
    (r"[-+]?\d+,\d+", "; write decimals with a point"),
)


def resolve(text: str) -> Any:
    """Return what an unquoted text means. Not as YAML 1.1 would: there 017 is 15 and 17:00 is 1020."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if re.fullmatch(_WHOLE_NUMBER, text):
        return int(text)
    if re.fullmatch(_NUMBER, text) and isfinite(float(text)):
        return float(text)
    return text


def convert_value(value: Any, hint: Any, rule: Rule) -> Any:
    """Return a value as the type that a setting has: an int becomes a float, a list a tuple.

    Raises ValueError: `must be a whole number between 0 and 27 or null`.
    """
    try:
        converted = msgspec.convert(value, hint)
    except msgspec.ValidationError as exc:
        raise ValueError(f"must be {describe(hint, rule)}") from exc
    _check_rule(converted, rule)
    return converted


def describe(hint: Any, rule: Rule) -> str:
    """Return what a setting wants: `one of auto, cpu, edgetpu`."""
    if get_origin(hint) is Literal:
        return f"one of {', '.join(map(str, get_args(hint)))}"
    if get_origin(hint) is UnionType:
        return " or ".join(describe(each, rule) for each in get_args(hint))
    if get_origin(hint) is tuple:
        return f"a point [x, y]{_limits(rule)}"
    return _NAMES[hint] + (_limits(rule) if hint in (int, float) else "")


def describe_unknown(name: str, known: Iterable[str]) -> str:
    """Return what to do about a name that is no setting, where `known` are the settings of its section."""
    known = tuple(known)
    home, _, key = name.rpartition(".")  # gpio.driver, as these messages name it
    sections = {each: hint for each, hint in get_type_hints(Settings).items() if is_dataclass(hint)}
    homes = [each for each, hint in sections.items() if key in get_type_hints(hint) and home in ("", each)]
    if home and homes and key not in known:
        return f"unknown key here; {key} belongs below {home}, indented"
    for near in difflib.get_close_matches(name, known, n=1):
        return f"unknown key; did you mean {near}?"
    if homes:
        return f"unknown key here; it belongs below {' or '.join(homes)}, indented"
    return f"unknown key; known here: {', '.join(known)}"


def advise(text: str, quoted: bool, hint: Any) -> str:
    """Return what to do about a value that does not fit, `; put it in quotes`, or nothing where that is unknown."""
    fits_as_text, fits_unquoted = _fits(text, hint), _fits(resolve(text), hint)
    if fits_as_text and not fits_unquoted and not quoted:
        if text and resolve(text) is None:
            return "; leave the line out for the default"
        return "; put it in quotes" if text else ""
    if fits_unquoted and not fits_as_text and quoted:
        return "; leave out the quotes"
    if fits_as_text or fits_unquoted:
        return ""
    return next((advice for pattern, advice in _ADVICE if re.fullmatch(pattern, text)), "")


def advise_on_line(line: str) -> str:
    """Return what to do about a wrong line with what looks like a space, or like nothing, and is neither in YAML."""
    written = line.partition(" #")[0]
    hidden = any(unicodedata.category(each) in _LOOKS_EMPTY for each in written.replace(" ", ""))
    return "; an invisible character stands in this line, type the line again" if hidden else ""


def shorten(text: str) -> str:
    """Return a text as at most 40 characters in one line, to be shown in an error."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text[:80]).split())
    return line if len(line) <= 40 else line[:37] + "..."


def _limits(rule: Rule) -> str:
    return f" between {rule.limits[0]:g} and {rule.limits[1]:g}" if rule.limits else ""


def _fits(value: Any, hint: Any) -> bool:
    try:
        msgspec.convert(value, hint)
    except msgspec.ValidationError:
        return False
    return True


def _check_rule(value: Any, rule: Rule) -> None:
    if isinstance(value, str) and not value.strip():
        raise ValueError("must not be empty")
    if isinstance(value, str) and any(unicodedata.category(each) in _NOT_SHOWN for each in value):
        raise ValueError("must be one line of characters that can be shown")
    if isinstance(value, str) and rule.pattern and not re.fullmatch(rule.pattern, value):
        raise ValueError(f"must look like {rule.example}")
    numbers = value if isinstance(value, tuple) else (value,) if isinstance(value, int | float) else ()
    if rule.limits and not all(rule.limits[0] <= number <= rule.limits[1] for number in numbers):
        raise ValueError(f"must be{_limits(rule)}")

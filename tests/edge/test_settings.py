"""The settings agree with themselves and with the config.yaml that is shipped."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, is_dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from edge.checks import convert_value
from edge.clashes import find_clashes
from edge.config import load_settings
from edge.rules import Rule
from edge.settings import Alarm, Gpio, Settings, Zone

CONFIG = Path(__file__).parents[2] / "config.yaml"
UNITS = {
    "_px": "pixels",
    "_s": "seconds",
    "_minutes": "minutes",
    "_deg": "degrees",
    "_fps": "pictures per second",
    "_frac": "fraction",
    "_days": "days",
    "_mb": "MB",
    "_pin": "GPIO number",
}


@dataclass(frozen=True)
class Entry:
    """A setting as its class declares it."""

    hint: Any
    rule: Rule
    default: Any


def declared(cls: Any = Settings, prefix: str = "") -> dict[str, Entry]:
    """Return every setting by its dotted key."""
    hints, found = get_type_hints(cls), dict[str, Entry]()
    for each in fields(cls):
        if is_dataclass(hints[each.name]):
            found |= declared(hints[each.name], f"{each.name}.")
        else:
            found[prefix + each.name] = Entry(hints[each.name], each.metadata["rule"], each.default)
    return found


@dataclass(frozen=True)
class Line:
    """A setting as config.yaml shows it: value, the comment behind it, the comment above it."""

    value: str
    comment: str
    above: str


def shipped() -> dict[str, Line]:
    """Return every setting in config.yaml by its dotted key; sections have no value."""
    section, found = "", dict[str, Line]()
    lines = CONFIG.read_text(encoding="utf-8").splitlines()
    for above, line in zip(lines, lines[1:], strict=False):
        if match := re.fullmatch(r"( *)(\w+):(?: +(\S.*?) +# (.+))?", line):
            indent, name, value, comment = match.groups()
            section = section if indent else f"{name}." if value is None else ""
            found[(section if indent else "") + name] = Line(value or "", comment or "", above.strip())
    return found


DECLARED = declared()
SHIPPED = shipped()
keys = pytest.mark.parametrize("key", DECLARED)


def test_shipped_config_is_the_defaults() -> None:
    assert load_settings(CONFIG) == Settings()


def test_shipped_config_has_every_setting_and_section_in_order() -> None:
    sections = [name for name, hint in get_type_hints(Settings).items() if is_dataclass(hint)]
    assert [key for key in SHIPPED if key not in sections] == list(DECLARED)
    assert [key for key in SHIPPED if key in sections] == sections


@pytest.mark.parametrize("key", SHIPPED)
def test_shipped_config_says_what_each_setting_and_section_is_for(key: str) -> None:
    assert re.match(r"# \S.{2,}", SHIPPED[key].above)


@keys
def test_shipped_config_states_the_default(key: str) -> None:
    assert SHIPPED[key].comment.endswith(f"; default {SHIPPED[key].value}")


@keys
def test_shipped_config_states_the_limits(key: str) -> None:
    limits, comment = DECLARED[key].rule.limits, SHIPPED[key].comment
    if limits:
        assert f"{limits[0]:g} to {limits[1]:g}" in comment
    else:
        assert " to " not in comment


@keys
def test_shipped_config_states_the_choices(key: str) -> None:
    hint, comment = DECLARED[key].hint, SHIPPED[key].comment
    choices = get_args(hint) if get_origin(hint) is Literal else ()
    assert " | ".join(map(str, choices)) in comment
    assert bool(choices) == ("|" in comment)
    assert (hint is bool) == ("true or false" in comment)
    assert (type(None) in get_args(hint)) == ("or null" in comment)


@keys
def test_shipped_config_states_the_unit(key: str) -> None:
    for suffix, unit in UNITS.items():
        if key.endswith(suffix):
            assert SHIPPED[key].comment.startswith(unit)


def test_shipped_config_fits_a_terminal_and_has_no_tabs() -> None:
    text = CONFIG.read_text(encoding="ascii")
    assert "\t" not in text
    assert max(map(len, text.splitlines())) <= 120


@keys
def test_defaults_obey_their_own_rules(key: str) -> None:
    entry = DECLARED[key]
    values = entry.default if isinstance(entry.default, tuple) else (entry.default,)
    item = get_args(entry.hint)[0] if isinstance(entry.default, tuple) else entry.hint
    assert [convert_value(value, item, entry.rule) for value in values] == list(values)


@keys
def test_every_number_has_finite_limits(key: str) -> None:
    entry = DECLARED[key]
    if {int, float} & {entry.hint, *get_args(entry.hint)}:
        assert entry.rule.limits is not None and all(map(isfinite, entry.rule.limits))


@keys
def test_every_pattern_has_an_example(key: str) -> None:
    rule = DECLARED[key].rule
    assert (rule.pattern is None) == (rule.example is None)
    for example in re.findall(r'"(.+?)"', rule.example or ""):
        assert re.fullmatch(rule.pattern or "", example)


def test_defaults_do_not_clash() -> None:
    assert list(find_clashes(Settings())) == []


def test_three_outputs_on_one_pin_are_two_clashes() -> None:
    clashes = list(find_clashes(Settings(gpio=Gpio(lamp_pin=4, buzzer_pin=4, relay_pin=4))))
    assert [set(clash) for clash in clashes] == [
        {"gpio.buzzer_pin", "gpio.lamp_pin"},
        {"gpio.relay_pin", "gpio.lamp_pin"},
    ]


def test_a_clash_has_a_sentence_for_each_of_its_keys() -> None:
    assert list(find_clashes(Settings(zone=Zone(min_face_frac=0.5, max_face_frac=0.5)))) == [
        {
            "zone.min_face_frac": "must be less than zone.max_face_frac (0.5), got 0.5",
            "zone.max_face_frac": "must be more than zone.min_face_frac (0.5), got 0.5",
        }
    ]


def test_pins_that_are_not_wired_do_not_clash() -> None:
    assert list(find_clashes(Settings(gpio=Gpio(lamp_pin=None, buzzer_pin=None, status_lamp_pin=None)))) == []


@pytest.mark.parametrize("pin", [5, 26])
def test_only_the_pin_of_an_output_can_be_active_low(pin: int) -> None:
    assert list(find_clashes(Settings(gpio=Gpio(mute_button_pin=26, active_low_pins=(17, pin))))) == [
        {"gpio.active_low_pins": f"must be pins of lamps, buzzer or relay, got {pin}"}
    ]


def test_a_triangle_is_enough_for_a_zone() -> None:
    assert list(find_clashes(Settings(zone=Zone(polygon=((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)))))) == []


def test_a_label_given_three_times_is_one_clash() -> None:
    clashes = list(find_clashes(Settings(alarm=Alarm(labels=("a", "a", "a")))))
    assert clashes == [{"alarm.labels": "must name a label once, got a 3 times"}]

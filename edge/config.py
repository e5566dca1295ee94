"""config.yaml: text in, `Settings` out, or every error in it with its line. The only file that knows YAML."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from math import isfinite
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec
import yaml
from yaml.reader import ReaderError

from edge.errors import ConfigError
from edge.settings import Rule, Settings, find_clashes

CONFIG_PLACES = (Path("/etc/maskwatch/config.yaml"), Path(__file__).parent.parent / "config.yaml")
"""Where config.yaml is looked for: the installed one, then the one beside the installation."""

MAX_BYTES = 200_000
"""No config.yaml is this long; whatever is, was not meant to be one."""

_MAX_DEPTH: Final = 8
_BROKEN: Final = object()
_WORDS: Final[Mapping[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null")),
    **dict.fromkeys(("true", "yes", "on"), True),
    **dict.fromkeys(("false", "no", "off"), False),
}
_WHOLE_NUMBER: Final = r"[-+]?(0|[1-9]\d{0,17})"
_NUMBER: Final = r"[-+]?(\d{1,20}\.\d{0,20}|\.\d{1,20}|\d{1,20}(\.\d{0,20})?[eE][-+]?\d{1,3})"
_ADVICE: Final = (
    (r"0\d+", "; leave out the leading zero"),
    (r"[-+]?\d+,\d+", "; write decimals with a point"),
    (r"\w+:\S.*", "; put a space after the colon"),
)
_TYPE_WORDS: Final[Mapping[Any, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    NoneType: "null",
}
_FLOW_WORDS: Final = "a bracket is opened here and not closed, or a comma or quote is missing behind it"
_BLOCK_WORDS: Final = "this line does not fit the ones above: indent it like its neighbors, and close quotes once"
_SYNTAX_WORDS: Final = (
    # what PyYAML says, whether the place is where the thing began, what the owner reads
    (r"'\t'", False, "there is a tab here; put spaces in its place"),
    ("quoted scalar found unexpected", True, "a quote is opened here and never closed"),
    ("flow", True, _FLOW_WORDS),
    ("could not find expected ':'", True, "a colon and a space are missing after the name"),
    ("mapping values", False, "this line does not fit the ones above: indent it alike, one `name: value` a line"),
    ("expected <block end>", False, _BLOCK_WORDS),
    ("another document", False, "a second document begins here; remove the line `---`"),
    ("cannot start any token", False, "a value begins with a special character here; put it in quotes"),
)


def find_config(places: Sequence[Path] = CONFIG_PLACES) -> Path | None:
    """Return the first config.yaml that is there, or None: then the defaults hold."""
    return next((path for path in places if _is_there(path)), None)


def load_settings(path: Path) -> Settings:
    """Return the settings in a file.

    Raises ConfigError, with every error in the file on a line of its own, or when the file cannot be read.
    """
    data = _read_bytes(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise ConfigError(f"{path}:{line}: is not UTF-8 text; save the file as UTF-8") from exc
    return parse_settings(text, str(path))


def parse_settings(text: str, name: str) -> Settings:
    """Return the settings in a text; an empty one gives the defaults. `name` stands before each error.

    Raises ConfigError with every error, a line each: `config.yaml:14: alarm.hold_s: must be …, got 99`.
    """
    found = _Findings()
    settings: Settings = _read_section(Settings, _compose(text, name), (), found)
    for clash in find_clashes(settings):
        found.add_clash(clash)
    if found.problems:
        raise ConfigError("\n".join(f"{name}:{line}: {what}" for line, what in sorted(found.problems)))
    return settings


@dataclass(slots=True)
class _Findings:
    """What reading came upon: problems as (line, text), the line of each key in the file, the keys with problems."""

    problems: list[tuple[int, str]] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)

    def add(self, node: yaml.Node, key: str, text: str) -> None:
        self.broken.add(key)
        self.problems.append((_line(node), f"{key}: {text}" if key else text))

    def add_clash(self, clash: Mapping[str, str]) -> None:
        """Blame the key that comes last in the file, unless one of them has a worse problem."""
        key = max(clash, key=lambda each: self.lines.get(each, 0))
        if not self.broken & clash.keys():
            self.problems.append((self.lines.get(key, 1), f"{key}: {clash[key]}"))


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except PermissionError:
        return True  # so that reading it says why, instead of another file taking its place in silence
    return True


def _read_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as exc:
        advice = "check the name, or copy the config.yaml that came with Maskwatch there"
        raise ConfigError(f"{path}: there is no such file; {advice}") from exc
    except IsADirectoryError as exc:
        raise ConfigError(f"{path}: is a folder; name the file in it, such as {path / 'config.yaml'}") from exc
    except PermissionError as exc:
        raise ConfigError(f"{path}: may not be read by this user; join the group maskwatch or use sudo") from exc
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read ({exc.strerror}); check the name and the disk") from exc
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path}: is longer than {MAX_BYTES:,} bytes; this is not a config.yaml")
    return data


class _Refused(yaml.MarkedYAMLError):
    """Valid YAML that a list of settings has no use for."""


class _Loader(yaml.SafeLoader):
    """Composes nodes, without the parts of YAML that can grow without bounds or run code."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise _Refused(problem="aliases (*name) do not work here; write the value out", problem_mark=event.start_mark)
        if getattr(event, "tag", None):
            raise _Refused(problem="tags (!name) do not work here; remove it", problem_mark=event.start_mark)
        if self.depth == _MAX_DEPTH:
            raise _Refused(problem="too many brackets or levels inside each other", problem_mark=event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _compose(text: str, name: str) -> yaml.Node | None:
    try:
        loader = _Loader(text)
    except ReaderError as exc:
        line = text.count("\n", 0, exc.position) + 1
        raise ConfigError(f"{name}:{line}: there is an invisible character here; delete it and type again") from exc
    try:
        return loader.get_single_node()
    except yaml.MarkedYAMLError as exc:
        line, words = _in_plain_words(exc)
        raise ConfigError(f"{name}:{line}: {words}") from exc
    except (ValueError, OverflowError) as exc:
        # PyYAML 6.0.3 passes escapes such as "\UFFFFFFFF" and %YAML versions to chr and int unchecked
        raise ConfigError(f"{name}:{loader.line + 1}: there is a number here that is too large") from exc


def _in_plain_words(error: yaml.MarkedYAMLError) -> tuple[int, str]:
    said, mark = f"{error.context or ''} {error.problem}", error.problem_mark or error.context_mark
    words = f"is not valid YAML ({error.problem}); check spaces, colons and quotes here and in the line above"
    if isinstance(error, _Refused):
        words = error.problem or words
    for fragment, at_begin, plain in () if isinstance(error, _Refused) else _SYNTAX_WORDS:
        if fragment in said:
            words, mark = plain, (error.context_mark if at_begin else None) or mark
            break
    return (mark.line + 1 if mark else 1), words


def _read_section(cls: Any, node: yaml.Node | None, path: tuple[str, ...], found: _Findings) -> Any:
    if node is None or _plain(node) is None:
        return cls()
    if not isinstance(node, yaml.MappingNode):
        found.add(node, ".".join(path), f"must be lines of `name: value`, got {_seen(node)}{_advice(None, node)}")
        return cls()
    hints, rules = get_type_hints(cls), {each.name: each.metadata.get("rule", Rule()) for each in fields(cls)}
    values = {
        name: _read_value(hints[name], rules[name], value, (*path, name), found)
        for name, value in _known_entries(node, hints, path, found)
    }
    return cls(**{name: value for name, value in values.items() if value is not _BROKEN})


def _known_entries(
    node: yaml.MappingNode, known: Mapping[str, Any], path: tuple[str, ...], found: _Findings
) -> Iterator[tuple[str, yaml.Node]]:
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else None
        dotted = ".".join((*path, _shorten(name or "(empty)")))
        if name is None:
            found.add(key, ".".join(path), "each line must begin with a name and a colon, got " + _seen(key))
        elif name not in known:
            found.add(key, dotted, _unknown(_shorten(name), known))
        elif dotted in found.lines:
            found.add(key, dotted, f"is already given in line {found.lines[dotted]}; keep one of the two")
        else:
            found.lines[dotted] = _line(key)
            yield name, value


def _unknown(name: str, known: Mapping[str, Any]) -> str:
    for near in difflib.get_close_matches(name, known, n=1):
        return f"unknown key; did you mean {near}?"
    homes = [home for home, hint in get_type_hints(Settings).items() if name in get_type_hints(hint)]
    if homes:
        return f"unknown key here; it belongs below {' or '.join(homes)}, indented"
    return f"unknown key; known here: {', '.join(known)}"


def _read_value(hint: Any, rule: Rule, node: yaml.Node, path: tuple[str, ...], found: _Findings) -> Any:
    if is_dataclass(hint):
        return _read_section(hint, node, path, found)
    if get_origin(hint) is tuple:
        return _read_list(get_args(hint)[0], rule, node, ".".join(path), found)
    return _read_one(hint, rule, node, ".".join(path), found)


def _read_list(hint: Any, rule: Rule, node: yaml.Node, key: str, found: _Findings) -> Any:
    if isinstance(node, yaml.SequenceNode):
        values = tuple(_read_one(hint, rule, each, key, found) for each in node.value)
        return _BROKEN if _BROKEN in values else values
    if _plain(node) is None:
        return ()
    if rule.pattern and isinstance(node, yaml.ScalarNode):
        value = _read_one(hint, rule, node, key, found)
        return value if value is _BROKEN else (value,)
    found.add(node, key, f"must be a list such as [{_wanted(hint, rule)}], got {_seen(node)}")
    return _BROKEN


def _read_one(hint: Any, rule: Rule, node: yaml.Node, key: str, found: _Findings) -> Any:
    value = _plain(node)
    if not _fits(value, hint):
        found.add(node, key, f"must be {_wanted(hint, rule)}, got {_seen(node)}{_advice(hint, node)}")
        return _BROKEN
    wrong = _breaks(value, rule)
    if wrong:
        found.add(node, key, f"{wrong}, got {_seen(node)}")
        return _BROKEN
    return msgspec.convert(value, hint)


def _fits(value: Any, hint: Any) -> bool:
    try:
        msgspec.convert(value, hint)
    except msgspec.ValidationError:
        return False
    return True

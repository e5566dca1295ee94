"""config.yaml: text in, `Settings` out, or every error in it with its line. The only file that knows YAML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias, get_args, get_origin, get_type_hints

import yaml
from yaml.reader import ReaderError

from edge.checks import advise, advise_on_line, convert_value, describe, describe_unknown, resolve, shorten
from edge.clashes import find_clashes
from edge.devices import is_address, name_address
from edge.errors import ConfigError
from edge.rules import Rule
from edge.settings import Settings

CONFIG_PLACES = (Path("/etc/maskwatch/config.yaml"), Path(__file__).parent.parent / "config.yaml")
"""Where config.yaml is looked for: the installed one, then the one beside the installation."""

MAX_BYTES = 50_000
"""The shipped config.yaml has a fifth of this; whatever is longer was not meant to be one."""

FindClashes: TypeAlias = Callable[[Settings], Iterable[Mapping[str, str]]]
"""Finds what is wrong with settings that are read; see `edge.clashes`."""

_MAX_DEPTH: Final = 8
_BROKEN: Final = object()
_LINE_END: Final = "\r\n|[\n\r\x85\u2028\u2029]"
"""As PyYAML counts lines."""

# what PyYAML says; whether the error is where the thing began; what the owner reads
_SYNTAX: Final = (
    (r"'\t'", False, "a tab stands here; replace it with spaces"),
    ("quoted scalar found unexpected", True, "a quote is opened here and never closed"),
    ("flow ", True, "a bracket is opened here and not closed, or a comma or a quote is missing behind it"),
    ("could not find expected ':'", True, "a colon and a space are missing after the name"),
    ("mapping values", False, "a colon too many, or something wrong in the line above; write one `name: value` a line"),
    ("found '<scalar>'", False, "more text stands behind a closing quote; put quotes around all of it"),
    ("expected <block end>", False, "this line does not fit the ones above; indent it like its neighbors"),
    ("another document", False, "a second document begins here; remove the line ---"),
    ("cannot start any token", False, "a value begins with a special character here; put it in quotes"),
)


def find_config(places: Sequence[Path] = CONFIG_PLACES) -> Path | None:
    """Return the first config.yaml that is there, or None: then the defaults hold."""
    return next((path for path in places if _is_there(path)), None)


def load_settings(path: Path, find_more: FindClashes = lambda settings: ()) -> Settings:
    """Return the settings in a file. Where nothing is wrong with them `find_more` is asked for more, as `find_clashes`.

    Raises ConfigError, with every error in the file on a line of its own, or when the file cannot be read.
    """
    return decode_settings(read_config(path), str(path), find_more)


def decode_settings(data: bytes, name: str, find_more: FindClashes = lambda settings: ()) -> Settings:
    """Return the settings in what a file holds, as `parse_settings` does; it must be UTF-8."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise ConfigError(f"{name}:{line}: is not UTF-8 text; save the file as UTF-8") from exc
    return parse_settings(text, name, find_more)


def parse_settings(text: str, name: str, find_more: FindClashes = lambda settings: ()) -> Settings:
    """Return the settings in a text; an empty one gives the defaults. `name` stands before each error.

    Raises ConfigError with every error, a line each: `config.yaml:14: alarm.hold_s: must be …, got 99`.
    """
    found = _Findings()
    settings: Settings = _read_section(Settings, _compose(text, name), (), found)
    for clash in find_clashes(settings):
        found.add_clash(clash)
    for clash in () if found.problems else find_more(settings):
        found.add_clash(clash)
    if found.problems:
        raise ConfigError("\n".join(_locate(text, name, *problem) for problem in sorted(found.problems)))
    return settings


def _locate(text: str, name: str, line: int, what: str) -> str:
    lines = re.split(_LINE_END, text)
    return f"{name}:{line}: {what}{advise_on_line(lines[line - 1])}"


@dataclass(slots=True)
class _Findings:
    """What reading came upon: problems as (line, text), keys with problems, the line of each key in the file."""

    problems: list[tuple[int, str]] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    lines: dict[str, int] = field(default_factory=dict)

    def add(self, node: yaml.Node, key: str, text: str) -> None:
        self.broken.add(key)
        self.problems.append((_line(node), f"{key}: {text}" if key else text))

    def add_clash(self, clash: Mapping[str, str]) -> None:
        """Blame the key that comes last in the file, unless one of them is broken by itself."""
        key = max(clash, key=lambda each: self.lines.get(each, 0))
        if not self.broken & clash.keys():
            self.problems.append((self.lines.get(key, 1), f"{key}: {clash[key]}"))


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except PermissionError:
        return True  # reading it then says why, instead of another file taking its place in silence
    return True


def read_config(path: Path) -> bytes:
    """Return what a file holds. Raises ConfigError when it cannot be read or is longer than MAX_BYTES."""
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
        raise ConfigError(f"{path}: is longer than {MAX_BYTES:,} bytes; this is no config.yaml")
    return data


class _Refused(yaml.MarkedYAMLError):
    """Valid YAML that a list of settings has no use for."""


class _Loader(yaml.SafeLoader):
    """Composes nodes, without the parts of YAML that grow without bounds or name classes."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if refusal := _refusal(event, self.depth):
            raise _Refused(problem=refusal, problem_mark=event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _refusal(event: Any, depth: int) -> str:
    if isinstance(event, yaml.AliasEvent):
        return "an alias (*) stands here; write out what it means"
    if getattr(event, "tag", None):
        return "a tag (!) stands here; remove it"
    return "too many brackets or levels inside each other" if depth == _MAX_DEPTH else ""


def _compose(text: str, name: str) -> yaml.Node | None:
    try:
        loader = _Loader(text)
    except ReaderError as exc:
        line = text.count("\n", 0, exc.position) + 1
        raise ConfigError(f"{name}:{line}: an invisible character stands here; type the line again") from exc
    try:
        return loader.get_single_node()
    except yaml.MarkedYAMLError as exc:
        line, words = _explain(exc)
        raise ConfigError(_locate(text, name, line, words)) from exc
    except (ValueError, OverflowError) as exc:
        # PyYAML 6.0.3 gives escapes such as "\UFFFFFFFF" and the number behind %YAML unchecked to chr and int
        raise ConfigError(f"{name}:{loader.line + 1}: a number stands here that is too large for YAML") from exc


def _explain(error: yaml.MarkedYAMLError) -> tuple[int, str]:
    said, mark = f"{error.context} {error.problem}", error.problem_mark
    words = f"is not valid YAML ({error.problem}); check spaces, colons and quotes here and in the line above"
    if isinstance(error, _Refused):
        return _line_of(mark), str(error.problem)
    for fragment, at_begin, plain in _SYNTAX:
        if fragment in said:
            return _line_of(error.context_mark if at_begin else mark), plain
    return _line_of(mark), words


def _line_of(mark: yaml.Mark | None) -> int:
    return mark.line + 1 if mark else 1


def _line(node: yaml.Node) -> int:
    return _line_of(node.start_mark)


def _read_section(cls: Any, node: yaml.Node | None, path: tuple[str, ...], found: _Findings) -> Any:
    if node is None or _plain(node) is None:
        return cls()
    if not isinstance(node, yaml.MappingNode):
        wanted = "lines of `name: value`, with a space after the colon"
        found.add(node, ".".join(path), f"must be {wanted}, got {_seen(node)}")
        return cls()
    hints, rules = get_type_hints(cls), {each.name: each.metadata.get("rule", Rule()) for each in fields(cls)}
    entries = _known_entries(node, hints, path, found)
    values = {name: _read_value(hints[name], rules[name], value, (*path, name), found) for name, value in entries}
    return cls(**{name: value for name, value in values.items() if value is not _BROKEN})


def _known_entries(
    node: yaml.MappingNode, known: Mapping[str, Any], path: tuple[str, ...], found: _Findings
) -> Iterator[tuple[str, yaml.Node]]:
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else _seen(key)
        dotted = ".".join((*path, shorten(name)))
        if name not in known:
            found.add(key, dotted, describe_unknown(shorten(name), known))
        elif dotted in found.lines:
            found.add(key, dotted, f"is already given in line {found.lines[dotted]}; keep one of the two")
        else:
            found.lines[dotted] = _line(key)
            yield name, value


def _read_value(hint: Any, rule: Rule, node: yaml.Node, path: tuple[str, ...], found: _Findings) -> Any:
    if is_dataclass(hint):
        return _read_section(hint, node, path, found)
    if get_origin(hint) is tuple:
        return _read_list(get_args(hint)[0], rule, node, ".".join(path), found)
    return _read_one(hint, rule, node, ".".join(path), found)


def _read_list(hint: Any, rule: Rule, node: yaml.Node, key: str, found: _Findings) -> Any:
    if _plain(node) is None:
        return ()
    if isinstance(node, yaml.SequenceNode):
        nodes = node.value
    elif isinstance(node, yaml.ScalarNode) and get_origin(hint) is not tuple and "," not in node.value:
        nodes = [node]  # one entry needs no brackets
    else:
        found.add(node, key, f"must be a list in brackets; each entry is {describe(hint, rule)}, got {_seen(node)}")
        return _BROKEN
    values = tuple(_read_one(hint, rule, each, key, found) for each in nodes)
    return _BROKEN if _BROKEN in values else values


def _read_one(hint: Any, rule: Rule, node: yaml.Node, key: str, found: _Findings) -> Any:
    if isinstance(node, yaml.ScalarNode) and not node.value and not node.style:  # a pin that was deleted by accident
        found.add(node, key, f"must be {describe(hint, rule)}, got nothing")
        return _BROKEN
    try:
        return convert_value(_plain(node), hint, rule)
    except ValueError as exc:
        found.add(node, key, f"{exc}, got {_seen(node)}{_advice(node, hint)}")
        return _BROKEN


def _plain(node: yaml.Node) -> Any:
    """Return a scalar's value, a list of scalars, or the node itself, which fits no setting."""
    if isinstance(node, yaml.ScalarNode):
        return node.value if node.style else resolve(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(each) if isinstance(each, yaml.ScalarNode) else each for each in node.value]
    return node


def _seen(node: yaml.Node) -> str:
    if isinstance(node, yaml.SequenceNode):
        return shorten(f"[{', '.join(_seen(each) for each in node.value)}]")
    if not isinstance(node, yaml.ScalarNode):
        return "a group of settings"
    text = shorten(name_address(node.value) if is_address(node.value) else node.value)
    return f'"{text}"' if node.style else text or "nothing"


def _advice(node: yaml.Node, hint: Any) -> str:
    return advise(node.value, bool(node.style), hint) if isinstance(node, yaml.ScalarNode) else ""

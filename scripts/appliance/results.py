"""What came of each row, as JSON and as the table in docs/reliability.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

BEGIN: Final = "<!-- appliance-test: begin -->"
END: Final = "<!-- appliance-test: end -->"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a row: whether it held, and what was seen. Seconds are None where there is nothing to time."""

    says: str
    detect_s: float | None = None
    recover_s: float | None = None
    passed: bool = True


@dataclass(frozen=True, slots=True)
class Results:
    """The last outcome of each row by its name, with the day it was measured on; kept over runs of single rows."""

    path: Path

    def read(self) -> dict[str, dict[str, Any]]:
        """Return what is kept, nothing where there is no file yet."""
        return dict(json.loads(self.path.read_text(encoding="utf-8"))) if self.path.is_file() else {}

    def add(self, name: str, outcome: Outcome, day: str) -> None:
        """Keep an outcome, on the disk at once."""
        kept = self.read() | {name: {**asdict(outcome), "day": day}}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(f"{self.path.name}.part")
        part.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        part.replace(self.path)


def to_table(titles: Mapping[str, str], kept: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the rows in the order of `titles` as a Markdown table; those without an outcome are "not run"."""
    lines = ["| what happens | outcome | seconds to detect | seconds to recover | day |", "|---|---|---|---|---|"]
    return "\n".join([*lines, *(_to_line(title, kept.get(name)) for name, title in titles.items())])


def _to_line(title: str, outcome: Mapping[str, Any] | None) -> str:
    if outcome is None:
        return f"| {title} | not run | | | |"
    says = outcome["says"] if outcome["passed"] else f"**failed:** {outcome['says']}"
    cells = (title, says, _to_seconds(outcome["detect_s"]), _to_seconds(outcome["recover_s"]), outcome["day"])
    return f"| {' | '.join(' '.join(cell.replace('|', '/').split()) for cell in cells)} |"


def _to_seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def put_table(document: str, table: str) -> str:
    """Return a document whose part between the two marks is the table. Raises ValueError when a mark is missing."""
    head, _, rest = document.partition(BEGIN)
    _, found, tail = rest.partition(END)
    if not found:
        raise ValueError(f"the document lacks the marks {BEGIN} and {END}")
    return f"{head}{BEGIN}\n{table}\n{END}{tail}"

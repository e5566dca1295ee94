"""Reads the small CSV tables that lie beside pictures and in runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from edge.errors import DataError
from train.annotations import read_text


def read_rows(path: Path, columns: Sequence[str], advice: str) -> list[dict[str, str]]:
    """Return the rows of a table, with these columns of it. Raises DataError, with the advice, when one is missing."""
    reader = csv.DictReader(io.StringIO(read_text(path)))
    for name in columns:
        if name not in (reader.fieldnames or ()):
            raise DataError(f"{path}: column {name!r} is missing; {advice}")
    return [_row(row, columns, f"{path}:{reader.line_num}", advice) for row in reader]


def _row(row: dict[str, str | None], columns: Sequence[str], place: str, advice: str) -> dict[str, str]:
    words = {name: row[name] for name in columns}
    if None in words.values():
        raise DataError(f"{place}: the line is cut off; {advice}")
    return {name: word or "" for name, word in words.items()}

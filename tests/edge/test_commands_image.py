"""Pictures whose names are not UTF-8: on a card from elsewhere there may be some."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from two_colors import two_colors, write

from edge.cli import main


def test_names_that_are_not_utf8_are_escaped_in_json_and_others_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / os.fsdecode(b"a\xff.png")).write_text("no picture")
    for name in (b"b\xff.png", "c ü.png".encode()):
        write(tmp_path / os.fsdecode(name), two_colors())
    assert main(["image", "--json", str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [Path(json.loads(line)["image"]).name for line in lines] == ["a\udcff.png", "b\udcff.png", "c ü.png"]
    assert r"b\udcff.png" in lines[1]
    assert "c ü.png" in lines[2]


def test_a_name_that_is_not_utf8_does_not_stop_the_pictures_behind_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (b"a\xff.png", b"b.png"):
        write(tmp_path / os.fsdecode(name), two_colors())
    assert main(["image", str(tmp_path), "--output", str(tmp_path / "out")]) == 0
    assert re.findall(r"/([^/]+): no face", capsys.readouterr().out) == [r"a\udcff.png", "b.png"]
    assert sorted(os.fsencode(copy.name) for copy in (tmp_path / "out").iterdir()) == [b"a\xff.jpg", b"b.jpg"]

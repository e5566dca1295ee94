"""What `maskwatch video` says of a clip."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge.cli import main


def test_video_says_who_came_and_when_the_alarm_went_on(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = shared_data / "video" / "man_puts_mask_on.mp4"
    assert main(["video", str(clip), "--output", str(tmp_path / "out.mp4")]) == 0
    said = re.search(
        r"1283 frames, (\d+) people \((\d+) masked, (\d+) unmasked.*\), 1 alarm -> ", capsys.readouterr().out
    )
    assert said
    assert min(int(each) for each in said.groups()) >= 1

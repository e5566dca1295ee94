from __future__ import annotations

from pathlib import Path

import pytest

from train.whole_files import write_whole


def test_a_file_is_there_whole_in_a_folder_that_is_made(tmp_path: Path) -> None:
    write_whole(tmp_path / "new" / "a.csv", lambda path: path.write_text("all"))
    assert [(path.name, path.read_text()) for path in (tmp_path / "new").iterdir()] == [("a.csv", "all")]


def test_writing_that_is_cut_off_leaves_the_old_file(tmp_path: Path) -> None:
    kept = tmp_path / "a.csv"
    kept.write_text("old")

    def cut_off(path: Path) -> None:
        path.write_text("ha")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(kept, cut_off)
    assert kept.read_text() == "old"

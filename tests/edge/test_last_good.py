"""The copy of the configuration that was last in force."""

from __future__ import annotations

import codecs
import logging
from pathlib import Path

import pytest

from edge.config_file import ConfigFile
from edge.errors import ConfigError
from edge.last_good import LastGood, load_in_force, read_in_force
from edge.settings import Settings

GOOD = b"alarm: {hold_s: 5}\n"


@pytest.fixture
def last_good(tmp_path: Path) -> LastGood:
    (tmp_path / "state").mkdir()
    return LastGood(tmp_path / "config.yaml", {"STATE_DIRECTORY": f"{tmp_path / 'state'}:/other"})


def test_what_is_kept_comes_back_and_others_cannot_read_it(last_good: LastGood, tmp_path: Path) -> None:
    last_good.keep(codecs.BOM_UTF8 + GOOD)
    assert last_good.load().alarm.hold_s == 5
    assert [each.name for each in (tmp_path / "state").iterdir()] == ["last-good.yaml"]
    assert last_good.path.stat().st_mode & 0o007 == 0


def test_without_a_service_manager_it_lies_beside_the_journal(tmp_path: Path) -> None:
    assert LastGood(tmp_path / "config.yaml", {}).path == Path("/var/lib/maskwatch/last-good.yaml")


def test_what_is_there_already_is_not_written_again(last_good: LastGood) -> None:
    last_good.keep(GOOD)
    was = last_good.path.stat()
    last_good.keep(GOOD)
    assert last_good.path.stat() == was


def test_the_copy_of_another_file_is_not_taken(last_good: LastGood, tmp_path: Path) -> None:
    last_good.keep(GOOD)
    other = LastGood(tmp_path / "other.yaml", {"STATE_DIRECTORY": str(tmp_path / "state")})
    with pytest.raises(ConfigError, match="of another configuration"):
        other.load()


def test_an_empty_file_is_the_defaults_where_the_copy_is_of_another_file(last_good: LastGood, tmp_path: Path) -> None:
    last_good.keep(GOOD)
    (tmp_path / "other.yaml").touch()
    other = LastGood(tmp_path / "other.yaml", {"STATE_DIRECTORY": str(tmp_path / "state")})
    assert load_in_force(tmp_path / "other.yaml", other) == Settings()


def test_a_copy_that_a_power_cut_left_half_written_is_never_the_one_that_counts(last_good: LastGood) -> None:
    last_good.keep(GOOD)
    last_good.path.with_name(".last-good.yaml.part").write_bytes(b"# The last")
    assert last_good.load().alarm.hold_s == 5
    last_good.keep(b"alarm: {hold_s: 6}\n")
    assert last_good.load().alarm.hold_s == 6


def test_a_disk_that_cannot_be_written_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    last_good = LastGood(tmp_path / "config.yaml", {"STATE_DIRECTORY": str(tmp_path / "none")})
    last_good.keep(GOOD)
    last_good.keep(GOOD)
    assert len(caplog.messages) == 1
    assert "cannot be kept" in caplog.text


def test_a_broken_file_gives_way_to_the_last_good_one(last_good: LastGood, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_bytes(b"alarm: {hold_s: 99}\n")
    with pytest.raises(ConfigError, match="must be between 0 and 60"):
        load_in_force(config, last_good)
    last_good.keep(GOOD)
    assert load_in_force(config, last_good).alarm.hold_s == 5
    config.write_bytes(b"alarm: {hold_s: 7}\n")
    assert load_in_force(config, last_good).alarm.hold_s == 7


def test_an_empty_file_is_the_defaults_until_there_was_a_good_one_that_says_more(
    last_good: LastGood, tmp_path: Path
) -> None:
    config = tmp_path / "config.yaml"
    config.write_bytes(b"\n")
    last_good.keep(b"\n")
    assert load_in_force(config, last_good) == Settings()
    last_good.keep(GOOD)
    assert "is empty" in read_in_force(ConfigFile(config), last_good).problem
    assert load_in_force(config, last_good).alarm.hold_s == 5
    config.write_bytes(b"#\n")
    assert load_in_force(config, last_good) == Settings()

"""config.yaml in, settings or readable errors out."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from edge.config import MAX_BYTES, find_config, load_settings, parse_settings
from edge.errors import ConfigError
from edge.settings import Alarm, Camera, Gpio, Schedule, Settings, Zone


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n", "null", "~", "{}"])
def test_an_empty_file_gives_the_defaults(text: str) -> None:
    assert parse_settings(text, "config.yaml") == Settings()


@pytest.mark.parametrize("text", ["alarm:", "alarm:\n  # all commented out\ncamera: ~"])
def test_an_empty_section_gives_its_defaults(text: str) -> None:
    assert parse_settings(text, "config.yaml") == Settings()


@pytest.mark.parametrize("word", ["true", "yes", "on", "True", "YES", "On"])
def test_every_word_for_true_is_true(word: str) -> None:
    assert parse_settings(f"camera: {{mirror: {word}}}", "config.yaml").camera == Camera(mirror=True)


@pytest.mark.parametrize("word", ["false", "no", "off", "False", "NO"])
def test_every_word_for_false_is_false(word: str) -> None:
    assert parse_settings(f"gpio: {{active_high: {word}}}", "config.yaml").gpio == Gpio(active_high=False)


@pytest.mark.parametrize("hours", ["22:00-06:00", "[22:00-06:00]", '"22:00-06:00"', "\n    - 22:00-06:00"])
def test_hours_need_neither_quotes_nor_brackets(hours: str) -> None:
    settings = parse_settings(f"schedule:\n  quiet_hours: {hours}", "config.yaml")
    assert settings.schedule == Schedule(quiet_hours=("22:00-06:00",))


@pytest.mark.parametrize("hours", ["mon-fri 07:00-19:00", "sat 00:00-24:00", "fri-mon 22:00-6:00", "7:00-9:00"])
def test_hours_may_name_days(hours: str) -> None:
    assert parse_settings(f"schedule: {{active: {hours}}}", "config.yaml").schedule.active == (hours,)


def test_one_entry_of_a_list_needs_no_brackets() -> None:
    settings = parse_settings("alarm: {labels: with_mask}\ngpio: {active_low_pins: 27}", "config.yaml")
    assert (settings.alarm.labels, settings.gpio.active_low_pins) == (("with_mask",), (27,))


def test_a_whole_number_serves_as_a_fraction() -> None:
    hold_s = parse_settings("alarm: {hold_s: 4}", "config.yaml").alarm.hold_s
    assert (hold_s, type(hold_s)) == (4.0, float)


def test_a_polygon_becomes_points() -> None:
    zone = parse_settings("zone: {polygon: [[0, 0], [1, 0.5], [1, 1]]}", "config.yaml").zone
    assert zone == Zone(polygon=((0.0, 0.0), (1.0, 0.5), (1.0, 1.0)))


@pytest.mark.parametrize("device", ["/dev/video2", "rtsp://door.local:554/stream"])
def test_a_device_may_be_a_path_or_an_address(device: str) -> None:
    assert parse_settings(f"camera: {{device: {device}}}", "config.yaml").camera == Camera(device=device)


@pytest.mark.parametrize("name", ["Tür Süd", "門\u3000口", "در\u200cها", "10.00\u202fAM", "🚪👩\u200d⚕️"])
def test_a_name_may_be_in_any_language(name: str) -> None:
    assert parse_settings(f"camera: {{device: /media/{name}.mp4}}", "").camera.device == f"/media/{name}.mp4"


def test_null_means_a_pin_is_not_wired() -> None:
    gpio = parse_settings("gpio: {buzzer_pin: null, lamp_pin: 27}", "config.yaml").gpio
    assert gpio == Gpio(lamp_pin=27, buzzer_pin=None)


def test_names_of_the_models_labels_are_free() -> None:
    assert parse_settings("alarm: {labels: [no_mask]}", "config.yaml").alarm == Alarm(labels=("no_mask",))


def test_a_file_may_begin_with_a_byte_order_mark_and_end_lines_as_windows_does(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes("\ufeff# Tür\r\ncamera:\r\n  mirror: true\r\n".encode())
    assert load_settings(path).camera.mirror


def test_errors_begin_with_the_name_of_the_file_as_given(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("accelerator: gpu")
    with pytest.raises(ConfigError, match="must be one of") as caught:
        load_settings(path)
    assert str(caught.value).startswith(f"{path}:1: accelerator: ")


def test_every_error_is_reported_in_the_order_of_the_file() -> None:
    text = "gpio:\n  lamp_pin: 99\n  buzer_pin: 4\nalarm:\n  hold_s: x\n  hold_s: 3\naccelerator: gpu\n"
    text += "zone: {polygon: [[0, 0]]}\n"
    with pytest.raises(ConfigError) as caught:
        parse_settings(text, "config.yaml")
    assert str(caught.value).splitlines() == [
        "config.yaml:2: gpio.lamp_pin: must be between 0 and 27, got 99",
        "config.yaml:3: gpio.buzer_pin: unknown key; did you mean buzzer_pin?",
        "config.yaml:5: alarm.hold_s: must be a number between 0 and 60, got x",
        "config.yaml:6: alarm.hold_s: is already given in line 5; keep one of the two",
        "config.yaml:7: accelerator: must be one of auto, cpu, edgetpu, got gpu",
        "config.yaml:8: zone.polygon: must have at least 3 points, or none for the whole picture, got 1",
    ]


def test_bytes_that_are_not_utf8_are_an_error_with_a_line(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes("web:\n# Tür\n".encode("latin-1"))
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert str(caught.value) == f"{path}:2: is not UTF-8 text; save the file as UTF-8"


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    advice = "check the name, or copy the config.yaml that came with Maskwatch there"
    assert str(caught.value) == f"{path}: there is no such file; {advice}"


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path)
    assert str(caught.value) == f"{tmp_path}: is a folder; name the file in it, such as {tmp_path}/config.yaml"


def test_a_path_through_a_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "config.yaml"
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert str(caught.value) == f"{path}: cannot be read (Not a directory); check the name and the disk"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.touch(mode=0o000)
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert str(caught.value) == f"{path}: may not be read by this user; join the group maskwatch or use sudo"


def test_an_endless_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert str(caught.value) == f"{path}: is longer than 50,000 bytes; this is no config.yaml"


def test_the_first_config_that_exists_is_found(tmp_path: Path) -> None:
    installed, beside = tmp_path / "etc" / "config.yaml", tmp_path / "config.yaml"
    assert find_config((installed, beside)) is None
    beside.touch()
    assert find_config((installed, beside)) == beside
    installed.parent.mkdir()
    installed.touch()
    assert find_config((installed, beside)) == installed


def test_a_dangling_link_is_found_so_that_it_is_reported(tmp_path: Path) -> None:
    link = tmp_path / "config.yaml"
    link.symlink_to(tmp_path / "gone.yaml")
    assert find_config((link,)) == link


@effort(deadline=None)
@given(st.text())
def test_no_text_raises_anything_but_a_config_error(text: str) -> None:
    parse_or_refuse(text)


NAMES = ["alarm", "camera", "hold_s", "labels", "gpio", "lamp_pin", "zone", "polygon", "schedule", "active", "<<"]
SIGNS = list(":,-[]{}?!&*|>%@`'\"#~\\") + ["---", "...", "!!int", "&a", "*a", "\\x", "\\U", "%YAML"]
VALUES = ["1", "0.5", "1e3", "017", ".nan", ".inf", "yes", "null", "17:00", "22:00-06:00"]
TOKENS = st.sampled_from(NAMES + SIGNS + VALUES)
SPACES = st.sampled_from(["", " ", "\n", "\n  ", "\n    ", "\t", ": ", "\r\n"])


@effort(deadline=None)
@given(st.lists(st.tuples(TOKENS, SPACES), max_size=40))
def test_no_mix_of_yaml_raises_anything_but_a_config_error(parts: list[tuple[str, str]]) -> None:
    parse_or_refuse("".join(token + space for token, space in parts))


@effort(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_config_error(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_bytes(data)
        try:
            load_settings(path)
        except ConfigError as exc:
            assert str(exc).startswith(f"{path}:")


@effort(deadline=None)
@given(st.floats(0, 60), st.integers(0, 27))
def test_every_number_within_the_limits_is_taken_as_written(hold_s: float, pin: int) -> None:
    text = f"alarm: {{hold_s: {hold_s!r}}}\ngpio: {{lamp_pin: null, buzzer_pin: null, status_lamp_pin: {pin}}}"
    settings = parse_settings(text, "config.yaml")
    assert (settings.alarm.hold_s, settings.gpio.status_lamp_pin) == (hold_s, pin)


def parse_or_refuse(text: str) -> None:
    """Parse; let nothing but well-formed ConfigErrors pass."""
    try:
        assert isinstance(parse_settings(text, "config.yaml"), Settings)
    except ConfigError as exc:
        for line in str(exc).splitlines():
            name, number, what = line.split(":", 2)
            assert name == "config.yaml" and int(number) >= 1 and what.strip()

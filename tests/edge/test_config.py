"""config.yaml in, settings or readable errors out."""

from __future__ import annotations

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from edge.config import MAX_BYTES, find_config, load_settings, parse_settings
from edge.errors import ConfigError
from edge.settings import Alarm, Camera, Gpio, Schedule, Settings, Zone

METRICS_KEYS = "enabled, textfile, write_every_s"
TOP_KEYS = (
    "camera, detector, classifier, accelerator, zone, tracking, alarm, gpio, schedule, journal, control, snapshots, "
    "mqtt, web, metrics"
)
HOURS = 'must look like "mon-fri 07:00-19:00" or "22:00-06:00", in small letters'
POINT = "a point [x, y] between 0 and 1"

WRONG_VALUES = {
    "too large": ("alarm:\n  hold_s: 99", "2: alarm.hold_s: must be between 0 and 60, got 99"),
    "below zero": ("alarm:\n\n  hold_s: -0.5", "3: alarm.hold_s: must be between 0 and 60, got -0.5"),
    "words for a number": ("alarm: {hold_s: soon}", "1: alarm.hold_s: must be a number between 0 and 60, got soon"),
    "fraction of a pixel": (
        "camera: {width_px: 640.5}",
        "1: camera.width_px: must be a whole number between 160 and 4096, got 640.5",
    ),
    "yes for a number": (
        "gpio: {lamp_pin: yes}",
        "1: gpio.lamp_pin: must be a whole number between 0 and 27 or null, got yes",
    ),
    "one for true": ("camera: {mirror: 1}", "1: camera.mirror: must be true or false, got 1"),
    "quoted number": (
        'web: {port: "8080"}',
        '1: web.port: must be a whole number between 1 and 65535, got "8080"; leave out the quotes',
    ),
    "number for text": ("mqtt: {username: 5}", "1: mqtt.username: must be text or null, got 5; put it in quotes"),
    "on for text": ("mqtt: {host: on}", "1: mqtt.host: must be text, got on; put it in quotes"),
    "octal": (
        "gpio: {lamp_pin: 017}",
        "1: gpio.lamp_pin: must be a whole number between 0 and 27 or null, got 017; leave out the leading zero",
    ),
    "hexadecimal": (
        "gpio: {lamp_pin: 0x11}",
        "1: gpio.lamp_pin: must be a whole number between 0 and 27 or null, got 0x11",
    ),
    "clock time for a number": (
        "alarm: {hold_s: 1:30}",
        "1: alarm.hold_s: must be a number between 0 and 60, got 1:30",
    ),
    "decimal comma": (
        "alarm:\n  hold_s: 1,5",
        "2: alarm.hold_s: must be a number between 0 and 60, got 1,5; write decimals with a point",
    ),
    "not a number": ("alarm: {hold_s: .nan}", "1: alarm.hold_s: must be a number between 0 and 60, got .nan"),
    "infinite": ("alarm: {hold_s: .inf}", "1: alarm.hold_s: must be a number between 0 and 60, got .inf"),
    "infinite by size": ("alarm: {hold_s: 1e999}", "1: alarm.hold_s: must be a number between 0 and 60, got 1e999"),
    "nothing": ("alarm:\n  hold_s:", "2: alarm.hold_s: must be a number between 0 and 60, got nothing"),
    "list for a number": ("alarm: {hold_s: [1, 2]}", "1: alarm.hold_s: must be a number between 0 and 60, got [1, 2]"),
    "group for a number": (
        "alarm: {hold_s: {a: 1}}",
        "1: alarm.hold_s: must be a number between 0 and 60, got a group of settings",
    ),
    "unknown choice": ("accelerator: gpu", "1: accelerator: must be one of auto, cpu, edgetpu, got gpu"),
    "unknown angle": ("camera: {rotate_deg: 45}", "1: camera.rotate_deg: must be one of 0, 90, 180, 270, got 45"),
    "negative camera": ("camera: {device: -1}", "1: camera.device: must be between 0 and 255, got -1"),
    "empty text": ('detector: {model: " "}', '1: detector.model: must not be empty, got ""'),
    "long text": (
        f"accelerator: {'x' * 50}",
        f"1: accelerator: must be one of auto, cpu, edgetpu, got {'x' * 37}...",
    ),
    "text in several lines": (
        "accelerator: |\n  cpu\n  edgetpu",
        '1: accelerator: must be one of auto, cpu, edgetpu, got "cpu edgetpu"',
    ),
    "one time for hours": ("schedule: {active: 17:00}", f"1: schedule.active: {HOURS}, got 17:00"),
    "capital letters": ("schedule: {active: [Mon 07:00-19:00]}", f"1: schedule.active: {HOURS}, got Mon 07:00-19:00"),
    "hour 25": ("schedule:\n  quiet_hours:\n    - 22:00-25:00", f"3: schedule.quiet_hours: {HOURS}, got 22:00-25:00"),
    "no list of labels": (
        "alarm: {labels: without_mask}",
        "1: alarm.labels: must be a list in brackets; each entry is text, got without_mask",
    ),
    "empty label": ('alarm: {labels: [without_mask, ""]}', '1: alarm.labels: must not be empty, got ""'),
    "polygon of numbers": ("zone: {polygon: [1]}", f"1: zone.polygon: must be {POINT}, got 1"),
    "point of three": ("zone: {polygon: [[0, 0, 1]]}", f"1: zone.polygon: must be {POINT}, got [0, 0, 1]"),
    "point in pixels": (
        "zone:\n  polygon:\n    - [0, 0]\n    - [1, 0]\n    - [640, 480]",
        "5: zone.polygon: must be between 0 and 1, got [640, 480]",
    ),
    "polygon of one word": (
        "zone: {polygon: all}",
        f"1: zone.polygon: must be a list in brackets; each entry is {POINT}, got all",
    ),
}

WRONG_KEYS = {
    "misspelled": ("alarm:\n  hold: 3", "2: alarm.hold: unknown key; did you mean hold_s?"),
    "misspelled section": ("alrm:\n  hold_s: 3", "1: alrm: unknown key; did you mean alarm?"),
    "unheard of": ("color: red", f"1: color: unknown key; known here: {TOP_KEYS}"),
    "wrong indentation": ("alarm:\nhold_s: 3", "2: hold_s: unknown key here; it belongs below alarm, indented"),
    "merge": (
        "metrics: {<<: {enabled: true}}",
        "1: metrics.<<: unknown key; known here: enabled, textfile, write_every_s",
    ),
    "list as a key": ("metrics: {[a]: 1}", f"1: metrics.[a]: unknown key; known here: {METRICS_KEYS}"),
    "repeated": (
        "alarm:\n  hold_s: 3\n  max_on_s: 9\n  hold_s: 4",
        "4: alarm.hold_s: is already given in line 2; keep one of the two",
    ),
    "repeated section": ("web:\nalarm:\nweb:", "3: web: is already given in line 1; keep one of the two"),
    "no space": (
        "alarm:\n  hold_s:3",
        "2: alarm: must be lines of `name: value`, with a space after the colon, got hold_s:3",
    ),
    "section is a list": (
        "alarm:\n  - hold_s",
        "2: alarm: must be lines of `name: value`, with a space after the colon, got [hold_s]",
    ),
    "file is a list": (
        "- alarm",
        "1: must be lines of `name: value`, with a space after the colon, got [alarm]",
    ),
    "file is prose": (
        "on, please",
        "1: must be lines of `name: value`, with a space after the colon, got on, please",
    ),
}

CLASHES = {
    "one pin twice": (
        "gpio:\n  buzzer_pin: 5\n  lamp_pin: 5",
        "3: gpio.lamp_pin: must not be the pin of gpio.buzzer_pin, got 5",
    ),
    "the default's pin": (
        "gpio:\n  lamp_pin: 27",
        "2: gpio.lamp_pin: must not be the pin of gpio.buzzer_pin, got 27",
    ),
    "smallest above largest": (
        "zone:\n  max_face_frac: 0.3\n  min_face_frac: 0.5",
        "3: zone.min_face_frac: must be less than zone.max_face_frac (0.3), got 0.5",
    ),
    "largest below the default smallest": (
        "zone:\n  max_face_frac: 0.01",
        "2: zone.max_face_frac: must be more than zone.min_face_frac (0.06), got 0.01",
    ),
    "polygon of two points": (
        "zone:\n\n  polygon: [[0, 0], [1, 1]]",
        "3: zone.polygon: must have at least 3 points, or none for the whole picture, got 2",
    ),
    "no labels": ("alarm:\n  labels: []", "2: alarm.labels: must name at least one label, got none"),
    "label twice": ("alarm: {labels: [a, b, a]}", "1: alarm.labels: must name a label once, got a 2 times"),
}

NOT_YAML = {
    "tab": ("alarm:\n\thold_s: 3", "2: a tab stands here; replace it with spaces"),
    "open quote": ('web:\n  address: "localhost\n  port: 80\n', "2: a quote is opened here and never closed"),
    "text behind a quote": (
        "mqtt:\n  prefix: 'door's'",
        "2: more text stands behind a closing quote; put quotes around all of it",
    ),
    "open bracket": (
        "schedule:\n  active: [mon 07:00-19:00\nweb:\n  port: 80",
        "2: a bracket is opened here and not closed, or a comma or a quote is missing behind it",
    ),
    "two colons": (
        "alarm: hold_s: 3",
        "1: a colon too many, or something wrong in the line above; write one `name: value` a line",
    ),
    "no colon": (
        "alarm:\n  hold_s: 3\n  max_on_s\n  cooldown_s: 3",
        "3: a colon and a space are missing after the name",
    ),
    "ragged": (
        "alarm:\n   hold_s: 3\n  max_on_s: 9",
        "3: this line does not fit the ones above; indent it like its neighbors",
    ),
    "two documents": ("web:\n---\nalarm:", "2: a second document begins here; remove the line ---"),
    "special character": (
        "mqtt:\n  prefix: @door",
        "2: a value begins with a special character here; put it in quotes",
    ),
    "unknown escape": (
        'mqtt: {prefix: "\\q"}',
        "1: is not valid YAML (found unknown escape character 'q'); check spaces, colons and quotes here and in the "
        "line above",
    ),
    "invisible character": ("web:\n  port: 80\x07", "2: an invisible character stands here; type the line again"),
    "alias": ("web: &same\nalarm: *same", "2: an alias (*) stands here; write out what it means"),
    "tag": ("web: !!python/object/apply:os.getcwd []", "1: a tag (!) stands here; remove it"),
    "escape beyond Unicode": (
        'web:\n  address: "\\UFFFFFFFF"',
        "2: a number stands here that is too large for YAML",
    ),
    "deep": ("[" * 50_000, "1: too many brackets or levels inside each other"),
}

BROKEN = {f"{kind}: {name}": case
          for kind, cases in {"value": WRONG_VALUES, "key": WRONG_KEYS, "clash": CLASHES, "yaml": NOT_YAML}.items()
          for name, case in cases.items()}  # fmt: skip


def errors_of(text: str) -> str:
    """Return what parsing a broken text says."""
    with pytest.raises(ConfigError) as caught:
        parse_settings(text, "config.yaml")
    return str(caught.value)


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN)
def test_broken_config_is_one_clear_sentence_with_its_line(text: str, message: str) -> None:
    assert errors_of(text) == f"config.yaml:{message}"


def test_every_error_is_reported_in_the_order_of_the_file() -> None:
    text = "gpio:\n  lamp_pin: 99\n  buzer_pin: 4\nalarm:\n  hold_s: x\n  hold_s: 3\naccelerator: gpu\n"
    text += "zone: {polygon: [[0, 0]]}\n"
    assert errors_of(text).splitlines() == [
        "config.yaml:2: gpio.lamp_pin: must be between 0 and 27, got 99",
        "config.yaml:3: gpio.buzer_pin: unknown key; did you mean buzzer_pin?",
        "config.yaml:5: alarm.hold_s: must be a number between 0 and 60, got x",
        "config.yaml:6: alarm.hold_s: is already given in line 5; keep one of the two",
        "config.yaml:7: accelerator: must be one of auto, cpu, edgetpu, got gpu",
        "config.yaml:8: zone.polygon: must have at least 3 points, or none for the whole picture, got 1",
    ]


def test_every_bad_entry_of_a_list_is_reported_in_its_line() -> None:
    text = "schedule:\n  active:\n    - mon 07:00-19:00\n    - 17:00\n    - [a]\n"
    assert errors_of(text).splitlines() == [
        f"config.yaml:4: schedule.active: {HOURS}, got 17:00",
        "config.yaml:5: schedule.active: must be text, got [a]",
    ]


def test_a_broken_value_is_not_blamed_for_clashing_as_well() -> None:
    assert errors_of("gpio: {lamp_pin: x, buzzer_pin: 17}").count("\n") == 0


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


@pytest.mark.parametrize("hours", ["mon-fri 07:00-19:00", "sat 00:00-24:00", "fri-mon 22:00-06:00"])
def test_hours_may_name_days(hours: str) -> None:
    assert parse_settings(f"schedule: {{active: {hours}}}", "config.yaml").schedule.active == (hours,)


def test_a_whole_number_serves_as_a_fraction() -> None:
    hold_s = parse_settings("alarm: {hold_s: 4}", "config.yaml").alarm.hold_s
    assert (hold_s, type(hold_s)) == (4.0, float)


def test_a_polygon_becomes_points() -> None:
    zone = parse_settings("zone: {polygon: [[0, 0], [1, 0.5], [1, 1]]}", "config.yaml").zone
    assert zone == Zone(polygon=((0.0, 0.0), (1.0, 0.5), (1.0, 1.0)))


@pytest.mark.parametrize("device", ["/dev/video2", "rtsp://door.local:554/stream"])
def test_a_device_may_be_a_path_or_an_address(device: str) -> None:
    assert parse_settings(f"camera: {{device: {device}}}", "config.yaml").camera == Camera(device=device)


def test_null_means_a_pin_is_not_wired() -> None:
    gpio = parse_settings("gpio: {buzzer_pin: null, lamp_pin: 27}", "config.yaml").gpio
    assert gpio == Gpio(lamp_pin=27, buzzer_pin=None)


def test_names_of_the_models_labels_are_free() -> None:
    assert parse_settings("alarm: {labels: [no_mask]}", "config.yaml").alarm == Alarm(labels=("no_mask",))


def test_nested_aliases_cannot_blow_up() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    started_s = time.monotonic()
    assert errors_of("\n".join(lines)) == "config.yaml:2: an alias (*) stands here; write out what it means"
    assert time.monotonic() - started_s < 2


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

"""What is wrong in config.yaml is said in one sentence with its line."""

from __future__ import annotations

import time

import pytest

from edge.config import parse_settings
from edge.errors import ConfigError

METRICS_KEYS = "enabled, textfile, write_every_s"
TOP_KEYS = (
    "camera, detector, classifier, accelerator, zone, tracking, alarm, gpio, schedule, journal, control, snapshots, "
    "mqtt, web, metrics"
)
HOURS = 'must look like "mon-fri 07:00-19:00" or "22:00-06:00", in small letters'
AREA = "must enclose an area, got none; name its corners one after the other around it"
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
    "null for text": ("mqtt: {host: null}", "1: mqtt.host: must be text, got null; leave the line out for the default"),
    "on for text": ("mqtt: {host: on}", "1: mqtt.host: must be text, got on; put it in quotes"),
    "port behind an address": (
        "mqtt: {host: 192.168.1.5:1883}",
        "1: mqtt.host: must look like 192.168.1.20, broker.local or fe80::1%eth0, got 192.168.1.5:1883",
    ),
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
    "text with a NUL": (
        r'detector: {model: "a\0.tflite"}',
        '1: detector.model: must be one line of characters that can be shown, got "a .tflite"',
    ),
    "half a character": (
        r'mqtt: {username: "door\ud83d"}',
        '1: mqtt.username: must be one line of characters that can be shown, got "door"',
    ),
    "address with a password": (
        r'camera: {device: "rtsp://door:secret@cam\0/live"}',
        '1: camera.device: must be one line of characters that can be shown, got "rtsp://cam"',
    ),
    "list of addresses": (
        "mqtt: {host: [rtsp://door:secret@cam/live]}",
        "1: mqtt.host: must be text, got [rtsp://cam]",
    ),
    "path in two lines": (
        "camera:\n  device: |\n    door.mp4\n",
        '2: camera.device: must be one line of characters that can be shown, got "door.mp4"',
    ),
    "label with a tab": (
        r'alarm: {labels: ["without\tmask"]}',
        '1: alarm.labels: must be one line of characters that can be shown, got "without mask"',
    ),
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
    "labels without brackets": (
        "alarm:\n  labels: with_mask, without_mask",
        "2: alarm.labels: must be a list in brackets; each entry is text, got with_mask, without_mask",
    ),
    "group for a list": (
        "alarm: {labels: {a: 1}}",
        "1: alarm.labels: must be a list in brackets; each entry is text, got a group of settings",
    ),
    "word for a pin of a list": (
        "gpio: {active_low_pins: lamp}",
        "1: gpio.active_low_pins: must be a whole number between 0 and 27, got lamp",
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
    "name with its section": (
        "gpio.driver: mock",
        "1: gpio.driver: unknown key here; driver belongs below gpio, indented",
    ),
    "other section": ("gpio: {web.port: 80}", "1: gpio.web.port: unknown key here; port belongs below web, indented"),
    "same section": ("gpio: {gpio.driver: mock}", "1: gpio.gpio.driver: unknown key; did you mean driver?"),
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
    "polygon on a line": ("zone: {polygon: [[0.1, 0.1], [0.2, 0.2], [0.7, 0.7]]}", f"1: zone.polygon: {AREA}"),
    "polygon on a line and back": ("zone: {polygon: [[0, 1], [1, 0], [0.5, 0.5], [1, 0]]}", f"1: zone.polygon: {AREA}"),
    "polygon in the wrong order": ("zone: {polygon: [[0, 0], [1, 0], [0, 1], [1, 1]]}", f"1: zone.polygon: {AREA}"),
    "no labels": ("alarm:\n  labels: []", "2: alarm.labels: must name at least one label, got none"),
    "path too long for a socket": (
        f"control:\n  path: /run/{'ü' * 51}x",
        "2: control.path: must have at most 107 bytes, as a socket's address, got 108",
    ),
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
    "no-break space behind a colon": (
        "camera:\r\n  source:\u00a0auto",
        "2: camera: must be lines of `name: value`, with a space after the colon, got source: auto; an invisible "
        "character stands in this line, type the line again",
    ),
    "space without a width behind a number": (
        "alarm:\n  hold_s: 3\u200b",
        "2: alarm.hold_s: must be a number between 0 and 60, got 3; an invisible character stands in this line, type "
        "the line again",
    ),
    "no-break space in a comment behind what is wrong": (
        "alarm:\n  hold_s: 99 # 3\u00a0s",
        "2: alarm.hold_s: must be between 0 and 60, got 99",
    ),
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


def test_every_bad_entry_of_a_list_is_reported_in_its_line() -> None:
    text = "schedule:\n  active:\n    - mon 07:00-19:00\n    - 17:00\n    - [a]\n"
    assert errors_of(text).splitlines() == [
        f"config.yaml:4: schedule.active: {HOURS}, got 17:00",
        "config.yaml:5: schedule.active: must be text, got [a]",
    ]


def test_a_broken_value_is_not_blamed_for_clashing_as_well() -> None:
    assert errors_of("gpio: {lamp_pin: x, buzzer_pin: 17}").count("\n") == 0


def test_nested_aliases_cannot_blow_up() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    started_s = time.monotonic()
    assert errors_of("\n".join(lines)) == "config.yaml:2: an alias (*) stands here; write out what it means"
    assert time.monotonic() - started_s < 2

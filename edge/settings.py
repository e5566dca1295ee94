"""Every setting of config.yaml: its type, default, range and unit. A default lives here and nowhere else.

`edge.config` reads these classes to check what the owner wrote; `config.yaml` repeats the defaults in the owner's words
and a test keeps the two alike. Thresholds that belong to a model are None here: its manifest has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edge.metrics.settings import Metrics
from edge.mqtt.settings import Mqtt
from edge.rules import Rule, between, section, setting
from edge.web.settings import Web

_FRACTION = between(0, 1)
_PIN = between(0, 27)
_HOURS = Rule(
    pattern=r"((mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))? )?"
    r"([01]?\d|2[0-3]):[0-5]\d-(([01]?\d|2[0-3]):[0-5]\d|24:00)",
    example='"mon-fri 07:00-19:00" or "22:00-06:00", in small letters',
)


@dataclass(frozen=True, slots=True)
class Camera:
    """Where pictures come from. `device` is a number for a camera, or a path, or an address."""

    source: Literal["auto", "picamera", "v4l2", "files", "rtsp"] = setting("auto")
    device: int | str = setting(0, between(0, 255))
    width_px: int = setting(1280, between(160, 4096))
    height_px: int = setting(720, between(120, 3072))
    max_fps: float = setting(15.0, between(0.5, 60))
    rotate_deg: Literal[0, 90, 180, 270] = setting(0)
    mirror: bool = setting(False)


@dataclass(frozen=True, slots=True)
class Detector:
    """What finds faces. `min_score` None: the manifest's, or that of a detector without one."""

    backend: Literal["tflite", "yunet", "ssd"] = setting("tflite")
    model: str = setting("models/face_detector.tflite")
    min_score: float | None = setting(None, between(0.05, 0.99))
    every_n_frames: int = setting(1, between(1, 30))


@dataclass(frozen=True, slots=True)
class Classifier:
    """What judges faces. `min_score` None: the manifest's; below it a face is unsure."""

    model: str = setting("models/mask_classifier.tflite")
    min_score: float | None = setting(None, between(0.5, 0.99))


@dataclass(frozen=True, slots=True)
class Zone:
    """Which faces count.

    Points and sizes are fractions of the picture: (x, y) of its width and height; a face's larger side of its longer
    side.
    """

    polygon: tuple[tuple[float, float], ...] = setting((), _FRACTION)
    min_face_frac: float = setting(0.06, _FRACTION)
    max_face_frac: float = setting(0.9, _FRACTION)
    ignore_static_after_s: float = setting(10.0, between(0, 3600))


@dataclass(frozen=True, slots=True)
class Tracking:
    """How looks become a decision about a person."""

    window_s: float = setting(1.5, between(0.2, 30))
    min_evidence: float = setting(3.0, between(1, 30))
    turn_at: float = setting(0.7, between(0.5, 1))
    forget_after_s: float = setting(1.0, between(0.1, 30))
    recheck_s: float = setting(1.0, between(0.1, 30))


@dataclass(frozen=True, slots=True)
class Alarm:
    """When lamp and buzzer go on, and for how long."""

    labels: tuple[str, ...] = setting(("without_mask", "mask_worn_incorrectly"))
    hold_s: float = setting(3.0, between(0, 60))
    max_on_s: float = setting(30.0, between(1, 600))
    cooldown_s: float = setting(5.0, between(0, 600))
    rearm_s: float = setting(10.0, between(0, 600))
    max_per_minute: int = setting(4, between(1, 60))


@dataclass(frozen=True, slots=True)
class Gpio:
    """Which pins (BCM numbers) drive what; None: not wired."""

    driver: Literal["auto", "lgpio", "pigpio", "rpigpio", "native", "mock"] = setting("auto")
    lamp_pin: int | None = setting(17, _PIN)
    buzzer_pin: int | None = setting(27, _PIN)
    status_lamp_pin: int | None = setting(22, _PIN)
    ok_lamp_pin: int | None = setting(None, _PIN)
    relay_pin: int | None = setting(None, _PIN)
    mute_button_pin: int | None = setting(None, _PIN)
    mute_minutes: int = setting(15, between(1, 480))
    active_high: bool = setting(True)
    active_low_pins: tuple[int, ...] = setting((), _PIN)
    lamp_pattern: Literal["steady", "blink"] = setting("steady")
    buzzer_pattern: Literal["steady", "beep", "double_beep"] = setting("beep")


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the alarm works at all, and when it only lights the lamp; wall clock, local time."""

    active: tuple[str, ...] = setting((), _HOURS)
    quiet_hours: tuple[str, ...] = setting((), _HOURS)


@dataclass(frozen=True, slots=True)
class Journal:
    """What is written down: events and counts, never faces."""

    enabled: bool = setting(True)
    path: str = setting("/var/lib/maskwatch/journal.db")
    keep_days: int = setting(90, between(1, 3650))
    max_mb: int = setting(50, between(1, 10_000))


@dataclass(frozen=True, slots=True)
class Control:
    """The socket at which the daemon answers `maskwatch status`, `mute` and `unmute`."""

    path: str = setting("/run/maskwatch/control.sock")


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Pictures of alarms; off unless the owner asks for them."""

    enabled: bool = setting(False)
    folder: str = setting("/var/lib/maskwatch/snapshots")
    pixelate_faces: bool = setting(True)
    keep_days: int = setting(7, between(1, 365))
    max_mb: int = setting(200, between(1, 100_000))


@dataclass(frozen=True, slots=True)
class Settings:
    """All of config.yaml."""

    camera: Camera = section(Camera)
    detector: Detector = section(Detector)
    classifier: Classifier = section(Classifier)
    accelerator: Literal["auto", "cpu", "edgetpu"] = setting("auto")
    zone: Zone = section(Zone)
    tracking: Tracking = section(Tracking)
    alarm: Alarm = section(Alarm)
    gpio: Gpio = section(Gpio)
    schedule: Schedule = section(Schedule)
    journal: Journal = section(Journal)
    control: Control = section(Control)
    snapshots: Snapshots = section(Snapshots)
    mqtt: Mqtt = section(Mqtt)
    web: Web = section(Web)
    metrics: Metrics = section(Metrics)

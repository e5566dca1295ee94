"""What is wrong between settings that are fine one by one. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Final

from edge.devices import find_device_problem
from edge.foreign_kinds import FOREIGN
from edge.metrics.settings import find_metrics_clashes
from edge.mqtt.settings import find_mqtt_clashes
from edge.settings import Control, Detector, Gpio, Settings, Zone

_LEAST_AREA: Final = 1e-4
"""Of the picture: a hundredth of its width times a hundredth of its height. In less nobody's face ever is."""

_LONGEST_SOCKET_BYTES: Final = 107
"""sun_path of struct sockaddr_un has 108 (unix(7)), the last of which is the zero behind the path."""


def find_clashes(settings: Settings) -> Iterator[Mapping[str, str]]:
    """Yield what is wrong between settings that are fine one by one.

    Each clash maps the dotted keys that take part to the sentence that fits if that key is the one to change.
    """
    yield from _find_pin_clashes(settings.gpio)
    yield from _find_zone_clashes(settings.zone)
    yield from _find_label_clashes(settings.alarm.labels)
    yield from _find_control_clashes(settings.control)
    yield from find_mqtt_clashes(settings.mqtt)
    yield from find_metrics_clashes(settings.metrics, settings.web.enabled)
    yield from _find_detector_clashes(settings.detector, settings.accelerator)
    if problem := find_device_problem(settings.camera.source, settings.camera.device):
        yield {"camera.device": problem}


def _find_pin_clashes(gpio: Gpio) -> Iterator[Mapping[str, str]]:
    owners: dict[int, str] = {}
    for name in (each.name for each in fields(gpio) if each.name.endswith("_pin")):
        pin = getattr(gpio, name)
        if pin in owners:
            pair = (f"gpio.{name}", f"gpio.{owners[pin]}")
            yield {key: f"must not be the pin of {other}, got {pin}" for key, other in (pair, pair[::-1])}
        elif pin is not None:
            owners[pin] = name
    for pin in gpio.active_low_pins:
        if owners.get(pin, "mute_button_pin") == "mute_button_pin":
            yield {"gpio.active_low_pins": f"must be pins of lamps, buzzer or relay, got {pin}"}


def _find_zone_clashes(zone: Zone) -> Iterator[Mapping[str, str]]:
    low, high, corners = zone.min_face_frac, zone.max_face_frac, len(zone.polygon)
    if low >= high:
        yield {
            "zone.min_face_frac": f"must be less than zone.max_face_frac ({high:g}), got {low:g}",
            "zone.max_face_frac": f"must be more than zone.min_face_frac ({low:g}), got {high:g}",
        }
    if 0 < corners < 3:
        yield {"zone.polygon": f"must have at least 3 points, or none for the whole picture, got {corners}"}
    elif corners and _area(zone.polygon) < _LEAST_AREA:
        yield {"zone.polygon": "must enclose an area, got none; name its corners one after the other around it"}


def _area(polygon: Sequence[tuple[float, float]]) -> float:
    """Return the area of a polygon; parts that run the other way around, as where it crosses itself, are taken off."""
    sides = zip(polygon, (*polygon[1:], polygon[0]), strict=True)
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in sides)) / 2


def _find_label_clashes(labels: tuple[str, ...]) -> Iterator[Mapping[str, str]]:
    if not labels:
        yield {"alarm.labels": "must name at least one label, got none"}
    for label, count in Counter(labels).items():
        if count > 1:
            yield {"alarm.labels": f"must name a label once, got {label} {count} times"}


def _find_control_clashes(control: Control) -> Iterator[Mapping[str, str]]:
    size = len(control.path.encode(errors="replace"))
    if size > _LONGEST_SOCKET_BYTES:
        yield {"control.path": f"must have at most {_LONGEST_SOCKET_BYTES} bytes, as a socket's address, got {size}"}


def _find_detector_clashes(detector: Detector, accelerator: str) -> Iterator[Mapping[str, str]]:
    backend, foreign = detector.backend, FOREIGN.get(detector.backend)
    if foreign and accelerator == "edgetpu":
        yield {"accelerator": f"must be auto or cpu, as no Coral runs detector.backend {backend}, got edgetpu"}
    suffix = foreign.suffix if foreign else ".tflite"
    if not detector.model.endswith(suffix):
        wanted = f"must end in {suffix}, as detector.backend is {backend}"
        yield {"detector.model": f"{wanted}, got {detector.model}"}

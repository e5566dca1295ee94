"""What `camera.source: auto` becomes, and which devices fit which source."""

from __future__ import annotations

import logging
import sys
from types import ModuleType, SimpleNamespace

import pytest

from edge.config import parse_settings
from edge.devices import find_device_problem, name_address
from edge.errors import ConfigError
from edge.sources import choose_source

IMX708 = {"Id": "/base/soc/i2c0mux/i2c@1/imx708@1a", "Model": "imx708"}
USB = {"Id": "/base/soc/usb@1/1-1.2:1.0-046d:0825", "Model": "Webcam"}


def install(monkeypatch: pytest.MonkeyPatch, *cameras: dict[str, str], error: Exception | None = None) -> None:
    def list_cameras() -> list[dict[str, str]]:
        if error:
            raise error
        return list(cameras)

    module = ModuleType("picamera2")
    module.Picamera2 = SimpleNamespace(global_camera_info=list_cameras)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)


def test_auto_is_the_pi_camera_if_there_is_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    install(monkeypatch, IMX708, USB)
    assert choose_source(0) == "picamera"
    assert "camera.source auto: picamera, found imx708" in caplog.messages


@pytest.mark.parametrize("cameras", [(), (USB,)])
def test_auto_without_a_pi_camera_is_a_usb_camera(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, cameras: tuple[dict[str, str], ...]
) -> None:
    caplog.set_level(logging.INFO)
    install(monkeypatch, *cameras)
    assert choose_source(0) == "v4l2"
    assert "camera.source auto: v4l2, no Pi camera is connected" in caplog.messages


def test_auto_without_picamera2_is_a_usb_camera_and_says_why(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setitem(sys.modules, "picamera2", None)
    assert choose_source(0) == "v4l2"
    assert "camera.source auto: v4l2, the Pi camera needs picamera2, which is not there" in caplog.text


def test_auto_with_a_broken_libcamera_is_a_usb_camera_and_says_why(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    install(monkeypatch, error=RuntimeError("Camera manager failed"))
    assert choose_source(0) == "v4l2"
    assert "libcamera cannot list the cameras (Camera manager failed)" in caplog.text


@pytest.mark.parametrize(("device", "source"), [("/dev/video2", "v4l2"), ("rtsp://u:hush@door/live", "rtsp")])
def test_auto_goes_by_the_kind_of_device(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, device: str, source: str
) -> None:
    caplog.set_level(logging.INFO)
    install(monkeypatch, IMX708)
    assert choose_source(device) == source
    assert "hush" not in caplog.text


@pytest.mark.parametrize(
    ("source", "device"),
    [
        *[("auto", each) for each in (0, "/dev/video0", "rtsp://door/live")],
        ("picamera", 1),
        *[("v4l2", each) for each in (0, "/dev/v4l/by-id/cam")],
        ("files", "clip.mp4"),
        *[("rtsp", f"{scheme}://door/live") for scheme in ("rtsp", "rtsps", "http", "https", "RTSP")],
    ],
)
def test_device_that_fits_its_source_is_fine(source: str, device: int | str) -> None:
    assert find_device_problem(source, device) is None


@pytest.mark.parametrize(
    ("source", "device", "got"),
    [
        ("picamera", "/dev/video0", "a path"),
        ("v4l2", "rtsp://u:hush@door/live", "an address"),
        ("files", "rtsp://u:hush@door/live", "an address"),
        ("files", 0, "a number"),
        ("rtsp", 0, "a number"),
        ("rtsp", "u:hush@door/live", "a path"),
        ("rtsp", "rtmp://u:hush@door/live", "some other address"),
        ("rtsp", "rtsp:///hush", "some other address"),
        ("auto", "rtmp://u:hush@door/live", "some other address"),
    ],
)
def test_device_that_does_not_fit_is_named_by_its_kind_only(source: str, device: int | str, got: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings(f"camera:\n  source: {source}\n  device: {device if device == 0 else f'{device!r}'}\n", "c.yaml")
    assert str(caught.value).startswith("c.yaml:3: camera.device: must ")
    assert str(caught.value).endswith(f"when source is {source}, got {got}")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://door.local:554/live", "rtsp://door.local:554"),
        ("rtsp://admin:hush@door.local:554/live?pw=hush#hush", "rtsp://door.local:554"),
        ("rtsp://admin:hu@sh@door/user=a&password=hush", "rtsp://door"),
        ("rtsp://admin:hu/sh@door/live", "rtsp://…"),
        ("rtsp://admin:12#hush@door/live", "rtsp://…"),
        ("https://[fe80::1]:8080/hush", "https://[fe80::1]:8080"),
        ("rtsp://", "network://…"),
        ("admin:hush@door", "network://…"),
    ],
)
def test_name_of_an_address_holds_no_secret(address: str, shown: str) -> None:
    assert name_address(address) == shown

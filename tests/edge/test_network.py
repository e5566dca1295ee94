"""Whether the service may use the network."""

from __future__ import annotations

import errno
import socket

import pytest

from edge.errors import HardwareError
from edge.network import is_network_forbidden
from edge.settings import Camera
from edge.sources.rtsp import open_source


def refuse(code: int) -> bool:
    def make(family: int) -> socket.socket:
        raise OSError(code, "refused")

    return is_network_forbidden(make)


def test_a_socket_that_the_service_manager_refuses_is_a_forbidden_network() -> None:
    assert all(refuse(code) for code in (errno.EPERM, errno.EACCES, errno.EAFNOSUPPORT))
    assert not refuse(errno.EMFILE)
    assert not is_network_forbidden()


def test_a_network_camera_without_a_network_names_the_command_and_no_password() -> None:
    camera = Camera(source="rtsp", device="rtsp://u:hush@door/live")
    with pytest.raises(HardwareError, match="sudo ./setup.sh network on") as caught:
        open_source(camera, forbidden=lambda: True)
    assert "rtsp://door" in str(caught.value)
    assert "hush" not in str(caught.value)

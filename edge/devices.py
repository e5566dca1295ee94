"""What `camera.device` may be, and what of it may be shown: an address can hold a password."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_ADDRESS: Final = r"(?i)(rtsp|http)s?://[^/?#\s]"
_WANTED: Final[Mapping[str, str]] = {
    "auto": "be a number, a path or an address that begins with rtsp://, rtsps://, http:// or https://",
    "picamera": "be a number",
    "v4l2": "be a number or a path",
    "files": "name a file or folder (a path)",
    "rtsp": "be an address that begins with rtsp://, rtsps://, http:// or https://",
}
"""Source: what it needs, in words that name the kinds of `_kind`."""


def is_address(device: int | str) -> bool:
    """Return whether a device is the address of a network camera, good or bad, and not a number or path."""
    return isinstance(device, str) and "://" in device


def find_device_problem(source: str, device: int | str) -> str | None:
    """Return what is wrong with a device for a source, for example "must be a number when …", or None.

    The device itself is not in it.
    """
    got, wanted = _kind(device), _WANTED[source]
    return None if got in wanted else f"must {wanted} when source is {source}, got {got}"


def name_address(address: str) -> str:
    """Return what may be shown of an address: scheme, host and port.

    User and password are left out, and path and query too, since many cameras have the password there.
    """
    scheme, _, rest = address.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if not authority or "@" in rest[len(authority) :]:  # a slash in a password, maybe: no telling where the host begins
        return f"{scheme if rest else 'network'}://…"
    return f"{scheme}://{authority.rpartition('@')[2]}"


def _kind(device: int | str) -> str:
    if isinstance(device, int):
        return "a number"
    if is_address(device):
        return "an address" if re.match(_ADDRESS, device) else "some other address"
    return "a path"

"""Whether this process may use the network at all: the service may not, until its owner allows it."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from contextlib import closing
from typing import Final

REMEDY: Final = "the network is closed to this service; open it with: sudo ./setup.sh network on"

_FORBIDDEN: Final = frozenset({errno.EAFNOSUPPORT, errno.EPERM, errno.EACCES})
"""What making a socket gives where the service manager forbids it (systemd.exec(5), RestrictAddressFamilies=)."""


def is_network_forbidden(make: Callable[[int], socket.socket] = socket.socket) -> bool:
    """Return whether the system refuses a socket to this process; `make` makes one of an address family."""
    try:
        with closing(make(socket.AF_INET)):
            return False
    except OSError as exc:
        return exc.errno in _FORBIDDEN

"""The page's token: who needs one, and whether it is good."""

from __future__ import annotations

import ipaddress
from typing import Final

from edge.errors import ConfigError
from edge.secret import read_secret
from edge.web.settings import Web

_SHORTEST: Final = 16
_MAKE: Final = "head -c 24 /dev/urandom | base64"


def read_token(config: Web) -> str | None:
    """Return the token, None where none is needed and none is given. Raises ConfigError."""
    token = read_secret("web.token_file", config.token_file, "web_token")
    if token is None and not is_loopback(config.address):
        advice = f"name a file with a token in web.token_file (`{_MAKE}` makes one), or use 127.0.0.1"
        raise ConfigError(f"web.address: {config.address} can be reached by others; {advice}")
    if token is not None and len(token) < _SHORTEST:
        advice = f"make a longer one: {_MAKE}"
        raise ConfigError(f"web.token_file: the token has fewer than {_SHORTEST} characters; {advice}")
    return token


def is_loopback(address: str) -> bool:
    """Return whether only this device itself can reach an address."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"

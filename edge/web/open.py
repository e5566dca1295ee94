"""Opens the page by the settings of config.yaml."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Final

from edge.control import Answers
from edge.errors import ConfigError
from edge.observers.tally import Tally
from edge.secret import read_secret
from edge.settings import Settings
from edge.web.observer import PageObserver
from edge.web.settings import Web

_SHORTEST_TOKEN: Final = 16
_MAKE: Final = "head -c 24 /dev/urandom | base64"


def open_page(
    config: Web,
    answers: Answers,
    tally: Tally,
    settings: Callable[[], Settings],
    metrics: Callable[[], bytes] | None = None,
) -> PageObserver:
    """Return the page. Raises ConfigError when it cannot listen, or would be open to strangers."""
    token = read_token(config)
    try:
        return PageObserver(config, token, answers, tally, settings, metrics)
    except OSError as exc:
        place = f"{config.address} port {config.port}"
        advice = "choose another web.port, or correct web.address"
        raise ConfigError(f"web.port: cannot listen at {place} ({exc.strerror}); {advice}") from exc


def read_token(config: Web) -> str | None:
    """Return the token, None where none is needed and none is given. Raises ConfigError."""
    token = read_secret("web.token_file", config.token_file, "web_token")
    if token is None and not is_loopback(config.address):
        advice = f"name a file with a token in web.token_file (`{_MAKE}` makes one), or use 127.0.0.1"
        raise ConfigError(f"web.address: {config.address} can be reached by others; {advice}")
    if token is not None and len(token) < _SHORTEST_TOKEN:
        advice = f"make a longer one: {_MAKE}"
        raise ConfigError(f"web.token_file: the token has fewer than {_SHORTEST_TOKEN} characters; {advice}")
    return token


def is_loopback(address: str) -> bool:
    """Return whether only this device itself can reach an address."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"

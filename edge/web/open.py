"""Opens the page by the settings of config.yaml."""

from __future__ import annotations

from collections.abc import Callable

from edge.control import Answers
from edge.errors import ConfigError
from edge.observers.tally import Tally
from edge.settings import Settings
from edge.web.observer import PageObserver
from edge.web.settings import Web
from edge.web.token import read_token


def open_page(
    config: Web,
    answers: Answers,
    tally: Tally,
    settings: Callable[[], Settings],
    metrics: Callable[[], bytes] | None,
) -> PageObserver:
    """Return the page. Raises ConfigError when it cannot listen, or would be open to strangers."""
    token = read_token(config)
    try:
        return PageObserver(config, token, answers, tally, settings, metrics)
    except OSError as exc:
        place = f"{config.address} port {config.port}"
        advice = "choose another web.port, or correct web.address"
        raise ConfigError(f"web.port: cannot listen at {place} ({exc.strerror}); {advice}") from exc

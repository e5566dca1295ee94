"""The section `web` of config.yaml. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from edge.rules import HOST, between, setting


@dataclass(frozen=True, slots=True)
class Web:
    """The status and preview page. Any address but the device's own needs a token."""

    enabled: bool = setting(False)
    address: str = setting("127.0.0.1", HOST)
    port: int = setting(8080, between(1, 65535))
    token_file: str | None = setting(None)
    max_fps: float = setting(5.0, between(0.2, 15))
    picture_width_px: int = setting(960, between(160, 1920))

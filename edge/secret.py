"""Passwords and tokens: in a file of their own or given by the service manager; never in config.yaml or a log."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from edge.errors import ConfigError

_MAX_BYTES: Final = 4096
_FOLDER: Final = "CREDENTIALS_DIRECTORY"
"""Where systemd puts what LoadCredential= names (systemd.exec(5), "Credentials")."""


def read_secret(key: str, path: str | None, credential: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the secret in a file, else the service manager's credential of that name, else None.

    Space around it is left out. `key` is the setting's dotted name, for errors. Raises ConfigError when the file cannot
    be read, is empty or too long, or may be read by everybody.
    """
    if path is not None:
        return _read(key, Path(path))
    folder = environment.get(_FOLDER)
    found = Path(folder, credential) if folder else None
    return _read(f"credential {credential}", found) if found is not None and found.exists() else None


def _read(key: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(_MAX_BYTES + 1)
    except OSError as exc:
        advice = "check the name, and that the user that Maskwatch runs as may read it"
        raise ConfigError(f"{key}: {path}: cannot be read ({exc.strerror}); {advice}") from exc
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise ConfigError(f"{key}: {path}: everybody can read or change it; run: chmod o-rwx {path}")
    return _decode(f"{key}: {path}", data)


def _decode(name: str, data: bytes) -> str:
    try:
        text = data.decode("utf-8").strip()
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{name}: is not UTF-8 text; write the secret anew, in plain letters and digits") from exc
    if not text or len(data) > _MAX_BYTES or not text.isprintable():
        raise ConfigError(f"{name}: must hold one line of at most {_MAX_BYTES} bytes; write the secret there, alone")
    return text

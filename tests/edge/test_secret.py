"""Where passwords and tokens come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import ConfigError
from edge.secret import read_secret


def write(path: Path, data: bytes, mode: int = 0o640) -> str:
    path.write_bytes(data)
    path.chmod(mode)
    return str(path)


def test_a_file_gives_its_line_without_the_space_around_it(tmp_path: Path) -> None:
    assert read_secret("mqtt.password_file", write(tmp_path / "p", b" open sesame\n"), "x", {}) == "open sesame"


def test_without_a_file_the_service_managers_credential_is_taken(tmp_path: Path) -> None:
    write(tmp_path / "web_token", b"from systemd\n")
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert read_secret("web.token_file", None, "web_token", environment) == "from systemd"
    assert read_secret("web.token_file", None, "other", environment) is None
    assert read_secret("web.token_file", None, "web_token", {}) is None


def test_a_file_goes_before_the_credential(tmp_path: Path) -> None:
    write(tmp_path / "web_token", b"from systemd\n")
    path = write(tmp_path / "file", b"from the file")
    assert read_secret("web.token_file", path, "web_token", {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == "from the file"


@pytest.mark.parametrize(
    ("data", "mode", "wanted"),
    [
        (b"", 0o600, "must hold one line of at most 4096 bytes; write"),
        (b" \n", 0o600, "must hold one line of at most 4096 bytes; write"),
        (b"a\nb", 0o600, "must hold one line of at most 4096 bytes; write"),
        (b"x" * 5000, 0o600, "must hold one line of at most 4096 bytes; write"),
        (b"\xff\xfe", 0o600, "is not UTF-8"),
        (b"hush-hush", 0o644, "everybody can read or change it; run: chmod o-rwx"),
    ],
)
def test_what_is_no_secret_is_refused_without_being_shown(tmp_path: Path, data: bytes, mode: int, wanted: str) -> None:
    with pytest.raises(ConfigError, match=wanted) as caught:
        read_secret("mqtt.password_file", write(tmp_path / "p", data, mode), "x", {})
    assert str(caught.value).startswith(f"mqtt.password_file: {tmp_path / 'p'}: ")
    assert "hush" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read .No such file or directory."):
        read_secret("web.token_file", str(tmp_path / "none"), "x", {})

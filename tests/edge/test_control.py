"""The control socket: always an answer, never stuck, nobody else's file removed."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from edge import settings
from edge.clashes import find_clashes
from edge.control import Control, ask, require_alone
from edge.errors import HardwareError
from edge.settings import Settings

ROOT = Path(__file__).parents[2]


def double(request: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(request.get("number"), int):
        raise ValueError("number must be a number")
    return {"double": 2 * request["number"]}


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """Yield the path of a socket that answers `double`."""
    with closing(Control(tmp_path / "control.sock", {"double": double})):
        yield tmp_path / "control.sock"


def send(path: Path, data: bytes) -> bytes:
    with closing(socket.socket(socket.AF_UNIX)) as client:
        client.settimeout(5)
        client.connect(str(path))
        client.sendall(data)
        return b"".join(iter(lambda: client.recv(4096), b""))


def test_a_request_is_answered(path: Path) -> None:
    assert ask(path, {"command": "double", "number": 21}) == {"ok": True, "double": 42}


def test_a_line_of_json_gets_a_line_of_json(path: Path) -> None:
    assert send(path, b'{"command": "double", "number": 4}\n') == b'{"ok": true, "double": 8}\n'


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"hello\n", "Expecting value"),
        (b"[1]\n", "a request is a JSON object"),
        (b'{"command": "dance"}\n', "command must be one of double, got 'dance'"),
        (b'{"command": ["double"]}\n', "command must be one of"),
        (b"{}\n", "command must be one of"),
        (b'{"command": "double", "number": "x"}\n', "number must be a number"),
        (b"\xff\xfe\n", "decode"),
        (b"[" * 4000 + b"\n", ""),
        (b"x" * 4097, "at most 4096 bytes"),
    ],
)
def test_nonsense_is_refused_in_a_sentence_and_the_next_one_is_served(path: Path, line: bytes, error: str) -> None:
    said = json.loads(send(path, line))
    assert said["ok"] is False
    assert error in said["error"]
    assert ask(path, {"command": "double", "number": 1})["double"] == 2


def test_a_client_that_says_nothing_keeps_others_waiting_for_a_second_at_most(path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as silent:
        silent.connect(str(path))
        began_s = time.monotonic()
        assert ask(path, {"command": "double", "number": 1})["double"] == 2
        assert time.monotonic() - began_s < 2.0


def test_a_client_that_hangs_up_is_no_trouble(path: Path) -> None:
    for _ in range(5):
        with closing(socket.socket(socket.AF_UNIX)) as client:
            client.connect(str(path))
            client.sendall(b'{"command": "double", "number": 1}\n')
    assert ask(path, {"command": "double", "number": 1})["double"] == 2


def test_only_owner_and_group_may_talk_whatever_the_umask(tmp_path: Path) -> None:
    for umask in (0o000, 0o077):
        before = os.umask(umask)
        try:
            with closing(Control(tmp_path / "control.sock", {})):
                assert stat.S_IMODE((tmp_path / "control.sock").stat().st_mode) == 0o660
        finally:
            os.umask(before)


def test_the_socket_is_gone_after_closing(tmp_path: Path) -> None:
    control = Control(tmp_path / "control.sock", {})
    control.close()
    control.close()
    assert list(tmp_path.iterdir()) == []


def test_a_socket_that_a_killed_daemon_left_is_replaced(tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as dead:
        dead.bind(str(tmp_path / "control.sock"))
    with closing(Control(tmp_path / "control.sock", {"double": double})):
        assert ask(tmp_path / "control.sock", {"command": "double", "number": 1})["double"] == 2


def test_the_socket_of_a_daemon_that_runs_is_left_alone(path: Path) -> None:
    with pytest.raises(OSError, match="another daemon listens there"):
        Control(path, {})
    assert ask(path, {"command": "double", "number": 1})["double"] == 2


def test_the_longest_path_that_the_settings_allow_is_the_longest_that_a_socket_has(tmp_path: Path) -> None:
    longest = tmp_path / ("x" * (107 - len(str(tmp_path)) - 1))
    assert list(find_clashes(Settings(control=settings.Control(str(longest))))) == []
    with closing(Control(longest, {})):
        assert longest.exists()
    assert list(find_clashes(Settings(control=settings.Control(f"{longest}x")))) != []
    with pytest.raises(OSError, match="too long"):
        Control(Path(f"{longest}x"), {})


def test_who_must_be_alone_is_told_of_a_daemon_that_answers(tmp_path: Path) -> None:
    with (
        closing(Control(tmp_path / "control.sock", {"status": lambda request: {"pid": 812}})),
        pytest.raises(HardwareError, match=r"another Maskwatch runs already \(process 812, .*control\.sock\); stop it"),
    ):
        require_alone(tmp_path / "control.sock")


def test_who_must_be_alone_is_so_wherever_no_daemon_answers(path: Path, tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as dead:
        dead.bind(str(tmp_path / "left"))
    (tmp_path / "file").touch()
    for name in (path.name, "left", "file", "none", "no/folder", "x" * 200):
        require_alone(tmp_path / name)


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "control.sock").write_text("mine")
    with pytest.raises(FileExistsError, match="no socket"):
        Control(tmp_path / "control.sock", {})
    assert (tmp_path / "control.sock").read_text() == "mine"


def test_a_daemon_that_does_not_run_is_said_with_exit_code_3(tmp_path: Path) -> None:
    with pytest.raises(HardwareError, match="the daemon is not running.*maskwatch run") as caught:
        ask(tmp_path / "control.sock", {"command": "status"})
    assert caught.value.exit_code == 3


def test_a_refusal_is_said(path: Path) -> None:
    with pytest.raises(HardwareError, match="the daemon refuses: number must be a number"):
        ask(path, {"command": "double"})


ASK = """
import os, sys
from pathlib import Path
from edge.control import ask
from edge.errors import HardwareError
os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    ask(Path(sys.argv[1]), {"command": "double", "number": 1})
except HardwareError as exc:
    print(exc)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_user_outside_the_group_is_told_to_join_it() -> None:
    with TemporaryDirectory() as folder, closing(Control(Path(folder) / "c.sock", {"double": double})):
        Path(folder).chmod(0o755)
        command = [sys.executable, "-c", ASK, f"{folder}/c.sock"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "may not talk to the daemon; join the group maskwatch" in done.stdout

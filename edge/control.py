"""The control socket: one JSON object a line in, one out, and the line is closed. For `maskwatch status` and `mute`.

A thread of its own answers one client after the other; none has more than a second, so that it can be slow but never
stuck, and the frame loop does not know of it. Whoever may open the socket (its owner and group) may do everything here.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeAlias

from edge.errors import HardwareError, NotRunningError

log = logging.getLogger(__name__)

_MODE = 0o660
_MAX_LINE_BYTES = 4096
_MAX_ANSWER_BYTES = 65_536
_CLIENT_S = 1.0
_PAUSE_S = 0.02
"""Between two clients, so that one who asks all the time leaves the frame loop its processor."""

_ASK_S = 5.0
_BACKLOG = 8

Answer: TypeAlias = dict[str, Any]
Answers: TypeAlias = Mapping[str, Callable[[Mapping[str, Any]], Answer]]
"""What each command does: the request in, what to answer out; ValueError is the client's mistake."""


class Control:
    """Listens and answers until it is closed."""

    def __init__(self, path: Path, answers: Answers) -> None:
        """Listen at `path`, in place of a socket that nobody answers at any more.

        Raises OSError when that cannot be: no folder, no right, another daemon or another kind of file there.
        """
        self._path, self._answers = path, answers
        self._closed = threading.Event()
        self._socket = _listen(path)
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and remove the socket. Calling it again does nothing."""
        if not self._closed.is_set():
            self._closed.set()
            self._path.unlink(missing_ok=True)
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)  # wakes accept
            self._thread.join(2 * _CLIENT_S)
            self._socket.close()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                client, _ = self._socket.accept()
            except OSError as exc:
                if not self._closed.is_set():
                    log.error("control: %s: %s", self._path, exc)
                    self._closed.wait(_CLIENT_S)
                continue
            with closing(client), suppress(OSError):  # a client that hangs up is its own affair
                self._serve(client)
            self._closed.wait(_PAUSE_S)

    def _serve(self, client: socket.socket) -> None:
        try:
            said = answer(_read_line(client, _MAX_LINE_BYTES, time.monotonic() + _CLIENT_S), self._answers)
        except ValueError as exc:
            said = _refuse(exc)
        client.settimeout(_CLIENT_S)
        client.sendall(json.dumps(said).encode() + b"\n")


def answer(line: bytes, answers: Answers) -> Answer:
    """Return what to say to a line: `ok`, and either what was asked for or `error`, a sentence."""
    try:
        request = json.loads(line)
        if not isinstance(request, dict):
            raise ValueError("a request is a JSON object")
        command = answers.get(str(request.get("command")))
        if command is None:
            raise ValueError(f"command must be one of {', '.join(answers)}, got {request.get('command')!r:.40}")
        return {"ok": True, **command(request)}
    except (ValueError, RecursionError) as exc:
        return _refuse(exc)


def _refuse(reason: Exception) -> Answer:
    return {"ok": False, "error": str(reason)}


def ask(path: Path, request: Mapping[str, Any]) -> Answer:
    """Return the daemon's answer to a request.

    Raises NotRunningError when nobody listens there, HardwareError when the daemon is not reached or refuses.
    """
    advice = "start it with `maskwatch run`"
    try:
        with closing(socket.socket(socket.AF_UNIX)) as client:
            client.settimeout(_ASK_S)
            client.connect(str(path))
            client.sendall(json.dumps(request).encode() + b"\n")
            said = json.loads(_read_line(client, _MAX_ANSWER_BYTES, time.monotonic() + _ASK_S))
    except (FileNotFoundError, ConnectionRefusedError) as exc:
        raise NotRunningError(f"the daemon is not running: nobody answers at {path}; {advice}") from exc
    except PermissionError as exc:
        raise HardwareError(
            f"{path}: this user may not talk to the daemon; join the group maskwatch, log in again"
        ) from exc
    except (OSError, ValueError) as exc:
        raise HardwareError(f"{path}: the daemon does not answer ({exc}); see its log, or restart it") from exc
    if not isinstance(said, dict) or not said.get("ok"):
        raise HardwareError(f"the daemon refuses: {said.get('error') if isinstance(said, dict) else said}")
    return said


def require_alone(path: Path) -> None:
    """Raise HardwareError when another daemon answers at `path`: it has the door, and both would write one journal.

    What else may be wrong there, for `Control` to find, keeps nobody from watching.
    """
    try:
        pid = ask(path, {"command": "status"}).get("pid")
    except HardwareError:
        return
    advice = "stop it first, or give this one a control.path of its own"
    raise HardwareError(f"another Maskwatch runs already (process {pid}, {path}); {advice}")


def _listen(path: Path) -> socket.socket:
    _remove_stale(path)
    listening = socket.socket(socket.AF_UNIX)
    try:
        os.fchmod(listening.fileno(), _MODE)  # before bind, so that it is never open to others (Linux)
        listening.bind(str(path))
        path.chmod(_MODE)  # what the umask took away
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _remove_stale(path: Path) -> None:
    """Remove a socket that a killed daemon left behind. Raises OSError when somebody listens there, or it is none."""
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise FileExistsError(errno.EEXIST, "something that is no socket is there", str(path))
    with closing(socket.socket(socket.AF_UNIX)) as client:
        client.settimeout(_CLIENT_S)
        try:
            client.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OSError(errno.EADDRINUSE, "another daemon listens there", str(path))


def _read_line(client: socket.socket, most_bytes: int, deadline_s: float) -> bytes:
    """Return what comes up to a line's end. Raises ValueError for a longer line, OSError for a slower one."""
    line = b""
    while not line.endswith(b"\n"):
        client.settimeout(max(deadline_s - time.monotonic(), 1e-3))
        part = client.recv(min(4096, most_bytes + 1 - len(line)))
        line += part
        if len(line) > most_bytes:
            raise ValueError(f"a line has at most {most_bytes} bytes")
        if not part:
            raise ConnectionError("the other side hung up")
    return line

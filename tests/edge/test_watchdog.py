from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.watchdog import Watchdog


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(1.0)
        yield listening


def test_the_first_turn_makes_the_service_ready_and_every_turn_feeds_the_watchdog(manager: socket.socket) -> None:
    watchdog = Watchdog({"NOTIFY_SOCKET": manager.getsockname()})
    watchdog.feed()
    watchdog.feed()
    watchdog.stop()
    assert [manager.recv(100).decode() for _ in range(3)] == ["READY=1\nWATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]


def test_an_end_before_it_was_ready_is_not_said_so_that_another_start_may_follow(manager: socket.socket) -> None:
    watchdog = Watchdog({"NOTIFY_SOCKET": manager.getsockname()})
    watchdog.stop()
    watchdog.feed()
    assert manager.recv(100) == b"READY=1\nWATCHDOG=1"


def test_an_abstract_socket_is_reached_too() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0maskwatch-test-notify")
        listening.settimeout(1.0)
        Watchdog({"NOTIFY_SOCKET": "@maskwatch-test-notify"}).feed()
        assert listening.recv(100) == b"READY=1\nWATCHDOG=1"


def test_without_a_service_manager_nothing_is_said(tmp_path: Path) -> None:
    Watchdog({}).feed()
    Watchdog({"NOTIFY_SOCKET": str(tmp_path / "gone")}).feed()

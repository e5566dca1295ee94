"""What is switched on is opened, follows the settings, and never stops the alarm."""

from __future__ import annotations

import http.client
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from broker import free_port
from onlookers import Desk, turn

from edge.metrics.settings import Metrics
from edge.mqtt.settings import Mqtt
from edge.observers.group import Observers
from edge.settings import Settings
from edge.web.settings import Web


def settings_with(**sections: Any) -> Settings:
    """Return the defaults but for these sections; journal and control are not touched."""
    return replace(Settings(), **sections)


@contextmanager
def observing(settings: Settings) -> Iterator[tuple[Observers, list[str]]]:
    faults: list[str] = []
    with closing(Observers(settings, Desk().answers(), faults.append)) as observers:
        observers.settle()
        yield observers, faults


def get(port: int, path: str) -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()


def get_once_open(port: int, path: str) -> tuple[int, bytes]:
    end_s = time.monotonic() + 30
    while time.monotonic() < end_s:
        with suppress(ConnectionRefusedError):
            return get(port, path)
    raise AssertionError(f"nobody listens at port {port}")


def test_nothing_is_open_by_default_and_frames_are_taken_all_the_same() -> None:
    with observing(settings_with(mqtt=Mqtt(), web=Web(), metrics=Metrics())) as (observers, faults):
        observers.add(turn(0.0), 0.0)
        observers.add_blind("camera 0: unplugged")
    assert faults == []


def test_the_page_opens_moves_and_closes_with_the_settings() -> None:
    pytest.importorskip("starlette", reason="starlette is not installed; it comes with the extra web")
    pytest.importorskip("prometheus_client", reason="prometheus-client is not installed")
    first, second = free_port(), free_port()
    settings = settings_with(web=Web(enabled=True, port=first), metrics=Metrics(), mqtt=Mqtt())
    with observing(settings) as (observers, faults):
        observers.add(turn(0.0), 0.0)
        assert json.loads(get(first, "/state.json")[1])["state"] == "watching"
        assert get(first, "/metrics")[0] == 404
        moved = replace(settings, web=Web(enabled=True, port=second), metrics=Metrics(enabled=True))  # type: ignore[arg-type]
        observers.change(moved)
        observers.settle()
        assert b"maskwatch_frames_total 1.0" in get(second, "/metrics")[1]
        with pytest.raises(ConnectionRefusedError):
            get(first, "/")
        observers.change(settings_with(web=Web(), metrics=Metrics(), mqtt=Mqtt()))
        observers.settle()
        with pytest.raises(ConnectionRefusedError):
            get(second, "/")
    assert faults == []


def test_the_textfile_is_written_while_metrics_are_on(tmp_path: Path) -> None:
    pytest.importorskip("prometheus_client", reason="prometheus-client is not installed")
    path = tmp_path / "maskwatch.prom"
    metrics = Metrics(enabled=True, textfile=str(path), write_every_s=3600)
    with observing(settings_with(web=Web(), metrics=metrics, mqtt=Mqtt())) as (observers, _):
        observers.change(settings_with(web=Web(), metrics=Metrics(), mqtt=Mqtt()))
        observers.settle()
        assert not path.exists()


def test_a_page_for_strangers_without_a_token_is_refused_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pytest.importorskip("starlette", reason="starlette is not installed; it comes with the extra web")
    web = Web(enabled=True, address="0.0.0.0", port=free_port())
    with observing(settings_with(web=web, metrics=Metrics(), mqtt=Mqtt())) as (observers, faults):
        observers.add(turn(0.0), 0.0)
    assert len(faults) == 1
    assert faults[0].startswith("web.address: 0.0.0.0 can be reached by others; name a file")
    assert "the alarm goes on without" in caplog.text


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("paho", "starlette", "uvicorn"):
        monkeypatch.setitem(sys.modules, name, None)
    mqtt, web = Mqtt(enabled=True), Web(enabled=True)
    with observing(settings_with(web=web, metrics=Metrics(), mqtt=mqtt)) as (_, faults):
        pass
    assert faults == [
        "mqtt.enabled: paho not installed; install Maskwatch with the extra mqtt, or switch it off",
        "web.enabled: starlette and uvicorn not installed; install Maskwatch with the extra web, or switch it off",
    ]


def test_an_occupied_port_is_said() -> None:
    pytest.importorskip("starlette", reason="starlette is not installed; it comes with the extra web")
    web = Web(enabled=True, port=free_port())
    with (
        observing(settings_with(web=web, metrics=Metrics(), mqtt=Mqtt())),
        observing(settings_with(web=web, metrics=Metrics(), mqtt=Mqtt())) as (_, faults),
    ):
        pass
    assert faults[0].startswith(f"web.port: cannot listen at 127.0.0.1 port {web.port} (Address already in use)")


def test_a_page_whose_port_becomes_free_opens_by_itself_and_its_fault_is_said_once() -> None:
    pytest.importorskip("starlette", reason="starlette is not installed; it comes with the extra web")
    web, faults = Web(enabled=True, port=free_port()), list[str]()
    settings = settings_with(web=web, metrics=Metrics(), mqtt=Mqtt())
    with closing(socket.create_server(("127.0.0.1", web.port))) as occupant:
        observers = Observers(settings, Desk().answers(), faults.append, retry_s=0.01)
        observers.settle()
        occupant.close()
        with closing(observers):
            assert get_once_open(web.port, "/state.json")[0] == 200
    assert [fault.split(" (")[0] for fault in faults] == [f"web.port: cannot listen at 127.0.0.1 port {web.port}"]


@pytest.mark.parametrize(
    "error",
    [
        OSError(24, "Too many open files"),
        ImportError("cannot import name 'Route'"),
        RuntimeError("can't start new thread"),
    ],
)
def test_what_fails_to_open_for_any_reason_is_said_once_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    tries, opened, faults = iter([error, error]), threading.Event(), list[str]()

    def open_it(settings: Settings, desk: object) -> None:
        if (failure := next(tries, None)) is not None:
            raise failure
        opened.set()

    monkeypatch.setattr("edge.observers.group.OPENERS", {"web": (("web",), open_it)})
    with closing(Observers(settings_with(), Desk().answers(), faults.append, retry_s=0.01)):
        assert opened.wait(20)
    assert faults == [f"web cannot be opened ({error})"]

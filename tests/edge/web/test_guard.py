"""Who may come in, from where, and what browsers are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from onlookers import Desk

pytest.importorskip("starlette", reason="starlette is not installed; it comes with the extra web")
pytest.importorskip("uvicorn", reason="uvicorn is not installed; it comes with the extra web")

from page import TOKEN, Visitor, serving

from edge.errors import ConfigError
from edge.web.lockout import MAX_FAILURES, MAX_FAILURES_OF_ALL, WINDOW_S, Lockout, find_home
from edge.web.settings import Web
from edge.web.token import is_loopback, read_token

FORM = "application/x-www-form-urlencoded"


def log_in(visitor: Visitor, token: str) -> tuple[int, str]:
    status, headers, _ = visitor.ask("POST", "/login", f"token={token}".encode(), Content_Type=FORM)
    return status, headers.get("set-cookie", "")


def test_without_a_token_this_device_itself_may_look(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, visitor):
        assert visitor.ask("GET", "/")[0] == 200
        assert visitor.json("/state.json")["state"] == "watching"


def test_a_name_that_leads_here_from_elsewhere_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path) as (page, _):
        assert Visitor(page.port, "evil.example").ask("GET", "/state.json")[0] == 421
        assert Visitor(page.port, "[::1").ask("GET", "/state.json")[0] == 421
        assert Visitor(page.port, "127.0.0.2").ask("GET", "/state.json")[0] == 200
        assert Visitor(page.port, f"localhost:{page.port}").ask("GET", "/state.json")[0] == 200


@pytest.mark.parametrize("path", ["/state.json", "/today.json", "/picture.jpg", "/stream", "/metrics", "/nothing"])
def test_with_a_token_nothing_is_shown_to_those_who_lack_it(tmp_path: Path, path: str) -> None:
    with serving(tmp_path, TOKEN) as (_, visitor):
        assert visitor.ask("GET", path)[0] == 401
        assert visitor.ask("GET", path, Cookie="maskwatch=guess")[0] == 401
        assert visitor.ask("GET", path, Authorization="Bearer wrong")[0] == 401


def test_the_token_opens_as_a_header_and_by_logging_in(tmp_path: Path) -> None:
    with serving(tmp_path, TOKEN) as (_, visitor):
        status, _, page = visitor.ask("GET", "/")
        assert (status, b'action="/login"' in page) == (401, True)
        status, headers, _ = visitor.ask("GET", "/login")
        assert (status, headers["location"]) == (303, "/")
        assert visitor.ask("GET", "/state.json", Authorization=f"Bearer {TOKEN}")[0] == 200
        status, cookie = log_in(visitor, TOKEN)
        assert status == 303
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert TOKEN not in cookie
        assert visitor.ask("GET", "/state.json", Cookie=cookie.split(";")[0])[0] == 200


def test_a_wrong_token_gives_the_form_again(tmp_path: Path) -> None:
    with serving(tmp_path, TOKEN) as (_, visitor):
        status, cookie = log_in(visitor, "wrong")
        assert (status, cookie) == (401, "")


def test_guessing_is_stopped_even_for_the_right_token_but_not_for_those_who_are_in(tmp_path: Path) -> None:
    with serving(tmp_path, TOKEN) as (_, visitor):
        cookie = log_in(visitor, TOKEN)[1].split(";")[0]
        assert [log_in(visitor, "wrong")[0] for _ in range(MAX_FAILURES)] == [401] * MAX_FAILURES
        status, headers, _ = visitor.ask("GET", "/state.json", Authorization=f"Bearer {TOKEN}")
        assert status == 429
        assert 0 < int(headers["retry-after"]) <= WINDOW_S + 1
        assert log_in(visitor, TOKEN)[0] == 429
        assert visitor.ask("GET", "/state.json", Cookie=cookie)[0] == 200


def test_mute_needs_what_another_site_cannot_send(tmp_path: Path) -> None:
    desk = Desk()
    with serving(tmp_path, None, desk) as (page, visitor):
        own, body = f"http://127.0.0.1:{page.port}", b'{"minutes": 5}'
        assert visitor.ask("POST", "/mute", body)[0] == 403
        assert visitor.ask("POST", "/mute", body, X_Maskwatch="1", Origin="http://evil.example")[0] == 403
        assert visitor.ask("POST", "/mute", body, X_Maskwatch="1", Origin="http://[")[0] == 403
        assert visitor.ask("POST", "/mute", body, X_Maskwatch="1", Sec_Fetch_Site="cross-site")[0] == 403
        assert visitor.ask("GET", "/mute", X_Maskwatch="1")[0] == 405
        assert desk.commands == []
        assert visitor.ask("POST", "/mute", body, X_Maskwatch="1", Origin=own, Sec_Fetch_Site="same-origin")[0] == 200
        assert visitor.ask("POST", "/unmute", b"", X_Maskwatch="1")[0] == 200
    assert desk.commands == [("mute", {"minutes": 5}), ("unmute", {})]


@pytest.mark.parametrize("body", [b"[]", b"{", b"[" * 5000, b'{"minutes": 999}', b"\xff"])
def test_nonsense_is_answered_with_a_sentence(tmp_path: Path, body: bytes) -> None:
    with serving(tmp_path) as (_, visitor):
        status, _, said = visitor.ask("POST", "/mute", body, X_Maskwatch="1")
    assert status == 400
    assert said


def test_every_answer_tells_browsers_to_be_careful(tmp_path: Path) -> None:
    with serving(tmp_path, TOKEN) as (_, visitor):
        answers = [visitor.ask("GET", "/"), visitor.ask("GET", "/x"), visitor.ask("POST", "/mute", b"{}")]
    for _, headers, _ in answers:
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'sha256-")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in headers
        assert "server" not in headers


def test_pages_ask_nobody_else_for_anything() -> None:
    import edge.web.observer as observer

    for name in ("page.html", "login.html"):
        text = (Path(observer.__file__).parent / name).read_text("utf-8")
        assert "http:" not in text.replace("plain http", "") and "https:" not in text and "style=" not in text


@pytest.mark.parametrize(("address", "wanted"), [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True),
    ("localhost", True), ("0.0.0.0", False), ("::", False), ("192.168.1.5", False), ("door.local", False)])  # fmt: skip
def test_loopback_is_what_only_this_device_reaches(address: str, wanted: bool) -> None:
    assert is_loopback(address) is wanted


def test_other_addresses_need_a_token_that_is_long_enough(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("short")
    path.chmod(0o600)
    with pytest.raises(ConfigError, match=r"web.address: 0\.0\.0\.0 can be reached by others"):
        read_token(Web(address="0.0.0.0"))
    with pytest.raises(ConfigError, match=r"web.token_file: the token has fewer than 16 characters"):
        read_token(Web(address="0.0.0.0", token_file=str(path)))
    path.write_text(TOKEN)
    assert read_token(Web(address="0.0.0.0", token_file=str(path))) == TOKEN
    assert read_token(Web()) is None


def test_failures_are_forgotten_after_a_minute() -> None:
    lockout = Lockout()
    for number in range(MAX_FAILURES):
        assert lockout.wait_s("10.0.0.1", float(number)) == 0
        lockout.fail("10.0.0.1", float(number))
    assert lockout.wait_s("10.0.0.1", 5.0) == WINDOW_S - 5
    assert lockout.wait_s("10.0.0.2", 5.0) == 0
    assert lockout.wait_s("10.0.0.1", WINDOW_S) == 0


def test_a_guesser_with_many_addresses_is_stopped_too() -> None:
    lockout = Lockout()
    for number in range(MAX_FAILURES_OF_ALL):
        lockout.fail(f"10.0.0.{number}", 1.0)
    assert lockout.wait_s("192.168.7.7", 2.0) == WINDOW_S - 1


def test_addresses_of_one_household_count_as_one() -> None:
    assert find_home("2001:db8::1") == find_home("2001:db8::ffff:2") != find_home("2001:db8:0:1::1")
    assert find_home("10.0.0.1") != find_home("10.0.0.2")
    assert find_home("::ffff:10.0.0.1") == find_home("10.0.0.1") != find_home("::ffff:10.0.0.2")
    assert find_home("") == ""


def test_the_state_says_everything_the_page_shows(tmp_path: Path) -> None:
    desk = Desk()
    with serving(tmp_path, None, desk) as (page, visitor):
        said = visitor.json("/state.json")
    wanted = {"fps", "latency_p50_ms", "latency_p95_ms", "temperature_c", "accelerator", "config_fault", "polygon"}
    assert wanted <= said.keys()
    assert json.dumps(said)

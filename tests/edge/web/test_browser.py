"""The page in a real browser: the picture moves, mute works, the zone can be drawn, a wrong token stays outside."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from onlookers import Desk

pytest.importorskip("starlette", reason="starlette is not installed; it comes with the extra web")
pytest.importorskip("uvicorn", reason="uvicorn is not installed; it comes with the extra web")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from page import TOKEN, filming, noise, serving, settings_in
from playwright.sync_api import sync_playwright

from edge.settings import Gpio

PICTURE_HASH = """() => {
    const image = document.getElementById("picture"), canvas = document.createElement("canvas");
    if (!image.naturalWidth) return "";
    canvas.width = 64; canvas.height = 48;
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0, 64, 48);
    return context.getImageData(0, 0, 64, 48).data.join();
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("chromium is not installed; run: sudo apt install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    tab = browser.new_page()
    problems: list[str] = []
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("console", lambda said: problems.append(said.text) if "Content Security Policy" in said.text else None)
    yield tab
    tab.close()
    assert problems == []


def address(page: Any) -> str:
    return f"http://127.0.0.1:{page.port}/"


def wait_for_picture(tab: Any, before: str = "") -> str:
    """Return what is in the picture, once that is something else; by asking, as the page forbids eval."""
    until_s = time.monotonic() + 30
    while (found := str(tab.evaluate(PICTURE_HASH))) in ("", before):
        assert time.monotonic() < until_s, "the picture does not move"
    return found


def test_the_picture_moves(tmp_path: Path, tab: Any) -> None:
    with serving(tmp_path, max_fps=10.0) as (page, _), filming(page, noise):
        tab.goto(address(page))
        wait_for_picture(tab, before=wait_for_picture(tab))
        assert tab.locator("#state").inner_text() == "watching"


def test_mute_and_sound_on_work_from_the_keyboard(tmp_path: Path, tab: Any) -> None:
    desk = Desk()
    with serving(tmp_path, None, desk) as (page, _):
        tab.goto(address(page))
        tab.get_by_label("Mute for").select_option("60")
        tab.get_by_role("button", name="Mute").focus()
        tab.keyboard.press("Enter")
        tab.get_by_role("button", name="Sound on").click()
        tab.get_by_text("The sound is on.").wait_for()
    assert desk.commands == [("mute", {"minutes": 60}), ("unmute", {})]


def test_a_mute_is_told_in_whole_minutes_as_each_change_is_read_out(tmp_path: Path, tab: Any) -> None:
    desk = Desk()
    desk.said |= {"muted": True, "muted_s": 71}
    with serving(tmp_path, None, desk) as (page, _):
        tab.goto(address(page))
        tab.get_by_text("Muted for another 2 min.").wait_for()
        desk.said |= {"muted_s": 42}
        tab.get_by_text("Muted for another minute at most.").wait_for()


def test_the_minutes_of_the_settings_are_offered(tmp_path: Path, tab: Any) -> None:
    desk = Desk()
    with serving(tmp_path, None, desk, settings_in(tmp_path, gpio=Gpio(mute_minutes=30))) as (page, _):
        tab.goto(address(page))
        chosen = tab.get_by_label("Mute for")
        tab.get_by_text("The sound is on.").wait_for()
        assert chosen.locator("option").all_inner_texts() == [
            "5 minutes",
            "15 minutes",
            "30 minutes",
            "1 hour",
            "8 hours",
        ]
        chosen.select_option("5")
        tab.get_by_role("button", name="Mute").click()
        tab.get_by_role("button", name="Sound on").wait_for()
        assert chosen.input_value() == "5"  # a choice stays
        tab.reload()
        tab.get_by_role("button", name="Sound on").wait_for()
        assert chosen.input_value() == "30"
    assert desk.commands == [("mute", {"minutes": 5})]


def test_a_wrong_token_stays_outside_and_the_right_one_comes_in(tmp_path: Path, tab: Any) -> None:
    with serving(tmp_path, TOKEN) as (page, _):
        tab.goto(address(page))
        tab.get_by_label("Token").fill("wrong")
        tab.get_by_role("button", name="Log in").click()
        tab.get_by_text("wrong token").wait_for()
        tab.get_by_label("Token").fill(TOKEN)
        tab.get_by_role("button", name="Log in").click()
        tab.get_by_role("heading", name="Live picture").wait_for()
        tab.get_by_text("watching", exact=True).wait_for()


def test_the_zone_is_clicked_and_comes_out_as_yaml(tmp_path: Path, tab: Any) -> None:
    with serving(tmp_path) as (page, _), filming(page, noise):
        tab.goto(address(page))
        wait_for_picture(tab)
        tab.get_by_role("button", name="Draw the zone").click()
        box = tab.locator("#draw").bounding_box()
        for x, y in ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75)):
            tab.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        found = tab.get_by_label("For config.yaml").input_value()
        numbers = [float(each) for each in found.partition("[[")[2].replace("]", "").replace("[", "").split(",")]
    assert found.startswith("zone:\n  polygon: [[")
    assert numbers == pytest.approx([0.25, 0.25, 0.75, 0.25, 0.75, 0.75], abs=0.01)


def test_the_zone_is_drawn_without_a_mouse(tmp_path: Path, tab: Any) -> None:
    with serving(tmp_path) as (page, _), filming(page, noise):
        tab.goto(address(page))
        wait_for_picture(tab)
        tab.get_by_role("button", name="Draw the zone").press("Enter")
        tab.locator("#aim").wait_for()
        for keys in (["Enter"], ["ArrowLeft", "Enter"], ["ArrowUp", "Enter"], ["Enter", "Backspace"]):
            for key in keys:
                tab.keyboard.press(key)
        assert tab.get_by_label("For config.yaml").input_value().endswith("[[0.5, 0.5], [0.47, 0.5], [0.47, 0.47]]")
        tab.get_by_label("Corner 1, percent from the left").fill("90")
        assert "[[0.9, 0.5]," in tab.get_by_label("For config.yaml").input_value()


def test_what_is_wrong_is_said_in_words_and_never_as_markup(tmp_path: Path, tab: Any) -> None:
    desk = Desk()
    desk.said |= {
        "state": "blind",
        "camera_fault": "camera 0: <b>unplugged</b>",
        "config_fault": "config.yaml:3: broken",
    }
    with serving(tmp_path, None, desk) as (page, _):
        tab.goto(address(page))
        alert = tab.get_by_role("alert")
        alert.get_by_text("camera 0: <b>unplugged</b>").wait_for()
        assert "config.yaml:3: broken" in alert.inner_text()
        assert tab.locator("#nothing").is_visible()


def test_a_device_that_does_not_answer_is_said_to_have_no_alarm_and_no_age(tmp_path: Path, tab: Any) -> None:
    desk = Desk()
    desk.said |= {"alarm": "alarm"}
    with serving(tmp_path, None, desk) as (page, _):
        tab.goto(address(page))
        tab.locator("#alarm").wait_for()
        page.close()
        tab.get_by_text("no answer from the device").wait_for()
        assert tab.locator("header").inner_text().split("\n") == ["Maskwatch", "no answer from the device"]


@pytest.mark.parametrize("width", [320, 375, 1280])
def test_nothing_is_wider_than_the_window(tmp_path: Path, tab: Any, width: int) -> None:
    with serving(tmp_path) as (page, _), filming(page, noise):
        tab.set_viewport_size({"width": width, "height": 800})
        tab.goto(address(page))
        tab.get_by_text("watching", exact=True).wait_for()
        tab.get_by_role("button", name="Draw the zone").click()
        tab.get_by_role("button", name="Add a corner").click()
        assert tab.evaluate("document.documentElement.scrollWidth") <= width

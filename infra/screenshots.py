"""Makes the README's pictures from a running stage: `python -m infra.screenshots`.

A session is opened in the browser and heard by a small hall; what is said is the sample speech. The
stage should have the rule-based engines, so that there is more than Portuguese to be seen. The
operator's charts show a quarter of an hour: with `--minutes 15` the talk goes on for that long.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from websockets.sync.client import connect

from infra.chromium import NAMES, chromium, find_chromium
from infra.interruption import run_command
from infra.local.say import SAMPLE, split_sentences

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

DOCS: Final = Path(__file__).parents[1] / "docs"
HALL: Final = {"es": 9, "pt": 6, "fr": 4, "it": 3, "ca": 2}
"""Listeners by language; the languages that the stage lacks stay away."""
HEARS_EVERY: Final = 3
"""One listener in so many hears the voice, too."""
SENTENCES: Final = 4
PHONE: ViewportSize = {"width": 390, "height": 780}
DESK: ViewportSize = {"width": 1440, "height": 900}
PROJECTOR: ViewportSize = {"width": 1920, "height": 1080}
OPERATORS_DESK: ViewportSize = {"width": 1440, "height": 1020}
PICTURE: Final = (
    "linear-gradient(165deg, #f6d9a8 0 38%, #e0a878 38% 56%, #54606e 56% 78%, #1d2733 78%)"
)
PAUSE_SECONDS: Final = 5
PATIENCE_MS: Final = 30_000


def main() -> int:
    """Makes the pictures; 1 when there is nothing to make them with."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--http", default="http://127.0.0.1:8000", help="the stage's address")
    parser.add_argument("--minutes", type=float, default=0.0, help="how long the talk goes on")
    arguments = parser.parse_args()
    path = find_chromium()
    if path is None:
        print(f"no browser: none of {', '.join(NAMES)} is installed", file=sys.stderr)
        return 1
    DOCS.mkdir(exist_ok=True)
    with chromium(path) as browser:
        _take_all(browser, arguments.http, arguments.minutes)
    return 0


def _take_all(browser: Browser, stage: str, minutes: float) -> None:
    speaker = _window(browser, DESK, "light", "en")
    speaker.goto(stage)
    speaker.get_by_role("button", name="Start a session").click()
    _wait(speaker, "#state[data-state=live]")
    with ExitStack() as sockets:
        heads = _fill_hall(speaker, sockets)
        listener = _window(browser, PHONE, "dark", "es")
        listener.goto(speaker.locator("#link").get_attribute("href") or "")
        _wait(listener, "#state[data-state=live]")
        listener.locator("#listen").click()
        speaker.get_by_text(f"{heads + 1} listening").wait_for(timeout=PATIENCE_MS)
        for count, sentence in enumerate(_sentences(), start=1):
            speaker.locator("#text").fill(sentence)
            speaker.keyboard.press("Enter")
            speaker.locator(".said .chip").nth(count * len(_rows(speaker)) - 1).wait_for()
            listener.locator(".caption").nth(count - 1).wait_for(timeout=PATIENCE_MS)
        _take(listener, "listener")
        _take(speaker, "speaker")
        speaker.set_viewport_size(PROJECTOR)
        speaker.get_by_role("button", name="Show in the hall").click()
        _take(speaker, "hall")
        speaker.keyboard.press("Escape")
        _take_overlay(browser, speaker)
        _go_on(speaker, minutes)
        _take_operator(browser, stage)
        speaker.get_by_role("button", name="End session").click()
        speaker.get_by_role("button", name="End it").click()
        speaker.locator("#over").wait_for()


def _take_overlay(browser: Browser, speaker: Page) -> None:
    """Two languages over something that stands for a stream's picture."""
    overlay = _window(browser, PROJECTOR, "dark", "en")
    address = speaker.locator("#link").get_attribute("href") or ""
    before = speaker.locator("#count").inner_text()
    overlay.goto(f"{address}/overlay?language=es&with=en")
    overlay.evaluate(f"document.documentElement.style.background = '{PICTURE}'")
    # Both of its languages are counted.
    speaker.locator("#count").get_by_text(str(int(before) + 2)).wait_for(timeout=PATIENCE_MS)
    speaker.locator("#text").fill(_sentences()[-1])
    speaker.keyboard.press("Enter")
    overlay.locator(".band:last-child .line").first.wait_for(timeout=PATIENCE_MS)
    overlay.locator(".band:first-child .line").first.wait_for(timeout=PATIENCE_MS)
    _take(overlay, "overlay")
    overlay.context.close()


def _go_on(speaker: Page, minutes: float) -> None:
    """Says the whole speech again and again."""
    sentences = itertools.cycle(split_sentences(SAMPLE.read_text(encoding="utf-8"), "en"))
    end = time.monotonic() + minutes * 60
    while time.monotonic() < end:
        speaker.locator("#text").fill(next(sentences))
        speaker.keyboard.press("Enter")
        speaker.wait_for_timeout(PAUSE_SECONDS * 1000)


def _take_operator(browser: Browser, stage: str) -> None:
    operator = _window(browser, OPERATORS_DESK, "light", "en")
    operator.goto(f"{stage}/ops")
    _wait(operator, "#sessions .bar-fill")
    _wait(operator, "#alarms li")
    _take(operator, "ops")


def _window(browser: Browser, size: ViewportSize, theme: str, locale: str) -> Page:
    scale = 2 if size is PHONE else 1
    context = browser.new_context(
        viewport=size,
        locale=locale,
        device_scale_factor=scale,
        reduced_motion="reduce",
    )
    context.add_init_script(f"try {{ localStorage.setItem('theme', '{theme}') }} catch {{}}")
    return context.new_page()


def _fill_hall(speaker: Page, sockets: ExitStack) -> int:
    """Brings the listeners in; returns how many."""
    session = json.loads(speaker.evaluate("sessionStorage.getItem('speaker')"))
    codes = speaker.locator("#source option").evaluate_all("all => all.map(each => each.value)")
    heads = 0
    listeners = ((code, n) for code, count in HALL.items() if code in codes for n in range(count))
    for code, number in listeners:
        hears = {"voice": "true"} if number % HEARS_EVERY == 0 else {}
        query = urlencode({"sessionId": session["sessionId"], "targetLanguage": code, **hears})
        address = f"{session['webSocketUrl']}?{query}"
        # Nobody reads what they get: without a limit to their queues they stay.
        sockets.enter_context(connect(address, proxy=None, max_queue=None))
        heads += 1
    return heads


def _rows(speaker: Page) -> list[str]:
    return speaker.locator("#roster li").all_inner_texts()


def _sentences() -> list[str]:
    return split_sentences(SAMPLE.read_text(encoding="utf-8"), "en")[:SENTENCES]


def _wait(page: Page, selector: str) -> None:
    page.locator(selector).first.wait_for(timeout=PATIENCE_MS)


def _take(page: Page, name: str) -> None:
    # Two frames: the first lays out what the last message brought.
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.screenshot(path=DOCS / f"{name}.png")


if __name__ == "__main__":
    run_command("screenshots", main)

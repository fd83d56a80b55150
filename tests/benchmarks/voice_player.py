"""The fast talk of `voice_out.py`: sixty sentences in ninety seconds, heard in Chromium."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from infra.chromium import chromium, find_chromium
from tests.benchmarks.results import Figure, percentile
from tests.browser.heard import SCRIPT, Heard, heard_in
from tests.integration.client import Session, Stage, connect

TALK = Path(__file__).parents[1] / "speech" / "fast-talk-en.txt"
"""267 words in 60 sentences."""

OPENING = ("Good morning.", "Welcome, everybody.")
"""Before it is measured: the engine and the voice are loaded."""

SENTENCE_SECONDS = 1.5
BEHIND_SECONDS = 10.0
SKIPPED_PERCENT = 5.0
PATIENCE_SECONDS = 30.0
DRAINED_SECONDS = 12.0
"""After the last sentence: what has not begun by then is not heard any more."""


def measure_player(stage: Stage, language: str, count: int) -> Iterator[Figure]:
    """Speaks the talk to one page that hears it; nothing where no browser is installed."""
    path = find_chromium()
    if path is None:
        print("voice out: the player is not measured: no Chromium (make browser)")
        return
    texts = TALK.read_text(encoding="utf-8").splitlines()[:count]
    with chromium(path) as browser:
        found = play_talk(browser, stage, language, texts)
    yield from figures(language, found, len(texts))


def play_talk(browser: Browser, stage: Stage, language: str, texts: Sequence[str]) -> Heard:
    """What the page plays of the talk."""
    session = stage.open_session("en")
    try:
        context = browser.new_context(locale=language)
        context.add_init_script(SCRIPT)
        page = context.new_page()
        page.goto(f"{stage.http}/s/{session.session_id}")
        expect(page.locator("#state")).to_have_attribute("data-state", "live", timeout=20_000)
        page.locator("#listen").click()
        _wait(page, lambda: bool(stage.state(session)["voices"]))
        _spoken_meanwhile(page, stage, session, OPENING, 1)
        page.evaluate("heard.messages.length = heard.sounds.length = 0")
        _spoken_meanwhile(page, stage, session, texts, 1 + len(OPENING))
        return heard_in(page)
    finally:
        stage.end(session)


def _spoken_meanwhile(
    page: Page, stage: Stage, session: Session, texts: Sequence[str], first: int
) -> None:
    """Says it while the page's events are handled; returns when all that is heard was heard."""
    speaking = threading.Thread(target=lambda: asyncio.run(_speak(session, texts, first)))
    speaking.start()
    _wait(page, lambda: not speaking.is_alive(), len(texts) * SENTENCE_SECONDS + PATIENCE_SECONDS)
    page.wait_for_timeout(1_000 * DRAINED_SECONDS)


def _wait(page: Page, is_so: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Asks again and again, and lets the page's events be handled meanwhile."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise AssertionError(f"it is not so after {seconds:.0f} s")
        page.wait_for_timeout(50)


async def _speak(session: Session, texts: Sequence[str], first: int) -> None:
    """Says a sentence every second and a half, however long each takes."""
    speaker = await connect(session.address(token=session.token))
    try:
        await speaker.expect("joined")
        begun = asyncio.get_running_loop().time()
        for number, text in enumerate(texts):
            await speaker.send("speak", sequence=first + number, text=text)
            await speaker.expect("spoken", sequence=first + number)
            due = begun + (number + 1) * SENTENCE_SECONDS
            await asyncio.sleep(due - asyncio.get_running_loop().time())
    finally:
        await speaker.socket.close()


def figures(language: str, found: Heard, count: int) -> Iterator[Figure]:
    """Beside their targets. A lag is from the `speech` message to the end of its sound."""
    name = f"voice out: fast talk in Chromium, {language}"
    lags = [lag / 1_000 for lag in found.lags_ms]
    rates = f"rates {', '.join(f'{rate:g}' for rate in sorted(found.rates))}"
    yield Figure(f"{name}: lag, p50", percentile(lags, 0.5), "s")
    yield Figure(f"{name}: lag, the longest", max(lags), "s", BEHIND_SECONDS, note=rates)
    yield Figure(f"{name}: two sounds at once", found.overlaps, "times", 0)
    note = f"{len(found.skipped)} of {count}"
    yield Figure(f"{name}: skipped", 100 * found.skipped_share, "%", SKIPPED_PERCENT, note=note)
    yield Figure(f"{name}: skipped without a mark", len(found.unmarked), "sentences", 0)
    yield Figure(f"{name}: without a sound", count - found.sentences, "sentences", 0)

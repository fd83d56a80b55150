"""The fast talk of `voice_out.py`: sixty sentences in ninety seconds, heard in Chromium."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page

from infra.chromium import chromium, find_chromium
from tests.benchmarks.playing import NOTES, Playing, playing
from tests.benchmarks.results import Figure
from tests.integration.client import Client, Session, Stage, connect

TALK = Path(__file__).parents[1] / "speech" / "fast-talk-en.txt"
"""267 words."""

SENTENCE_SECONDS = 1.5
BEHIND_SECONDS = 10.0
SKIPPED_PERCENT = 5.0
DRAINED_MS = 15_000
"""After the last sentence: what is not heard by then is not heard any more."""


def measure_player(stage: Stage, language: str, count: int) -> Iterator[Figure]:
    """Speaks the talk to one page that hears it; nothing where no browser is installed."""
    path = find_chromium()
    if path is None:
        print("voice out: the player is not measured: no Chromium (make browser)")
        return
    with chromium(path) as browser:
        found = play_talk(browser, stage, language, TALK.read_text().splitlines()[:count])
    yield from figures(language, found, count)


def play_talk(browser: Browser, stage: Stage, language: str, texts: Sequence[str]) -> Playing:
    """What the page plays of the talk."""
    session = stage.open_session("en")
    try:
        context = browser.new_context(locale=language)
        context.add_init_script(NOTES)
        page = context.new_page()
        page.goto(f"{stage.http}/s/{session.session_id}")
        begin_to_listen(page, language)
        speaking = threading.Thread(target=lambda: asyncio.run(_speak(stage, session, texts)))
        speaking.start()
        page.wait_for_timeout(1_000 * SENTENCE_SECONDS * len(texts))
        page.wait_for_timeout(DRAINED_MS)
        speaking.join()
        return playing(page.evaluate("window.playing"))
    finally:
        stage.end(session)


def begin_to_listen(page: Page, language: str) -> None:
    """Joins, and taps Listen."""
    raise NotImplementedError


async def _speak(stage: Stage, session: Session, texts: Sequence[str]) -> None:
    speaker: Client = await connect(session.address(token=session.token))
    try:
        await speaker.expect("joined")
        begun = asyncio.get_running_loop().time()
        for number, text in enumerate(texts, 1):
            await speaker.send("speak", sequence=number, text=text)
            await speaker.expect("spoken", sequence=number)
            due = begun + number * SENTENCE_SECONDS
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
    finally:
        await speaker.socket.close()


def figures(language: str, found: Playing, count: int) -> Iterator[Figure]:
    """Beside their targets."""
    name = f"voice out: fast talk in Chromium, {language}"
    heard = f"{len(found.heard)} of {count} heard"
    behind = found.most_behind / 1_000
    yield Figure(f"{name}: most behind its caption", behind, "s", BEHIND_SECONDS, note=heard)
    yield Figure(f"{name}: looks at two voices at once", found.overlaps, "looks", 0)
    skipped = 100 * len(found.skipped) / count
    yield Figure(f"{name}: sentences skipped", skipped, "%", SKIPPED_PERCENT)
    silent = count - len(found.speeches)
    yield Figure(f"{name}: sentences without a sound", silent, "sentences", 0)

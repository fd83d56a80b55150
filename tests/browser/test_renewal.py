"""A talk on the real stage whose listeners are asked to renew while it goes on."""

import asyncio
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_speaker import speak
from tests.browser.test_talk import start
from tests.integration.client import Session, Stage, Talk, reconcile, running_stage

PATIENCE_MS = 120_000
RENEWALS = 2
PACE_SECONDS = 0.5
"""Between two sentences: a fast speaker."""

WATCHED = """
  let came = 0;
  window.gaps = 0;
  const serving = new Set();
  const Direct = WebSocket;
  window.WebSocket = class extends Direct {
    constructor(address) {
      super(address);
      this.addEventListener("message", ({ data }) => {
        if (JSON.parse(data).type !== "joined") return;
        serving.add(this);
        document.documentElement.dataset.came = String((came += 1));
      });
      this.addEventListener("close", () => this.gone());
    }
    close(...how) {
      super.close(...how);
      this.gone();
    }
    gone() {
      if (serving.delete(this) && serving.size === 0) window.gaps += 1;
    }
  };
"""
"""Counts the connections that were let in, and the moments in which none of them served."""


@pytest.fixture
def impatient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A stage that asks each connection to renew as soon as the schedule sees it."""
    monkeypatch.setenv("RENEW_AFTER_SECONDS", "1")
    monkeypatch.setenv("RENEW_WITHIN_SECONDS", "1")
    with running_stage(tmp_path / "log") as stage:
        yield stage


@dataclass
class Speaker:
    """Says a sentence twice a second, in a thread of its own, until it is `done`."""

    stage: Stage
    session: Session
    done: threading.Event = field(default_factory=threading.Event)
    said: list[str] = field(default_factory=list)

    def talk(self) -> None:
        """Runs the talk, and the schedule that asks connections to renew."""
        asyncio.run(self._talk())

    async def _talk(self) -> None:
        async with AsyncExitStack() as sockets, asyncio.TaskGroup() as tasks:
            tasks.create_task(schedule(self.stage, self.done))
            await self._speak(Talk(self.stage, self.session, sockets))

    async def _speak(self, at: Talk) -> None:
        speaker = await at.join_speaker()
        while not self.done.is_set():
            self.said.append(f"This is sentence {len(self.said) + 1}.")
            await speaker.send("speak", sequence=len(self.said), text=self.said[-1])
            await asyncio.sleep(PACE_SECONDS)
        await speaker.expect("spoken", sequence=len(self.said))


async def schedule(stage: Stage, done: threading.Event) -> None:
    """Asks connections to renew, again and again."""
    while not done.is_set():
        await reconcile(stage)


def expect_renewals(page: Page) -> None:
    """Waits until the page has renewed often enough."""
    renewed = re.compile(f"^([{RENEWALS + 1}-9]|\\d\\d+)$")
    expect(page.locator("html")).to_have_attribute("data-came", renewed, timeout=PATIENCE_MS)


def test_a_listener_who_renews_misses_nothing_and_is_never_without_a_connection(
    impatient: Stage, open_page: OpenPage
) -> None:
    session = impatient.open_session()
    speaker = Speaker(impatient, session)
    page = open_page(f"{impatient.http}/s/{session.session_id}", locale="en", script=WATCHED)
    expect(page.locator("#state")).to_have_attribute("data-state", "live", timeout=PATIENCE_MS)
    with ThreadPoolExecutor(1) as pool:
        talking = pool.submit(speaker.talk)
        try:
            expect_renewals(page)
        finally:
            speaker.done.set()
        talking.result()
    expect(page.locator(".caption")).to_have_text(speaker.said, timeout=PATIENCE_MS)
    assert page.evaluate("gaps") == 0


def test_a_speaker_who_renews_is_not_displaced_by_itself(
    impatient: Stage, open_page: OpenPage
) -> None:
    page = open_page(impatient.http, locale="en", script=WATCHED)
    start(page)
    done = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(asyncio.run, schedule(impatient, done))
        try:
            for number in range(1, 7):
                speak(page, f"This is sentence {number}.")
            expect_renewals(page)
            speak(page, "This is the last one.")
        finally:
            done.set()
        asking.result()
    fate = re.compile("Nobody was listening|its report was lost")
    expect(page.locator(".said li")).to_contain_text([fate] * 7, timeout=PATIENCE_MS)
    expect(page.locator("#state")).to_have_text("Live")
    expect(page.get_by_text("Another tab or device speaks")).to_have_count(0)


def test_a_page_whose_token_is_of_another_session_comes_in(
    stage: Stage, open_page: OpenPage
) -> None:
    session = stage.open_session()
    page = open_page(stage.http, locale="en")
    page.evaluate(f"sessionStorage.setItem('resume {session.session_id}', 'c3RhbGU')")
    page.goto(f"{stage.http}/s/{session.session_id}")
    expect(page.locator("#state")).to_have_attribute("data-state", "live", timeout=PATIENCE_MS)

"""A phone whose clock is years off, or is set while the page is open: nothing depends on it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import heard
from tests.browser.conftest import OpenPage
from tests.browser.stub_sounds import StubSounds
from tests.browser.stub_stage import StubStage
from tests.browser.test_listening import PATIENCE_MS, hears, say

DAY_MS = 86_400_000
YEARS_MS = 20 * 365 * DAY_MS

CLOCK = """
  const TrueDate = Date;
  let off = OFF_MS;
  window.Date = class extends TrueDate {
    constructor(...given) {
      if (given.length) super(...given);
      else super(TrueDate.now() + off);
    }
    static now() {
      return TrueDate.now() + off;
    }
  };
  window.setClock = (milliseconds) => (off = milliseconds);
"""
COME_ONLINE = "window.dispatchEvent(new Event('online'))"
WRONG = pytest.mark.parametrize("off_ms", [-YEARS_MS, YEARS_MS], ids=["behind", "ahead"])


@pytest.fixture
def sounds(stub: StubStage) -> Iterator[StubSounds]:
    """Where the stage's voice comes from."""
    with StubSounds().running() as running:
        stub.sounds, stub.voices = running, ("es",)
        yield running


def clock(off_ms: int) -> str:
    """A script that makes the page's clock wrong from the start."""
    return CLOCK.replace("OFF_MS", str(off_ms))


def set_clock(page: Page, off_ms: int) -> None:
    page.evaluate("(off) => setClock(off)", off_ms)


def live(page: Page) -> None:
    # What comes back waits for up to 5 s more, so that a hall does not come at once.
    state = page.locator("#state")
    expect(state).to_have_attribute("data-state", "live", timeout=PATIENCE_MS)


def limited(stub: StubStage, page: Page, retry_after_ms: int) -> int:
    """The page is cut and may not come back yet; how many handshakes there were."""
    live(page)
    stub.refuse_with, stub.retry_after_ms = 429, retry_after_ms
    asked = len(stub.asked)
    stub.cut()
    stub.asks(asked + 1)
    expect(page.locator("#countdown")).to_be_visible()
    return stub.handshakes


@WRONG
def test_captions_and_returns(stub: StubStage, open_page: OpenPage, off_ms: int) -> None:
    page = open_page(stub.listener_page, script=clock(off_ms))
    live(page)
    stub.caption(1, "uno")
    expect(page.locator(".caption")).to_have_text(["uno"])
    stub.cut()
    stub.wait(lambda: len(stub.sockets) > 1, "the listener's return")
    live(page)
    assert stub.sockets[-1].query["lastSequence"] == "1"
    assert stub.sockets[-1].query["resumeToken"]
    stub.caption(2, "dos")
    expect(page.locator(".caption")).to_have_text(["uno", "dos"])


@pytest.mark.parametrize("off_ms", [-DAY_MS, -YEARS_MS, YEARS_MS])
def test_a_clock_that_is_set_during_a_wait_does_not_prolong_it(
    stub: StubStage, open_page: OpenPage, off_ms: int
) -> None:
    page = open_page(stub.listener_page, script=clock(0))
    limited(stub, page, 500)
    set_clock(page, off_ms)
    # Its time may be over before this: what is refused once more waits once more.
    stub.refuse_with = None
    page.evaluate(COME_ONLINE)
    live(page)
    stub.wait(lambda: len(stub.sockets) > 1, "the listener's return")
    assert len(stub.sockets) == 2, "it comes back once"
    expect(page.locator("#wait")).to_be_hidden()


@pytest.mark.parametrize("off_ms", [-DAY_MS, -YEARS_MS])
def test_a_clock_that_is_set_back_does_not_shorten_a_wait(
    stub: StubStage, open_page: OpenPage, off_ms: int
) -> None:
    page = open_page(stub.listener_page, script=clock(0))
    tried = limited(stub, page, 590_000)
    set_clock(page, off_ms)
    page.evaluate(COME_ONLINE)
    former = page.locator("#countdown").inner_text()
    expect(page.locator("#countdown")).not_to_have_text(former)
    expect(page.locator("#countdown")).to_have_text(re.compile("^9:"))
    assert stub.handshakes == tried


@pytest.mark.usefixtures("sounds")
@WRONG
def test_the_voice_is_heard(stub: StubStage, open_page: OpenPage, off_ms: int) -> None:
    page = open_page(stub.listener_page, script=heard.SCRIPT + clock(off_ms))
    live(page)
    page.locator("#listen").click()
    expect(page.locator(".player")).to_be_visible()
    say(stub, 1)
    say(stub, 2)
    hears(page, 1, 2)


@pytest.mark.usefixtures("sounds")
def test_the_voice_goes_on_after_the_clock_was_set_back(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page, script=heard.SCRIPT + clock(0))
    live(page)
    page.locator("#listen").click()
    expect(page.locator(".player")).to_be_visible()
    say(stub, 1)
    hears(page, 1)
    # The second is lost: it is waited for, and not for a day.
    say(stub, 3)
    expect(page.locator(".caption")).to_have_count(2)
    set_clock(page, -DAY_MS)
    say(stub, 4)
    hears(page, 1, 3, 4)

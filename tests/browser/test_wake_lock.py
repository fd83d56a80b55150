"""The screens of the speaker, the hall and the listeners stay on, and say so truly."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.stub_stage import StubStage
from tests.browser.test_speaker import start

LOCKS = """
  window.locks = [];
  window.refuses = false;
  Object.defineProperty(navigator, "wakeLock", { value: { async request() {
    if (window.refuses) throw new DOMException("the battery is low", "NotAllowedError");
    const lock = Object.assign(new EventTarget(), { released: false });
    lock.release = async () => {
      lock.released = true;
      lock.dispatchEvent(new Event("release"));
    };
    window.locks.push(lock);
    return lock;
  } } });
  window.show = (isHidden) => {
    Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  };
"""
REFUSED = LOCKS + "window.refuses = true;"
NO_LOCKS = 'Object.defineProperty(navigator, "wakeLock", { value: undefined });'
HELD = "locks.filter((lock) => !lock.released).length"
PLAYS = """() => {
  const video = document.querySelector("video");
  const kinds = video?.srcObject?.getTracks().filter((each) => each.readyState === "live");
  return Boolean(video) && !video.paused && !video.muted && !video.loop && kinds.length === 2;
}"""

View = Callable[[StubStage, OpenPage, str], Page]


def speaker(stub: StubStage, open_page: OpenPage, script: str) -> Page:
    page = open_page(stub.http, script=script)
    start(stub, page)
    return page


def listener(stub: StubStage, open_page: OpenPage, script: str) -> Page:
    page = open_page(stub.listener_page, script=script, locale="en-GB")
    stub.listener()
    page.get_by_role("button", name="Text and sound").click()
    return page


def end(stub: StubStage, page: Page) -> None:
    """The session ends, and the page knows."""
    for socket in [each for each in stub.sockets if each.is_open]:
        stub.send(socket, "sessionEnded", reason="ended")
    expect(page.get_by_text("session has ended", exact=False).first).to_be_visible()


@pytest.fixture(params=[speaker, listener])
def view(request: pytest.FixtureRequest) -> View:
    """Each page that keeps its screen on."""
    view: View = request.param
    return view


def test_a_lock_is_held_until_the_session_ends(
    stub: StubStage, open_page: OpenPage, view: View
) -> None:
    page = view(stub, open_page, LOCKS)
    expect(page.locator("#awake")).to_be_checked()
    expect(page.locator("#may-darken")).to_be_hidden()
    assert page.evaluate(HELD) == 1
    end(stub, page)
    assert page.evaluate(HELD) == 0


def test_a_lock_that_the_system_released_is_taken_again_when_the_page_is_seen(
    stub: StubStage, open_page: OpenPage, view: View
) -> None:
    page = view(stub, open_page, LOCKS)
    expect(page.locator("#awake")).to_be_checked()
    page.evaluate("show(true); locks[0].release()")
    expect(page.locator("#awake")).not_to_be_checked()
    expect(page.locator("#may-darken")).to_be_visible()
    page.evaluate("show(false)")
    expect(page.locator("#awake")).to_be_checked()
    assert page.evaluate("locks.length") == 2


def test_the_switch_shows_a_refusal_and_the_next_tap_tries_again(
    stub: StubStage, open_page: OpenPage, view: View
) -> None:
    page = view(stub, open_page, REFUSED)
    expect(page.locator("#may-darken")).to_be_visible()
    page.locator("#awake").click()
    expect(page.locator("#awake")).not_to_be_checked()
    page.evaluate("refuses = false")
    page.locator("h1").filter(visible=True).click()
    expect(page.locator("#awake")).to_be_checked()
    assert page.evaluate(HELD) == 1


def test_who_switches_it_off_is_obeyed(stub: StubStage, open_page: OpenPage, view: View) -> None:
    page = view(stub, open_page, LOCKS)
    page.locator("#awake").uncheck()
    assert page.evaluate(HELD) == 0
    expect(page.locator("#may-darken")).to_be_hidden()
    page.locator("h1").filter(visible=True).click()
    page.evaluate("show(true); show(false)")
    expect(page.locator("#awake")).not_to_be_checked()
    page.locator("#awake").check()
    assert page.evaluate(HELD) == 1


def test_without_the_api_a_silent_video_plays_from_the_first_tap_on(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page, script=NO_LOCKS, locale="en-GB")
    stub.listener()
    assert not page.evaluate(PLAYS)
    page.get_by_role("button", name="Text and sound").click()
    expect(page.locator("#awake")).to_be_checked()
    assert page.evaluate(PLAYS)
    page.evaluate("document.querySelector('video').pause()")
    expect(page.locator("#awake")).not_to_be_checked()
    expect(page.locator("#may-darken")).to_be_visible()
    page.locator("h1").click()
    expect(page.locator("#awake")).to_be_checked()
    end(stub, page)
    expect(page.locator("video")).to_have_count(0)


def test_the_halls_screen_says_that_it_may_go_dark(stub: StubStage, open_page: OpenPage) -> None:
    page = speaker(stub, open_page, REFUSED)
    page.get_by_role("button", name="Show in the hall").click()
    hint = page.get_by_text("This screen may go dark. Tap it once to keep it on.")
    expect(hint).to_be_visible()
    page.evaluate("refuses = false")
    page.locator("#hall-title").click()
    expect(hint).to_be_hidden()


def test_the_halls_screen_is_kept_on_by_the_speakers_page(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = speaker(stub, open_page, NO_LOCKS)
    page.get_by_role("button", name="Show in the hall").click()
    page.keyboard.press("Escape")
    expect(page.locator("#awake")).to_be_checked()
    assert page.evaluate(PLAYS)
    page.get_by_role("button", name="End session").click()
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_role("heading", name="The session has ended")).to_be_visible()
    expect(page.locator("video")).to_have_count(0)

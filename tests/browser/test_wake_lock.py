"""The screens of the speaker, the hall and the listeners stay on, and say so truly."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.stub_stage import StubStage
from tests.browser.test_speaker import start

SHOW = """
  window.show = (isHidden) => {
    Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  };
"""
LOCKS = (
    SHOW
    + """
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
"""
)
REFUSED = LOCKS + "window.refuses = true;"
NO_LOCKS = 'Object.defineProperty(navigator, "wakeLock", { value: undefined });'
HELD = "locks.filter((lock) => !lock.released).length"
PLAYS = """() => {
  const video = document.querySelector("video");
  const isSeen = video?.getBoundingClientRect().bottom <= innerHeight && video.clientHeight > 0;
  return isSeen && !video.paused && !video.muted && !video.loop && video.playsInline;
}"""
BEGINS_AGAIN = """() => new Promise((done) => {
  const video = document.querySelector("video");
  let before = video.currentTime;
  video.addEventListener("timeupdate", () => {
    if (video.currentTime < before) done(!video.paused);
    before = video.currentTime;
  });
})"""

View = Callable[[StubStage, OpenPage, str], Page]


def speaker(stub: StubStage, open_page: OpenPage, script: str) -> Page:
    page = open_page(stub.http, script=script)
    start(stub, page)
    # What keeps the screen on comes later than the console.
    expect(page.locator("#awake")).to_be_enabled()
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
    expect(page.locator("#awake")).to_be_checked()
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
    assert page.evaluate(BEGINS_AGAIN)
    page.evaluate("document.querySelector('video').pause()")
    expect(page.locator("#awake")).not_to_be_checked()
    expect(page.locator("#may-darken")).to_be_visible()
    page.locator("h1").click()
    expect(page.locator("#awake")).to_be_checked()
    end(stub, page)
    expect(page.locator("video")).to_have_count(0)


def test_a_video_that_the_system_paused_plays_again_when_the_page_is_seen(
    stub: StubStage, open_page: OpenPage, view: View
) -> None:
    page = view(stub, open_page, SHOW + NO_LOCKS)
    page.locator("h1").filter(visible=True).click()
    expect(page.locator("#awake")).to_be_checked()
    page.evaluate("show(true); document.querySelector('video').pause()")
    expect(page.locator("#awake")).not_to_be_checked()
    page.evaluate("show(false)")
    expect(page.locator("#awake")).to_be_checked()
    assert page.evaluate(PLAYS)


def test_a_video_that_came_to_its_end_plays_again(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page, script=NO_LOCKS, locale="en-GB")
    stub.listener()
    page.get_by_role("button", name="Text and sound").click()
    expect(page.locator("#awake")).to_be_checked()
    # As in a page that was too busy to turn back in time.
    page.evaluate("""() => new Promise((ended) => {
      const video = document.querySelector("video");
      window.addEventListener("timeupdate", (event) => event.stopImmediatePropagation(), true);
      video.addEventListener("ended", ended);
    })""")
    expect(page.locator("#awake")).to_be_checked()
    assert page.evaluate(PLAYS)


def test_a_tap_that_comes_before_the_video_is_heeded_when_it_is_there(
    stub: StubStage, open_page: OpenPage
) -> None:
    held: list[Route] = []
    page = open_page("about:blank", script=NO_LOCKS, locale="en-GB")
    page.route("**/silent-clip.js*", lambda route: held.append(route))
    with page.expect_request("**/silent-clip.js*"):
        page.goto(stub.listener_page)
    stub.listener()
    page.get_by_role("button", name="Text and sound").click()
    expect(page.locator("#may-darken")).to_be_visible()
    held[0].continue_()
    expect(page.locator("#awake")).to_be_checked()
    assert page.evaluate(PLAYS)


def test_where_there_are_locks_no_video_is_loaded(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page, script=LOCKS, locale="en-GB")
    stub.listener()
    expect(page.locator("#awake")).to_be_checked()
    loaded = page.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")
    assert not [name for name in loaded if "awake-video" in name or "silent-clip" in name]


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

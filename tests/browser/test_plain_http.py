"""A phone's host, and plain HTTP: no secure context, so no wake lock, clipboard or microphone.

The pages work there, offer nothing that cannot work, and leave nothing in the console.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from infra.chromium import find_chromium, flags
from tests.browser.conftest import OpenPage
from tests.browser.phone_host import HALL, phone_host, runs
from tests.browser.stub_stage import StubStage
from tests.browser.test_listening import until
from tests.browser.test_speaker import speak, start
from tests.browser.test_wake_lock import BEGINS_AGAIN, PLAYS, SHOW
from tests.network.hosts import Host

ASKED = """
  window.asked = [];
  const note = (owner, name) => {
    const former = owner?.[name];
    if (former) owner[name] = function (...given) {
      window.asked.push(name);
      return former.apply(this, given);
    };
  };
  note(window.webkitSpeechRecognition?.prototype, "start");
  note(window.Notification, "requestPermission");
  note(navigator.permissions, "query");
  note(navigator, "getUserMedia");
  note(navigator, "webkitGetUserMedia");
"""


@pytest.fixture(scope="module")
def phone() -> Iterator[Host]:
    """A phone's host."""
    with phone_host() as host:
        yield host


@pytest.fixture(scope="module")
def browser(
    browser: Browser, phone: Host, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """The browser on that host."""
    script = tmp_path_factory.mktemp("phone") / "chromium"
    started = browser.browser_type.launch(
        executable_path=runs(phone, str(find_chromium()), script), args=flags()
    )
    yield started
    started.close()


@pytest.fixture
def stub(phone: Host) -> Iterator[StubStage]:
    """The stage at the hall's address."""
    with StubStage(HALL, phone.inside).running() as stage:
        yield stage


def opened(stub: StubStage, open_page: OpenPage) -> Page:
    """A listener's page that is live."""
    page = open_page(stub.listener_page, locale="en-GB", script=ASKED + SHOW)
    assert page.evaluate("isSecureContext") is False
    assert page.evaluate("navigator.wakeLock ?? crypto.randomUUID ?? null") is None
    stub.listener("en")
    expect(page.locator("#state")).to_have_text("Live")
    return page


def test_a_listener_reads_along_and_changes_language(stub: StubStage, open_page: OpenPage) -> None:
    page = opened(stub, open_page)
    stub.caption(1, "Good evening.", "en")
    expect(page.locator(".caption")).to_have_text(["Good evening."])
    page.locator("#language").select_option("fr")
    assert stub.received(stub.listener(), "changeLanguage")["targetLanguage"] == "fr"
    stub.cut()
    stub.wait(lambda: len(stub.sockets) == 2, "the listener's return")
    expect(page.locator("#state")).to_have_text("En direct")
    stub.caption(2, "Bonsoir.", "fr")
    expect(page.locator(".caption").last).to_have_text("Bonsoir.")
    assert page.evaluate("asked") == []


def test_the_screen_stays_on_from_the_first_tap(stub: StubStage, open_page: OpenPage) -> None:
    page = opened(stub, open_page)
    page.locator("#viewport").click()
    until(page, f"({PLAYS})()")
    assert page.evaluate(BEGINS_AGAIN)
    page.evaluate("show(true); document.querySelector('video').pause()")
    assert not page.evaluate(PLAYS)
    page.evaluate("show(false)")
    until(page, f"({PLAYS})()")
    page.get_by_role("button", name="Text and sound").click()
    expect(page.get_by_label("Keep the screen on")).to_be_checked()
    page.get_by_label("Keep the screen on").uncheck()
    expect(page.locator("video")).to_have_count(0)


def test_a_speaker_types_and_learns_where_a_microphone_works(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, locale="en-GB", script=ASKED)
    socket = start(stub, page)
    hint = page.get_by_text("To use a microphone, open this page on the laptop itself")
    port = stub.http.rpartition(":")[2]
    expect(hint).to_contain_text(f"http://127.0.0.1:{port}, or here at its https address")
    for offer in ("Use the microphone", "Stop listening"):
        expect(page.get_by_role("button", name=offer)).to_have_count(0)
    expect(page.get_by_label("Review what the microphone heard")).to_be_hidden()
    speak(page, "one")
    assert stub.received(socket, "speak")["text"] == "one"
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    page.locator("#text").fill("")
    page.keyboard.press("Control+v")
    expect(page.locator("#text")).to_have_value(stub.listener_page)
    until(page, f"({PLAYS})()")
    assert page.evaluate("asked") == []


@pytest.mark.parametrize("path", ["/ops", "/s/golden-eagle-427/overlay?language=es"])
def test_the_other_pages_leave_nothing_in_the_console(
    stub: StubStage, open_page: OpenPage, path: str
) -> None:
    page = open_page(stub.http + path, script=ASKED)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("asked") == []


def test_where_there_is_a_voice_it_is_heard_while_the_screen_stays_on(
    stub: StubStage, open_page: OpenPage
) -> None:
    stub.voices = ("en",)
    page = opened(stub, open_page)
    page.get_by_role("button", name="Listen").click()
    until(page, f"({PLAYS})()")
    assert stub.received(stub.listener(), "changeLanguage")["voice"] is True
    assert page.evaluate(BEGINS_AGAIN)

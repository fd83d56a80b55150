"""The invitation leads to where listeners find the session, and follows when that changes."""

from http import HTTPStatus
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import OpenPage
from tests.browser.qr_codes import read_qr_codes
from tests.browser.stub_stage import StubStage
from tests.browser.test_speaker import start

HALL = "http://192.168.1.7:8000"
MOVED = "http://[fd00::9]:8000"
NAME = "golden-eagle-427"
INSECURE = """
  for (const missing of ["clipboard", "wakeLock", "mediaDevices"])
    Object.defineProperty(navigator, missing, { value: undefined });
"""
COPIED = """
  window.copied = [];
  document.addEventListener("copy", () => window.copied.push(String(getSelection())));
"""


ANNOUNCED = """
  window.announced = [];
  document.addEventListener("DOMContentLoaded", () => {
    const line = document.getElementById("moved");
    new MutationObserver(() => announced.push(line.textContent)).observe(line, { childList: true });
  });
"""


def code_of(page: Page) -> list[str]:
    """What a camera reads in the invitation."""
    return read_qr_codes(page.locator("#qr").screenshot())


def expect_invitation(page: Page, link: str) -> None:
    """The page invites to the link, in words and as a code, here and on the hall's screen."""
    expect(page.locator("#link")).to_have_text(link)
    expect(page.locator("#link")).to_have_attribute("href", link)
    expect(page.locator("#hall-link")).to_have_text(link.partition("#")[0])
    assert code_of(page) == [link]


def copy_link(page: Page) -> None:
    """Presses the button, and waits until the link is copied."""
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()


def test_listeners_are_led_to_where_they_find_the_pages(
    stub: StubStage, open_page: OpenPage
) -> None:
    stub.listeners_url = HALL
    page = open_page(stub.http, permissions=["clipboard-read", "clipboard-write"])
    start(stub, page)
    expect_invitation(page, f"{HALL}/s/{NAME}")
    expect(page.get_by_text("Phones cannot reach this address")).to_be_hidden()
    copy_link(page)
    assert page.evaluate("navigator.clipboard.readText()") == f"{HALL}/s/{NAME}"
    expect(page.locator("#moved")).to_be_empty()


def test_a_code_to_join_goes_with_the_link(stub: StubStage, open_page: OpenPage) -> None:
    stub.listeners_url = HALL
    page = open_page(stub.http)
    page.get_by_text("Ask listeners for a code").click()
    page.get_by_label("Code", exact=True).fill("open sesame")
    start(stub, page)
    expect_invitation(page, f"{HALL}/s/{NAME}#code=open%20sesame")
    stub.listeners_url = MOVED
    page.evaluate("window.dispatchEvent(new Event('online'))")
    link = f"{MOVED}/s/{NAME}"
    # In words that people hear or read on the wall: the code stands beside it.
    expect(page.locator("#moved")).to_have_text(f"Listeners now find this session at {link}")
    expect_invitation(page, f"{link}#code=open%20sesame")


def reconnect(stub: StubStage, page: Page) -> None:
    stub.cut()
    stub.speaker(2)
    expect(page.locator("#state")).to_have_text("Live")


def come_online(_: StubStage, page: Page) -> None:
    page.evaluate("window.dispatchEvent(new Event('online'))")


def look_again(_: StubStage, page: Page) -> None:
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@pytest.mark.parametrize("sign", [reconnect, come_online, look_again])
def test_the_invitation_follows_a_change_and_says_so(
    stub: StubStage, open_page: OpenPage, sign: object
) -> None:
    stub.listeners_url = HALL
    page = open_page(stub.http, permissions=["clipboard-read", "clipboard-write"])
    start(stub, page)
    stub.visited(2)
    copy_link(page)
    stub.listeners_url = MOVED
    assert callable(sign)
    sign(stub, page)
    said = page.get_by_role("status").filter(has_text="Listeners now find this session at")
    expect(said).to_have_text(f"Listeners now find this session at {MOVED}/s/{NAME}")
    expect_invitation(page, f"{MOVED}/s/{NAME}")
    copy_link(page)
    assert page.evaluate("navigator.clipboard.readText()") == f"{MOVED}/s/{NAME}"
    page.get_by_role("button", name="Show in the hall").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Listeners now find this session at")).to_be_visible()
    assert read_qr_codes(page.locator("#hall-qr").screenshot()) == [f"{MOVED}/s/{NAME}"]


def test_a_server_that_does_not_answer_yet_is_asked_again(
    stub: StubStage, open_page: OpenPage
) -> None:
    stub.listeners_url = HALL
    page = open_page(stub.http, has_clock=True)
    start(stub, page)
    stub.visited(2)
    page.route(stub.http + "/", lambda route: route.fulfill(status=503))
    # By its status: the answer to the page's first look may still be on its way here.
    with page.expect_response(lambda answer: answer.status == HTTPStatus.SERVICE_UNAVAILABLE):
        come_online(stub, page)
    page.unroute(stub.http + "/")
    stub.listeners_url = MOVED
    # Its time goes on by itself, too: the page may set its timer only now.
    page.clock.fast_forward(5_000)
    expect(page.locator("#moved")).to_contain_text(MOVED)


def is_look(request: Request) -> bool:
    """Whether the page asks for itself again, to see where listeners find it."""
    return request.resource_type == "fetch" and urlsplit(request.url).path == "/"


def test_what_has_not_changed_is_not_announced(stub: StubStage, open_page: OpenPage) -> None:
    stub.listeners_url = HALL
    page = open_page(stub.http, script=ANNOUNCED)
    with page.expect_request_finished(is_look):
        start(stub, page)
    for named in (HALL, ""):
        stub.listeners_url = named
        with page.expect_request_finished(is_look):
            come_online(stub, page)
    expect_invitation(page, f"{HALL}/s/{NAME}")
    stub.listeners_url = MOVED
    come_online(stub, page)
    expect(page.locator("#moved")).to_contain_text(MOVED)
    assert page.evaluate("announced") == [page.locator("#moved").inner_text()]


def test_where_no_address_is_named_the_page_does_not_ask(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http)
    start(stub, page)
    expect_invitation(page, stub.listener_page)
    come_online(stub, page)
    reconnect(stub, page)
    assert stub.visits == 1


def test_without_a_clipboard_the_link_is_copied_from_the_page(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, script=INSECURE + COPIED)
    start(stub, page)
    expect_invitation(page, stub.listener_page)
    copy_link(page)
    assert page.evaluate("copied") == [stub.listener_page]


def test_where_nothing_may_be_copied_the_link_is_selected(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, script=INSECURE + "document.execCommand = () => false;")
    start(stub, page)
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Selected: copy it now")).to_be_visible()
    assert page.evaluate("String(getSelection())") == stub.listener_page

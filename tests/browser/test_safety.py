"""What anybody says is text; pages run their own files alone and load nothing from elsewhere."""

from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.payloads import PAYLOADS
from tests.browser.stub_stage import StubStage
from tests.browser.test_speaker import speak, start

WATCH = """
  window.breaches = [];
  document.addEventListener("securitypolicyviolation", (event) =>
    window.breaches.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


def harmless(page: Page) -> bool:
    """Nothing ran, nothing was even tried."""
    return bool(page.evaluate("typeof pwned === 'undefined' && breaches.length === 0"))


def test_there_are_fifty_of_them() -> None:
    assert len(set(PAYLOADS)) == 50


def test_captions_are_text(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page, script=WATCH)
    for sequence, payload in enumerate(PAYLOADS, start=1):
        stub.caption(sequence, payload, untranslated=sequence % 2 == 0)
    expect(page.locator(".caption")).to_have_count(50)
    texts = page.locator(".caption").evaluate_all("all => all.map(each => each.lastChild.data)")
    assert tuple(texts) == PAYLOADS
    assert page.locator(".caption *:not(.mark)").count() == 0
    assert harmless(page)


def test_what_the_speaker_types_is_text_to_the_speaker_too(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, script=WATCH)
    start(stub, page)
    for payload in PAYLOADS:
        speak(page, payload)
    expect(page.locator(".said li")).to_have_count(50)
    texts = page.locator(".said .words").evaluate_all("all => all.map(each => each.textContent)")
    assert tuple(reversed(texts)) == PAYLOADS
    assert page.locator(".said .words *").count() == 0
    assert harmless(page)


def test_names_are_text_wherever_they_stand(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http, script=WATCH)
    for payload in PAYLOADS:
        # As a browser would, the last part of the path is the name.
        page.goto(f"{stub.http}/s/{quote(payload.replace('/', ' '), safe='')}")
        expect(page.locator("#other")).to_be_visible()
        assert page.locator("#name *").count() == 0
        assert harmless(page)


def test_languages_names_and_codes_are_text(stub: StubStage, open_page: OpenPage) -> None:
    stub.offered = ("en", *PAYLOADS)
    listener = open_page(stub.listener_page, script=WATCH, locale="eu")
    expect(listener.locator("#choices button")).to_have_count(51)
    assert listener.locator("#choices button *, option *").count() == 0
    assert harmless(listener)
    speaker = open_page(stub.http, script=WATCH, locale="en")
    socket = start(stub, speaker)
    stub.show_roster(socket, **dict.fromkeys(PAYLOADS, 1))
    expect(speaker.locator("#roster li")).to_have_count(50)
    assert speaker.locator("#roster bdi *").count() == 0
    speak(speaker, "a report in all of them")
    expect(speaker.locator(".chip")).to_have_count(50)
    assert speaker.locator(".chip bdi *").count() == 0
    assert harmless(speaker)


@pytest.mark.parametrize(
    "attempt",
    [
        "const s = document.createElement('script'); s.text = 'pwned = 1'; document.body.append(s)",
        "document.body.innerHTML = '<img src=x onerror=pwned=1>'",
        "document.body.setAttribute('onclick', 'pwned = 1'); document.body.click()",
        "new Image().src = 'https://evil.example/x.png'",
        "fetch('https://evil.example/').catch(() => {})",
        "new WebSocket('wss://evil.example/')",
    ],
)
def test_the_policy_stops_what_code_of_ours_might_one_day_let_through(
    stub: StubStage, browser: Browser, attempt: str
) -> None:
    # Not `open_page`: here the console has to speak of breaches.
    with browser.new_context() as context:
        context.add_init_script(WATCH)
        page = context.new_page()
        page.goto(stub.listener_page)
        page.evaluate(
            f"""() => new Promise((done) => {{
                document.addEventListener("securitypolicyviolation", done);
                try {{ {attempt} }} catch {{}}
            }})"""
        )
        assert len(page.evaluate("breaches")) >= 1
        assert page.evaluate("typeof pwned") == "undefined"


def test_nothing_comes_from_elsewhere(stub: StubStage, open_page: OpenPage) -> None:
    asked: list[str] = []
    page = open_page("about:blank")
    page.on("request", lambda request: asked.append(request.url))
    page.goto(stub.http)
    start(stub, page)
    page.goto(stub.listener_page)
    stub.listener()
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(stub.http).netloc}

"""Who is not let in is told why in plain words, and what to do."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.actions import try_now
from tests.browser.conftest import OpenPage
from tests.browser.qr_codes import read_qr_codes
from tests.browser.stub_stage import ENGINE, StubStage
from tests.browser.test_speaker import speak, start

CODE = "caf\u00e9 & 7"
IN_LINK = "#code=caf%C3%A9%20%26%207"
LIVE = "En directo"


def test_a_code_in_the_link_lets_in_without_a_question(
    stub: StubStage, open_page: OpenPage
) -> None:
    stub.session.code = CODE
    page = open_page(stub.listener_page + IN_LINK)
    assert stub.listener().query["joinCode"] == CODE
    expect(page.locator("#state")).to_have_text(LIVE)


def test_whoever_has_no_code_is_asked_for_it(stub: StubStage, open_page: OpenPage) -> None:
    stub.session.code = CODE
    page = open_page(stub.listener_page)
    heading = page.locator("#other-title")
    expect(heading).to_have_text("No hay ninguna sesión con este nombre.")
    expect(page.get_by_label("Nombre de la sesión")).to_have_value(stub.session.session_id)
    page.get_by_label("Código, si lo hay").fill("otro código")
    page.get_by_role("button", name="Entrar").click()
    expect(heading).to_have_text("No hay ninguna sesión con este nombre y este código.")
    expect(page.get_by_label("Código, si lo hay")).to_have_value("otro código")
    page.get_by_label("Código, si lo hay").fill(f" {CODE} ")
    page.get_by_role("button", name="Entrar").click()
    expect(page.locator("#state")).to_have_text(LIVE)
    assert stub.listener().query["joinCode"] == CODE
    page.reload()
    expect(page.locator("#state")).to_have_text(LIVE)


def test_a_guarded_session_looks_like_none_at_all(stub: StubStage, open_page: OpenPage) -> None:
    stub.session.code = CODE
    pages = [open_page(stub.listener_page), open_page(f"{stub.http}/s/silver-fox-100")]
    for page in pages:
        expect(page.locator("#other")).to_be_visible()
    texts = [page.locator("main").inner_text() for page in pages]
    assert texts[0] == texts[1]


def test_a_full_session_is_called_full_and_is_tried_again(
    stub: StubStage, open_page: OpenPage
) -> None:
    stub.session.is_full = True
    page = open_page(stub.listener_page)
    notice = page.locator("#notice-text")
    expect(notice).to_have_text("La sesión está llena. Entrará en cuanto haya sitio.")
    stub.session.is_full = False
    try_now(page)
    expect(page.locator("#state")).to_have_text(LIVE)
    expect(notice).to_be_empty()


def test_an_address_that_joins_too_often_is_told_so(stub: StubStage, open_page: OpenPage) -> None:
    stub.refuse_with = 429
    page = open_page(stub.listener_page)
    expect(page.locator("#notice-text")).to_contain_text("demasiadas personas a la vez")
    stub.refuse_with = None
    try_now(page)
    expect(page.locator("#state")).to_have_text(LIVE)


WAKE = """
    window.dispatchEvent(new Event("online"));
    document.dispatchEvent(new Event("visibilitychange"));
"""
"""What a browser fires when its network, or its person, is back."""


def limited(stub: StubStage, page: Page, retry_after_ms: int) -> None:
    """A listener's page that was cut and may not come back yet; its clock is the test's."""
    page.clock.install()
    page.goto(stub.listener_page)
    expect(page.locator("#state")).to_have_text(LIVE)
    stub.refuse_with, stub.retry_after_ms = 429, retry_after_ms
    asked = len(stub.asked)
    stub.cut()
    expect(page.locator("#notice-text")).not_to_be_empty()
    page.clock.fast_forward(2_000)
    stub.asks(asked + 1)
    expect(page.locator("#notice-text")).to_have_text("Entran demasiadas personas a la vez.")


def seconds_left(page: Page) -> int:
    """What the countdown shows."""
    minutes, _, seconds = page.locator("#countdown").inner_text().partition(":")
    return int(minutes) * 60 + int(seconds)


def test_a_page_that_is_limited_makes_no_handshake_before_its_time(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page("about:blank")
    limited(stub, page, 600_000)
    expect(page.locator("#wait")).to_contain_text("Esta página lo intenta de nuevo en")
    assert 500 < seconds_left(page) <= 605
    before = stub.handshakes
    for _ in range(5):
        page.evaluate(WAKE)
        page.clock.fast_forward(60_000)
    expect(page.locator("#countdown")).to_have_text(re.compile("^[45]:"))
    assert stub.handshakes == before
    stub.refuse_with = None
    page.clock.fast_forward(306_000)
    expect(page.locator("#state")).to_have_text(LIVE)
    expect(page.locator("#wait")).to_be_hidden()
    assert stub.handshakes == before + 1


def test_try_now_asks_before_it_tries(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page("about:blank")
    limited(stub, page, 600_000)
    before, asked = stub.handshakes, len(stub.asked)
    stub.retry_after_ms = 60_000
    page.get_by_role("button", name="Reintentar ahora").click()
    stub.asks(asked + 1)
    expect(page.locator("#countdown")).to_have_text(re.compile("^(0|1):"))
    assert stub.handshakes == before
    stub.refuse_with = None
    page.get_by_role("button", name="Reintentar ahora").click()
    expect(page.locator("#state")).to_have_text(LIVE)
    assert stub.handshakes == before + 1


def test_a_server_that_is_away_has_not_taken_back_the_time(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page("about:blank")
    limited(stub, page, 600_000)
    before = stub.handshakes
    page.route("**/sessions/**", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.get_by_role("button", name="Reintentar ahora").click()
    page.clock.fast_forward(120_000)
    expect(page.locator("#countdown")).to_have_text(re.compile("^[78]:"))
    assert stub.handshakes == before


def test_a_reload_is_no_way_around_the_time(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page("about:blank")
    limited(stub, page, 600_000)
    before, asked = stub.handshakes, len(stub.asked)
    page.reload()
    assert stub.asks(asked + 1)["X-Resume-Token"]
    expect(page.locator("#wait")).to_be_visible()
    expect(page.locator("#wait")).to_contain_text("Esta página lo intenta de nuevo en")
    page.clock.fast_forward(60_000)
    expect(page.locator("#countdown")).to_have_text(re.compile("^[89]:"))
    assert stub.handshakes == before


def test_a_time_is_never_shortened_by_the_spread(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http)
    pauses = page.evaluate(
        """async () => {
            const { pauseMs } = await import("/web/pauses.js");
            return Array.from({ length: 500 }, (_, attempt) => pauseMs(attempt, 20_000));
        }"""
    )
    assert min(pauses) >= 20_000
    assert max(pauses) <= 25_000
    assert max(pauses) - min(pauses) > 3_000, "a hall does not come back as one"


@pytest.mark.parametrize("locale", ["en", "es", "pt", "fr", "it", "ca", "gl", "de", "ar"])
def test_the_time_is_told_in_every_language_of_the_page(
    stub: StubStage, open_page: OpenPage, locale: str
) -> None:
    stub.offered, stub.refuse_with = [*ENGINE, "it", "gl", "de"], 429
    page = open_page(stub.listener_page, locale=locale)
    wait = page.locator("#wait")
    expect(wait).to_have_text(re.compile(r"^\D+ 0:[0-3]\d$"))
    assert ("again" in wait.inner_text()) == (locale == "en")


def test_a_speaker_is_told_when_its_page_tries_again(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http, locale="en-GB")
    start(stub, page)
    stub.refuse_with = 429
    stub.cut()
    notice = page.locator("#notice-text")
    expect(notice).to_have_text(re.compile(r"tries again at \d\d:\d\d:\d\d\. What you say is kept"))
    assert stub.asked[-1]["Authorization"]


def opened_with_code(stub: StubStage, open_page: OpenPage) -> Page:
    page = open_page(stub.http, locale="en-GB")
    page.get_by_text("Ask listeners for a code").click()
    page.get_by_label("Code", exact=True).fill(CODE)
    start(stub, page)
    return page


def test_the_speaker_sets_a_code_and_the_invitation_has_it(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = opened_with_code(stub, open_page)
    assert stub.session.code == CODE
    link = stub.listener_page + IN_LINK
    expect(page.locator("#link")).to_have_attribute("href", link)
    page.get_by_role("button", name="Show in the hall").click()
    expect(page.locator("#hall-code")).to_have_text(f"Code: {CODE}")
    expect(page.locator("#hall-link")).to_have_text(stub.listener_page)
    assert link in read_qr_codes(page.screenshot())
    page.reload()
    expect(page.locator("#state")).to_have_text("Live")
    expect(page.locator("#link")).to_have_attribute("href", link)


def test_a_speaker_of_a_guarded_session_comes_back(stub: StubStage, open_page: OpenPage) -> None:
    page = opened_with_code(stub, open_page)
    stub.kill_gateway()
    expect(page.locator("#state")).to_have_text("Reconnecting…")
    stub.revive_gateway()
    stub.speaker(2)
    expect(page.locator("#state")).to_have_text("Live")


def test_a_session_without_a_code_has_none_in_its_link(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, locale="en-GB")
    start(stub, page)
    expect(page.locator("#link")).to_have_attribute("href", stub.listener_page)
    expect(page.locator("#invite-code")).to_be_hidden()


def test_a_code_that_is_too_short_is_not_sent(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http, locale="en-GB")
    page.get_by_text("Ask listeners for a code").click()
    page.get_by_label("Code", exact=True).press_sequentially("123")
    page.get_by_role("button", name="Start a session").click()
    assert page.locator("#join-code").evaluate("field => field.validity.tooShort")
    expect(page.locator("#start")).to_be_visible()


def test_too_many_sessions_are_told_with_the_time_to_wait(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, locale="en-GB")
    refusal = '{"type":"error","code":"RATE_LIMITED","retryAfterMs":121000}'
    page.route("**/sessions", lambda route: route.fulfill(status=429, body=refusal))
    page.get_by_role("button", name="Start a session").click()
    expect(page.locator("#open-problem")).to_have_text(
        "Too many sessions have been opened from here. Try again in 3 minutes."
    )


def test_a_budget_that_is_used_up_is_told_to_the_speaker(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, locale="en-GB")
    speaker = start(stub, page)
    stub.show_roster(speaker, es=2)
    stub.over_budget = True
    speak(page, "Good morning")
    expect(page.locator("#notice-text")).to_contain_text("is used up")
    expect(page.locator(".chip")).to_contain_text("not translated: the budget is used up")
    stub.over_budget = False
    speak(page, "Good morning")
    expect(page.locator("#said li")).to_have_count(2)
    expect(page.locator("#notice")).to_be_visible()

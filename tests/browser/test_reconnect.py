"""Networks fail: both pages say so, come back by themselves, and lose nothing."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.actions import stop_clock, try_now
from tests.browser.conftest import OpenPage
from tests.browser.stub_stage import Socket, StubStage
from tests.browser.test_speaker import said, speak, start

LIVE = "En directo"


def test_a_listener_comes_back_to_where_it_was(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page)
    for sequence in (1, 2):
        stub.caption(sequence, f"frase {sequence}")
    expect(page.locator(".caption")).to_have_count(2)
    stub.kill_gateway()
    expect(page.locator("#notice-text")).to_have_text("Se perdió la conexión. Reintentando…")
    expect(page.locator("#state")).to_have_text("Conectando…")
    stub.revive_gateway()
    assert stub.listener().query["lastSequence"] == "2"
    for sequence in (2, 3, 4):
        stub.caption(sequence, f"frase {sequence}")
    expect(page.locator(".caption")).to_have_text([f"frase {each}" for each in (1, 2, 3, 4)])
    expect(page.locator("#state")).to_have_text(LIVE)
    expect(page.locator("#notice-text")).to_be_empty()


def test_what_was_missing_before_is_asked_for_too(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page)
    for sequence in (1, 2, 4):
        stub.caption(sequence, f"frase {sequence}")
    expect(page.locator(".caption")).to_have_count(3)
    stub.kill_gateway()
    stub.revive_gateway()
    assert stub.listener().query["lastSequence"] == "2"


def test_a_server_that_is_gone_for_a_minute_is_tried_until_it_is_back(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page, has_clock=True)
    stub.caption(1, "antes")
    expect(page.locator(".caption")).to_have_count(1)
    stub.kill_gateway()
    stub.kill_http()
    expect(page.get_by_role("button", name="Reintentar ahora")).to_be_visible()
    for _ in range(6):
        page.clock.fast_forward(10_000)
        expect(page.get_by_role("button", name="Reintentar ahora")).to_be_visible()
    stub.revive_http()
    stub.revive_gateway()
    try_now(page)
    # Until then a try of the page's own may be there, which it has given up.
    expect(page.locator("#state")).to_have_text(LIVE)
    stub.caption(2, "después")
    expect(page.locator(".caption")).to_have_text(["antes", "después"])


def test_a_page_that_opens_while_the_server_is_away_tries_again(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page("about:blank")
    page.route("**/languages", lambda route: route.abort())
    page.goto(stub.listener_page, wait_until="domcontentloaded")
    expect(page.locator("#notice-text")).to_have_text("Se perdió la conexión. Reintentando…")
    page.unroute("**/languages")
    expect(page.locator("#state")).to_have_text(LIVE)


def test_silence_is_tested_and_a_dead_line_replaced(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page, has_clock=True)
    first = stub.listener()
    expect(page.locator("#state")).to_have_text(LIVE)
    stop_clock(page)
    stub.answers = False
    page.clock.fast_forward(121_000)
    assert stub.received(first, "heartbeat") == {"action": "heartbeat"}
    page.clock.fast_forward(11_000)
    expect(page.locator("#notice-text")).to_have_text("Se perdió la conexión. Reintentando…")
    page.clock.fast_forward(25_000)
    stub.wait(lambda: len(stub.sockets) == 2, "a second socket")


def test_a_session_that_ended_meanwhile_is_not_tried_for_ever(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page)
    expect(page.locator("#state")).to_have_text(LIVE)
    stub.session.is_active = False
    stub.kill_gateway()
    stub.revive_gateway()
    expect(page.get_by_text("Esta sesión ha terminado.")).to_be_visible()


def test_a_full_session_says_so_and_goes_on_trying(stub: StubStage, open_page: OpenPage) -> None:
    stub.refuse_with = 503
    page = open_page(stub.listener_page)
    notice = page.locator("#notice-text")
    expect(notice).to_have_text("La sesión está muy llena. Reintentando…")
    stub.refuse_with = None
    try_now(page)
    expect(page.locator("#state")).to_have_text(LIVE)


def test_a_language_that_is_gone_meanwhile_leads_to_another(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page)
    stub.listener("es")
    stub.offered = ["en", "pt"]
    stub.kill_gateway()
    stub.revive_gateway()
    expect(page.locator("#notice-text")).to_have_text(re.compile("Este idioma no se ofrece ahora"))
    page.locator("#choices").get_by_role("button", name="português (Brasil)").click()
    stub.listener("pt")
    expect(page.locator("#state")).to_have_text("Ao vivo")


def test_a_speaker_goes_on_with_the_next_sequence(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http)
    first = start(stub, page)
    speak(page, "one")
    said(stub, first, 1)
    expect(page.locator(".said li")).to_contain_text("Nobody was listening")
    stub.kill_gateway()
    expect(page.locator("#state")).to_have_text("Reconnecting…")
    speak(page, "two")
    speak(page, "three")
    expect(page.locator(".said li").first).to_contain_text("Waits for the connection")
    stub.revive_gateway()
    assert said(stub, stub.speaker(2), 2) == [(2, "two"), (3, "three")]
    expect(page.get_by_text("Nobody was listening")).to_have_count(3)


def test_a_sentence_without_its_report_is_sent_again_with_its_number(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http)
    first = start(stub, page)
    stub.reports = False
    speak(page, "heard")
    said(stub, first, 1)
    stub.kill_gateway()
    stub.reports = True
    stub.revive_gateway()
    assert said(stub, stub.speaker(2), 1) == [(1, "heard")]
    expect(page.locator(".said li")).to_contain_text("its report was lost")
    speak(page, "next")
    assert said(stub, stub.speaker(2), 2) == [(1, "heard"), (2, "next")]


def test_a_speaker_can_end_while_the_gateway_is_away(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http)
    start(stub, page)
    stub.kill_gateway()
    expect(page.locator("#state")).to_have_text("Reconnecting…")
    page.get_by_role("button", name="End session").click()
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_role("heading", name="The session has ended")).to_be_visible()
    assert not stub.session.is_active


def test_a_listener_that_is_asked_to_renew_comes_back_once_and_misses_nothing(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page, has_clock=True)
    first = stub.listener()
    stub.caption(1, "uno")
    expect(page.locator(".caption")).to_have_count(1)
    stop_clock(page)
    for _ in range(3):
        stub.send(first, "renew", withinMs=300_000)
    stub.caption(2, "dos")
    expect(page.locator(".caption")).to_have_count(2)
    page.clock.fast_forward(300_000)
    stub.wait(lambda: len(stub.sockets) == 2 and not first.is_open, "a second socket alone")
    assert stub.listener().query["lastSequence"] == "2"
    stub.caption(3, "tres")
    expect(page.locator(".caption")).to_have_text(["uno", "dos", "tres"])
    page.clock.fast_forward(300_000)
    stub.received(stub.listener(), "heartbeat")
    assert len(stub.sockets) == 2


def test_a_hall_that_is_asked_to_renew_does_not_come_back_in_one_instant(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http)
    spread = page.evaluate(
        """async () => {
            const { randomDelayMs } = await import("/web/pauses.js");
            return Array.from({ length: 500 }, () => randomDelayMs(300_000));
        }"""
    )
    assert min(spread) >= 0
    assert max(spread) <= 300_000
    assert max(spread) - min(spread) > 200_000


def test_a_speaker_that_is_asked_to_renew_waits_for_its_report_and_speaks_on(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, has_clock=True)
    first = start(stub, page)
    # The renewal does not wait for the report for ever, and without one the sentence is sent again.
    stop_clock(page)
    stub.reports = False
    speak(page, "one")
    said(stub, first, 1)
    stub.send(first, "renew", withinMs=1_000)
    stub.show_roster(first, es=3)
    expect(page.locator("#count")).to_have_text("3")
    page.clock.fast_forward(5_000)
    expect(page.locator("#state")).to_have_text("Live")
    assert len(stub.sockets) == 1
    stub.reports = True
    stub.send(first, "spoken", sequence=1, languages={}, durationMs=5)
    expect(page.locator(".said li")).to_contain_text("Nobody was listening")
    page.clock.fast_forward(1_000)
    second = stub.speaker(2)
    expect(page.locator("#state")).to_have_text("Live")
    speak(page, "two")
    assert said(stub, second, 1) == [(2, "two")]
    expect(page.get_by_text("Another tab or device speaks")).to_have_count(0)


def pauses(page: Page, attempt: int) -> list[float]:
    """Many pauses before a try, in milliseconds."""
    result: list[float] = page.evaluate(
        """async (attempt) => {
            const { backoffMs } = await import("/web/pauses.js");
            return Array.from({ length: 500 }, () => backoffMs(attempt));
        }""",
        attempt,
    )
    return result


def test_a_hall_does_not_come_back_in_one_instant(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http)
    first, third, twentieth = (pauses(page, attempt) for attempt in (0, 3, 20))
    assert max(first) - min(first) > 1_000, "spread over more than a second"
    assert sum(third) > 3 * sum(first), "longer each time"
    assert max(twentieth) <= 20_200, "but never longer than this"


def test_of_two_sent_again_the_one_that_was_heard_is_told_by_its_number(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http)
    first = start(stub, page)
    stub.reports = False
    speak(page, "lost")
    speak(page, "heard")
    said(stub, first, 2)
    stub.kill_gateway()
    stub.forget(1)
    stub.revive_gateway()
    second = stub.speaker(2)
    said(stub, second, 2)
    stub.send(second, "spoken", sequence=1, languages={}, durationMs=5)
    newest, oldest = page.locator(".said li").all()
    expect(newest).to_contain_text("its report was lost")
    expect(oldest).to_contain_text("Nobody was listening")


def test_who_returns_shows_its_token_also_after_a_reload(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page)
    assert "resumeToken" not in stub.listener().query
    expect(page.locator("#state")).to_have_text(LIVE)
    stub.kill_gateway()
    stub.revive_gateway()
    assert stub.listener().query["resumeToken"] == "resume-0"
    expect(page.locator("#state")).to_have_text(LIVE)
    page.reload()
    expect(page.locator("#state")).to_have_text(LIVE)
    assert stub.listener().query["resumeToken"] == "resume-1"
    assert stub.asked[-1]["X-Resume-Token"] == "resume-1"


def test_a_token_is_forgotten_with_its_session(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page)
    expect(page.locator("#state")).to_have_text(LIVE)
    stub.send(stub.listener(), "sessionEnded", reason="ended")
    expect(page.locator("#ended")).to_be_visible()
    assert page.evaluate("Object.keys(sessionStorage)") == []


def renewing(stub: StubStage, page: Page) -> tuple[Socket, Socket]:
    """A listener's former and next connection, while the next one is not let in yet."""
    page.goto(stub.listener_page)
    expect(page.locator("#state")).to_have_text(LIVE)
    former = stub.listener()
    stub.caption(1, "uno")
    expect(page.locator(".caption")).to_have_count(1)
    stub.lets_in = False
    stub.send(former, "renew", withinMs=0)
    stub.wait(lambda: len(stub.sockets) == 2, "the next connection")
    return former, stub.sockets[1]


def test_the_former_connection_serves_until_the_next_one_is_in(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page("about:blank")
    former, following = renewing(stub, page)
    assert following.query["lastSequence"] == "1"
    assert following.query["resumeToken"] == "resume-0"
    for socket in (former, following):
        for sequence in (2, 3):
            stub.caption_to(socket, sequence, f"frase {sequence}")
    texts = ["uno", "frase 2", "frase 3"]
    expect(page.locator(".caption")).to_have_text(texts)
    expect(page.locator("#state")).to_have_text(LIVE)
    assert former.is_open
    stub.let_in(following)
    stub.wait(lambda: not former.is_open, "the end of the former connection")
    assert following.is_open
    stub.caption_to(following, 4, "frase 4")
    expect(page.locator(".caption")).to_have_text([*texts, "frase 4"])
    expect(page.locator("#state")).to_have_text(LIVE)


def test_a_former_connection_that_dies_meanwhile_leaves_it_to_the_next(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page("about:blank")
    former, following = renewing(stub, page)
    stub.close(former, 1001)
    expect(page.locator("#state")).to_have_text("Conectando…")
    stub.let_in(following)
    expect(page.locator("#state")).to_have_text(LIVE)
    assert len(stub.sockets) == 2


@pytest.mark.parametrize("code", [1000, 1001])
def test_a_renewal_that_dies_costs_nothing_and_is_tried_again(
    stub: StubStage, open_page: OpenPage, code: int
) -> None:
    page = open_page("about:blank")
    page.clock.install()
    former, following = renewing(stub, page)
    listings = stub.listings
    # The next try may come at once.
    stub.lets_in = True
    stub.send(following, "error", code="SESSION_FULL", message="")
    stub.close(following, code)
    # The page sets the time of its next try once it has the languages. The stub answers in order:
    # what the page asks for now comes after them. (Playwright's own events begin too late: the
    # browser may have asked before the driver knows that they are wanted.)
    stub.lists(listings + 1)
    page.evaluate("fetch('../languages').then((later) => later.text())")
    stub.caption_to(former, 2, "dos")
    expect(page.locator(".caption")).to_have_text(["uno", "dos"])
    expect(page.locator("#state")).to_have_text(LIVE)
    expect(page.locator("#notice-text")).to_be_empty()
    page.clock.fast_forward(61_000)
    stub.wait(lambda: len(stub.sockets) == 3 and not former.is_open, "the next try")
    expect(page.locator("#state")).to_have_text(LIVE)


def test_a_renewal_that_is_refused_obeys_the_server(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page, has_clock=True)
    expect(page.locator("#state")).to_have_text(LIVE)
    former = stub.listener()
    stub.refuse_with, stub.retry_after_ms = 429, 600_000
    asked = len(stub.asked)
    stub.send(former, "renew", withinMs=0)
    stub.asks(asked + 1)
    tried = stub.handshakes
    page.evaluate("window.dispatchEvent(new Event('online'))")
    stub.received(former, "heartbeat")
    page.clock.fast_forward(500_000)
    stub.caption_to(former, 1, "uno")
    expect(page.locator(".caption")).to_have_text(["uno"])
    assert stub.handshakes == tried
    stub.refuse_with = None
    # A busy page may have heard of the limit after the first jump only.
    page.clock.fast_forward(660_000)
    stub.tries(tried + 1)
    stub.wait(lambda: not former.is_open, "the end of the former connection")
    expect(page.locator("#state")).to_have_text(LIVE)


def test_a_language_that_is_chosen_during_a_renewal_holds_after_it(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page("about:blank")
    former, following = renewing(stub, page)
    page.locator("#language").select_option("fr")
    wanted = {"action": "changeLanguage", "targetLanguage": "fr"}
    assert stub.received(former, "changeLanguage") == wanted
    stub.let_in(following)
    assert stub.received(following, "changeLanguage") == wanted


def test_a_speaker_that_is_never_done_renews_and_says_nothing_twice(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, has_clock=True)
    first = start(stub, page)
    # The clock of a sentence, 12 s, must not run out.
    stop_clock(page)
    stub.reports = False
    speak(page, "heard")
    said(stub, first, 1)
    stub.reports = True
    stub.send(first, "renew", withinMs=0)
    stub.show_roster(first, es=3)
    expect(page.locator("#count")).to_have_text("3")
    page.clock.run_for(10_500)
    assert said(stub, stub.speaker(2), 1) == [(1, "heard")]
    expect(page.locator(".said li")).to_contain_text("its report was lost")
    stub.wait(lambda: not first.is_open, "the end of the former connection")
    expect(page.locator("#state")).to_have_text("Live")
    expect(page.get_by_text("Another tab or device speaks")).to_have_count(0)
    speak(page, "next")
    assert said(stub, stub.speaker(2), 2) == [(1, "heard"), (2, "next")]


@pytest.mark.parametrize("code", [1001, 1011, 1012, 1013])
def test_a_close_that_is_not_the_server_s_word_is_a_loss(
    stub: StubStage, open_page: OpenPage, code: int
) -> None:
    page = open_page(stub.http)
    first = start(stub, page)
    stub.close(first, code)
    stub.speaker(2)
    expect(page.locator("#state")).to_have_text("Live")
    expect(page.get_by_text("Another tab or device speaks")).to_have_count(0)


@pytest.mark.parametrize(
    "words",
    [
        "Forbidden",
        "Too Many Requests",
        "Endpoint request timed out",
        "Internal server error",
        "Limit Exceeded",
    ],
)
def test_what_the_gateway_says_in_its_own_words_is_sent_again(
    stub: StubStage, open_page: OpenPage, words: str
) -> None:
    page = open_page(stub.http, has_clock=True)
    socket = start(stub, page)
    stub.answers = False
    speak(page, "one")
    said(stub, socket, 1)
    stub.answers = True
    stub.send_raw(socket, json.dumps({"message": words, "connectionId": "c", "requestId": "r"}))
    page.clock.fast_forward(2_500)
    assert said(stub, socket, 2) == [(1, "one"), (1, "one")]
    expect(page.locator(".said li")).to_contain_text("Nobody was listening")


def test_a_change_of_language_that_the_gateway_lost_is_sent_again(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page, has_clock=True)
    expect(page.locator("#state")).to_have_text(LIVE)
    socket = stub.listener()
    page.locator("#language").select_option("fr")
    stub.received(socket, "changeLanguage")
    socket.received.clear()
    refused = {"message": "Endpoint request timed out", "connectionId": "c", "requestId": "r"}
    stub.send_raw(socket, json.dumps(refused))
    page.clock.fast_forward(2_500)
    assert stub.received(socket, "changeLanguage")["targetLanguage"] == "fr"

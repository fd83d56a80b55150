"""Who hears a voice, on the speaker's and the operator's page, and what is said when one fails."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.stub_stage import Socket, StubStage
from tests.browser.test_operator import operate
from tests.browser.test_speaker import speak, start
from tests.browser.test_talk import joined
from tests.browser.test_talk import start as start_talk
from tests.integration.client import Stage

WATCH = """() => {
    window.told = [];
    const notice = document.getElementById("voices-notice");
    new MutationObserver(() => told.push(notice.textContent))
        .observe(notice, { childList: true, characterData: true, subtree: true });
}"""


def notice(page: Page) -> Locator:
    return page.locator("#voices-notice")


def say(page: Page, count: int) -> None:
    """Says a sentence, and waits until it is reported as the page's nth."""
    speak(page, f"Sentence {count}.")
    expect(page.locator("#said li")).to_have_count(count)
    expect(page.locator("#said .chip")).to_have_count(2 * count)


def fails(stub: StubStage, socket: Socket, sequence: int, language: str, reason: str) -> None:
    stub.send(socket, "speechFailed", sequence=sequence, language=language, reason=reason)


def test_who_hears_a_voice_stands_beside_who_listens(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http, locale="en-GB")
    socket = start(stub, page)
    stub.show_roster(socket, {"es": 3, "pt": 1}, es=12, pt=2, fr=1)
    rows = page.locator("#roster li")
    expect(rows).to_have_text(
        ["español12, 3 hear it", "português (Brasil)2, 1 hears it", "français1"],
        use_inner_text=False,
    )
    stub.show_roster(socket, {"fr": 1}, es=12, fr=1)
    expect(rows).to_have_text(["español12", "français1, 1 hears it"])


def test_a_stage_that_counts_no_voices_shows_listeners_alone(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, locale="en-GB")
    stub.send(start(stub, page), "roster", listenerCount=2, languages={"es": 2})
    expect(page.locator("#roster li")).to_have_text(["español2"])


def test_the_operator_sees_who_hears_each_language(stub: StubStage, open_page: OpenPage) -> None:
    made = stub.operations.open("golden-eagle-427", es=12, pt=2)
    made["voices"] = {"es": 3}
    rows = operate(stub, open_page).locator("#sessions .roster li")
    expect(rows).to_have_text(["español12, 3 hear it", "português (Brasil)2"])
    made["voices"] = {"pt": 1}
    expect(rows).to_have_text(["español12", "português (Brasil)2, 1 hears it"])


def test_voices_that_fail_are_told_once_and_until_they_are_made_again(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, locale="en-GB")
    socket = start(stub, page)
    stub.show_roster(socket, {"es": 3, "pt": 1}, es=12, pt=2)
    expect(notice(page)).to_be_hidden()
    page.evaluate(WATCH)
    say(page, 1)
    fails(stub, socket, 1, "es", "failed")
    expect(notice(page)).to_contain_text("The voice in español fails at the moment. Captions go on")
    expect(notice(page)).to_have_attribute("role", "status")
    say(page, 2)
    fails(stub, socket, 2, "es", "failed")
    fails(stub, socket, 2, "pt", "failed")
    expect(notice(page)).to_contain_text("The voice in español and português (Brasil) fails")
    say(page, 3)
    say(page, 4)
    expect(notice(page)).to_be_visible()
    say(page, 5)
    expect(notice(page)).to_be_hidden()
    assert len(page.evaluate("told")) == 3, "a screen reader does not hear the same again"
    expect(page.locator("#notice")).to_be_hidden()


def test_nobody_is_told_of_a_voice_that_nobody_hears_any_more(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, locale="en-GB")
    socket = start(stub, page)
    stub.show_roster(socket, {"es": 1, "pt": 1}, es=1, pt=1)
    fails(stub, socket, 1, "es", "failed")
    fails(stub, socket, 1, "pt", "failed")
    expect(notice(page)).to_contain_text("español and português (Brasil)")
    stub.show_roster(socket, {"pt": 1}, es=1, pt=1)
    expect(notice(page)).to_contain_text("The voice in português (Brasil) fails")
    stub.show_roster(socket, es=1)
    expect(notice(page)).to_be_hidden()


def test_a_budget_for_voices_that_is_used_up_stays_told(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, locale="en-GB")
    socket = start(stub, page)
    stub.show_roster(socket, {"es": 3, "pt": 1}, es=12, pt=2)
    fails(stub, socket, 1, "es", "overBudget")
    fails(stub, socket, 1, "pt", "overBudget")
    expect(notice(page)).to_have_text(
        "The session\u2019s budget for voices is used up. From now on listeners hear only "
        "sentences that were said before. Captions go on."
    )
    for count in range(1, 5):
        say(page, count)
    expect(notice(page)).to_contain_text("budget for voices is used up")


@pytest.mark.parametrize("language", ["<img src=x onerror=alert(1)>", "xx-unknown"])
def test_an_unknown_language_is_named_as_text(
    stub: StubStage, open_page: OpenPage, language: str
) -> None:
    page = open_page(stub.http, locale="en-GB")
    fails(stub, start(stub, page), 1, language, "failed")
    expect(notice(page)).to_contain_text(f"The voice in {language} fails")
    assert notice(page).locator("*").count() == 0


# --- the real stage ---


def test_the_speaker_and_the_operator_see_who_taps_listen_on_the_real_stage(
    stage: Stage, open_page: OpenPage
) -> None:
    speaker = open_page(stage.http, locale="en")
    listener = joined(open_page(start_talk(speaker), locale="es"))
    row = speaker.locator("#roster li[data-language=es]")
    expect(row).to_have_text("español1")
    listener.locator("#listen").click()
    expect(row).to_have_text("español1, 1 hears it")
    operator = open_page(f"{stage.http}/ops", locale="en")
    name = speaker.locator("#name").inner_text()
    seen = operator.get_by_role("row", name=re.compile(f"^{name}"))
    expect(seen).to_contain_text("español1, 1 hears it")
    listener.locator("#listen").click()
    expect(row).to_have_text("español1")

"""What the microphone heard is held until the speaker sends it, and nothing overtakes it."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.actions import stop_clock
from tests.browser.conftest import OpenPage
from tests.browser.stub_stage import Socket, StubStage
from tests.browser.test_speaker import RECOGNITION, said, speak, start

SWITCH = "Review what the microphone heard"


def listening(
    stub: StubStage, open_page: OpenPage, *, has_clock: bool = False
) -> tuple[Page, Socket]:
    """A speaker whose microphone is on, and what it hears is reviewed."""
    page = open_page(stub.http, script=RECOGNITION, has_clock=has_clock)
    socket = start(stub, page)
    page.get_by_label(SWITCH).check()
    page.get_by_role("button", name="Use the microphone").click()
    return page, socket


def hear(page: Page, *sentences: str) -> Locator:
    """The recogniser's final sentences; returns what is held, once they are there."""
    before = rows(page).count()
    for sentence in sentences:
        page.evaluate("text => hear([text, true])", sentence)
        page.evaluate("recognitions.at(-1).onend()")
    expect(rows(page)).to_have_count(before + len(sentences))
    return rows(page)


def rows(page: Page) -> Locator:
    return page.get_by_role("list", name="Held for review").get_by_role("listitem")


def words(page: Page) -> list[str]:
    return [each.input_value() for each in rows(page).get_by_role("textbox").all()]


def test_a_held_sentence_is_sent_edited_or_dropped_and_none_overtakes_an_older_one(
    stub: StubStage, open_page: OpenPage
) -> None:
    page, socket = listening(stub, open_page)
    held = hear(page, "first", "secund", "third", "fourth")
    expect(page.locator("#held-status")).to_contain_text("4 sentences are held")
    held.nth(2).get_by_role("button", name="Send: third").click()
    expect(held.nth(2)).to_contain_text("Goes after the one before it")
    speak(page, "typed")
    assert said(stub, socket, 1) == [(1, "typed")]
    page.keyboard.press("Enter")  # in the empty box: the oldest
    assert said(stub, socket, 2)[-1] == (2, "first")
    box = rows(page).first.get_by_role("textbox")
    box.fill("second")
    box.press("Enter")
    assert said(stub, socket, 4)[2:] == [(3, "second"), (4, "third")]
    expect(rows(page).get_by_role("textbox")).to_be_focused()
    rows(page).get_by_role("button", name="Drop: fourth").click()
    expect(rows(page)).to_have_count(0)
    expect(page.locator("#text")).to_be_focused()
    speak(page, "last")
    assert [text for _, text in said(stub, socket, 5)][4:] == ["last"]


def test_after_its_seconds_a_sentence_goes_by_itself_but_not_from_under_the_cursor(
    stub: StubStage, open_page: OpenPage
) -> None:
    page, socket = listening(stub, open_page, has_clock=True)
    stop_clock(page)
    page.get_by_label("Send what waits").select_option("after 3 s")
    held = hear(page, "one")
    expect(held.first).to_contain_text("Goes in 3 s")
    page.clock.run_for(1_000)
    expect(held.first).to_contain_text("Goes in 2 s")
    hear(page, "two", "three")
    held.nth(1).get_by_role("textbox").focus()
    expect(held.nth(1)).to_contain_text("Waits for you")
    page.clock.run_for(10_000)
    assert said(stub, socket, 1) == [(1, "one")]
    assert words(page) == ["two", "three"], "the younger one waits for the one that is edited"
    held.first.get_by_role("textbox").blur()
    expect(held.first).to_contain_text("Goes in 3 s")
    page.get_by_label("Send what waits").select_option("when I say so")
    page.clock.run_for(10_000)
    assert words(page) == ["two", "three"]
    page.get_by_label(SWITCH).uncheck()
    assert said(stub, socket, 3) == [(1, "one"), (2, "two"), (3, "three")]
    hear_directly = "text => { hear([text, true]); recognitions.at(-1).onend(); }"
    page.evaluate(hear_directly, "four")
    assert said(stub, socket, 4)[-1] == (4, "four")


def test_what_is_held_outlives_a_pause_a_lost_line_and_a_reload(
    stub: StubStage, open_page: OpenPage
) -> None:
    page, socket = listening(stub, open_page)
    hear(page, "one", "too")
    rows(page).nth(1).get_by_role("textbox").fill("two")
    page.get_by_role("button", name="Pause").click()
    rows(page).first.get_by_role("button", name="Send").click()
    expect(rows(page).first).to_contain_text("Goes when the page is live again")
    stub.kill_gateway()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#state")).to_have_text("Reconnecting…")
    page.reload()
    expect(rows(page)).to_have_count(2)
    assert words(page) == ["one", "two"]
    expect(page.get_by_label(SWITCH)).to_be_checked()
    assert not [each for each in socket.received if "text" in each]
    stub.revive_gateway()
    again = stub.speaker(2)
    assert said(stub, again, 1) == [(1, "one")]
    expect(rows(page)).to_have_count(1)
    page.reload()
    expect(rows(page)).to_have_count(1)
    assert words(page) == ["two"], "what was sent is not held any more"


@pytest.mark.parametrize("choice", ["Send them first", "End it"])
def test_a_session_s_end_asks_about_what_is_held(
    stub: StubStage, open_page: OpenPage, choice: str
) -> None:
    page, socket = listening(stub, open_page)
    hear(page, "one")
    page.evaluate("hear(['and two', false])")
    page.get_by_role("button", name="End session").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 sentence is held and was not sent.")
    dialog.get_by_role("button", name="End it").click()
    expect(dialog).to_contain_text("2 sentences are held and were not sent.")
    dialog.get_by_role("button", name=choice).click()
    if choice == "End it":
        expect(page.locator("#over")).to_be_visible()
        assert not [each for each in socket.received if "text" in each]
        return
    expect(dialog).to_be_hidden()
    assert said(stub, socket, 2) == [(1, "one"), (2, "and two")]
    expect(rows(page)).to_have_count(0)


def test_what_is_heard_waits_for_the_list_when_the_server_is_away_for_a_moment(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, script=RECOGNITION, has_clock=True)
    socket = start(stub, page)
    page.get_by_role("button", name="Use the microphone").click()
    page.route("**/review-list.js*", lambda route: route.abort())
    page.get_by_label(SWITCH).check()
    expect(page.locator("#held-status")).to_contain_text("cannot be loaded yet")
    page.evaluate("hear(['one', true]); recognitions.at(-1).onend()")
    page.unroute("**/review-list.js*")
    page.clock.run_for(3_000)
    expect(rows(page)).to_have_count(1)
    assert not [each for each in socket.received if "text" in each]

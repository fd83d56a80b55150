"""What remains of a talk, on the speaker's page and on the listeners'."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.actions import listeners_link
from tests.browser.conftest import OpenPage
from tests.browser.stub_stage import TOKEN, StubStage
from tests.browser.test_speaker import start
from tests.browser.test_talk import say_translated
from tests.integration.client import Session, Stage
from tests.integration.kept_talk import keep_talk

TRANSLATING = (202, {"status": "translating", "done": 3, "sentences": 9, "retryAfterMs": 50})
WAITING = (202, {"status": "translating", "done": 1, "sentences": 9, "retryAfterMs": 600_000})
PHONE = {"width": 360, "height": 740}


def panel(page: Page) -> Locator:
    """What remains, opened."""
    page.locator("#remains summary").click()
    expect(page.get_by_role("button", name="Download transcript")).to_be_visible()
    return page.locator("#remains")


def saved(page: Page, name: str = "Download transcript") -> tuple[str, str]:
    """The file's name and text."""
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    path: Path = download.value.path()
    return download.value.suggested_filename, path.read_text(encoding="utf-8")


def end(page: Page) -> None:
    """Ends the session."""
    page.get_by_role("button", name="End session").click()
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_role("heading", name="The session has ended")).to_be_visible()


def test_what_is_kept_is_asked_for_only_where_it_differs(
    stub: StubStage, open_page: OpenPage
) -> None:
    plain, other = open_page(stub.http), open_page(stub.http)
    start(stub, plain)
    other.get_by_text("What is kept of it").click()
    other.get_by_label("What was said is kept after the end").select_option("for a week")
    other.get_by_label("Who may download").select_option("everybody who may join")
    other.get_by_role("button", name="Start a session").click()
    expect(other.locator("#state")).to_have_text("Live")
    assert not {"retentionHours", "transcript"} & stub.wanted[0].keys()
    assert (stub.wanted[1]["retentionHours"], stub.wanted[1]["transcript"]) == (168, "everyone")


def test_nothing_kept_offers_nothing(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http)
    page.get_by_text("What is kept of it").click()
    page.get_by_label("What was said is kept after the end").select_option("not at all")
    start(stub, page)
    assert stub.wanted[0]["retentionHours"] == 0
    page.locator("#remains summary").click()
    expect(page.locator("#remains-body")).to_contain_text("Nothing of this session is kept")
    end(page)
    expect(page.locator("#over")).to_contain_text("Nothing of it is kept")
    expect(page.get_by_role("button", name="Download transcript")).to_be_hidden()


def test_the_transcript_is_saved_once_it_is_translated(
    stub: StubStage, open_page: OpenPage
) -> None:
    stub.transcripts = [TRANSLATING, TRANSLATING, (200, "Buenas tardes.\n")]
    page = open_page(stub.http)
    start(stub, page)
    opened = panel(page)
    opened.get_by_label("Format").select_option("srt")
    opened.get_by_label("Language").first.select_option("es")
    opened.get_by_label("Side by side with").select_option("en")
    assert saved(page) == ("golden-eagle-427.srt", "Buenas tardes.\n")
    expect(opened.locator(".transcript-status")).to_have_text("Saved as golden-eagle-427.srt.")
    query, headers = stub.transcripts_asked[-1]
    assert query == {"format": "srt", "language": "es", "with": "en"}
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert len(stub.transcripts_asked) == 3


def test_a_translation_can_be_given_up(stub: StubStage, open_page: OpenPage) -> None:
    stub.transcripts = [WAITING]
    page = open_page(stub.http)
    start(stub, page)
    opened = panel(page)
    page.get_by_role("button", name="Download transcript").click()
    expect(opened.locator(".transcript-status")).to_contain_text("1 of 9 sentences")
    opened.get_by_role("button", name="Cancel").click()
    expect(opened.locator(".transcript-status")).to_be_empty()
    expect(page.get_by_role("button", name="Download transcript")).to_be_focused()
    expect(opened.get_by_role("alert").first).to_be_empty()


@pytest.mark.parametrize(
    ("status", "details", "words"),
    [
        (404, {}, "Nothing of this session is kept any more"),
        (429, {"details": {"retryAfterMs": 30_000}}, "Try again in 30 s"),
        (503, {}, "The server failed. Try again"),
    ],
)
def test_a_refusal_is_told_in_plain_words(
    stub: StubStage, open_page: OpenPage, status: int, details: dict[str, object], words: str
) -> None:
    stub.transcripts = [(status, {"type": "error", "code": "A_CODE", **details})]
    page = open_page(stub.http)
    start(stub, page)
    opened = panel(page)
    page.get_by_role("button", name="Download transcript").click()
    expect(opened.get_by_role("alert").first).to_contain_text(words)


def test_it_is_there_after_the_end_and_after_a_reload(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http)
    start(stub, page)
    end(page)
    expect(page.locator("#over")).to_contain_text("Kept until")
    assert saved(page)[1] == "Good evening.\n"
    page.reload()
    page.get_by_role("button", name="What remains of golden-eagle-427").click()
    assert saved(page)[1] == "Good evening.\n"
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open the event report").click()
    expect(opened.value.get_by_role("heading", level=1)).to_have_text("Opening night")
    expect(opened.value.get_by_role("table").first).to_be_visible()


def test_all_overlays_are_emptied_and_a_reload_knows_it(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http)
    socket = start(stub, page)
    switch = panel(page).get_by_role("switch", name="Empty all overlays")
    expect(switch).not_to_be_checked()
    switch.click()
    assert stub.received(socket, "overlays") == {"action": "overlays", "hidden": True}
    expect(switch).to_be_checked()
    expect(page.locator("#remains")).to_contain_text("All overlays are empty")
    page.reload()
    expect(page.locator("#state")).to_have_text("Live")
    switch = panel(page).get_by_role("switch", name="Empty all overlays")
    expect(switch).to_be_checked()
    switch.click()
    assert stub.received(stub.speaker(2), "overlays") == {"action": "overlays", "hidden": False}
    expect(switch).not_to_be_checked()
    expect(page.locator("#remains")).not_to_contain_text("All overlays are empty")


def test_the_overlays_address_is_built(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http, permissions=["clipboard-read", "clipboard-write"])
    start(stub, page)
    opened = panel(page)
    built = opened.locator(".remains-part", has=page.get_by_role("heading", name="The overlay’s"))
    built.get_by_label("Language").select_option("es")
    built.get_by_label("Below it").select_option("en")
    built.get_by_label("Lines").select_option("3")
    built.get_by_label("Size in pixels").fill("60")
    built.get_by_label("Background").select_option("green")
    built.get_by_role("button", name="Copy address").click()
    expect(built.get_by_role("button", name="Copied")).to_be_visible()
    address = page.evaluate("navigator.clipboard.readText()")
    query = "language=es&with=en&lines=3&size=60&background=green"
    assert address == f"{stub.http}/s/golden-eagle-427/overlay?{query}"


@pytest.mark.parametrize("is_over", [False, True])
def test_everything_is_deleted_after_one_question(
    stub: StubStage, open_page: OpenPage, is_over: bool
) -> None:
    page = open_page(stub.http)
    start(stub, page)
    if is_over:
        end(page)
    else:
        panel(page)
    ask = page.get_by_role("button", name="Delete everything that was said")
    ask.click()
    expect(page.locator(".question")).to_contain_text("for up to an hour")
    page.keyboard.press("Escape")
    expect(ask).to_be_focused()
    assert not any("purge" in query for query in stub.deleted)
    stub.purge_fails = True
    ask.click()
    page.get_by_role("button", name="Delete it all").click()
    expect(page.locator(".question").get_by_role("alert")).to_contain_text("Try again")
    stub.purge_fails = False
    page.get_by_role("button", name="Delete it all").click()
    expect(page.get_by_role("heading", name="Everything that was said is deleted")).to_be_visible()
    assert {"purge": "true"} in stub.deleted
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, {"width": 1280, "height": 800}])
def test_the_panel_is_accessible_and_fits(
    stub: StubStage, open_page: OpenPage, scheme: str, viewport: dict[str, int]
) -> None:
    page = open_page(stub.http, viewport=viewport, color_scheme=scheme)
    start(stub, page)
    panel(page)
    page.get_by_role("button", name="Delete everything that was said").click()
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


@pytest.mark.parametrize("transcript", ["speaker", "everyone"])
def test_listeners_download_where_the_speaker_lets_them(
    stub: StubStage, open_page: OpenPage, transcript: str
) -> None:
    stub.session.transcript = transcript
    stub.session.code = "ábc"
    stub.transcripts = [TRANSLATING, (200, "Buenas tardes.\n")]
    page = open_page(f"{stub.listener_page}#code=ábc")
    stub.listener("es")
    page.locator("#settings-button").click()
    download = page.get_by_role("button", name="Descargar la transcripción")
    if transcript == "speaker":
        page.locator("#settings-button").click()
        stub.call(stub._end())
        expect(page.locator("#ended")).to_be_visible()
        expect(download).to_have_count(0)
        return
    expect(download).to_be_visible()
    assert not Axe().run(page).response["violations"]
    assert saved(page, "Descargar la transcripción")[1] == "Buenas tardes.\n"
    query, headers = stub.transcripts_asked[-1]
    assert query == {"format": "txt", "language": "es"}
    assert headers["X-Join-Code"] == "%C3%A1bc"
    expect(page.locator("#settings")).to_contain_text("Guardada.")
    page.locator("#settings-button").click()
    stub.call(stub._end())
    assert saved(page, "Descargar la transcripción")[1] == "Buenas tardes.\n"


def test_a_real_talk_is_downloaded_and_deleted(stage: Stage, open_page: OpenPage) -> None:
    page = open_page(stage.http, locale="en-GB")
    page.get_by_text("What is kept of it").click()
    page.get_by_label("Who may download").select_option("everybody who may join")
    page.get_by_role("button", name="Start a session").click()
    expect(page.locator("#state")).to_have_text("Live")
    listener = open_page(listeners_link(page))
    expect(listener.locator("#state")).to_have_attribute("data-state", "live")
    say_translated(page, [listener], "Good evening, and welcome.")
    read = listener.locator(".caption").last.inner_text().strip()
    listener.locator("#settings-button").click()
    assert read in saved(listener, "Descargar la transcripción")[1]
    panel(page).get_by_label("Language").first.select_option("en")
    assert "Good evening, and welcome." in saved(page)[1]
    page.get_by_role("button", name="Delete everything that was said").click()
    page.get_by_role("button", name="Delete it all").click()
    expect(page.get_by_role("heading", name="Everything that was said is deleted")).to_be_visible()
    listener.get_by_role("button", name="Descargar la transcripción").first.click()
    expect(listener.locator("#settings")).to_contain_text("no se conserva")


def test_a_large_transcript_comes_from_the_bucket(stage: Stage, open_page: OpenPage) -> None:
    """With the speaker's token, which is not sent on, and a join code, which is asked about."""
    page = open_page(stage.http)
    page.get_by_text("What is kept of it").click()
    page.get_by_label("Who may download").select_option("everybody who may join")
    page.get_by_text("Ask listeners for a code").click()
    page.locator("#join-code").fill("Aula 7 é")
    page.get_by_role("button", name="Start a session").click()
    expect(page.locator("#state")).to_have_text("Live")
    kept = json.loads(page.evaluate("sessionStorage.getItem('speaker')"))
    made = Session(kept["sessionId"], kept["speakerToken"], kept["webSocketUrl"])
    keep_talk(stage, made, {"en": "x" * 3_900}, 1_500)
    listener = open_page(listeners_link(page), locale="en-GB")
    asked: list[str] = []
    for each in (page, listener):
        each.on("request", lambda request: asked.append(request.url))
    panel(page).get_by_label("Format").select_option("txt")
    page.locator("#remains").get_by_label("Language").first.select_option("en")
    expect(listener.locator("#state")).to_have_attribute("data-state", "live")
    listener.locator("#settings-button").click()
    for reader, button in (page, "Download transcript"), (listener, "Download the transcript"):
        asked.clear()
        name, text = saved(reader, button)
        assert name == f"{made.session_id}.en.txt"
        assert "sentence 1500." in text
        assert len(text) > 5_000_000
        # The page's own origin has sent it to the bucket's; meanwhile it may ask for its session.
        assert [each.startswith(stage.http) for each in asked if "transcript?" in each] == [True]
        assert not all(each.startswith(stage.http) for each in asked)

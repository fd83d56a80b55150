"""A prepared text: one key sends the next sentence, and the place is kept."""

import codecs
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.stub_stage import Socket, StubStage
from tests.browser.test_speaker import said, speak, start

TEXT = "# Welcome\nOne is here. Two is there!\n\nThree\n# End\nFour"

LINES = """async ([text, language, hasSegmenter]) => {
  if (!hasSegmenter) delete Intl.Segmenter;
  const { linesOf } = await import("/web/prepared-text.js");
  return linesOf(text, language).map(({ text, isHeading }) => (isHeading ? "# " : "") + text);
}"""


def prepared(stub: StubStage, open_page: OpenPage, text: str = TEXT) -> tuple[Page, Socket]:
    """A speaker with a text, whose focus is in no text box."""
    page = open_page(stub.http, locale="en-GB")
    socket = start(stub, page)
    page.get_by_text("Prepared text").click()
    page.get_by_label("Paste a text").fill(text)
    page.get_by_role("button", name="Use this text").click()
    expect(page.get_by_role("button", name="Send the next")).to_be_focused()
    return page, socket


def place(page: Page) -> Locator:
    return page.locator(".script [aria-current=step] .words")


def texts(stub: StubStage, socket: Socket, count: int) -> list[str]:
    return [text for _, text in said(stub, socket, count)]


def test_one_key_sends_the_next_sentence_and_only_in_no_text_box(
    stub: StubStage, open_page: OpenPage
) -> None:
    page, socket = prepared(stub, open_page)
    expect(place(page)).to_have_text("One is here.")
    page.keyboard.press("PageDown")
    expect(place(page)).to_have_text("Two is there!")
    page.keyboard.down("ArrowRight")
    for _ in range(5):
        page.keyboard.down("ArrowRight")  # the key is held: it repeats
    page.keyboard.up("ArrowRight")
    expect(place(page)).to_have_text("Three")
    for key in ("Enter", "Enter"):
        page.keyboard.down(key)  # on the button, held
    page.keyboard.up("Enter")
    assert texts(stub, socket, 3) == ["One is here.", "Two is there!", "Three"]
    expect(page.locator(".script .mark")).to_have_text(["sent", "sent", "sent", ""])
    page.keyboard.press("PageUp")
    expect(place(page)).to_have_text("Three")
    page.locator("#text").focus()
    expect(page.get_by_text("The cursor is in a text box")).to_be_visible()
    page.keyboard.press("PageDown")
    speak(page, "typed beside it")
    page.get_by_role("button", name="Two is there!").click()
    expect(place(page)).to_have_text("Two is there!")
    for _ in range(4):
        page.keyboard.press("PageDown")
    assert texts(stub, socket, 7)[3:] == ["typed beside it", "Two is there!", "Three", "Four"]
    expect(page.get_by_text("The end: all 4")).to_be_visible()


def test_the_place_is_kept_over_a_reload_and_a_change_of_what_follows(
    stub: StubStage, open_page: OpenPage
) -> None:
    page, _ = prepared(stub, open_page)
    page.get_by_role("button", name="Send the next").click()
    expect(page.locator(".script .mark").first).to_have_text("sent")
    page.get_by_role("button", name="Change the text").click()
    page.get_by_label("Paste a text").fill(TEXT.replace("Three", "Drei"))
    page.get_by_role("button", name="Use this text").click()
    expect(place(page)).to_have_text("Two is there!")
    page.reload()
    expect(place(page)).to_have_text("Two is there!")
    expect(page.locator(".script .mark")).to_have_text(["sent", "", "", ""])
    expect(page.locator("#state")).to_have_text("Live")
    page.keyboard.press("PageDown")  # without a click into the page
    page.get_by_role("button", name="Send the next").click()
    again = stub.speaker(2)
    assert texts(stub, again, 2) == ["Two is there!", "Drei"]
    page.get_by_role("button", name="End session").click()
    page.get_by_role("button", name="End it").click()
    expect(page.locator("#over")).to_be_visible()
    kept = page.evaluate("Object.keys(localStorage).filter((each) => each.startsWith('prepared'))")
    assert kept == []


def test_quick_presses_wait_in_order_while_the_server_asks_for_patience(
    stub: StubStage, open_page: OpenPage
) -> None:
    page, socket = prepared(stub, open_page)
    stub.answers = False
    page.keyboard.press("PageDown")
    assert texts(stub, socket, 1) == ["One is here."]
    stub.send(
        socket,
        *("error",),
        code="RATE_LIMITED",
        message="",
        retryAfterMs=60_000,
        details={"sequence": 1},
    )
    stub.send(socket, "roster", listenerCount=2, languages={"es": 1, "en": 1})
    expect(page.locator("#count")).to_have_text("2")
    expect(page.get_by_text("Still to come: 22 characters; in 1 language, 22")).to_be_visible()
    page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    expect(page.get_by_text("2 wait: the server asks for patience")).to_be_visible()
    expect(page.locator(".script .mark")).to_have_text(["on its way", "waits", "waits", ""])
    assert texts(stub, socket, 1) == ["One is here."]
    stub.answers = True
    stub.send(socket, "spoken", sequence=1, languages={}, durationMs=1)
    assert texts(stub, socket, 3)[1:] == ["Two is there!", "Three"]
    page.get_by_role("button", name="Pause").click()
    page.keyboard.press("PageDown")
    expect(page.get_by_text("Nothing is sent now")).to_be_visible()
    expect(place(page)).to_have_text("Four")


def test_a_file_is_read_as_utf_8_or_the_page_says_why_not(
    stub: StubStage, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(stub.http, locale="en-GB")
    start(stub, page)
    page.get_by_text("Prepared text").click()
    refused = {
        "latin.txt": ("Schön".encode("latin-1"), "not UTF-8"),
        "utf-16.txt": ("Schön".encode("utf-16"), "It is UTF-16"),
        "long.txt": (b"x" * (200 * 1024 + 1), "longer than 200 KB"),
        "data.txt": (b"a\0b", "not a text file"),
        "empty.txt": (b" \n# only a heading", "no sentence"),
    }
    for name, (content, problem) in refused.items():
        (tmp_path / name).write_bytes(content)
        page.get_by_label("Or open a text file").set_input_files(tmp_path / name)
        expect(page.get_by_role("alert").filter(has_text=problem)).to_be_visible()
    (tmp_path / "right.txt").write_bytes(codecs.BOM_UTF8 + "Schön.\r\nGut.".encode())
    page.get_by_label("Or open a text file").set_input_files(tmp_path / "right.txt")
    expect(page.locator(".script .words")).to_have_text(["Schön.", "Gut."])


@pytest.mark.parametrize("has_segmenter", [True, False])
def test_a_text_is_cut_at_its_lines_and_sentences_not_at_abbreviations(
    stub: StubStage, open_page: OpenPage, has_segmenter: bool
) -> None:
    page = open_page(stub.http)

    def lines(text: str, language: str = "en") -> list[str]:
        found: list[str] = page.evaluate(LINES, [text, language, has_segmenter])
        return found

    text = "## A b\n\nMr. Smith met  E. O. Wilson. He left!  “Why?” she asked. (Yes.)\n# "
    assert lines(text) == [
        *("# A b", "Mr. Smith met  E. O. Wilson.", "He left!", "“Why?” she asked.", "(Yes.)"),
    ]
    assert lines("a line\rwithout a stop\u2028\ufeff\n \u200b \n👍") == [
        "a line",
        "without a stop",
        "👍",
    ]
    assert lines("「これは文です。」次の文。", "ja") == ["「これは文です。」", "次の文。"]
    assert len(lines("x" * 9_000)) == 3
    many = lines("This is one of very many. " * 7_000)
    assert len(many) == 7_000


def test_the_next_sentences_are_translated_before_they_are_spoken(
    stub: StubStage, open_page: OpenPage
) -> None:
    sentences = [f"Sentence number {each}." for each in range(1, 46)]
    page, socket = prepared(stub, open_page, "\n".join(sentences))
    assert stub.prepared == []  # nobody listens yet
    stub.prepared_over_budget = None  # refused for a moment
    stub.show_roster(socket, es=1, en=2)
    assert stub.prepares(1) == sentences[:20]
    assert stub.prepares(2) == sentences[:20]
    expect(page.get_by_text("The next sentences are translated already.")).to_be_visible()
    page.keyboard.press("PageDown")
    assert stub.prepares(3) == sentences[20:40]
    stub.show_roster(socket, es=2, en=2)
    stub.show_roster(socket, es=2, fr=1)
    assert stub.prepares(4) == sentences[1:21]
    stub.prepared_over_budget = 1
    stub.show_roster(socket, es=2, fr=1, pt=1)
    assert stub.prepares(5) == sentences[1:21]
    expect(page.get_by_text("budget does not pay for translating ahead")).to_be_visible()

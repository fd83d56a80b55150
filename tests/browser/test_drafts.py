"""Words of the sentence to come: grey, where the caption will stand, and gone when it is there."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.actions import next_frames, stop_clock, try_now
from tests.browser.conftest import OpenPage
from tests.browser.stub_stage import StubStage
from tests.browser.test_listener import SPEAKING_DEVICE
from tests.browser.test_listening import read_aloud

LONG = " ".join(f"palabra{number}" for number in range(200))


def drafting(stub: StubStage, page: Page, text: str = "hace ochenta", sequence: int = 2) -> None:
    """A caption, and a draft of the next."""
    stub.caption(1, "uno")
    stub.draft(sequence, text)
    expect(page.locator(".draft")).to_have_text(text)


def top_of(page: Page, selector: str) -> float:
    """Where its text begins."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["y"]


def test_the_caption_takes_the_place_of_its_draft(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page)
    drafting(stub, page)
    stub.draft(2, "hace ochenta y siete")
    expect(page.locator(".draft")).to_have_text("hace ochenta y siete")
    next_frames(page)
    before = top_of(page, ".draft p")
    ink, grey = (
        page.locator(each).evaluate("each => getComputedStyle(each).color")
        for each in (".caption.newest", ".draft")
    )
    assert ink != grey
    stub.caption(2, "Hace ochenta y siete años.")
    expect(page.locator(".caption")).to_have_text(["uno", "Hace ochenta y siete años."])
    expect(page.locator(".draft")).to_be_hidden()
    next_frames(page)
    assert top_of(page, ".caption.newest") == pytest.approx(before, abs=1)


def test_a_draft_before_the_first_caption_stands_where_that_will(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page)
    expect(page.locator("#empty")).to_be_visible()
    stub.draft(1, "hace")
    expect(page.locator(".draft")).to_have_text("hace")
    expect(page.locator("#empty")).to_be_hidden()
    next_frames(page)
    before = top_of(page, ".draft p")
    stub.caption(1, "Hace tiempo.")
    expect(page.locator(".draft")).to_be_hidden()
    next_frames(page)
    assert top_of(page, ".caption") == pytest.approx(before, abs=1)


def test_captions_move_by_no_more_than_the_lines_of_the_draft(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page, viewport={"width": 390, "height": 500})
    for sequence in range(1, 31):
        stub.caption(sequence, f"frase número {sequence}")
    stub.draft(31, "y otra")
    expect(page.locator(".draft")).to_be_in_viewport()
    next_frames(page)
    end = page.locator(".draft").bounding_box()
    stub.draft(31, LONG)
    expect(page.locator(".draft")).to_have_text(LONG)
    next_frames(page)
    longer = page.locator(".draft").bounding_box()
    assert end is not None
    assert longer is not None
    assert longer["y"] + longer["height"] == pytest.approx(end["y"] + end["height"], abs=1)


def test_of_a_long_draft_the_last_three_lines_are_read(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page, viewport={"width": 390, "height": 700})
    drafting(stub, page, LONG)
    box = page.locator(".draft").bounding_box()
    assert box is not None
    line = page.locator(".draft").evaluate("each => parseFloat(getComputedStyle(each).lineHeight)")
    assert box["height"] == pytest.approx(3 * line, abs=1)
    words = page.locator(".draft p").bounding_box()
    assert words is not None
    assert words["y"] + words["height"] == pytest.approx(box["y"] + box["height"], abs=1)


def test_nobody_hears_a_draft(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page, script=SPEAKING_DEVICE)
    read_aloud(page)
    drafting(stub, page)
    stub.caption(2, "dos")
    expect(page.locator(".draft")).to_be_hidden()
    stub.draft(3, "tres")
    expect(page.locator(".draft")).to_have_text("tres")
    page.evaluate("finish()")
    assert page.evaluate("spoken") == ["uno", "dos"]
    expect(
        page.locator("[aria-live] .draft, [role=log] .draft, [role=status] .draft")
    ).to_have_count(0)
    assert "tres" not in page.locator("body").aria_snapshot()


@pytest.mark.parametrize(("code", "text"), [("ar", "صباح الخير 2026"), ("es", "buenos días 2026")])
def test_a_draft_runs_as_its_language_does(
    stub: StubStage, open_page: OpenPage, code: str, text: str
) -> None:
    page = open_page(stub.listener_page, locale=code)
    stub.caption(1, "uno", code)
    stub.draft(2, text, code)
    words = page.locator(".draft p")
    expect(words).to_have_attribute("lang", code)
    expect(words).to_have_css("direction", "rtl" if code == "ar" else "ltr")


def test_drafts_that_come_too_late_or_in_another_language_are_not_shown(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page)
    drafting(stub, page, sequence=3)
    stub.caption(2, "dos")
    expect(page.locator(".caption")).to_have_count(2)
    expect(page.locator(".draft")).to_have_text("hace ochenta")
    stub.draft(2, "tarde")
    stub.draft(1, "más tarde")
    stub.draft(3, "three", "en")
    stub.send(stub.listener(), "retracted", sequence=5)
    stub.draft(5, "retirado")
    stub.caption(3, "tres")
    stub.draft(3, "tarde")
    stub.caption(4, "cuatro")
    expect(page.locator(".caption")).to_have_count(4)
    expect(page.locator(".draft")).to_be_hidden()
    stub.draft(6, "seis")
    expect(page.locator(".draft")).to_have_text("seis")


def test_a_draft_goes_when_its_sentence_will_not_come(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page)
    drafting(stub, page)
    line = page.locator(".draft")
    stub.draft(2, "")
    expect(line).to_be_hidden()
    stub.draft(2, "otra vez")
    expect(line).to_be_visible()
    stub.send(stub.listener(), "retracted", sequence=2)
    expect(line).to_be_hidden()
    stub.draft(3, "tres")
    expect(line).to_be_visible()
    page.locator("#language").select_option("pt")
    expect(line).to_be_hidden()
    stub.draft(3, "tres", "es")
    stub.draft(3, "três", "pt")
    expect(line).to_have_text("três")
    stub.kill_gateway()
    expect(page.locator("#try-now")).to_be_visible()
    expect(line).to_be_hidden()
    stub.revive_gateway()
    try_now(page)
    stub.wait(lambda: len(stub.sockets) > 1, "another socket")
    expect(page.locator("#state")).to_have_attribute("data-state", "live")
    stub.draft(3, "três", "pt")
    expect(line).to_be_visible()
    stub.send(stub.listener(), "sessionEnded", reason="ended by the speaker")
    expect(page.locator("#ended")).to_be_visible()
    expect(line).to_be_hidden()


def test_a_draft_without_another_goes_after_ten_seconds(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page, has_clock=True)
    expect(page.locator("#state")).to_have_attribute("data-state", "live")
    stop_clock(page)
    stub.draft(1, "hace")
    expect(page.locator(".draft")).to_be_visible()
    page.clock.run_for(9_000)
    stub.draft(1, "hace ochenta")
    expect(page.locator(".draft")).to_have_text("hace ochenta")
    page.clock.run_for(9_000)
    expect(page.locator(".draft")).to_be_visible()
    page.clock.run_for(1_001)
    expect(page.locator(".draft")).to_be_hidden()
    expect(page.locator("#empty")).to_be_visible()


def test_who_scrolls_back_is_left_there(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page, viewport={"width": 390, "height": 500})
    for sequence in range(1, 31):
        stub.caption(sequence, f"frase número {sequence}")
    stub.draft(31, "y otra")
    expect(page.locator(".draft")).to_be_in_viewport()
    next_frames(page)
    viewport = page.locator("#viewport")
    # By less than a line: the newest caption is still in view, and would be followed.
    for top in ("each.scrollTop - 20", "0"):
        viewport.evaluate(f"each => each.scrollTo(0, {top})")
        next_frames(page)
        before = viewport.evaluate("each => each.scrollTop")
        for text in (LONG, "y otra vez"):
            stub.draft(31, text)
            expect(page.locator(".draft")).to_have_text(text)
            next_frames(page)
            assert viewport.evaluate("each => each.scrollTop") == before


CONTRAST = """(line) => {
  const light = (color) => {
    const brush = new OffscreenCanvas(1, 1).getContext("2d");
    brush.fillStyle = color;
    brush.fillRect(0, 0, 1, 1);
    const linear = (part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = [...brush.getImageData(0, 0, 1, 1).data].map((part) => linear(part / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const words = light(getComputedStyle(line).color);
  const paper = light(getComputedStyle(document.body).backgroundColor);
  return (Math.max(words, paper) + 0.05) / (Math.min(words, paper) + 0.05);
}"""
"""WCAG's contrast; axe leaves out what is hidden from screen readers."""


@pytest.mark.parametrize(("theme", "least"), [("dark", 4.5), ("light", 4.5), ("high", 7)])
def test_the_grey_is_read_by_weak_eyes(
    stub: StubStage, open_page: OpenPage, theme: str, least: float
) -> None:
    page = open_page(stub.listener_page)
    drafting(stub, page)
    page.evaluate("(theme) => (document.documentElement.dataset.theme = theme)", theme)
    assert page.locator(".draft").evaluate(CONTRAST) >= least

"""From a small phone to a projector: nothing overflows, nothing jumps."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from chalice_app.domain.session_names import ADJECTIVES, NOUNS
from tests.browser.actions import next_frames
from tests.browser.conftest import OpenPage
from tests.browser.stub_stage import StubStage
from tests.browser.test_accessibility import VIEWS, View
from tests.browser.test_speaker import start

LONGEST_NAME = f"{max(ADJECTIVES, key=len)}-{max(NOUNS, key=len)}-999"
SIZES = ((320, 568), (768, 1024), (1920, 1080))

COUNT_SHIFTS = """
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shifts.push(entry.value);
  }).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_fits_every_screen(
    stub: StubStage, open_page: OpenPage, tmp_path: Path, view: View
) -> None:
    stub.session.session_id = LONGEST_NAME
    page = view(stub, open_page)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        next_frames(page)
        page.screenshot(path=tmp_path / f"{view.__name__}-{width}.png")
        beyond = page.evaluate(
            """(width) => [...document.querySelectorAll("body *")]
                .filter((each) => each.checkVisibility() && !each.closest("svg"))
                // A table with many columns scrolls in a region of its own.
                .filter((each) => !each.parentElement.closest(".scroll"))
                .filter((each) => each.getBoundingClientRect().right > width + 0.5)
                .map((each) => each.id || each.className || each.tagName)""",
            width,
        )
        assert not beyond, f"at {width} px; see {tmp_path}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def bottom(page: Page) -> float:
    """Where the newest caption ends."""
    box = page.locator(".caption.newest").bounding_box()
    assert box is not None
    return box["y"] + box["height"]


def test_the_newest_caption_always_ends_at_the_same_line(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page)
    ends = []
    for sequence in range(1, 30):
        stub.caption(sequence, f"frase {sequence} " * (1 + sequence % 4))
        expect(page.locator(".caption")).to_have_count(sequence)
        next_frames(page)
        ends.append(bottom(page))
    assert max(ends) - min(ends) < 1


def test_a_lost_connection_moves_nothing(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page)
    stub.caption(1, "una frase")
    expect(page.locator(".caption")).to_be_visible()
    next_frames(page)
    before = bottom(page)
    stub.kill_gateway()
    expect(page.locator("#notice")).to_be_visible()
    next_frames(page)
    assert bottom(page) == before


def test_the_page_does_not_shift_while_it_loads(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page, script=COUNT_SHIFTS)
    stub.listener()
    expect(page.locator("#empty")).to_be_visible()
    next_frames(page)
    assert sum(page.evaluate("shifts")) < 0.1, "what Web Vitals calls good"


def test_the_question_is_read_from_its_beginning_on_a_small_phone(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page, locale="eu-ES", viewport={"width": 320, "height": 568})
    expect(page.get_by_role("button", name="català")).to_be_visible()
    next_frames(page)
    viewport = page.locator("#viewport")
    assert viewport.evaluate("each => each.scrollHeight > each.clientHeight")
    assert viewport.evaluate("each => each.scrollTop") == 0


def test_the_halls_screen_begins_at_its_top_on_a_small_phone(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, locale="en-GB", viewport={"width": 320, "height": 568})
    page.get_by_text("Ask listeners for a code").click()
    page.get_by_label("Code", exact=True).fill("a long code of several words " * 2)
    start(stub, page)
    page.get_by_role("button", name="Show in the hall").click()
    expect(page.locator("#hall-qr")).to_be_in_viewport(ratio=1)
    assert page.locator("#hall").evaluate("each => each.scrollTop") == 0


def test_thousands_of_captions_do_not_pile_up_for_ever(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page)
    listener = stub.listener()
    kept = page.evaluate(
        """async () => {
            const { CaptionList } = await import("/web/caption-list.js");
            const list = document.getElementById("captions");
            const viewport = document.getElementById("viewport");
            const captions = new CaptionList(viewport, list, () => "ltr", () => {});
            for (let sequence = 1; sequence <= 4_500; sequence += 1) {
                captions.add({ sequence, language: "es", text: `frase ${sequence}` }, "", true);
            }
            return [list.children.length, list.lastChild.textContent];
        }"""
    )
    assert kept == [4_000, "frase 4500"]
    assert listener.is_open

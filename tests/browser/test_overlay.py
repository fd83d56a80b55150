"""The overlay in Chromium as OBS Studio has it: transparent, without a focus, for hours."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from websockets.sync.client import connect

from tests.browser.actions import stop_clock
from tests.browser.conftest import OpenPage
from tests.browser.stub_stage import StubStage
from tests.integration.client import Stage

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect

HD = {"width": 1920, "height": 1080}
MARGIN = 0.05
LONG = (
    "We here highly resolve that these dead shall not have died in vain, that this nation, under "
    "God, shall have a new birth of freedom, and that government of the people, by the people, for "
    "the people, shall not perish from the earth."
)
PIXELS = """
  async (png) => {
    const bitmap = await createImageBitmap(await (await fetch(png)).blob());
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    canvas.drawImage(bitmap, 0, 0);
    const { data } = canvas.getImageData(0, 0, bitmap.width, bitmap.height);
    const found = { seen: 0, white: 0, dark: 0 };
    Object.assign(found, { left: Infinity, right: -1, top: Infinity, bottom: -1 });
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3] === 0) continue;
      found.seen += 1;
      // Beyond there is a glow that takes no picture's place.
      if (data[at + 3] < 96) continue;
      const x = (at / 4) % bitmap.width, y = Math.floor(at / 4 / bitmap.width);
      if (data[at + 3] > 250 && data[at] > 240) found.white += 1;
      if (data[at + 3] > 250 && data[at] < 16) found.dark += 1;
      found.left = Math.min(found.left, x); found.right = Math.max(found.right, x);
      found.top = Math.min(found.top, y); found.bottom = Math.max(found.bottom, y);
    }
    return found;
  }
"""


def overlay(
    stub: StubStage, open_page: OpenPage, query: str = "language=es", **options: Any
) -> Page:
    """The page, once each of its languages has joined."""
    options = {"viewport": HD, **options}
    page = open_page(f"{stub.http}/s/{stub.session.session_id}/overlay?{query}", **options)
    for pair in query.partition("#")[0].split("&"):
        name, _, language = pair.partition("=")
        if name in ("language", "with"):
            stub.listener(language)
    return page


def still_overlay(
    stub: StubStage, open_page: OpenPage, query: str = "language=es", **options: Any
) -> Page:
    """The same, whose time is the test's: what is shown stays until the test moves the clock."""
    page = overlay(stub, open_page, query, has_clock=True, **options)
    # It asks for the state when it knows that it is in: a handshake has its time, too.
    page.clock.run_for(2_000)
    for socket in stub.sockets:
        stub.received(socket, "status")
    stop_clock(page)
    return page


def lines(page: Page, band: int = 0) -> list[str]:
    """What one language shows, from the top."""
    return page.locator(".band").nth(band).locator(".line").all_inner_texts()


def pixels(open_page: OpenPage, stub: StubStage, page: Page) -> dict[str, int]:
    """How a picture of the page is filled; where nothing is, it is transparent."""
    png = base64.b64encode(page.screenshot(omit_background=True)).decode()
    counter = open_page("about:blank")
    found: dict[str, int] = counter.evaluate(PIXELS, f"data:image/png;base64,{png}")
    return found


def test_it_shows_captions_and_is_transparent_everywhere_else(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = overlay(stub, open_page)
    assert pixels(open_page, stub, page)["seen"] == 0
    stub.caption(1, "Hace ochenta y siete años")
    expect(page.locator(".line")).to_have_text(["Hace ochenta y siete años"])
    found = pixels(open_page, stub, page)
    assert found["white"] > 1_000
    assert found["dark"] > 1_000
    assert found["seen"] < 0.1 * HD["width"] * HD["height"]
    assert found["left"] >= MARGIN * HD["width"]
    assert found["right"] < (1 - MARGIN) * HD["width"]
    assert 0.5 * HD["height"] < found["top"] < found["bottom"] <= (1 - MARGIN) * HD["height"]


def test_a_solid_background_fills_the_page(stub: StubStage, open_page: OpenPage) -> None:
    page = overlay(stub, open_page, "language=es&background=000080")
    assert pixels(open_page, stub, page)["seen"] == HD["width"] * HD["height"]
    colour = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(colour) == "rgb(0, 0, 128)"


def test_on_a_bright_background_the_letters_are_dark(stub: StubStage, open_page: OpenPage) -> None:
    page = overlay(stub, open_page, "language=es&background=white")
    stub.caption(1, "Hace ochenta y siete años")
    expect(page.locator(".line")).to_have_css("color", "rgb(17, 17, 17)")


def test_a_new_line_pushes_the_oldest_out(stub: StubStage, open_page: OpenPage) -> None:
    page = overlay(stub, open_page, "language=es&lines=2")
    for sequence, text in enumerate(("Uno", "Dos", "Tres"), 1):
        stub.caption(sequence, text)
        expect(page.locator(".line").last).to_have_text(text)
    expect(page.locator(".line")).to_have_text(["Dos", "Tres"])


def test_in_blocks_a_caption_replaces_the_one_before(stub: StubStage, open_page: OpenPage) -> None:
    page = overlay(stub, open_page, "language=es&mode=blocks")
    stub.caption(1, "Uno")
    expect(page.locator(".line")).to_have_text(["Uno"])
    stub.caption(2, "Dos")
    expect(page.locator(".line")).to_have_text(["Dos"])


@pytest.mark.parametrize("mode", ["rollup", "blocks"])
def test_a_long_caption_is_shown_to_its_last_word_and_never_in_more_lines(
    stub: StubStage, open_page: OpenPage, mode: str
) -> None:
    page = still_overlay(stub, open_page, f"language=en&lines=2&size=72&mode={mode}")
    stub.caption(1, LONG, "en")
    expect(page.locator(".line")).to_have_count(2)
    seen: list[str] = []
    for _ in range(200):
        now = lines(page)
        assert len(now) <= 2
        seen += [line for line in now if line not in seen]
        if now and now[-1].endswith("earth."):
            break
        page.clock.run_for(100)
    assert " ".join(seen) == LONG


def test_a_word_without_end_is_broken_within_the_page(stub: StubStage, open_page: OpenPage) -> None:
    page = still_overlay(stub, open_page)
    stub.caption(1, "Donaudampfschiff" * 20)
    expect(page.locator(".line")).to_have_count(2)
    for line in page.locator(".line").all():
        assert within(line.bounding_box())
        assert line.evaluate("each => each.scrollWidth <= each.clientWidth")


def within(box: FloatRect | None) -> bool:
    """Whether it is inside of the safe area."""
    return box is not None and (
        box["x"] >= MARGIN * HD["width"]
        and box["x"] + box["width"] <= (1 - MARGIN) * HD["width"] + 1
        and box["y"] + box["height"] <= (1 - MARGIN) * HD["height"] + 1
    )


def test_two_languages_stand_one_above_the_other_each_in_its_direction(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = still_overlay(stub, open_page, "language=es&with=ar")
    stub.caption_to(stub.listener("es"), 1, "Hola a todos", "es")
    stub.caption_to(stub.listener("ar"), 1, "مرحبا بالجميع", "ar")
    expect(page.locator(".line")).to_have_count(2)
    spanish, arabic = page.locator(".line").all()
    expect(spanish).to_have_attribute("lang", "es")
    expect(arabic).to_have_attribute("lang", "ar")
    expect(arabic).to_have_attribute("dir", "rtl")
    above, below = spanish.bounding_box(), arabic.bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] + above["height"] <= below["y"]
    assert within(below)


def test_full_width_text_is_broken_between_characters(stub: StubStage, open_page: OpenPage) -> None:
    page = still_overlay(stub, open_page, "language=zh&size=72")
    text = (
        "八十七年前我们的先辈在这块大陆上创建了一个新的国家它孕育于自由之中奉行人人生而平等的原则"
    )
    stub.caption(1, text, "zh")
    expect(page.locator(".line")).to_have_count(2)
    shown = lines(page)
    assert text.startswith("".join(shown))
    assert len(shown[0]) > 10


def test_an_untranslated_caption_is_in_the_speaker_s_language(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = overlay(stub, open_page, "language=ar")
    stub.caption(1, "Four score and seven years ago", "ar", untranslated=True)
    expect(page.locator(".line")).to_have_attribute("lang", "en")
    expect(page.locator(".line")).to_have_attribute("dir", "ltr")


def test_a_correction_replaces_and_a_retraction_removes(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = still_overlay(stub, open_page)
    stub.caption(1, "Uno")
    stub.caption(2, "Doz")
    expect(page.locator(".line")).to_have_text(["Uno", "Doz"])
    stub.caption(2, "Dos", revision=1)
    expect(page.locator(".line")).to_have_text(["Uno", "Dos"])
    stub.send(stub.listener(), "retracted", sequence=1)
    expect(page.locator(".line")).to_have_text(["Dos"])
    stub.caption(1, "Uno", revision=1)
    stub.caption(3, "Tres")
    expect(page.locator(".line")).to_have_text(["Dos", "Tres"])


def test_after_a_silence_the_picture_is_clear(stub: StubStage, open_page: OpenPage) -> None:
    page = still_overlay(stub, open_page)
    stub.caption(1, "Uno")
    expect(page.locator(".line")).to_have_text(["Uno"])
    page.clock.run_for(8_000)
    expect(page.locator(".line")).to_have_count(1)
    page.clock.run_for(2_000)
    expect(page.locator(".line")).to_have_count(0)


def test_what_was_said_before_it_came_is_not_shown(stub: StubStage, open_page: OpenPage) -> None:
    stub.session.last_sequence = 7
    page = overlay(stub, open_page)
    for sequence in (5, 6, 7):
        stub.caption(sequence, f"Antes {sequence}")
    stub.caption(8, "Ahora")
    expect(page.locator(".line")).to_have_text(["Ahora"])


def test_it_comes_back_by_itself_and_shows_only_what_is_recent(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = overlay(stub, open_page)
    now = int(page.evaluate("Date.now()"))
    stub.caption(1, "Uno", spokenAt=now)
    expect(page.locator(".line")).to_have_text(["Uno"])
    stub.kill_gateway()
    stub.session.last_sequence = 3
    stub.revive_gateway()
    back = stub.listener()
    assert back.query["lastSequence"] == "1"
    assert back.query["resumeToken"] == "resume-0"
    now = int(page.evaluate("Date.now()"))
    stub.caption_to(back, 2, "Hace rato", spokenAt=now - 60_000)
    stub.caption_to(back, 3, "Hace un momento", spokenAt=now)
    stub.caption_to(back, 4, "Ahora", spokenAt=now)
    expect(page.locator(".line")).to_have_text(["Hace un momento", "Ahora"])
    expect(page.locator("#set-up")).to_be_hidden()


def test_what_comes_when_a_page_wakes_up_is_shown_only_where_it_is_recent(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = still_overlay(stub, open_page)
    now = int(page.evaluate("Date.now()"))
    stub.caption(1, "Uno", spokenAt=now)
    for sequence in range(2, 8):
        stub.caption(sequence, f"Hace rato {sequence}", spokenAt=now - 60_000 + sequence * 1_000)
    stub.caption(8, "Ahora", spokenAt=now)
    expect(page.locator(".line")).to_have_text(["Uno", "Ahora"])


def test_the_switch_empties_it_and_what_follows_is_shown_again(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = overlay(stub, open_page)
    stub.caption(1, "Uno")
    expect(page.locator(".line")).to_have_text(["Uno"])
    stub.session.overlays_hidden = True
    stub.send(stub.listener(), "overlays", hidden=True)
    expect(page.locator(".line")).to_have_count(0)
    stub.caption(2, "Dos")
    stub.session.overlays_hidden = False
    stub.send(stub.listener(), "overlays", hidden=False)
    stub.caption(3, "Tres")
    expect(page.locator(".line")).to_have_text(["Tres"])


def test_one_that_comes_while_they_are_empty_stays_empty(
    stub: StubStage, open_page: OpenPage
) -> None:
    stub.session.overlays_hidden = True
    page = overlay(stub, open_page)
    stub.caption(1, "Uno")
    stub.session.overlays_hidden = False
    stub.send(stub.listener(), "overlays", hidden=False)
    stub.caption(2, "Dos")
    expect(page.locator(".line")).to_have_text(["Dos"])


def test_one_that_the_switch_did_not_reach_learns_it_by_asking(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = overlay(stub, open_page, has_clock=True)
    stub.caption(1, "Uno")
    expect(page.locator(".line")).to_have_text(["Uno"])
    stub.session.overlays_hidden = True
    page.clock.run_for(2_000)
    stub.received(stub.listener(), "status")
    expect(page.locator(".line")).to_have_count(0)


def test_what_was_asked_before_the_switch_does_not_undo_it(
    stub: StubStage, open_page: OpenPage
) -> None:
    # It asks for the state by itself, too, but not while its clock stands.
    page = still_overlay(stub, open_page)
    stub.caption(1, "Uno")
    expect(page.locator(".line")).to_have_text(["Uno"])
    here = stub.listener()
    stub.send(here, "overlays", hidden=True)
    stub.send(here, "sessionStatus", **stub.session.status())
    stub.caption(2, "Dos")
    stub.send(here, "overlays", hidden=False)
    stub.caption(3, "Tres")
    expect(page.locator(".line")).to_have_text(["Tres"])


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("language=es&lines=0", "lines must be a whole number from 1 to 8."),
        ("language=es&size=huge", "size must be a whole number from 16 to 240."),
        ("language=es&mode=scroll", "mode must be one of: rollup, blocks."),
        ("language=es&background=%23", "background must be a colour's name"),
        ("language=es&colour=red", "There is no parameter colour."),
        ("language=tlh", "The language tlh is not offered."),
    ],
)
def test_what_is_wrong_is_said_before_the_talk_and_never_after(
    stub: StubStage, open_page: OpenPage, query: str, says: str
) -> None:
    page = open_page(f"{stub.listener_page}/overlay?{query}", viewport=HD)
    expect(page.locator("#set-up")).to_contain_text(says)
    if "tlh" in query:
        return
    stub.caption(1, "Uno")
    expect(page.locator(".line")).to_have_text(["Uno"])
    expect(page.locator("#set-up")).to_be_hidden()
    stub.session.last_sequence = 0
    page.reload()
    stub.wait(lambda: len(stub.sockets) == 2 or None, "a second socket")
    stub.caption(2, "Dos")
    expect(page.locator(".line")).to_have_text(["Dos"])
    expect(page.locator("#set-up")).to_be_hidden()


def test_a_session_that_does_not_exist_is_said(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(f"{stub.http}/s/silver-fox-100/overlay?language=es")
    expect(page.locator("#set-up")).to_contain_text("There is no session silver-fox-100")


def test_without_a_language_it_shows_the_speaker_s(stub: StubStage, open_page: OpenPage) -> None:
    overlay(stub, open_page, "")
    assert stub.listener().query["targetLanguage"] == "en"


def test_a_join_code_comes_behind_the_sign_of_a_fragment(
    stub: StubStage, open_page: OpenPage
) -> None:
    stub.session.code = "tulip"
    overlay(stub, open_page, "language=es#code=tulip")
    assert stub.listener("es").query["joinCode"] == "tulip"


def test_nothing_takes_a_focus_or_a_click_or_scrolls(stub: StubStage, open_page: OpenPage) -> None:
    page = overlay(stub, open_page)
    stub.caption(1, LONG)
    expect(page.locator(".line")).to_have_count(2)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement === document.body")
    assert page.evaluate("getComputedStyle(document.body).pointerEvents") == "none"
    for axis in ("Width", "Height"):
        element = "document.documentElement"
        assert page.evaluate(f"{element}.scroll{axis} <= {element}.client{axis}")


def test_hundreds_of_captions_leave_no_more_than_some_elements(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = overlay(stub, open_page, has_clock=True)
    count = "document.getElementsByTagName('*').length"
    before, heap = page.evaluate(count), heap_bytes(page)
    for sequence in range(1, 301):
        stub.caption(sequence, f"Frase {sequence}")
    page.clock.run_for(12_000)
    expect(page.locator(".line").last).to_have_text("Frase 300")
    assert page.evaluate(count) <= before + 2
    assert heap_bytes(page) <= heap + 1_000_000


def heap_bytes(page: Page) -> float:
    """What the page's scripts hold."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    usage = session.send("Runtime.getHeapUsage")
    return float(usage["usedSize"])


def test_it_passes_the_accessibility_check(stub: StubStage, open_page: OpenPage) -> None:
    page = overlay(stub, open_page, "language=es&with=ar&background=black&lines=0")
    expect(page.locator("#set-up")).to_be_visible()
    assert Axe().run(page).response["violations"] == []
    stub.caption_to(stub.listener("es"), 1, "Hola a todos", "es")
    expect(page.locator(".line")).to_have_count(1)
    assert Axe().run(page).response["violations"] == []


def test_over_the_real_stage_two_overlays_show_hide_and_show_again(
    stage: Stage, open_page: OpenPage
) -> None:
    session = stage.open_session("en")
    address = f"{stage.http}/s/{session.session_id}/overlay?language=en"
    pages = [open_page(address, viewport=HD) for _ in range(2)]
    with connect(session.address(token=session.token), proxy=None) as speaker:

        def tell(action: str, **fields: object) -> None:
            speaker.send(json.dumps({"action": action, **fields}))

        def wait_for(kind: str, **fields: object) -> None:
            while not {"type": kind, **fields}.items() <= json.loads(speaker.recv(20)).items():
                pass

        wait_for("roster", listenerCount=2)
        tell("speak", sequence=1, text="Good morning.")
        for page in pages:
            expect(page.locator(".line")).to_have_text(["Good morning."])
        tell("overlays", hidden=True)
        for page in pages:
            expect(page.locator(".line")).to_have_count(0)
        tell("speak", sequence=2, text="This is not for the stream.")
        wait_for("spoken", sequence=2)
        tell("overlays", hidden=False)
        wait_for("overlays", hidden=False)
        tell("speak", sequence=3, text="Welcome back.")
        for page in pages:
            expect(page.locator(".line")).to_have_text(["Welcome back."])
    stage.end(session)

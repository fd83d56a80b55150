"""A listener's page: one language, captions in order, and a clear word for every state."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.actions import next_frames
from tests.browser.conftest import OpenPage
from tests.browser.stub_stage import StubStage

SPEAKING_DEVICE = """
  const spoken = [];
  const voice = { lang: "es-ES", name: "Ana", default: true, localService: true, voiceURI: "Ana" };
  Object.defineProperty(window, "spoken", { value: spoken });
  Object.defineProperty(window, "speechSynthesis", { value: {
    getVoices: () => [voice],
    addEventListener() {},
    cancel() { spoken.push("(stopped)"); },
    speak(utterance) {
      // The silence with which a tap unlocks it.
      if (!utterance.text) return;
      spoken.push(utterance.text);
      window.finish = () => utterance.onend();
    },
  } });
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
"""


FASTER = """
  // Pauses of a few milliseconds: tests wait for what is shown, never for time to pass.
  const later = window.setTimeout;
  window.setTimeout = (act, ms, ...rest) => later(act, Math.min(ms, 20), ...rest);
"""


def captions(page: Page) -> list[str]:
    """What is to be read, from the top."""
    return page.locator(".caption").all_inner_texts()


def test_joins_in_the_browsers_language_and_speaks_it(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page, locale="es-AR")
    assert stub.listener().query["targetLanguage"] == "es"
    expect(page.locator("#state")).to_have_text("En directo")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.locator("#language")).to_have_value("es")
    expect(page).to_have_title("golden-eagle-427 · Subtítulos en directo")


def test_languages_stand_under_their_own_names(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page)
    options = page.locator("#language option")
    expect(options.filter(has_text="português (Brasil)")).to_have_count(1)
    expect(options.filter(has_text="العربية")).to_have_attribute("dir", "rtl")


def test_a_language_that_the_engine_is_weak_in_says_so(
    stub: StubStage, open_page: OpenPage
) -> None:
    stub.qualities = {"es": "good", "fr": "fair", "ca": "draft"}
    page = open_page(stub.listener_page)
    stub.listener()
    texts = page.locator("#language option").all_inner_texts()
    plain = [re.sub("[\u2068\u2069]", "", text) for text in texts]
    assert {"español", "català \u2013 borrador", "français \u2013 aceptable"} <= set(plain)


def test_whom_no_language_suits_is_asked(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page, locale="eu-ES")
    expect(page.get_by_role("heading", name="Choose your language")).to_be_visible()
    page.get_by_role("button", name="català").click()
    assert stub.listener().query["targetLanguage"] == "ca"
    expect(page.locator("#chooser")).to_be_hidden()


def test_the_question_has_its_title_in_the_browsers_language(
    stub: StubStage, open_page: OpenPage
) -> None:
    stub.offered = ("es", "fr")
    page = open_page(stub.listener_page, locale="de")
    expect(page.locator("#chooser")).to_be_visible()
    expect(page).to_have_title("golden-eagle-427 · Live-Untertitel")


def test_a_choice_is_remembered(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page)
    stub.listener("es")
    page.locator("#language").select_option("fr")
    page.reload()
    stub.listener("fr")
    expect(page.locator("#state")).to_have_text("En direct")


def test_captions_stand_in_the_order_they_were_spoken_and_once(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page)
    for sequence in (1, 3, 2, 2, 1, 4):
        stub.caption(sequence, f"frase {sequence}")
    expect(page.locator(".caption").last).to_have_text("frase 4")
    assert captions(page) == ["frase 1", "frase 2", "frase 3", "frase 4"]


def test_a_caption_waits_a_moment_for_the_one_before_it_but_not_for_good(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page)
    stub.caption(1, "uno")
    stub.caption(3, "tres")
    expect(page.locator(".caption")).to_have_text(["uno", "tres"])
    stub.caption(2, "dos")
    expect(page.locator(".caption")).to_have_text(["uno", "dos", "tres"])
    expect(page.locator(".caption.newest")).to_have_text("tres")


def test_who_comes_late_sees_what_was_just_said_but_does_not_have_it_announced(
    stub: StubStage, open_page: OpenPage
) -> None:
    stub.session.last_sequence = 2
    page = open_page(stub.listener_page)
    assert "lastSequence" not in stub.listener().query
    log = page.get_by_role("log")
    stub.caption(2, "dicho antes")
    expect(page.locator(".caption")).to_have_count(1)
    expect(log).to_have_attribute("aria-live", "off")
    stub.caption(3, "dicho ahora")
    expect(page.locator(".caption")).to_have_count(2)
    expect(log).to_have_attribute("aria-live", "polite")


def test_a_reload_asks_for_everything_again(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page)
    stub.caption(1, "uno")
    expect(page.locator(".caption")).to_have_count(1)
    page.reload()
    stub.wait(lambda: len(stub.sockets) > 1, "a second socket")
    assert stub.sockets[1].query["lastSequence"] == "0"


def test_who_was_cut_before_anything_was_said_asks_for_all_of_it(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page)
    expect(page.locator("#state")).to_have_text("En directo")
    stub.kill_gateway()
    stub.session.last_sequence = 20
    stub.revive_gateway()
    assert stub.listener().query["lastSequence"] == "0"


def test_changes_language_at_once(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page)
    listener = stub.listener()
    stub.caption(1, "hola")
    # The server has the listener before the page knows it.
    expect(page.locator(".caption")).to_have_text(["hola"])
    page.locator("#language").select_option("pt")
    sent = stub.received(listener, "changeLanguage")
    assert sent == {"action": "changeLanguage", "targetLanguage": "pt"}
    stub.caption(2, "olá", "pt")
    expect(page.locator(".caption")).to_have_text(["hola", "olá"])
    assert page.locator(".caption").evaluate_all("all => all.map(each => each.lang)") == [
        "es",
        "pt",
    ]


def test_a_language_that_is_refused_leaves_the_old_one(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page)
    listener = stub.listener()
    expect(page.locator("#state")).to_have_text("En directo")
    stub.offered = ["es", "pt"]
    page.locator("#language").select_option("fr")
    stub.received(listener, "changeLanguage")
    expect(page.locator("#notice-text")).to_have_text(re.compile("Choisissez-en une autre"))
    expect(page.locator("#language")).to_have_value("es")


def test_what_was_not_translated_says_so_in_its_own_direction(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page, locale="ar")
    stub.caption(1, "Good morning.", "ar", untranslated=True)
    caption = page.locator(".caption")
    expect(caption.locator(".mark")).to_have_text("غير مترجم")
    expect(caption).to_have_attribute("lang", "en")
    expect(caption).to_have_css("direction", "ltr")


@pytest.mark.parametrize(("code", "text"), [("ar", "صباح الخير 2026."), ("he", "בוקר טוב 2026.")])
def test_right_to_left_languages_run_from_right_to_left(
    stub: StubStage, open_page: OpenPage, code: str, text: str
) -> None:
    page = open_page(stub.listener_page, locale=code)
    stub.caption(1, text, code)
    caption = page.locator(".caption")
    expect(caption).to_have_css("direction", "rtl")
    box, column = caption.bounding_box(), page.locator("#captions").bounding_box()
    rule = caption.evaluate("each => getComputedStyle(each).borderRightWidth")
    assert box is not None
    assert column is not None
    assert rule != "0px", "the rule stands where reading begins"
    assert box["x"] + box["width"] == pytest.approx(column["x"] + column["width"])


def test_arabic_turns_the_whole_page(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page, locale="ar")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    name, button = (page.locator(each).bounding_box() for each in ("#name", "#settings-button"))
    assert name is not None
    assert button is not None
    assert button["x"] < name["x"]


def test_four_thousand_characters_without_a_space_stay_on_the_screen(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page, viewport={"width": 320, "height": 568})
    stub.caption(1, "á" * 4_000)
    expect(page.locator(".caption")).to_be_visible()
    next_frames(page)
    width = page.evaluate(
        "[document.documentElement, document.querySelector('#viewport')]"
        ".map(each => each.scrollWidth)"
    )
    assert max(width) <= 320
    top = page.locator(".caption").bounding_box()
    assert top is not None
    assert top["y"] >= 0, "a caption taller than the screen is shown from its beginning"


def test_who_scrolls_back_is_left_there_and_told_of_what_is_new(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page, viewport={"width": 390, "height": 500})
    for sequence in range(1, 31):
        stub.caption(sequence, f"frase número {sequence}")
    expect(page.get_by_text("frase número 30")).to_be_in_viewport()
    # What it scrolls itself is over: the next scroll is the reader's.
    next_frames(page)
    page.locator("#viewport").evaluate("each => each.scrollTo(0, 0)")
    expect(page.get_by_text("frase número 1", exact=True)).to_be_in_viewport()
    before = page.locator("#viewport").evaluate("each => each.scrollTop")
    # The page learns of the scrolling with the next frame.
    next_frames(page)
    stub.caption(31, "frase nueva")
    button = page.get_by_role("button", name="Lo último")
    expect(button).to_contain_text("1")
    assert page.locator("#viewport").evaluate("each => each.scrollTop") == before
    button.click()
    expect(page.get_by_text("frase nueva")).to_be_in_viewport()
    expect(button).to_be_hidden()


def test_a_burst_never_leaves_the_newest_out_of_view(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page, viewport={"width": 390, "height": 500})
    for sequence in range(1, 301):
        stub.caption(sequence, f"frase número {sequence} " * (1 + sequence % 5))
    expect(page.locator(".caption")).to_have_count(300)
    expect(page.locator(".caption.newest")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Lo último")).to_be_hidden()


def test_turning_the_phone_keeps_the_newest_in_view(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page, viewport={"width": 390, "height": 700})
    for sequence in range(1, 41):
        stub.caption(sequence, f"frase número {sequence} " * 4)
    expect(page.locator(".caption.newest")).to_be_in_viewport()
    for size in ((700, 390), (390, 700), (320, 500)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        expect(page.locator(".caption.newest")).to_be_in_viewport()
    stub.caption(41, "frase nueva")
    expect(page.get_by_text("frase nueva")).to_be_in_viewport()


def test_text_size_and_look_are_chosen_and_kept(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page)
    stub.caption(1, "hola")
    size = "each => parseFloat(getComputedStyle(each).fontSize)"
    before = page.locator(".caption").evaluate(size)
    page.get_by_role("button", name="Texto y sonido").click()
    page.get_by_role("button", name="Más grande").click()
    page.get_by_role("radio", name="Alto contraste").check()
    assert page.locator(".caption").evaluate(size) > before
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-size", "4")
    expect(page.locator("html")).to_have_attribute("data-theme", "high")
    expect(page.locator("body")).to_have_css("background-color", "rgb(0, 0, 0)")


def test_a_session_that_does_not_exist_leads_on(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(f"{stub.http}/s/no-such-session-999", locale="en")
    expect(page.get_by_role("heading", name="There is no session with this name.")).to_be_visible()
    page.get_by_label("Session name").fill("  Golden Eagle 427 ")
    page.get_by_role("button", name="Join").click()
    expect(page.locator("#state")).to_have_text("Live")
    assert page.url == stub.listener_page


def test_a_session_that_is_over_says_so(stub: StubStage, open_page: OpenPage) -> None:
    stub.session.is_active = False
    page = open_page(stub.listener_page)
    expect(page.get_by_text("Esta sesión ha terminado.")).to_be_visible()
    expect(page.locator("#keep-reading")).to_be_hidden()
    assert not stub.sockets


def test_who_is_still_choosing_is_told_of_the_end(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page("about:blank", locale="eu-ES", script=FASTER)
    asked = re.compile(r"/sessions/.*joining")
    with page.expect_response(asked):
        page.goto(stub.listener_page)
    with page.expect_response(asked):
        expect(page.locator("#chooser")).to_be_visible()
    stub.session.is_active = False
    expect(page.get_by_text("This session has ended.")).to_be_in_viewport()
    expect(page.locator("#chooser")).to_be_hidden()
    expect(page.locator("#language")).to_be_hidden()


def test_the_end_is_told_and_what_was_said_stays(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page)
    stub.caption(1, "lo dicho")
    stub.send(stub.listener(), "sessionEnded", reason="ended by the speaker")
    expect(page.get_by_text("Esta sesión ha terminado.")).to_be_in_viewport()
    expect(page.get_by_text("lo dicho")).to_be_visible()
    expect(page.locator("#keep-reading")).to_be_visible()


def test_what_is_no_message_is_passed_over(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page)
    for noise in ("no json", "null", "[]", '{"type":"caption"}', '{"type":"newer than this page"}'):
        stub.send_raw(stub.listener(), noise)
    stub.caption(1, "sigue")
    expect(page.locator(".caption")).to_have_text(["sigue"])


def test_every_control_is_reached_and_used_by_keyboard(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page)
    stub.caption(1, "hola")
    expect(page.locator(".caption")).to_be_visible()
    reached = []
    page.locator("#settings-button").focus()
    page.keyboard.press("Enter")
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.value"))
    assert reached[:5] == ["smaller", "larger", "light", "awake", "viewport"]
    page.locator("#smaller").focus()
    page.keyboard.press("Escape")
    expect(page.locator("#settings")).to_be_hidden()
    expect(page.locator("#settings-button")).to_be_focused()

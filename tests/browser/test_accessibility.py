"""WCAG 2.2 AA in every view and theme: axe-core finds nothing, and what it cannot see holds too."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.stub_sounds import StubSounds
from tests.browser.stub_stage import TOKEN, StubStage
from tests.browser.test_listener import SPEAKING_DEVICE
from tests.browser.test_speaker import RECOGNITION, speak, start

THEMES = ("dark", "light", "high")
SMALLEST_TARGET = 44
QUIET_MICROPHONE = """
  if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async () =>
    new AudioContext().createMediaStreamDestination().stream;
"""

NETWORK_FAILS = """
  SpeechRecognition.prototype.start = function () {
    queueMicrotask(() => {
      this.onerror({ error: "network" });
      this.onend();
    });
  };
  recognitions[0].onerror({ error: "network" });
"""
"""For good: the notice goes when a recogniser has worked for some seconds."""

View = Callable[[StubStage, OpenPage], Page]


def listener(stub: StubStage, open_page: OpenPage) -> Page:
    page = open_page(stub.listener_page)
    stub.caption(1, "Hace ochenta y siete años")
    stub.caption(2, "Four score and seven years ago", untranslated=True)
    stub.caption(2, "Four score and seven", untranslated=True, revision=1)
    stub.caption(3, "Concebida en la libertad")
    expect(page.locator(".caption")).to_have_count(3)
    page.get_by_role("button", name="Texto y sonido").click()
    return page


def drafting_listener(stub: StubStage, open_page: OpenPage) -> Page:
    page = open_page(stub.listener_page)
    stub.caption(1, "Hace ochenta y siete años")
    stub.draft(2, "nuestros padres crearon en este continente una nueva nación " * 8)
    expect(page.locator(".draft")).to_be_visible()
    return page


def waiting_listener(stub: StubStage, open_page: OpenPage) -> Page:
    page = open_page(stub.listener_page, locale="ar")
    expect(page.locator("#empty")).to_be_visible()
    return page


def lost_listener(stub: StubStage, open_page: OpenPage) -> Page:
    page = listener(stub, open_page)
    stub.kill_gateway()
    expect(page.locator("#try-now")).to_be_visible()
    return page


def limited_listener(stub: StubStage, open_page: OpenPage) -> Page:
    stub.refuse_with = 429
    page = open_page(stub.listener_page, locale="ca")
    expect(page.locator("#wait")).to_be_visible()
    return page


def choosing_listener(stub: StubStage, open_page: OpenPage) -> Page:
    page = open_page(stub.listener_page, locale="eu")
    expect(page.locator("#choices button").first).to_be_visible()
    return page


def ended_listener(stub: StubStage, open_page: OpenPage) -> Page:
    stub.session.is_active = False
    page = open_page(stub.listener_page)
    expect(page.locator("#ended")).to_be_visible()
    return page


def lost_way(stub: StubStage, open_page: OpenPage) -> Page:
    page = open_page(f"{stub.http}/s/no-session-100")
    expect(page.locator("#other")).to_be_visible()
    return page


def hearing_listener(stub: StubStage, open_page: OpenPage) -> Page:
    stub.sounds, stub.voices = StubSounds(), ("ar",)
    stub.sounds.origin = "http://127.0.0.1:9"  # nobody answers there
    page = open_page(stub.listener_page, locale="ar")
    expect(page.locator("#state")).to_have_attribute("data-state", "live")
    page.locator("#listen").click()
    expect(page.locator(".player")).to_be_visible()
    for sequence in (1, 2, 3):
        stub.caption(sequence, "قبل سبعة وثمانين عاما", "ar")
        stub.speech(sequence, stub.sounds.url(sequence, 900), 900, "ar")
    expect(page.locator(".unheard")).to_have_count(3)
    expect(page.locator(".player-status")).not_to_be_empty()
    return page


def unheard_listener(stub: StubStage, open_page: OpenPage) -> Page:
    page = open_page(stub.listener_page, script=SPEAKING_DEVICE)
    expect(page.locator("#state")).to_have_attribute("data-state", "live")
    page.locator("#listen").click()
    page.get_by_role("button", name="Voz de este dispositivo").click()
    expect(page.get_by_role("button", name="Pausa")).to_be_visible()
    stub.caption(1, "Hace ochenta y siete años")
    expect(page.locator(".caption")).to_be_visible()
    return page


def starting_speaker(stub: StubStage, open_page: OpenPage) -> Page:
    page = open_page(stub.http)
    expect(page.locator("#open-button")).to_be_enabled()
    return page


def speaker(stub: StubStage, open_page: OpenPage) -> Page:
    page = open_page(stub.http, reduced_motion="reduce")
    socket = start(stub, page)
    stub.show_roster(socket, {"es": 1}, es=3, ar=1)
    for reason in ("failed", "overBudget"):
        stub.send(socket, "speechFailed", sequence=1, language="es", reason=reason)
    expect(page.locator("#voices-notice")).to_contain_text("budget for voices")
    speak(page, "Four score and seven years ago")
    expect(page.locator(".chip")).to_have_count(2)
    stub.reports = False
    speak(page, "our fathers brought forth")
    stub.send(socket, "error", code="INTERNAL", message="", details={"sequence": 2})
    expect(page.get_by_role("button", name="Send again")).to_be_visible()
    return page


def dictating_speaker(stub: StubStage, open_page: OpenPage) -> Page:
    page = open_page(stub.http, script=RECOGNITION + QUIET_MICROPHONE)
    start(stub, page)
    page.get_by_role("button", name="Use the microphone").click()
    page.evaluate("hear(['four score and seven', false])")
    page.evaluate(NETWORK_FAILS)
    page.locator("#text").fill("This is one of many sentences. " * 200)
    expect(page.locator("#say-hint")).to_contain_text("in 2 parts")
    expect(page.locator("#level")).to_be_visible()
    expect(page.locator("#microphone-notice")).to_be_visible()
    expect(page.locator("#level-warning")).to_be_visible()
    return page


def reviewing_speaker(stub: StubStage, open_page: OpenPage) -> Page:
    page = open_page(stub.http, script=RECOGNITION)
    start(stub, page)
    page.get_by_label("Review what the microphone heard").check()
    page.get_by_role("button", name="Use the microphone").click()
    for sentence in ("Four score and seven years ago", "our fathers brought forth. " * 20):
        page.evaluate("text => hear([text, true])", sentence)
        page.evaluate("recognitions.at(-1).onend()")
    expect(page.locator("#held li")).to_have_count(2)
    page.get_by_role("button", name="Send: our").click()
    return page


def prepared_speaker(stub: StubStage, open_page: OpenPage) -> Page:
    page = open_page(stub.http)
    stub.show_roster(start(stub, page), es=3, ar=1)
    page.get_by_text("Prepared text").click()
    lines = ("# Welcome", "Hello. This is a talk.", "", "longword" * 30, *(["And more."] * 40))
    page.get_by_label("Paste a text").fill("\n".join(lines))
    page.get_by_role("button", name="Use this text").click()
    page.keyboard.press("PageDown")
    expect(page.locator(".script li")).to_have_count(44)
    expect(page.locator(".script .mark").first).to_have_text("sent")
    return page


def preparing_speaker(stub: StubStage, open_page: OpenPage) -> Page:
    page = prepared_speaker(stub, open_page)
    page.get_by_role("button", name="Change the text").click()
    page.get_by_label("Paste a text").fill("# nothing to say")
    page.get_by_role("button", name="Use this text").click()
    expect(page.get_by_role("alert").filter(has_text="no sentence")).to_be_visible()
    return page


def lost_speaker(stub: StubStage, open_page: OpenPage) -> Page:
    page = speaker(stub, open_page)
    stub.kill_gateway()
    expect(page.locator("#notice-button")).to_be_visible()
    return page


def hall(stub: StubStage, open_page: OpenPage) -> Page:
    page = speaker(stub, open_page)
    page.get_by_role("button", name="Show in the hall").click()
    return page


def correcting_speaker(stub: StubStage, open_page: OpenPage) -> Page:
    page = speaker(stub, open_page)
    stub.reports = True
    for text in ("a slip", "long ago"):
        speak(page, text)
    page.get_by_role("button", name="Take back sentence 3").click()
    expect(page.locator(".words.retracted")).to_be_visible()
    stub.not_kept.add(4)
    page.get_by_role("button", name="Take back sentence 4").click()
    expect(page.get_by_text("does not keep this sentence")).to_be_visible()
    page.get_by_role("button", name="Correct sentence 1").click()
    return page


def glossary(stub: StubStage, open_page: OpenPage) -> Page:
    page = speaker(stub, open_page)
    terms = [{"source": "Grace Hall", "keep": True}, {"source": "", "targets": {"pt": "graça"}}]
    stub.glossary = {"terms": terms, "blocked": ["a slip"]}
    page.get_by_role("button", name="Names and words").click()
    expect(page.get_by_label("Said, row 3")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert").last).to_contain_text("Row 2")
    return page


def ending_speaker(stub: StubStage, open_page: OpenPage) -> Page:
    page = speaker(stub, open_page)
    page.get_by_role("button", name="End session").click()
    return page


def ended_speaker(stub: StubStage, open_page: OpenPage) -> Page:
    page = ending_speaker(stub, open_page)
    page.get_by_role("button", name="End it").click()
    expect(page.locator("#over")).to_be_visible()
    return page


def operator(stub: StubStage, open_page: OpenPage) -> Page:
    stage = stub.operations
    stage.open("golden-eagle-427", es=12, ar=3, pt=1)
    stage.open("quiet-river-100")
    stage.has_more = True
    minutes = [None, *(30.0 + 7 * n % 40 for n in range(13)), None]
    stage.series = {
        "latencyMedian": minutes,
        "latencyP99": [each and each * 3 for each in minutes],
        "sentences": [each and each // 5 for each in minutes],
        "cacheHitRate": minutes,
        "cacheSize": [None] * 14 + [812.0],
        "rosters": [None] * 7 + [900.0] + [None] * 7,
    }
    stage.alarms = {
        "FailedLanguagesCount": {"state": "ALARM", "value": 14},
        "CacheHitRate": {"value": 12.5},
        "BufferOverflowRate": {"state": "INSUFFICIENT_DATA"},
    }
    page = open_page(f"{stub.http}/ops", locale="en")
    expect(page.locator("#alarms li")).to_have_count(5)
    page.get_by_text("The same as a table").click()
    expect(page.locator("#sessions .bar-fill")).to_have_count(3)
    return page


def lost_operator(stub: StubStage, open_page: OpenPage) -> Page:
    page = operator(stub, open_page)
    page.get_by_role("button", name="Pause").click()
    stub.kill_http()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#notice")).to_be_visible()
    return page


def strange_operator(stub: StubStage, open_page: OpenPage) -> Page:
    stub.operators_token = "the-right-one"
    page = open_page(f"{stub.http}/ops", locale="en")
    page.get_by_label("The operator\u2019s token").fill("a-wrong-one")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("That is not this stage\u2019s token.")
    return page


def event_report(stub: StubStage, open_page: OpenPage) -> Page:
    page = stranger_to_report(stub, open_page)
    page.get_by_label("The speaker\u2019s token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.locator("#sentences tr")).to_have_count(100)
    page.get_by_text("The same as a table").click()
    page.get_by_role("button", name="Later").click()
    return page


def stranger_to_report(stub: StubStage, open_page: OpenPage) -> Page:
    page = open_page(f"{stub.http}/s/golden-eagle-427/report", locale="en")
    page.get_by_label("The speaker\u2019s token").fill("a-wrong-one")
    page.keyboard.press("Enter")
    expect(page.locator("#token-problem")).to_have_text("That is not this session\u2019s token.")
    return page


VIEWS = (
    *(listener, drafting_listener, waiting_listener, lost_listener, limited_listener),
    *(choosing_listener, ended_listener, lost_way, hearing_listener, unheard_listener),
    *(
        starting_speaker,
        speaker,
        dictating_speaker,
        reviewing_speaker,
        prepared_speaker,
        preparing_speaker,
    ),
    *(lost_speaker, hall),
    *(ending_speaker, ended_speaker),
    *(operator, lost_operator, strange_operator),
    *(correcting_speaker, glossary),
    *(event_report, stranger_to_report),
)


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_in_any_theme(stub: StubStage, open_page: OpenPage, view: View) -> None:
    page = view(stub, open_page)
    for theme in THEMES:
        page.evaluate("(theme) => (document.documentElement.dataset.theme = theme)", theme)
        results = Axe().run(page, options=axe_options(theme))
        assert results.violations_count == 0, f"{theme}: {results.generate_report()}"


def test_axe_sees_what_is_wrong(stub: StubStage, open_page: OpenPage) -> None:
    page = starting_speaker(stub, open_page)
    page.evaluate("document.documentElement.style.setProperty('--soft', '#ddd')")
    results = Axe().run(page, options=axe_options("light"))
    assert [each["id"] for each in results.response["violations"]] == ["color-contrast"]


def axe_options(theme: str) -> dict[str, Any]:
    """All of axe's rules, and in the high theme those of AAA: contrast of 7:1."""
    extra = {"target-size": {"enabled": True}}
    if theme == "high":
        extra["color-contrast-enhanced"] = {"enabled": True}
    return {"resultTypes": ["violations"], "rules": extra}


@pytest.mark.parametrize("view", VIEWS)
def test_targets_are_large_enough_for_a_thumb(
    stub: StubStage, open_page: OpenPage, view: View
) -> None:
    page = view(stub, open_page)
    page.set_viewport_size({"width": 320, "height": 640})
    small = page.evaluate(
        """(least) => [...document.querySelectorAll("button, select, input, textarea")]
            .map((each) => each.closest("label") ?? each)
            .filter((each) => each.checkVisibility())
            .map((each) => [each.textContent || each.id, each.getBoundingClientRect()])
            .filter(([, box]) => box.width < least || box.height < least)""",
        SMALLEST_TARGET,
    )
    assert not small


def test_whoever_wants_no_motion_gets_none(stub: StubStage, open_page: OpenPage) -> None:
    page = speaker(stub, open_page)
    expect(page.locator(".bar-fill").first).to_have_css("transition-property", "none")


def test_captions_are_a_log_that_screen_readers_follow(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = listener(stub, open_page)
    log = page.get_by_role("log", name="Subtítulos")
    expect(log).to_have_attribute("aria-live", "polite")
    expect(log.locator(".caption")).to_have_count(3)


@pytest.mark.parametrize(
    ("media", "theme"),
    [
        ({"color_scheme": "dark"}, "dark"),
        ({"color_scheme": "light"}, "light"),
        ({"color_scheme": "light", "contrast": "more"}, "high"),
    ],
)
def test_the_systems_look_is_taken_until_one_is_chosen(
    stub: StubStage, open_page: OpenPage, media: dict[str, Any], theme: str
) -> None:
    page = open_page(stub.listener_page, **media)
    expect(page.locator("html")).to_have_attribute("data-theme", theme)


def test_a_session_can_be_held_by_keyboard_alone(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http)
    button = page.get_by_role("button", name="Start a session")
    expect(button).to_be_enabled()
    while not button.evaluate("each => each === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#state")).to_have_text("Live")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.type("hello")
    page.keyboard.press("Enter")
    expect(page.locator(".said li")).to_have_count(1)
    end = page.get_by_role("button", name="End session")
    while not end.evaluate("each => each === document.activeElement"):
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    # A key that is held must not end it: the focus is on the other button.
    expect(page.locator("#confirm-stay")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="End it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Start another session")).to_be_focused()

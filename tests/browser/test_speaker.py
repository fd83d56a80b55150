"""The speaker's console: start, invite, speak, see who listens and what became of each sentence."""

import re

import pytest
from playwright.sync_api import Page, expect

from chalice_app.wire.incoming import MAX_TEXT_CHARACTERS
from tests.browser.actions import stop_clock, try_now
from tests.browser.conftest import OpenPage
from tests.browser.qr_codes import read_qr_codes
from tests.browser.stub_stage import Socket, StubStage

RECOGNITION = """
  const started = [];
  Object.defineProperty(window, "recognitions", { value: started });
  window.secondStart = new Promise((done) => (window.startedTwice = done));
  window.SpeechRecognition = class {
    start() {
      started.push(this);
      if (started.length === 2) window.startedTwice();
    }
    stop() { this.stopped = true; }
  };
  window.hear = (...results) => started.at(-1).onresult({
    resultIndex: 0,
    results: results.map(([transcript, isFinal]) => Object.assign([{ transcript }], { isFinal })),
  });
"""
NO_RECOGNITION = "delete window.webkitSpeechRecognition; delete window.SpeechRecognition;"


def start(stub: StubStage, page: Page) -> Socket:
    """Starts a session; returns its speaker's socket once the console is live."""
    page.get_by_role("button", name="Start a session").click()
    expect(page.locator("#state")).to_have_text("Live")
    return stub.speaker()


def said(stub: StubStage, socket: Socket, count: int) -> list[tuple[int, str]]:
    """What has come of the sentences that were spoken, once there are so many."""

    def found() -> list[tuple[int, str]] | None:
        spoken = [(each["sequence"], each["text"]) for each in socket.received if "text" in each]
        return spoken if len(spoken) >= count else None

    return stub.wait(found, f"{count} sentences")


def speak(page: Page, text: str) -> None:
    """Types a sentence and presses Enter."""
    page.get_by_role("textbox", name="Say something").fill(text)
    page.keyboard.press("Enter")


def test_starts_in_one_click_in_the_browsers_language(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http, locale="pt-BR")
    start(stub, page)
    assert stub.session.source == "pt"
    expect(page.get_by_role("heading", name="golden-eagle-427")).to_be_visible()
    expect(page.get_by_role("link")).to_have_attribute("href", stub.listener_page)


def test_a_camera_reads_the_way_in_from_the_halls_screen(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, viewport={"width": 1280, "height": 720})
    start(stub, page)
    page.get_by_role("button", name="Show in the hall").click()
    code = page.locator("#hall-qr svg")
    expect(code).to_be_visible()
    assert read_qr_codes(page.locator("#hall-qr").screenshot()) == [stub.listener_page]
    box = code.bounding_box()
    assert box is not None
    assert box["height"] > 0.8 * 720, "large enough for a hall"
    page.keyboard.press("Escape")
    expect(page.locator("#hall")).to_be_hidden()


@pytest.mark.parametrize(("host", "is_told"), [("localhost", True), ("hall.localhost", False)])
def test_an_address_that_no_phone_reaches_says_so(
    stub: StubStage, open_page: OpenPage, host: str, is_told: bool
) -> None:
    page = open_page(stub.http.replace("127.0.0.1", host))
    start(stub, page)
    hint = page.get_by_text("Phones cannot reach this address")
    expect(hint).to_be_visible(visible=is_told)


def test_enter_sends_and_shift_enter_does_not(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http)
    socket = start(stub, page)
    page.get_by_role("textbox", name="Say something").fill("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    page.keyboard.press("Enter")
    speak(page, "three")
    assert said(stub, socket, 2) == [(1, "one\ntwo"), (2, "three")]
    expect(page.get_by_role("textbox", name="Say something")).to_be_empty()


def test_blank_lines_and_an_input_methods_enter_send_nothing(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http)
    socket = start(stub, page)
    speak(page, "   ")
    page.locator("#text").fill("にほん")
    page.locator("#text").dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    page.get_by_role("button", name="Send").click()
    assert said(stub, socket, 1) == [(1, "にほん")]


def test_a_long_paste_is_sent_in_parts_that_end_with_sentences(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http)
    socket = start(stub, page)
    text = " ".join(f"Sentence {n} of a talk that was pasted as a whole." for n in range(130))
    assert len(text) > 6_000
    page.locator("#text").focus()
    page.keyboard.insert_text(text)
    expect(page.locator("#text")).to_have_value(text)
    expect(page.locator("#say-hint")).to_have_text(
        "Too long for one sentence: Enter sends it in 2 parts."
    )
    page.keyboard.press("Enter")
    parts = [part for _, part in said(stub, socket, 2)]
    assert " ".join(parts) == text
    assert all(part.endswith("whole.") and len(part) <= MAX_TEXT_CHARACTERS for part in parts)
    expect(page.locator(".said li .words")).to_have_text(parts[::-1])
    expect(page.locator("#say-hint")).to_contain_text("Enter sends, Shift")


def test_a_long_final_is_sent_in_parts_too(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http, script=RECOGNITION)
    socket = start(stub, page)
    page.get_by_role("button", name="Use the microphone").click()
    words = [f"word{n}" for n in range(600)]
    page.evaluate("words => hear([words, true])", " ".join(words))
    assert " ".join(part for _, part in said(stub, socket, 2)).split() == words


def test_a_part_that_is_refused_for_its_length_is_the_one_that_says_so(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http)
    socket = start(stub, page)
    stub.reports = False
    speak(page, "first")
    speak(page, "second")
    said(stub, socket, 2)
    stub.send(socket, "error", code="TEXT_TOO_LONG", message="", details={"sequence": 2})
    expect(page.locator(".said li .summary")).to_have_text(["Not sent", "Sending…"])


def test_bars_move_as_people_come_and_go(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http, reduced_motion="reduce")
    socket = start(stub, page)
    expect(page.get_by_text("Nobody yet.")).to_be_visible()
    stub.show_roster(socket, es=4, pt=1)
    bars = page.locator("#roster li")
    expect(bars).to_have_text(["español4", "português (Brasil)1"])
    expect(page.locator("#audience-title")).to_have_text("5 listening")
    widths = "all => all.map(each => each.getBoundingClientRect().width)"
    spanish, portuguese = page.locator(".bar-fill").evaluate_all(widths)
    assert portuguese == pytest.approx(spanish / 4)
    stub.show_roster(socket, pt=3)
    expect(bars).to_have_text(["português (Brasil)3"])


def test_a_speaker_sees_how_many_were_refused_and_why(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http, has_clock=True)
    start(stub, page)
    expect(page.locator("#refused")).to_be_empty()
    stub.session.refused = {"SESSION_FULL": 3, "RATE_LIMITED": 12, "NEW_ONE": 1}
    page.clock.fast_forward(15_000)
    expect(page.locator("#refused")).to_have_text(
        "Tries to come in that were refused in the last 5 minutes: "
        "12 too many at once, 3 session full, 1 other."
    )
    stub.session.refused = {}
    page.clock.fast_forward(15_000)
    expect(page.locator("#refused")).to_be_empty()


def test_each_sentence_tells_what_became_of_it(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http)
    socket = start(stub, page)
    stub.reports = False
    speak(page, "hello")
    said(stub, socket, 1)
    reports = {
        "es": {"listeners": 3, "delivered": 2, "gone": 1, "dropped": 0, "cached": True},
        "ca": {"listeners": 2, "delivered": 2, "gone": 0, "dropped": 0, "cached": False,
               "failed": True},
        "fr": {"listeners": 1, "delivered": 0, "gone": 0, "dropped": 1, "cached": False},
        "it": {"listeners": 4, "delivered": 1, "gone": 1, "dropped": 0, "cached": False},
    }  # fmt: skip
    stub.send(socket, "spoken", sequence=1, languages=reports, durationMs=87)
    expect(page.locator(".said li .summary")).to_have_text("5 of 10 listeners, 87 ms")
    expect(page.locator(".chip")).to_have_text(
        [
            "it 1 of 4, 1 left, 2 not reached",
            "español 2 of 3, from the cache, 1 left",
            "català 2 of 2, not translated",
            "français 0 of 1, 1 too late",
        ]
    )


def test_a_sentence_that_nobody_heard_says_so(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http)
    start(stub, page)
    speak(page, "hello?")
    expect(page.locator(".said li")).to_contain_text("Nobody was listening")


def test_nothing_is_sent_while_paused(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http, script=RECOGNITION)
    socket = start(stub, page)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#state")).to_have_text("Paused")
    speak(page, "not yet")
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    microphone = page.get_by_role("button", name="Use the microphone")
    expect(microphone).to_be_disabled()
    expect(page.get_by_role("textbox", name="Say something")).to_have_value("not yet")
    page.get_by_role("button", name="Go on").click()
    expect(microphone).to_be_enabled()
    page.get_by_role("button", name="Send").click()
    assert said(stub, socket, 1) == [(1, "not yet")]


def test_speech_is_shown_as_it_is_guessed_and_sent_when_it_is_final(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, script=RECOGNITION)
    socket = start(stub, page)
    page.get_by_role("button", name="Use the microphone").click()
    assert page.evaluate("recognitions[0].lang") == "es-ES"
    page.evaluate("hear(['four sco', false])")
    expect(page.locator("#interim")).to_have_text("four sco")
    page.evaluate("hear(['four score and seven', true], [' years', false])")
    expect(page.locator("#interim")).to_have_text("years")
    assert said(stub, socket, 1) == [(1, "four score and seven")]
    sound = stub.received(socket, "speak")["sound"]
    assert 120_000 >= sound["beganMsAgo"] >= sound["endedMsAgo"] >= 0
    # Browsers end recognition after a silence: it goes on.
    page.evaluate("recognitions[0].onend()")
    page.evaluate("secondStart")
    page.get_by_role("button", name="Stop listening").click()
    assert page.evaluate("recognitions[1].stopped")
    expect(page.locator("#interim")).to_be_hidden()


def test_a_switch_off_and_on_after_an_end_leaves_one_recogniser(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, script=RECOGNITION, has_clock=True)
    start(stub, page)
    stop_clock(page)
    microphone = page.locator("#microphone")
    microphone.click()
    page.evaluate("recognitions[0].onend()")
    microphone.click()
    microphone.click()
    page.clock.fast_forward(60_000)
    assert page.evaluate("recognitions.length") == 2
    expect(microphone).to_have_text("Stop listening")


def test_a_microphone_that_is_refused_says_what_to_do(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http, script=RECOGNITION)
    start(stub, page)
    page.get_by_role("button", name="Use the microphone").click()
    page.evaluate("recognitions[0].onerror({ error: 'not-allowed' })")
    expect(page.get_by_role("alert").filter(has_text="microphone")).to_be_visible()
    expect(page.get_by_role("button", name="Use the microphone")).to_be_visible()


def test_the_microphones_notice_outlasts_a_blip_of_the_line(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, script=RECOGNITION, has_clock=True)
    start(stub, page)
    # The next recogniser would take the notice away, as soon as it has worked for some seconds.
    stop_clock(page)
    page.get_by_role("button", name="Use the microphone").click()
    page.evaluate("recognitions[0].onerror({ error: 'network' }); recognitions[0].onend()")
    notice = page.get_by_role("alert").filter(has_text="speech recognition cannot be reached")
    expect(notice).to_be_visible()
    stub.kill_gateway()
    expect(page.get_by_role("alert").filter(has_text="connection is lost")).to_be_visible()
    stub.revive_gateway()
    try_now(page)
    expect(page.locator("#state")).to_have_text("Live")
    expect(notice).to_be_visible()
    page.clock.run_for(1_000)
    page.evaluate("secondStart")
    page.evaluate("hear(['four', false])")
    expect(notice).to_be_hidden()
    expect(page.get_by_role("button", name="Stop listening")).to_be_visible()


def test_what_was_spoken_before_a_pause_or_the_end_is_sent(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, script=RECOGNITION, has_clock=True)
    socket = start(stub, page)
    # After a pause the recogniser's last words are waited for, but not for ever.
    stop_clock(page)
    page.get_by_role("button", name="Use the microphone").click()
    page.evaluate("hear(['let us', false])")
    page.get_by_role("button", name="Pause").click()
    page.evaluate("hear(['let us pray', true]); recognitions[0].onend()")
    assert said(stub, socket, 1) == [(1, "let us pray")]
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Stop listening")).to_be_visible()
    page.evaluate("hear(['good night', false])")
    page.get_by_role("button", name="End session").click()
    page.get_by_role("button", name="End it").click()
    assert said(stub, socket, 2)[1:] == [(2, "good night")]


def test_a_browser_without_recognition_says_so(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http, script=NO_RECOGNITION)
    start(stub, page)
    button = page.get_by_role("button", name="No speech recognition in this browser")
    expect(button).to_be_disabled()


def test_a_browser_without_recognition_says_so_after_a_takeover_too(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, script=NO_RECOGNITION)
    socket = start(stub, page)
    stub.send(socket, "error", code="NOT_SPEAKER", message="another speaker took over")
    expect(page.get_by_role("alert")).to_contain_text("Another tab or device speaks")
    button = page.get_by_role("button", name="No speech recognition in this browser")
    expect(button).to_be_disabled()


def test_ends_after_a_question_and_offers_another(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http)
    start(stub, page)
    page.get_by_role("button", name="End session").click()
    page.get_by_role("button", name="Go on").click()
    assert stub.session.is_active
    page.get_by_role("button", name="End session").click()
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_role("heading", name="The session has ended")).to_be_visible()
    page.get_by_role("button", name="Start another session").click()
    expect(page.get_by_role("button", name="Start a session")).to_be_enabled()


def test_a_reload_goes_on_with_the_next_sequence(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http)
    start(stub, page)
    stub.session.counts = {"es": 2}
    speak(page, "one")
    expect(page.locator(".said li")).to_contain_text("2 of 2")
    page.reload()
    second = stub.speaker(2)
    expect(page.locator("#roster li")).to_have_text(["español2"])
    speak(page, "two")
    assert said(stub, second, 1) == [(2, "two")]


def test_a_reload_after_the_end_says_so(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http)
    start(stub, page)
    stub.session.is_active = False
    page.reload()
    expect(page.get_by_role("heading", name="The session has ended")).to_be_visible()


def test_a_tab_closed_by_mistake_does_not_lose_the_talk(
    stub: StubStage, open_page: OpenPage
) -> None:
    first = open_page(stub.http)
    expect(first.get_by_role("button", name="Start a session")).to_be_enabled()
    expect(first.get_by_role("button", name="Go on with")).to_be_hidden()
    start(stub, first)
    speak(first, "one")
    expect(first.locator(".said li")).to_contain_text("Nobody was listening")
    second = first.context.new_page()
    first.close()
    second.goto(stub.http)
    second.get_by_role("button", name="Go on with golden-eagle-427").click()
    speak(second, "two")
    assert said(stub, stub.speaker(2), 1) == [(2, "two")]
    second.reload()
    expect(second.locator("#state")).to_have_text("Live")


def test_who_goes_on_in_another_tab_takes_over(stub: StubStage, open_page: OpenPage) -> None:
    first = open_page(stub.http)
    start(stub, first)
    second = first.context.new_page()
    second.goto(stub.http)
    second.get_by_role("button", name="Go on with golden-eagle-427").click()
    expect(second.locator("#state")).to_have_text("Live")
    expect(first.get_by_role("alert")).to_contain_text("Another tab or device speaks")


def test_a_talk_that_is_over_is_not_offered(stub: StubStage, open_page: OpenPage) -> None:
    first = open_page(stub.http)
    start(stub, first)
    second = first.context.new_page()
    stub.session.is_active = False
    second.goto(stub.http)
    # Not `wait_for_function`: the page's policy lets nothing be evaluated after its first look.
    second.evaluate(
        """new Promise((done) => {
            const look = () => (localStorage.getItem("speaker") ? setTimeout(look, 20) : done());
            look();
        })"""
    )
    expect(second.get_by_role("button", name="Go on with")).to_be_hidden()


@pytest.mark.parametrize(("hours", "left"), [("2", ["ended-sessions"]), ("0", [])])
def test_after_the_end_the_browser_keeps_what_leads_to_the_transcript(
    stub: StubStage, open_page: OpenPage, hours: str, left: list[str]
) -> None:
    page = open_page(stub.http)
    page.get_by_text("What is kept of it").click()
    page.get_by_label("What was said is kept after the end").select_option(hours)
    start(stub, page)
    page.get_by_role("button", name="End session").click()
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_role("heading", name="The session has ended")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage)") == left
    assert page.evaluate("sessionStorage.length") == 0


def test_of_two_tabs_one_speaks_and_the_other_offers_to_take_over(
    stub: StubStage, open_page: OpenPage
) -> None:
    first = open_page(stub.http, script=RECOGNITION)
    start(stub, first)
    with first.context.expect_page() as opened:
        first.evaluate("open(location.href)")  # A tab so opened gets a copy of the session.
    second = opened.value
    stub.speaker(2)
    expect(first.get_by_role("alert")).to_contain_text("Another tab or device speaks")
    expect(first.get_by_role("button", name="Send")).to_be_disabled()
    microphone = first.get_by_role("button", name="Use the microphone")
    expect(microphone).to_be_disabled()
    expect(second.locator("#state")).to_have_text("Live")
    first.get_by_role("button", name="Speak from here").click()
    third = stub.speaker(3)
    expect(second.get_by_role("alert")).to_contain_text("Another tab or device speaks")
    expect(first.locator("#state")).to_have_text("Live")
    expect(microphone).to_be_enabled()
    speak(first, "back again")
    assert said(stub, third, 1) == [(1, "back again")]


def test_a_second_device_takes_over_and_no_sentence_is_lost(
    stub: StubStage, open_page: OpenPage
) -> None:
    first, second = open_page(stub.http), open_page(stub.http)
    start(stub, first)
    second.get_by_role("button", name="Start a session").click()
    newer = stub.speaker(2)
    expect(first.get_by_role("alert")).to_contain_text("Another tab or device speaks")
    speak(second, "from the second")
    assert said(stub, newer, 1) == [(1, "from the second")]
    first.get_by_role("button", name="Speak from here").click()
    third = stub.speaker(3)
    expect(second.get_by_role("alert")).to_contain_text("Another tab or device speaks")
    speak(first, "from the first")
    assert said(stub, third, 1) == [(2, "from the first")]


@pytest.mark.parametrize("told", [True, False])
def test_two_devices_do_not_take_the_talk_from_each_other_by_themselves(
    stub: StubStage, open_page: OpenPage, told: bool
) -> None:
    first = open_page(stub.http, has_clock=True)
    start(stub, first)
    stub.tells_the_displaced = told
    second = open_page(stub.http)
    second.get_by_role("button", name="Start a session").click()
    stub.speaker(2)
    expect(first.get_by_role("alert")).to_contain_text("Another tab or device speaks")
    first.clock.fast_forward(120_000)
    first.evaluate("window.dispatchEvent(new Event('online'))")
    first.clock.fast_forward(120_000)
    expect(second.locator("#state")).to_have_text("Live")
    expect(first.get_by_role("button", name="Speak from here")).to_be_visible()
    assert len(stub.sockets) == 2


def test_too_fast_is_sent_again_when_the_server_says(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http)
    socket = start(stub, page)
    stub.reports = False
    speak(page, "quick")
    said(stub, socket, 1)
    stub.send(socket, "error", code="RATE_LIMITED", message="", retryAfterMs=50)
    assert said(stub, socket, 2) == [(1, "quick"), (1, "quick")]


def test_a_sentence_whose_fate_is_open_is_sent_again_until_it_is_known(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, has_clock=True)
    socket = start(stub, page)
    stop_clock(page)
    stub.reports = False
    speak(page, "stuck")
    speak(page, "after it")
    said(stub, socket, 2)
    details = {"sequence": 1, "lastSequence": 2, "retryAfterMs": 50}
    for _ in range(3):
        stub.send(socket, "error", code="BAD_MESSAGE", message="", retryAfterMs=50, details=details)
    stub.send(socket, "spoken", sequence=2, languages={}, durationMs=5)
    expect(page.get_by_text("Nobody was listening")).to_have_count(1)
    page.clock.run_for(50)
    assert said(stub, socket, 3)[2:] == [(1, "stuck")]
    expect(page.get_by_text("its report was lost")).to_have_count(1)


def test_a_sentence_whose_function_died_is_sent_again_by_itself(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http)
    socket = start(stub, page)
    stub.reports = False
    speak(page, "stuck")
    said(stub, socket, 1)
    stub.send_raw(
        socket, '{"message": "Internal server error", "connectionId": "c", "requestId": "r"}'
    )
    assert said(stub, socket, 2) == [(1, "stuck"), (1, "stuck")]


def test_a_sentence_that_failed_can_be_sent_again(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http)
    socket = start(stub, page)
    stub.reports = False
    speak(page, "again")
    said(stub, socket, 1)
    stub.send(socket, "error", code="INTERNAL", message="", details={"sequence": 1})
    expect(page.locator(".said li")).to_contain_text("Not sent")
    page.get_by_role("button", name="Send again").click()
    assert said(stub, socket, 2) == [(1, "again"), (1, "again")]


def test_a_sentence_without_an_answer_is_sent_again_and_then_says_so(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, has_clock=True)
    socket = start(stub, page)
    stop_clock(page)
    stub.answers = False
    speak(page, "into the void")
    said(stub, socket, 1)
    for tries, patience in enumerate((12_000, 24_000, 48_000), start=2):
        page.clock.fast_forward(patience - 1_000)
        assert len(said(stub, socket, tries - 1)) == tries - 1
        page.clock.fast_forward(1_000)
        # What the page asks meanwhile has no answer either: the line stays, by the stub's own word.
        stub.show_roster(socket, es=tries)
        expect(page.locator("#count")).to_have_text(str(tries))
        assert said(stub, socket, tries)[-1] == (1, "into the void")
    page.clock.fast_forward(96_000)
    expect(page.locator(".said li")).to_contain_text("it may have been heard")
    stub.answers = True
    page.get_by_role("button", name="Send again").click()
    expect(page.locator(".said li")).to_contain_text("4 of 4 listeners")


def test_a_sentence_keeps_its_number_when_another_tab_has_taken_over(
    stub: StubStage, open_page: OpenPage
) -> None:
    first = open_page(stub.http, has_clock=True)
    socket = start(stub, first)
    # Its clock, 12 s, must not run out before the other tab is there.
    stop_clock(first)
    stub.answers = stub.tells_the_displaced = False
    speak(first, "heard, and its report is lost")
    said(stub, socket, 1)
    stub.lose_report(1)
    stub.answers = True
    second = open_page(stub.http)
    second.get_by_role("button", name="Start a session").click()
    stub.speaker(2)
    first.get_by_role("button", name="Speak from here").click()
    third = stub.speaker(3)
    assert said(stub, third, 1) == [(1, "heard, and its report is lost")]
    expect(first.locator(".said li")).to_contain_text("its report was lost")


def test_a_sentence_that_was_refused_for_another_speaker_gets_a_new_number(
    stub: StubStage, open_page: OpenPage
) -> None:
    first, second = open_page(stub.http), open_page(stub.http)
    socket = start(stub, first)
    stub.answers = False
    speak(first, "refused")
    said(stub, socket, 1)
    stub.send(socket, "error", code="NOT_SPEAKER", message="", details={"sequence": 1})
    expect(first.get_by_role("alert")).to_contain_text("Another tab or device speaks")
    stub.answers = True
    second.get_by_role("button", name="Start a session").click()
    speak(second, "from the second")
    said(stub, stub.speaker(2), 1)
    first.get_by_role("button", name="Speak from here").click()
    assert said(stub, stub.speaker(3), 1) == [(2, "refused")]


def test_a_number_that_is_another_sentences_is_given_up_for_a_new_one(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http)
    socket = start(stub, page)
    stub.lose_report(1)
    speak(page, "mine")
    expect(page.locator(".said li")).to_contain_text("Not sent")
    page.get_by_role("button", name="Send again").click()
    assert said(stub, socket, 2)[1] != (1, "mine")


@pytest.mark.parametrize("proxy", [False, True])
def test_a_close_without_a_word_forgets_no_token(
    stub: StubStage, open_page: OpenPage, proxy: bool
) -> None:
    page = open_page(stub.http)
    page.get_by_text("Ask listeners for a code").click()
    page.get_by_label("Code", exact=True).fill("amber")
    socket = start(stub, page)
    if proxy:
        page.route("**/sessions/**", lambda route: route.fulfill(status=404, body="<p>Not here"))
    stub.call(socket.response.close(code=1000))
    expect(page.get_by_role("alert")).to_contain_text("Another tab or device speaks")
    assert page.evaluate("localStorage.getItem('speaker') !== null")


def test_a_connection_that_the_stage_does_not_know_is_made_anew(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http)
    socket = start(stub, page)
    stub.answers = False
    speak(page, "kept")
    said(stub, socket, 1)
    stub.answers = True
    details = {"sequence": 1}
    stub.send(socket, "error", code="SESSION_NOT_FOUND", message="", details=details)
    assert said(stub, stub.speaker(2), 1) == [(1, "kept")]


def test_a_listener_finds_the_way_from_the_start(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http)
    page.get_by_label("Here to read?").fill("Golden Eagle 427")
    page.get_by_role("button", name="Join").click()
    expect(page).to_have_url(re.compile(r"/s/golden-eagle-427$"))


def test_a_server_that_is_away_at_the_start_is_waited_for(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http)
    expect(page.get_by_role("button", name="Start a session")).to_be_enabled()
    stub.kill_http()
    page.get_by_role("button", name="Start a session").click()
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer.")
    stub.revive_http()
    start(stub, page)

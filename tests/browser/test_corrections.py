"""What was said is corrected and taken back: on a listener's screen, from the speaker's list."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.stub_stage import Message, Socket, StubStage
from tests.browser.test_listener import SPEAKING_DEVICE, captions
from tests.browser.test_listening import read_aloud, until
from tests.browser.test_speaker import speak, start


def retract(stub: StubStage, sequence: int) -> None:
    """Takes a sentence back, for the listener."""
    stub.send(stub.listener(), "retracted", sequence=sequence)


def corrections(stub: StubStage, socket: Socket, count: int) -> list[tuple[int, str]]:
    """What the speaker's page asked to change, once there is so much."""

    def found() -> list[Message] | None:
        asked = [each for each in socket.received if each["action"] == "correct"]
        return asked if len(asked) >= count else None

    return [(each["sequence"], each["text"]) for each in stub.wait(found, f"{count} corrections")]


def correct(page: Page, sequence: int, text: str) -> None:
    """Changes a sentence from the list, by keyboard."""
    page.get_by_role("button", name=f"Correct sentence {sequence}").click()
    box = page.get_by_role("textbox", name=f"Correct sentence {sequence}")
    expect(box).to_be_focused()
    box.fill(text)
    page.keyboard.press("Enter")


def test_a_correction_replaces_its_caption_quietly_and_older_ones_change_nothing(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page)
    for sequence in (1, 2, 3):
        stub.caption(sequence, f"frase {sequence}")
    log, announced = page.get_by_role("log"), page.locator("#announcement")
    stub.caption(2, "segunda <b>línea</b>\notra", revision=2)
    row = page.locator(".caption").nth(1)
    expect(row.locator(".mark")).to_have_text("Corregido")
    assert captions(page) == ["frase 1", "segunda <b>línea</b>\notra Corregido", "frase 3"]
    expect(announced).to_have_text("Corregido: segunda <b>línea</b>\notra")
    expect(log).to_have_attribute("aria-live", "off")
    for late in (0, 1, 2):
        stub.caption(2, "tarde", revision=late)
    stub.caption(2, "tarde")
    stub.caption(3, "tercera", revision=1, untranslated=True)
    expect(page.locator(".caption.newest")).to_have_text("Sin traducirtercera Corregido")
    expect(page.locator(".caption.newest")).to_have_attribute("lang", "en")
    stub.caption(4, "frase 4")
    expect(page.locator(".caption.newest")).to_have_text("frase 4")
    expect(log).to_have_attribute("aria-live", "polite")
    expect(row).to_contain_text("segunda")
    # The listener has changed the language meanwhile.
    stub.caption(1, "صباح الخير", "ar", revision=1)
    expect(page.locator(".caption").first).to_have_css("direction", "rtl")
    expect(page.locator(".caption").first).to_have_attribute("lang", "ar")


def test_a_sentence_that_was_taken_back_is_gone_and_stays_gone(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page)
    for sequence in (1, 2):
        stub.caption(sequence, f"frase {sequence}")
    expect(page.locator(".caption")).to_have_count(2)
    retract(stub, 2)
    expect(page.locator(".caption.newest")).to_have_text("frase 1")
    expect(page.locator("#announcement")).to_have_text("Se ha retirado una frase.")
    # One overtakes its caption: those after it do not wait for it.
    retract(stub, 3)
    stub.caption(3, "nunca")
    stub.caption(2, "nunca", revision=1)
    stub.caption(4, "frase 4")
    expect(page.locator(".caption")).to_have_text(["frase 1", "frase 4"])
    retract(stub, 1)
    retract(stub, 4)
    expect(page.locator("#empty")).to_be_visible()
    assert captions(page) == []
    stub.kill_gateway()
    stub.revive_gateway()
    assert stub.listener().query["lastSequence"] == "4", "what was taken back is not asked for"


def test_who_comes_late_sees_the_newest_words_and_nothing_of_what_was_before(
    stub: StubStage, open_page: OpenPage
) -> None:
    stub.session.last_sequence = 10
    page = open_page(stub.listener_page)
    expect(page.locator("#state")).to_have_text("En directo")
    stub.caption(3, "de antes", revision=1)
    retract(stub, 4)
    stub.caption(8, "ocho", revision=2)
    stub.caption(10, "diez")
    stub.caption(9, "nueve", revision=1)
    expect(page.locator(".caption")).to_have_text(["ocho", "nueve", "diez"])
    expect(page.locator(".mark")).to_have_count(0)


def test_the_device_s_voice_reads_a_correction_only_of_what_is_still_to_be_read(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page, script=SPEAKING_DEVICE)
    read_aloud(page)
    for sequence in (1, 2, 3):
        stub.caption(sequence, f"frase {sequence}")
    stub.caption(1, "primera", revision=1)
    stub.caption(2, "segunda", revision=1)
    retract(stub, 3)
    # The last to come; two captions were there before the third, too.
    expect(page.locator("#announcement")).to_have_text("Se ha retirado una frase.")
    expect(page.locator(".caption")).to_have_count(2)
    page.evaluate("finish()")
    until(page, "spoken.length === 2")
    page.evaluate("finish()")
    stub.caption(2, "segunda bis", revision=2)
    expect(page.locator(".caption.newest")).to_contain_text("segunda bis")
    stub.caption(4, "cuatro")
    until(page, "spoken.length === 3")
    assert page.evaluate("spoken") == ["frase 1", "segunda", "cuatro"]


def test_what_is_taken_back_is_not_read_to_its_end(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.listener_page, script=SPEAKING_DEVICE)
    read_aloud(page)
    stub.caption(1, "uno")
    until(page, "spoken.length === 1")
    retract(stub, 1)
    stub.caption(2, "dos")
    until(page, "spoken.length === 3")
    assert page.evaluate("spoken") == ["uno", "(stopped)", "dos"]


def test_the_speaker_corrects_from_the_list(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http)
    socket = start(stub, page)
    stub.session.counts = {"es": 3}
    speak(page, "grays hall")
    row = page.locator(".said li")
    expect(row).to_contain_text("3 of 3")
    expect(row.locator(".words")).to_have_css("text-decoration-line", "none")
    page.get_by_role("button", name="Correct sentence 1").click()
    page.keyboard.type("not this")
    page.keyboard.press("Escape")
    expect(row.locator(".words")).to_have_text("grays hall")
    expect(page.get_by_role("button", name="Correct sentence 1")).to_be_focused()
    stub.reports = False
    correct(page, 1, "Grace Hall")
    expect(row.locator(".change")).to_have_text("Sending the change…")
    correct(page, 1, "Grace Hall,\nroom E")
    expect(row.locator(".words")).to_have_text("Grace Hall,\nroom E")
    assert corrections(stub, socket, 1) == [(1, "Grace Hall")]
    stub.reports = True
    languages = {"es": {"listeners": 3, "delivered": 2, "gone": 1, "dropped": 0, "cached": False}}
    stub.send(socket, "corrected", sequence=1, revision=1, languages=languages)
    assert corrections(stub, socket, 2)[1] == (1, "Grace Hall,\nroom E")
    expect(row.locator(".change")).to_have_text("Corrected")
    expect(row.locator(".summary")).to_contain_text("3 of 3 listeners")


def test_the_speaker_takes_back_with_one_click(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http)
    socket = start(stub, page)
    speak(page, "a slip")
    page.get_by_role("button", name="Take back sentence 1").click()
    row = page.locator(".said li")
    expect(row.locator(".change")).to_have_text("Taken back")
    expect(row.locator(".change")).to_be_focused()
    expect(row.locator(".words")).to_have_css("text-decoration-line", "line-through")
    expect(row.get_by_role("button")).to_have_count(0)
    assert corrections(stub, socket, 1) == [(1, "")]


def corrected_without_a_report(stub: StubStage, page: Page) -> tuple[Socket, Locator]:
    """A speaker whose correction is on its way, and what the list says of it."""
    socket = start(stub, page)
    speak(page, "first")
    change = page.locator(".said li .change")
    expect(page.get_by_role("button", name="Correct sentence 1")).to_be_visible()
    stub.reports = False
    correct(page, 1, "second")
    corrections(stub, socket, 1)
    return socket, change


def test_a_change_is_sent_again_until_its_report_comes(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http)
    socket, change = corrected_without_a_report(stub, page)
    details = {"sequence": 1}
    # Of a `speak` that was sent twice, not of the correction.
    older = details | {"lastSequence": 1}
    stub.send(socket, "error", code="BAD_MESSAGE", message="", details=older)
    stub.send(socket, "error", code="RATE_LIMITED", message="", retryAfterMs=50, details=details)
    assert corrections(stub, socket, 2) == [(1, "second")] * 2
    stub.kill_gateway()
    expect(page.locator("#notice-button")).to_be_visible()
    stub.reports = True
    # The page comes back by itself: a press of the button could break off a return under way.
    stub.revive_gateway()
    assert corrections(stub, stub.speaker(2), 1) == [(1, "second")]
    expect(change).to_have_text("Corrected")
    expect(page.locator(".said li .summary")).to_have_text("Nobody was listening")
    # The first has had its effect, and its report is lost.
    stub.reports = False
    page.get_by_role("button", name="Take back sentence 1").click()
    corrections(stub, stub.speaker(2), 2)
    stub.cut()
    assert corrections(stub, stub.speaker(3), 1) == [(1, "")]
    expect(change).to_have_text("Taken back")


def test_a_report_of_the_former_change_is_not_taken_for_the_later_ones(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, has_clock=True)
    socket, change = corrected_without_a_report(stub, page)
    page.clock.fast_forward(12_000)
    assert corrections(stub, socket, 2) == [(1, "second")] * 2
    correct(page, 1, "third")
    report = {"sequence": 1, "languages": {}, "durationMs": 5}
    stub.send(socket, "corrected", revision=1, **report)
    assert corrections(stub, socket, 3)[2] == (1, "third")
    stub.send(socket, "corrected", revision=2, **report)
    stub.send(socket, "corrected", revision=2, **report)
    expect(page.locator(".said li .summary")).to_have_text("Nobody was listening")
    expect(change).to_have_text("Sending the change…")
    stub.send(socket, "corrected", revision=3, **report)
    expect(change).to_have_text("Corrected")
    expect(page.locator(".said li .words")).to_have_text("third")


def test_a_change_that_is_refused_says_why_and_leaves_the_old_words(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http)
    start(stub, page)
    speak(page, "long ago")
    stub.not_kept.add(1)
    correct(page, 1, "never")
    row = page.locator(".said li")
    expect(row.locator(".change")).to_contain_text("does not keep this sentence any more")
    expect(row.locator(".words")).to_have_text("long ago")
    expect(row.locator(".summary")).to_have_text("Nobody was listening")
    stub.not_kept.clear()
    correct(page, 1, "now")
    expect(row.locator(".change")).to_have_text("Corrected")

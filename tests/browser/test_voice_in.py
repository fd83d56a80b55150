"""Who hears the speaker: the stage's recogniser, the browser's, or nobody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.stub_stage import Message, Socket, StubStage
from tests.browser.stub_transcribe import Stream, StubTranscribe, framed
from tests.browser.test_listening import until
from tests.browser.test_speaker import NO_RECOGNITION, RECOGNITION, said, start

STAGE = "Heard by this stage’s recogniser"
BROWSER = "Heard by your browser’s speech recognition"

MICROPHONE = """
  // A microphone with a tone, that a test can take away; a muted one gives silence.
  if (navigator.mediaDevices) {
    window.microphones = [];
    window.refusal = "";
    navigator.mediaDevices.getUserMedia = async () => {
      if (window.refusal) throw new DOMException("", window.refusal);
      const context = new AudioContext();
      const tone = new OscillatorNode(context, { frequency: 440 });
      const loud = new GainNode(context, { gain: 0.3 });
      const output = context.createMediaStreamDestination();
      tone.connect(loud).connect(output);
      tone.start();
      const [track] = output.stream.getAudioTracks();
      const stop = track.stop.bind(track);
      const microphone = { context, loud, track, isStopped: false };
      track.stop = () => {
        microphone.isStopped = true;
        stop();
      };
      window.microphones.push(microphone);
      return output.stream;
    };
    window.unplug = () => {
      const { track } = window.microphones.at(-1);
      track.stop();
      track.dispatchEvent(new Event("ended"));
    };
    window.quiet = (isQuiet) => (window.microphones.at(-1).loud.gain.value = isQuiet ? 0 : 0.3);
  }
"""


MUTED = "{ value: true, configurable: true }"
CONTEXTS = """
  // The recorder's is the one after the microphone's own.
  const Context = AudioContext;
  window.contexts = [];
  window.AudioContext = class extends Context {
    constructor(options) {
      super(options);
      window.contexts.push(this);
    }
  };
"""
SENT = """
  window.sentAt = [];
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (String(data).includes('"draft"')) window.sentAt.push(performance.now());
    send.call(this, data);
  };
"""


@pytest.fixture
def transcribe(stub: StubStage) -> Iterator[StubTranscribe]:
    """A recogniser that does as it is told, for the stub's sessions in English."""
    with StubTranscribe().running() as recogniser:
        stub.transcribe = recogniser
        yield recogniser


def speak_into(
    stub: StubStage, open_page: OpenPage, *, script: str = NO_RECOGNITION, has_clock: bool = False
) -> tuple[Page, Socket]:
    """A session whose speaker has switched the microphone on."""
    page = open_page(stub.http, locale="en-US", script=MICROPHONE + script, has_clock=has_clock)
    socket = start(stub, page)
    page.get_by_role("button", name="Use the microphone").click()
    return page, socket


def drafts(socket: Socket) -> list[Message]:
    """What was sent of sentences to come."""
    return [each for each in socket.received if each["action"] == "draft"]


def sentences(stub: StubStage, socket: Socket, count: int) -> list[tuple[int, str]]:
    """What was spoken, once there is so much of it."""

    def found() -> list[tuple[int, str]] | None:
        spoken = [
            (each["sequence"], each["text"])
            for each in socket.received
            if each["action"] == "speak"
        ]
        return spoken if len(spoken) >= count else None

    return stub.wait(found, f"{count} sentences")


def test_what_the_recogniser_hears_is_shown_and_spoken(
    stub: StubStage, transcribe: StubTranscribe, open_page: OpenPage
) -> None:
    page, socket = speak_into(stub, open_page)
    stream = transcribe.stream()
    transcribe.hears(stream, 0.5)
    expect(page.locator("#heard-by")).to_have_text(STAGE)
    expect(page.get_by_role("meter", name="Level of the microphone")).to_be_visible()
    transcribe.say(stream, "welcome to the", 0, partial=True, name="r1")
    expect(page.locator("#interim")).to_have_text(re.compile("welcome to the", re.I))
    transcribe.say(stream, "Welcome to the meeting.", 0, name="r1")
    assert sentences(stub, socket, 1) == [(1, "Welcome to the meeting.")]
    expect(page.locator("#interim")).to_be_hidden()
    assert stub.grants == 1
    page.get_by_role("button", name="Stop listening").click()
    expect(page.locator("#heard-by")).to_be_hidden()
    expect(page.locator("#level")).to_be_hidden()
    assert page.evaluate("microphones.every(({ isStopped }) => isStopped)")
    assert page.evaluate("microphones.length") == 1, "the meter shares the recogniser's stream"


def test_words_before_their_sentence_go_to_readers_of_the_same_language(
    stub: StubStage, transcribe: StubTranscribe, open_page: OpenPage
) -> None:
    stub.session_fields["drafts"] = "source"
    page, socket = speak_into(stub, open_page)
    stream = transcribe.stream()
    transcribe.hears(stream, 0.5)
    transcribe.say(stream, "nobody reads this", 0, partial=True, name="r1")
    expect(page.locator("#interim")).to_have_text(re.compile("nobody reads this", re.I))
    stub.show_roster(socket, en=1, es=1)
    expect(page.locator("#count")).to_have_text("2")
    transcribe.say(stream, "nobody reads this yet", 0, partial=True, name="r1")
    newest = (1, "nobody reads this yet")
    stub.wait(
        lambda: newest in [(each["sequence"], each["text"].lower()) for each in drafts(socket)],
        "the draft",
    )
    transcribe.say(stream, "Nobody reads this yet.", 0, name="r1")
    assert sentences(stub, socket, 1) == [(1, "Nobody reads this yet.")]
    transcribe.say(stream, "and the next", 3, partial=True, name="r2")
    stub.wait(lambda: drafts(socket)[-1]["sequence"] == 2, "the next draft")
    order = [(each["action"], each["sequence"]) for each in socket.received if "text" in each]
    assert order == sorted(order, key=lambda each: each[1]), "no draft follows its sentence"


def test_drafts_come_four_times_a_second_at_most(
    stub: StubStage, transcribe: StubTranscribe, open_page: OpenPage
) -> None:
    stub.session_fields["drafts"] = "source"
    stub.session.counts = {"en": 1}
    page, socket = speak_into(stub, open_page, script=NO_RECOGNITION + SENT)
    stream = transcribe.stream()
    transcribe.hears(stream, 0.5)
    words = [f"word{n}" for n in range(12)]
    for count in range(1, 13):
        transcribe.say(stream, " ".join(words[:count]), 0, partial=True, name="r1")
    newest = re.compile(" ".join(words), re.I)
    expect(page.locator("#interim")).to_have_text(newest)
    stub.wait(lambda: any(newest.match(each["text"]) for each in drafts(socket)) or None, "it all")
    sent = page.evaluate("sentAt")
    assert all(later - earlier >= 250 for earlier, later in pairwise(sent)), sent


@pytest.mark.parametrize("why", ["off", "review", "nobody"])
def test_drafts_are_not_sent_where_nobody_may_read_them(
    stub: StubStage, transcribe: StubTranscribe, open_page: OpenPage, why: str
) -> None:
    stub.session_fields["drafts"] = "off" if why == "off" else "source"
    stub.session.counts = {"es": 1} if why == "nobody" else {"en": 1}
    page = open_page(stub.http, locale="en-US", script=MICROPHONE + NO_RECOGNITION)
    socket = start(stub, page)
    if why == "review":
        page.get_by_label("Review what the microphone heard").check()
    page.get_by_role("button", name="Use the microphone").click()
    stream = transcribe.stream()
    transcribe.hears(stream, 0.5)
    for text in ("words that", "words that change"):
        transcribe.say(stream, text, 0, partial=True, name="r1")
        expect(page.locator("#interim")).to_have_text(re.compile(text, re.I))
    transcribe.say(stream, "Words that change often.", 0, name="r1")
    if why == "review":
        expect(page.locator("#held textarea")).to_have_value("Words that change often.")
        page.get_by_role("button", name="Send: Words").click()
    assert sentences(stub, socket, 1) == [(1, "Words that change often.")]
    assert drafts(socket) == []


FAILURES: dict[str, Callable[[StubTranscribe, Stream], None]] = {
    "cut": lambda recogniser, stream: recogniser.cut(stream),
    "closed": lambda _, stream: stream.connection.close(),
    "failure": lambda recogniser, stream: recogniser.fail(stream, "InternalFailureException"),
    "timeout": lambda recogniser, stream: recogniser.fail(
        stream, "BadRequestException", "Your request timed out because no new audio was received."
    ),
    "garbage": lambda recogniser, stream: recogniser.send(stream, b"\x00" * 40),
    "text": lambda recogniser, stream: recogniser.send(stream, "<html>"),
    "not JSON": lambda recogniser, stream: recogniser.send(
        stream, framed({":message-type": "event", ":event-type": "TranscriptEvent"}, b"{")
    ),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_after_a_failure_the_audio_since_the_last_sentence_comes_again(
    stub: StubStage, transcribe: StubTranscribe, open_page: OpenPage, kind: str
) -> None:
    page, socket = speak_into(stub, open_page)
    first = transcribe.stream()
    transcribe.hears(first, 1.0)
    transcribe.say(first, "This is a sentence.", 0, name="r1")
    assert sentences(stub, socket, 1) == [(1, "This is a sentence.")]
    expect(page.locator("#heard-by")).to_have_text(STAGE)
    transcribe.hears(first, 2.5)
    before = bytes(first.audio)
    FAILURES[kind](transcribe, first)
    second = transcribe.stream(2)
    # Four words of 0.4 s have been a sentence: the rest is heard again, to the sample.
    common = before[int(1.6 * 32_000) :]
    again = transcribe.hears(second, len(common) / 32_000 + 1)
    assert again[: len(common)] == common
    assert first.path == second.path, "a grant is used again while it is valid"
    transcribe.say(second, "And this is another.", 0, name="r1")
    assert sentences(stub, socket, 2)[1] == (2, "And this is another.")
    expect(page.locator("#microphone-notice")).to_be_hidden()


def test_a_recogniser_that_cannot_be_reached_is_told_and_then_the_browsers_hears(
    stub: StubStage, transcribe: StubTranscribe, open_page: OpenPage
) -> None:
    transcribe.refuse_with = 403
    page, socket = speak_into(stub, open_page, script=RECOGNITION)
    notice = page.locator("#microphone-notice")
    expect(notice).to_contain_text("The recogniser cannot be reached.")
    expect(page.locator("#heard-by")).to_have_text(BROWSER, timeout=40_000)
    expect(notice).to_contain_text("The stage’s recogniser cannot be reached. The last")
    expect(notice).to_contain_text("seconds were not heard")
    assert stub.grants >= 2, "a URL that does not work may have expired"
    page.evaluate("hear(['Good evening', true])")
    assert said(stub, socket, 1) == [(1, "Good evening")]
    stub.cut()
    stub.speaker(2)
    expect(page.locator("#state")).to_have_text("Live")
    expect(notice).to_contain_text("were not heard")
    transcribe.refuse_with = None
    page.get_by_role("button", name="Stop listening").click()
    page.evaluate("recognitions.at(-1).onend()")
    expect(notice).to_be_hidden()
    page.get_by_role("button", name="Use the microphone").click()
    expect(page.locator("#heard-by")).to_have_text(STAGE)


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ((404, {"code": "UNSUPPORTED_LANGUAGE"}), "no recogniser for this language"),
        ((429, {"code": "RATE_LIMITED", "details": {"remainingSeconds": 0}}), "minutes of the"),
        ((401, {"code": "NOT_SPEAKER"}), "does not let this session in"),
    ],
)
@pytest.mark.parametrize("has_browser", [True, False])
def test_a_stage_that_gives_no_stream_leaves_it_to_the_browser_or_to_typing(
    stub: StubStage,
    transcribe: StubTranscribe,
    open_page: OpenPage,
    refusal: tuple[int, Message],
    words: str,
    has_browser: bool,
) -> None:
    stub.grant_refusal = refusal
    script = RECOGNITION if has_browser else NO_RECOGNITION
    page, _ = speak_into(stub, open_page, script=script)
    notice = page.locator("#microphone-notice")
    expect(notice).to_contain_text(words)
    if has_browser:
        expect(page.locator("#heard-by")).to_have_text(BROWSER)
        expect(page.get_by_role("button", name="Stop listening")).to_be_visible()
    else:
        expect(notice).to_contain_text("Please type.")
        expect(page.get_by_role("button", name="Use the microphone")).to_be_visible()
    assert transcribe.streams == []
    assert stub.grants == 1


def test_without_another_recogniser_the_stages_is_tried_on(
    stub: StubStage, transcribe: StubTranscribe, open_page: OpenPage
) -> None:
    page, socket = speak_into(stub, open_page)
    transcribe.hears(transcribe.stream(), 0.5)
    transcribe.refuse_with = 503
    transcribe.cut(transcribe.stream())
    transcribe.tries(5)
    expect(page.locator("#microphone-notice")).to_contain_text("cannot be reached")
    transcribe.refuse_with = None
    transcribe.hears(transcribe.stream(2), 2)
    expect(page.locator("#microphone-notice")).to_be_hidden()
    transcribe.say(transcribe.stream(2), "We are back again.", 0)
    assert sentences(stub, socket, 1) == [(1, "We are back again.")]


@pytest.mark.parametrize(
    ("error", "words", "is_on"),
    [
        ("NotAllowedError", "not allowed to use the microphone", False),
        ("NotFoundError", "No microphone was found", True),
        ("NotReadableError", "Another program may be using it", True),
    ],
)
def test_a_microphone_that_cannot_be_had_says_why(
    stub: StubStage,
    transcribe: StubTranscribe,
    open_page: OpenPage,
    error: str,
    words: str,
    is_on: bool,
) -> None:
    page = open_page(stub.http, locale="en-US", script=MICROPHONE + NO_RECOGNITION)
    start(stub, page)
    page.evaluate("error => (window.refusal = error)", error)
    page.get_by_role("button", name="Use the microphone").click()
    expect(page.locator("#microphone-notice")).to_contain_text(words)
    expect(page.locator("#microphone")).to_have_attribute("aria-pressed", str(is_on).lower())
    assert stub.grants == 0, "minutes cost money"
    page.evaluate("window.refusal = ''")
    if is_on:
        page.evaluate("navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")
    else:
        page.get_by_role("button", name="Use the microphone").click()
    expect(page.locator("#heard-by")).to_have_text(STAGE)
    expect(page.locator("#microphone-notice")).to_be_hidden()


def test_a_microphone_that_is_unplugged_says_so_and_another_goes_on(
    stub: StubStage, transcribe: StubTranscribe, open_page: OpenPage
) -> None:
    page, socket = speak_into(stub, open_page)
    stream = transcribe.stream()
    transcribe.hears(stream, 1)
    page.evaluate("window.refusal = 'NotFoundError'; unplug()")
    notice = page.locator("#microphone-notice")
    expect(notice).to_contain_text("No microphone was found")
    expect(page.locator("#level")).to_be_hidden()
    transcribe.say(stream, "What I said before.", 0)
    assert sentences(stub, socket, 1) == [(1, "What I said before.")]
    heard = stream.seconds
    transcribe.hears(stream, heard + 2)
    page.evaluate(
        "window.refusal = ''; navigator.mediaDevices.dispatchEvent(new Event('devicechange'))"
    )
    expect(notice).to_be_hidden()
    expect(page.locator("#level")).to_be_visible()
    assert len(transcribe.streams) == 1, "silence has kept the stream"


def test_a_microphone_that_is_muted_or_stalls_says_so(
    stub: StubStage, transcribe: StubTranscribe, open_page: OpenPage
) -> None:
    page, _ = speak_into(stub, open_page, script=NO_RECOGNITION + CONTEXTS)
    stream, notice = transcribe.stream(), page.locator("#microphone-notice")
    transcribe.hears(stream, 0.5)
    # A sound that goes on without an answer is taken for speech, and the stream is opened anew.
    page.evaluate("quiet(true)")
    transcribe.say(stream, "So far.", 0)
    page.evaluate(f"Object.defineProperty(microphones[0].track, 'muted', {MUTED})")
    expect(notice).to_contain_text("is muted by this computer")
    page.evaluate("delete microphones[0].track.muted")
    expect(notice).to_be_hidden()
    # As a browser that stops the recording without a word.
    page.evaluate("Object.defineProperty(contexts[1], 'state', { value: 'running' })")
    page.evaluate("contexts[1].suspend()")
    expect(notice).to_contain_text("No sound comes from the microphone any more")
    transcribe.hears(stream, stream.seconds + 1)
    page.evaluate("contexts[1].resume()")
    expect(notice).to_be_hidden()
    assert len(transcribe.streams) == 1, "silence has kept the stream"


def test_a_context_that_the_browser_suspends_goes_on_with_a_gesture(
    stub: StubStage, transcribe: StubTranscribe, open_page: OpenPage
) -> None:
    page, _ = speak_into(stub, open_page, script=NO_RECOGNITION + CONTEXTS)
    transcribe.hears(transcribe.stream(), 0.5)
    page.evaluate("contexts[1].suspend()")
    notice = page.locator("#microphone-notice")
    expect(notice).to_contain_text("Click anywhere on this page to go on")
    page.locator("h1#name").click()
    expect(notice).to_be_hidden()


def test_a_pause_sends_silence_and_what_was_said_before_it(
    stub: StubStage, transcribe: StubTranscribe, open_page: OpenPage
) -> None:
    page, socket = speak_into(stub, open_page)
    stream = transcribe.stream()
    transcribe.hears(stream, 1)
    page.get_by_role("button", name="Pause").click()
    until(page, "microphones[0].isStopped")
    paused = stream.seconds
    transcribe.say(stream, "Said before the pause.", 0)
    assert sentences(stub, socket, 1) == [(1, "Said before the pause.")]
    audio = transcribe.hears(stream, paused + 3)
    assert audio[-2 * 32_000 :] == bytes(2 * 32_000)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Stop listening")).to_be_visible()
    transcribe.wait(lambda: any(stream.audio[-16_000:]), "sound after the silence")
    assert (len(transcribe.streams), stub.releases) == (1, 0)


def test_the_end_says_what_was_heard_and_gives_the_stream_back(
    stub: StubStage, transcribe: StubTranscribe, open_page: OpenPage
) -> None:
    page, socket = speak_into(stub, open_page)
    stream = transcribe.stream()
    transcribe.hears(stream, 1)
    transcribe.say(stream, "good night to all", 0, partial=True)
    expect(page.locator("#interim")).to_have_text(re.compile("good night to all", re.I))
    page.get_by_role("button", name="End session").click()
    page.get_by_role("button", name="End it").click()
    expect(page.locator("#over")).to_be_visible()
    ((sequence, text),) = sentences(stub, socket, 1)
    assert (sequence, text.lower().rstrip(".")) == (1, "good night to all")
    stub.released(1)
    transcribe.wait(lambda: not stream.is_open or None, "the end of the stream")


def test_a_page_that_is_closed_gives_the_stream_back(
    stub: StubStage, transcribe: StubTranscribe, open_page: OpenPage
) -> None:
    page, _ = speak_into(stub, open_page)
    transcribe.hears(transcribe.stream(), 0.5)
    page.goto("about:blank")
    stub.released(1)


def test_a_recogniser_without_words_is_shown_and_then_opened_anew(
    stub: StubStage, transcribe: StubTranscribe, open_page: OpenPage
) -> None:
    page, _ = speak_into(stub, open_page)
    transcribe.hears(transcribe.stream(), 0.5)
    expect(page.locator("#heard-by")).to_contain_text("it has not found words yet")
    transcribe.hears(transcribe.stream(2), 5)
    expect(page.locator("#microphone-notice")).to_contain_text("does not answer")


def test_another_language_is_heard_by_the_browser(
    stub: StubStage, transcribe: StubTranscribe, open_page: OpenPage
) -> None:
    page = open_page(stub.http, locale="pt-BR", script=MICROPHONE + RECOGNITION)
    start(stub, page)
    page.get_by_role("button", name="Use the microphone").click()
    expect(page.locator("#heard-by")).to_have_text(BROWSER)
    assert stub.grants == 0


def test_a_recogniser_of_the_stage_is_enough_for_a_browser_without(
    stub: StubStage, transcribe: StubTranscribe, open_page: OpenPage
) -> None:
    page = open_page(stub.http, locale="en-US", script=NO_RECOGNITION)
    start(stub, page)
    expect(page.get_by_role("button", name="Use the microphone")).to_be_enabled()
    expect(page.get_by_label("Review what the microphone heard")).to_be_visible()

"""The speaker is heard by the stage's recogniser, by the browser's, or types: over a made-up microphone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.stub_stage import Message, Socket, StubStage
from tests.browser.stub_transcribe import StubTranscribe, event, framed
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

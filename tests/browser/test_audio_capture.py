"""The microphone's audio, as a recogniser gets it: over Chromium's made-up microphone."""

from __future__ import annotations

import math
import random
import wave
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from infra.chromium import find_chromium, flags
from tests.browser.stub_stage import StubStage
from tests.browser.stub_transcribe import RATE, StubTranscribe, samples

FILE_RATE = 48_000
SECONDS = 4
TAKES = 3

OpenWithSound = Callable[..., Page]


def melody(seed: int = 1) -> array[int]:
    """Four seconds of sounds of many pitches, so that a shift or a gap is seen."""
    chance = random.Random(seed)
    sound = array("h")
    for _ in range(SECONDS * 20):
        pitch, loud = chance.uniform(150, 3_000), chance.uniform(0.1, 0.5)
        length = FILE_RATE // 20
        for n in range(length):
            fade = math.sin(math.pi * n / length)
            sound.append(int(32_767 * loud * fade * math.sin(2 * math.pi * pitch * n / FILE_RATE)))
    return sound


@pytest.fixture
def transcribe() -> Iterator[StubTranscribe]:
    """A recogniser that does as it is told."""
    with StubTranscribe().running() as recogniser:
        yield recogniser


@pytest.fixture
def open_with_microphone(browser: Browser, tmp_path: Path) -> Iterator[OpenWithSound]:
    """Opens a page in a browser whose microphone plays a sound again and again."""
    browsers: list[Browser] = []
    trouble: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith("WebSocket"):
            trouble.append(message.text)

    def open_one(address: str, sound: array[int], *, script: str = "") -> Page:
        path = tmp_path / "microphone.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(FILE_RATE)
            file.writeframes(sound.tobytes())
        microphone = (
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={path}",
        )
        started = browser.browser_type.launch(
            executable_path=find_chromium(), args=[*flags(), *microphone]
        )
        browsers.append(started)
        context: BrowserContext = started.new_context(locale="en-US")
        context.on("console", heard)
        context.on("weberror", lambda error: trouble.append(str(error.error)))
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.goto(address)
        return page

    yield open_one
    for each in browsers:
        each.close()
    assert not trouble


RECORD = """async ([url, rate]) => {
  const { AudioCapture } = await import("/web/audio-capture.js");
  const { TranscribeStream } = await import("/web/transcribe-stream.js");
  if (rate) {
    // As Firefox: no context of another rate than the microphone's.
    const Real = window.AudioContext;
    window.AudioContext = class extends Real {
      constructor(options) {
        super(options ?? { sampleRate: rate });
        this.asked = options;
      }
      createMediaStreamSource(stream) {
        if (this.asked) throw new DOMException("", "NotSupportedError");
        return super.createMediaStreamSource(stream);
      }
    };
  }
  const none = { sentences: [], draft: "" };
  const stream = new TranscribeStream({
    grant: async () => ({ url, expiresAt: Date.now() + 300_000 }),
    release: () => {},
    openSocket: (address) => new WebSocket(address),
    segmenter: {
      hear: () => none,
      advance: () => none,
      finish: () => none,
      restart: () => ({ ...none, resumeMs: 0 }),
    },
    onSentence: () => {},
    onDraft: () => {},
    onState: () => {},
  });
  const capture = new AudioCapture((chunk) => stream.push(chunk), () => {});
  stream.start();
  capture.start();
}"""


def played(sound: Sequence[int]) -> list[float]:
    """The microphone's file at the recogniser's rate, twice."""
    step = FILE_RATE // RATE
    return [sum(sound[n : n + step]) / step for n in range(0, len(sound), step)] * 2


def likeness(heard: Sequence[int], sound: Sequence[float], step: int = 1) -> float:
    """How well a piece of what was heard goes with what was played, from -1 to 1."""
    pairs = list(zip(heard[::step], sound[::step], strict=True))
    ab = sum(a * b for a, b in pairs)
    return ab / math.sqrt(sum(a * a for a, _ in pairs) * sum(b * b for _, b in pairs) or 1)


def place_of(heard: Sequence[int], sound: Sequence[float], places: Iterable[int]) -> int:
    """Where a piece of what was heard was played: the best of those places."""

    def likeness_at(place: int, step: int) -> float:
        return likeness(heard, sound[place : place + len(heard)], step)

    rough = max(places, key=lambda place: likeness_at(place, 61))
    return max(range(max(0, rough - 3), rough + 4), key=lambda place: likeness_at(place, 1))


def piece_that_differs(heard: Sequence[int], sound: Sequence[float]) -> int | None:
    """Where the first piece begins that is not what was played behind the piece before; or None."""
    piece = RATE // 8
    first = place_of(heard[RATE : RATE + piece], sound, range(SECONDS * RATE))
    for at in range(RATE, 4 * RATE - piece, piece):
        place = (first + at - RATE) % (SECONDS * RATE)
        like = max(
            likeness(heard[at : at + piece], sound[near : near + piece])
            for near in (place - 1, place, place + 1)
            if near >= 0
        )
        if like <= 0.9:
            return at
    return None


@pytest.mark.parametrize("rate", [None, 44_100, 48_000], ids=["16 kHz", "44.1 kHz", "48 kHz"])
def test_what_arrives_is_what_the_microphone_heard(
    stub: StubStage,
    transcribe: StubTranscribe,
    open_with_microphone: OpenWithSound,
    rate: int | None,
) -> None:
    stub.transcribe = transcribe
    sound = melody()
    # Chromium's made-up microphone itself leaves out samples now and then, where a busy machine
    # wakes it late. What the page loses it loses in every take.
    differs = []
    for take in range(1, TAKES + 1):
        page = open_with_microphone(stub.http, sound)
        page.evaluate(RECORD, [transcribe.origin, rate])
        heard = samples(transcribe.hears(transcribe.stream(take), 4))
        page.close()
        differs.append(piece_that_differs(heard, played(sound)))
        if differs[-1] is None:
            return
    pytest.fail(f"after {differs} samples something is missing, or came twice")

"""The level meter: what it says of the sound, over a made-up microphone too."""

import math
import wave
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from infra.chromium import find_chromium, flags
from tests.browser.conftest import OpenPage
from tests.browser.stub_stage import StubStage
from tests.browser.test_listening import until
from tests.browser.test_speaker import RECOGNITION, start

RATE = 48_000
PHONE = {
    "user_agent": "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Mobile Safari/537.36"
}
CAPTURES = """
  window.captures = 0;
  // about:blank, where scripts run first, has no devices.
  if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async () => {
    window.captures += 1;
    throw new DOMException("", "NotAllowedError");
  };
"""
JUDGE = """async (measurements) => {
  const { SoundLevel } = await import("/web/sound-level.js");
  const level = new SoundLevel(0);
  return measurements.map(([at, peak]) => level.measured(new Float32Array([0, -peak]), at));
}"""

OpenWithSound = Callable[[Callable[[int], float]], Page]


@pytest.fixture
def open_with_sound(browser: Browser, stub: StubStage, tmp_path: Path) -> Iterator[OpenWithSound]:
    """Opens the speaker's page in a browser whose microphone gives a sound of our making."""
    browsers: list[Browser] = []

    def open_one(sample: Callable[[int], float]) -> Page:
        sound = tmp_path / "microphone.wav"
        with wave.open(str(sound), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(array("h", (int(32_767 * sample(n)) for n in range(RATE))).tobytes())
        microphone = (
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={sound}",
        )
        started = browser.browser_type.launch(
            executable_path=find_chromium(), args=[*flags(), *microphone]
        )
        browsers.append(started)
        page = started.new_page()
        page.add_init_script(RECOGNITION)
        page.goto(stub.http)
        start(stub, page)
        page.get_by_role("button", name="Use the microphone").click()
        return page

    yield open_one
    for each in browsers:
        each.close()


def tone(amplitude: float) -> Callable[[int], float]:
    """A tone of 440 Hz."""
    return lambda n: amplitude * math.sin(2 * math.pi * 440 * n / RATE)


def test_the_meter_shows_the_level_while_the_microphone_is_on(
    open_with_sound: OpenWithSound,
) -> None:
    page = open_with_sound(tone(0.25))
    meter = page.get_by_label("Level of the microphone")
    expect(meter).to_be_visible()
    # -12 of 60 decibels
    level = "document.querySelector('#level').value"
    until(page, f"{level} > 0.75 && {level} < 0.85")
    expect(page.locator("#level-warning")).to_be_hidden()
    page.get_by_role("button", name="Stop listening").click()
    expect(meter).to_be_hidden()


@pytest.mark.parametrize(
    ("sample", "words"),
    [(tone(0), "No sound has come from the microphone"), (tone(4), "The microphone is too loud")],
    ids=["silent", "clipping"],
)
def test_a_microphone_that_is_off_or_too_loud_is_warned_of(
    open_with_sound: OpenWithSound, sample: Callable[[int], float], words: str
) -> None:
    page = open_with_sound(lambda n: max(-1.0, min(1.0, sample(n))))
    expect(page.get_by_role("status").filter(has_text=words)).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#level-warning")).to_be_hidden()


@pytest.mark.parametrize(("context", "captures"), [({}, 1), (PHONE, 0)], ids=["computer", "phone"])
def test_a_phones_microphone_is_left_to_the_recogniser(
    stub: StubStage, open_page: OpenPage, context: dict[str, Any], captures: int
) -> None:
    page = open_page(stub.http, script=RECOGNITION + CAPTURES, **context)
    start(stub, page)
    page.get_by_role("button", name="Use the microphone").click()
    page.evaluate("hear(['hello', false])")
    expect(page.locator("#interim")).to_have_text("hello")
    # The meter comes later than the recogniser, and asks as soon as it is there.
    until(
        page,
        "performance.getEntriesByType('resource').some(({ name }) => name.includes('level-meter'))",
    )
    page.evaluate("import('/web/level-meter.js')")
    until(page, f"captures >= {captures}")
    assert page.evaluate("captures") == captures
    expect(page.locator("#level")).to_be_hidden()


def judged(page: Page, *measurements: tuple[int, float]) -> list[str]:
    """The warning after each measurement of a peak."""
    return [each["warning"] for each in page.evaluate(JUDGE, measurements)]


def test_five_seconds_without_sound_are_silence(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http)
    quiet = [(at, 0.001) for at in range(100, 6_000, 100)]
    warnings = judged(page, *quiet, (6_000, 0.01), (6_100, 0.001))
    assert warnings == [""] * 49 + ["silent"] * 10 + ["", ""]


def test_a_level_that_is_too_high_is_warned_of_and_a_knock_is_not(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http)
    assert judged(page, (100, 1), (200, 1), (300, 0.2), (1_300, 1)) == ["", "", "", ""]
    loud = judged(page, (100, 1), (200, 1), (300, 1), (2_000, 0.2), (4_200, 0.2), (4_300, 0.2))
    assert loud == ["", "", "clipping", "clipping", "clipping", ""]


def test_the_meter_counts_in_decibels(stub: StubStage, open_page: OpenPage) -> None:
    page = open_page(stub.http)
    levels = [
        each["level"] for each in page.evaluate(JUDGE, [(1, 1), (2, 0.1), (3, 0.001), (4, 0)])
    ]
    assert levels == pytest.approx([1, 2 / 3, 0, 0], abs=1e-6)

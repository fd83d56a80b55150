"""Voice in, end to end: a recording at the microphone, captions in two languages."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from infra.chromium import find_chromium, flags
from tests.browser.conftest import OpenPage
from tests.browser.test_talk import joined, start
from tests.integration.client import Stage
from tests.speech.recording import Recording, record

SENTENCES = [
    "Good morning, and welcome to the old church by the river.",
    "We bake four hundred loaves of bread every morning.",
    "The doors stay open, and the music begins at eleven.",
]
PATIENCE_MS = 180_000
"""The recording takes 15 s, the model is loaded when the first one dictates, and a machine that is
busy decodes slowly."""

NOTE_DRAFTS = """
  const drafts = [];
  new MutationObserver(() => {
    const draft = document.querySelector(".draft");
    const text = draft?.checkVisibility() ? draft.textContent : "";
    if (!text || text === drafts.at(-1)) return;
    drafts.push(text);
    document.documentElement.dataset.drafts = drafts.join(" | ");
  }).observe(document, { subtree: true, childList: true, characterData: true });
"""
"""A draft is on the screen for a second or two: whatever was there is kept for the test."""


NOTE_TIMES = """
  window.sounds = [];
  window.heldUpMs = 0;
  let lastTick = performance.now();
  setInterval(() => {
    const now = performance.now();
    heldUpMs += Math.max(0, now - lastTick - 100);
    lastTick = now;
  }, 50);
  const { getUserMedia } = MediaDevices.prototype;
  MediaDevices.prototype.getUserMedia = async function (...wanted) {
    const stream = await getUserMedia.apply(this, wanted);
    window.listensAt ??= performance.now();
    return stream;
  };
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    const message = typeof data === "string" ? JSON.parse(data) : {};
    if (message.action === "speak") sounds.push({ at: performance.now(), ...message.sound });
    return send.call(this, data);
  };
"""
"""When the microphone began to hear, what the page told of when sentences sounded, and how late its
timers were, all in all."""

OFF_BY_MS = 500
"""On a machine that is not busy."""


@pytest.fixture(scope="module")
def recording() -> Recording:
    """Three sentences by one voice."""
    return record([SENTENCES])


@pytest.fixture
def speaker(browser: Browser, stage: Stage, recording: Recording, tmp_path: Path) -> Iterator[Page]:
    """The speaker's page of a browser whose microphone hears the recording once it is on."""
    sound = tmp_path / "microphone.wav"
    recording.save(sound)
    microphone = (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={sound}%noloop",
    )
    trouble: list[str] = []
    with browser.browser_type.launch(
        executable_path=find_chromium(), args=[*flags(), *microphone]
    ) as hearing:
        page = hearing.new_page(locale="en")
        page.add_init_script(NOTE_TIMES)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.goto(stage.http)
        yield page
    assert not trouble


def test_a_recording_at_the_microphone_is_read_in_portuguese_and_as_a_draft_in_english(
    speaker: Page, open_page: OpenPage, recording: Recording
) -> None:
    link = start(speaker)
    portuguese = joined(open_page(link, locale="pt"))
    english = joined(open_page(link, locale="en", script=NOTE_DRAFTS))
    expect(speaker.locator("#count")).to_have_text("2", timeout=PATIENCE_MS)
    speaker.get_by_role("button", name="Use the microphone").click()
    heard_by = speaker.locator("#heard-by")
    expect(heard_by).to_have_text("Heard by this stage’s recogniser", timeout=PATIENCE_MS)
    drafts = re.compile("morning|welcome|church|bake|bread|doors|music", re.I)
    expect(english.locator("html")).to_have_attribute("data-drafts", drafts, timeout=PATIENCE_MS)
    for page, words in (
        (english, ("church", "bread", "music")),
        (portuguese, ("igreja", "pão|pães")),
    ):
        for word in words:
            caption = page.locator(".caption", has_text=re.compile(word, re.I))
            expect(caption).to_have_count(1, timeout=PATIENCE_MS)
    expect(english.locator(".draft")).to_be_hidden()
    listens_at, sounds, held_up_ms = speaker.evaluate("[listensAt, sounds, heldUpMs]")
    off_by = OFF_BY_MS + held_up_ms
    began = sounds[0]["at"] - sounds[0]["beganMsAgo"] - listens_at
    ended = sounds[-1]["at"] - sounds[-1]["endedMsAgo"] - listens_at
    assert began == pytest.approx(recording.sentences[0].start_ms, abs=off_by)
    assert ended == pytest.approx(recording.sentences[-1].end_ms, abs=off_by)

"""Transcripts as WebVTT: Chromium's own `<track>` reads the words and times, and turns Arabic."""

from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import Browser, FloatRect, Page, Route

from chalice_app.transcripts.cues import cues
from chalice_app.transcripts.formats import render
from chalice_app.transcripts.transcript import Transcript, TranscriptLine
from tests.hostile.transcript import WORDS
from tests.subtitles import Read, shown

T0 = 1_700_000_000_000
HTML = "<!doctype html><video muted width=640 height=360 style='background:black'></video>"
LAST_LINE: FloatRect = {"x": 8, "y": 346, "width": 640, "height": 22}
"""Of the words on the video, where a screenshot looks."""

_SHOW = """async (file) => {
    const video = document.querySelector("video");
    const track = document.createElement("track");
    const loaded = new Promise((resolve, reject) => {
        track.onload = resolve;
        track.onerror = () => reject(new Error("no track"));
    });
    track.src = URL.createObjectURL(new Blob([file], { type: "text/vtt" }));
    video.append(track);
    track.track.mode = "showing";
    await loaded;
    return [...track.track.cues].map((cue) => [
        Math.round(cue.startTime * 1000),
        Math.round(cue.endTime * 1000),
        cue.getCueAsHTML().textContent,
    ]);
}"""

_PLAY = """async () => {
    const video = document.querySelector("video");
    const canvas = document.createElement("canvas");
    canvas.getContext("2d").fillRect(0, 0, 9, 9);
    video.srcObject = canvas.captureStream(0);
    await video.play();
    const { track } = document.querySelector("track");
    if (!track.activeCues.length) {
        await new Promise((resolve) => (track.oncuechange = resolve));
    }
    // A cue has its seconds: none is over before its picture is taken.
    video.pause();
    for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
}"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page with a video; nothing else is on its network."""
    page = browser.new_page()

    def answer(route: Route) -> None:
        route.fulfill(content_type="text/html; charset=utf-8", body=HTML)

    page.route("http://**/*", answer)
    page.goto("http://talk.test/")
    yield page
    page.close()


def talk(texts: Sequence[dict[str, str]]) -> Transcript:
    """A sentence each 3 s, in one language or two."""
    return Transcript(
        *("golden-eagle-427", "A talk --> <i>&", "en", T0, tuple(texts[0])),
        [
            TranscriptLine(number, T0 + 3_000 * number, None, None, 0, each, frozenset())
            for number, each in enumerate(texts, start=1)
        ],
    )


def show(page: Page, transcript: Transcript) -> Sequence[Read]:
    """Gives the video the transcript; returns its cues as the browser has them."""
    file = "".join(render("vtt", transcript))
    return [Read(*cue) for cue in page.evaluate(_SHOW, file)]


def test_every_word_and_time(page: Page) -> None:
    hostile = talk([{"en": f"So {each} then", "ar": each} for each in WORDS])
    made = list(cues(hostile))
    read = show(page, hostile)
    assert [(cue.start, cue.end) for cue in read] == [(cue.start_ms, cue.end_ms) for cue in made]
    assert [shown(cue.text) for cue in read] == [
        shown("".join("".join(lines) for lines in cue.lines.values())) for cue in made
    ]


@pytest.mark.parametrize("beside", [None, "en"])
def test_arabic_runs_from_right_to_left(page: Page, beside: str | None) -> None:
    words = "Google مرحبا (بالعالم)!"
    show(page, talk([{"en": "Hello!", "ar": words} if beside else {"ar": words}]))
    page.evaluate(_PLAY)
    ours = page.screenshot(clip=LAST_LINE)
    page.reload()
    wanted = "WEBVTT\n\n00:00.000 --> 00:09.000\n\u2067Google مرحبا (بالعالم)!\u2069\n"
    page.evaluate(_SHOW, wanted)
    page.evaluate(_PLAY)
    assert page.screenshot(clip=LAST_LINE) == ours
    page.reload()
    page.evaluate(_SHOW, wanted.replace("\u2067", "\u2066"))
    page.evaluate(_PLAY)
    assert page.screenshot(clip=LAST_LINE) != ours, "the picture shows directions"

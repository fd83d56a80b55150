"""A talk on the real stage: real sockets, real streams, real translations, real pages."""

import re
from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.actions import listeners_link
from tests.browser.conftest import OpenPage
from tests.browser.relay import Relay
from tests.browser.test_speaker import speak
from tests.integration.client import Stage

SENTENCES = (
    "The train to the city leaves at seven in the morning.",
    "We are happy to see you here today.",
    "Please close the door when you leave.",
)

TRIES = 20
"""Sentences until one that a busy machine was too slow for counts as missing."""

THROUGH = """
  const Direct = WebSocket;
  window.WebSocket = class extends Direct {
    constructor(address) { super(address.replace("%s", "%s")); }
  };
"""


@pytest.fixture
def languages(stage: Stage) -> list[str]:
    """Three that are offered: the source itself and Portuguese always are."""
    offered = stage.languages()
    return [str(code) for code in ("pt", "es", "ca", "en") if code in offered][:3]


@pytest.fixture
def relay(stage: Stage) -> Iterator[Relay]:
    """A network that can fail, in front of the stage's gateway."""
    with Relay(urlsplit(stage.ws).port or 0).running() as running:
        yield running


def start(page: Page) -> str:
    """Starts a session in English; returns the listeners' link."""
    page.locator("#source").select_option("en")
    page.get_by_role("button", name="Start a session").click()
    expect(page.locator("#state")).to_have_text("Live")
    return listeners_link(page)


def joined(page: Page) -> Page:
    """The page once its listener is counted."""
    expect(page.locator("#state")).to_have_attribute("data-state", "live")
    return page


def say_translated(speaker: Page, listeners: Collection[Page], sentence: str) -> None:
    """Says a sentence until all of these, who have read the same so far, read its translation.

    Engines start when first asked, and a busy machine may be too slow: then listeners read the
    speaker's own words.
    """
    before = max(page.locator(".caption").count() for page in listeners)
    for spoken in range(before + 1, before + 1 + TRIES):
        speak(speaker, sentence)
        for page in listeners:
            expect(page.locator(".caption")).to_have_count(spoken)
        if not any(page.locator(".newest .mark").count() for page in listeners):
            return
    raise AssertionError("the engines are always late")


def test_three_listeners_read_one_speaker_each_in_their_own_language(
    stage: Stage, languages: list[str], open_page: OpenPage
) -> None:
    speaker = open_page(stage.http, locale="en")
    link = start(speaker)
    listeners = {code: joined(open_page(link, locale=code)) for code in languages}
    expect(speaker.locator("#count")).to_have_text("3")
    expect(speaker.locator("#roster li")).to_have_count(3)
    for sentence in SENTENCES:
        say_translated(speaker, listeners.values(), sentence)
        texts = {
            code: page.locator(".caption").last.inner_text() for code, page in listeners.items()
        }
        assert len(set(texts.values())) == 3, "three languages, three texts"
        assert texts.get("en", sentence) == sentence
    spoken = next(iter(listeners.values())).locator(".caption").count()
    reports = speaker.locator(".said li .summary")
    expect(reports).to_have_text([re.compile("^3 of 3 listeners")] * spoken)


def test_a_listener_changes_language_between_two_sentences(
    stage: Stage, open_page: OpenPage
) -> None:
    speaker = open_page(stage.http, locale="en")
    listener = joined(open_page(start(speaker), locale="pt-BR"))
    expect(speaker.locator("#roster li")).to_contain_text(["português"])
    say_translated(speaker, [listener], SENTENCES[0])
    before = listener.locator(".caption").count()
    listener.locator("#language").select_option("en")
    expect(speaker.locator("#roster li")).to_contain_text(["English"])
    speak(speaker, SENTENCES[1])
    expect(listener.locator(".caption").nth(before)).to_have_text(SENTENCES[1])
    expect(listener.locator(".caption").nth(before - 1)).to_have_attribute("lang", "pt")


def test_a_listener_whose_network_fails_misses_nothing(
    stage: Stage, relay: Relay, open_page: OpenPage
) -> None:
    speaker = open_page(stage.http, locale="en")
    link = start(speaker)
    by_the_relay = THROUGH % (urlsplit(stage.ws).netloc, f"127.0.0.1:{relay.port}")
    # The page's policy knows the gateway alone.
    listener = joined(open_page(link, locale="en", script=by_the_relay, bypass_csp=True))
    expect(speaker.locator("#count")).to_have_text("1")
    speak(speaker, SENTENCES[0])
    expect(listener.locator(".caption")).to_have_count(1)
    relay.cut()
    expect(listener.locator("#state")).not_to_have_attribute("data-state", "live")
    expect(speaker.locator("#count")).to_have_text("0")
    speak(speaker, SENTENCES[1])
    expect(speaker.get_by_text("Nobody was listening")).to_be_visible()
    relay.restore()
    joined(listener)
    expect(listener.locator(".caption")).to_have_count(2)
    speak(speaker, SENTENCES[2])
    expect(listener.locator(".caption")).to_have_text(list(SENTENCES))


def test_who_comes_late_and_who_reloads_see_what_was_said(
    stage: Stage, open_page: OpenPage
) -> None:
    speaker = open_page(stage.http, locale="en")
    link = start(speaker)
    speak(speaker, SENTENCES[0])
    expect(speaker.get_by_text("Nobody was listening")).to_be_visible()
    listener = open_page(link, locale="en")
    expect(listener.locator(".caption")).to_have_text([SENTENCES[0]])
    speak(speaker, SENTENCES[1])
    expect(listener.locator(".caption")).to_have_count(2)
    listener.reload()
    expect(listener.locator(".caption")).to_have_text(list(SENTENCES[:2]))


def test_the_end_reaches_everybody(stage: Stage, open_page: OpenPage) -> None:
    speaker = open_page(stage.http, locale="en")
    listener = joined(open_page(start(speaker), locale="en"))
    expect(speaker.locator("#count")).to_have_text("1")
    speaker.get_by_role("button", name="End session").click()
    speaker.get_by_role("button", name="End it").click()
    expect(speaker.get_by_role("heading", name="The session has ended")).to_be_visible()
    expect(listener.locator("#ended")).to_be_visible()
    listener.reload()
    expect(listener.locator("#ended")).to_be_visible()

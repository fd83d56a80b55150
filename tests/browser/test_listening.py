"""The voice in the listener's page: what really sounds, in what order, and what the page says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.stub_sounds import StubSounds
from tests.browser.stub_stage import StubStage
from tests.browser.test_listener import SPEAKING_DEVICE

HEARD = (Path(__file__).parent / "heard.js").read_text(encoding="utf-8")


@pytest.fixture
def sounds(stub: StubStage) -> Iterator[StubSounds]:
    """Where the stage's voices come from: Spanish, English and Portuguese."""
    with StubSounds().running() as running:
        stub.sounds, stub.voices = running, ("es", "en", "pt", "ar")
        yield running


def say(stub: StubStage, sequence: int, milliseconds: float = 300, **fields: Any) -> None:
    """A caption and its sound."""
    assert stub.sounds is not None
    stub.caption(sequence, f"frase {sequence}", fields.get("language", "es"))
    kind = fields.pop("kind", "tone")
    stub.speech(sequence, stub.sounds.url(sequence, milliseconds, kind), milliseconds, **fields)


def heard(page: Page) -> list[int]:
    """The sequences of what has sounded, or begun to, in order."""
    return [int(each["url"].split("/")[-2]) for each in page.evaluate("heard.sounds")]


def hears(page: Page, *sequences: int) -> None:
    """Waits until just these have sounded to their end."""
    page.wait_for_function(
        "count => heard.sounds.length >= count && !heard.playing.length", arg=len(sequences)
    )
    assert heard(page) == list(sequences)


def listen(stub: StubStage, open_page: OpenPage, **options: Any) -> Page:
    """A page whose listener has tapped "Listen"."""
    page = open_page(stub.listener_page, script=HEARD, **options)
    expect(page.locator("#state")).to_have_attribute("data-state", "live")
    page.locator("#listen").click()
    expect(page.locator(".player")).to_be_visible()
    return page


def test_after_a_tap_each_sentence_is_heard_one_after_the_other(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    page = listen(stub, open_page)
    wish = stub.received(stub.listener(), "changeLanguage")
    assert wish == {"action": "changeLanguage", "targetLanguage": "es", "voice": True}
    say(stub, 1)
    say(stub, 2)
    hears(page, 1, 2)
    assert page.evaluate("heard.overlaps") == 0
    first, second = page.evaluate("heard.sounds")
    assert first["playedMs"] == pytest.approx(300, abs=60)
    assert second["startedAt"] >= first["endedAt"]


def read_aloud(page: Page) -> None:
    """Has the device read with its own voice: the stage has none for the language."""
    expect(page.locator("#state")).to_have_attribute("data-state", "live")
    page.locator("#listen").click()
    page.get_by_role("button", name="Voz de este dispositivo").click()


def test_where_the_stage_has_no_voice_the_device_s_own_reads_if_that_is_chosen(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page, script=SPEAKING_DEVICE)
    expect(page.locator("#state")).to_have_attribute("data-state", "live")
    page.locator("#listen").click()
    expect(page.get_by_text("Aquí no hay voz para este idioma.")).to_be_visible()
    stub.caption(1, "frase 1")
    expect(page.locator(".caption")).to_have_count(1)
    page.get_by_role("button", name="Voz de este dispositivo").click()
    expect(page.get_by_text("Este dispositivo lee con su propia voz.")).to_be_visible()
    for sequence in (2, 3, 4):
        stub.caption(sequence, f"frase {sequence}")
    for count in (1, 2, 3):
        page.wait_for_function("count => spoken.length === count", arg=count)
        page.evaluate("finish()")
    assert page.evaluate("spoken") == ["frase 2", "frase 3", "frase 4"]
    # The server is not asked for what it does not have.
    assert not [each for each in stub.listener().received if each.get("voice")]
    stub.caption(5, "frase 5")
    page.wait_for_function("spoken.length === 4")
    page.locator("#listen").click()
    page.wait_for_function("spoken.at(-1) === '(stopped)'")
    stub.caption(6, "frase 6")
    expect(page.locator(".caption")).to_have_count(6)
    assert page.evaluate("spoken.at(-1)") == "(stopped)"


def test_where_nobody_has_a_voice_the_page_says_so_and_the_captions_go_on(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page, script=SPEAKING_DEVICE, locale="fr-FR")
    page.locator("#listen").click()
    expect(page.get_by_text("Il n’y a pas de voix pour cette langue ici.")).to_be_visible()
    expect(page.locator(".player button:visible")).to_have_count(0)
    stub.caption(1, "une phrase", "fr")
    expect(page.locator(".caption")).to_have_text(["une phrase"])

"""The voice in the listener's page: what really sounds, in what order, and what the page says."""

import random
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import heard
from tests.browser.conftest import OpenPage
from tests.browser.stub_sounds import StubSounds
from tests.browser.stub_stage import StubStage
from tests.browser.test_listener import SPEAKING_DEVICE
from tests.fakes.domain import PATIENCE

PATIENCE_MS = PATIENCE * 1_000


@pytest.fixture
def sounds(stub: StubStage) -> Iterator[StubSounds]:
    """Where the stage's voices come from: Spanish, English and Portuguese."""
    with StubSounds().running() as running:
        stub.sounds, stub.voices = running, ("es", "en", "pt", "ar")
        yield running


def until(page: Page, condition: str) -> None:
    """Waits for a condition in the page: its policy forbids what `wait_for_function` does."""
    page.evaluate(
        f"""async () => {{
          const end = Date.now() + {PATIENCE_MS};
          while (!({condition})) {{
            if (Date.now() > end) throw new Error(JSON.stringify(window.heard ?? window.spoken));
            await new Promise((done) => setTimeout(done, 10));
          }}
        }}"""
    )


def say(stub: StubStage, sequence: int, milliseconds: float = 300, **fields: Any) -> None:
    """A caption and its sound."""
    assert stub.sounds is not None
    stub.caption(sequence, f"frase {sequence}", fields.get("language", "es"))
    kind = fields.pop("kind", "tone")
    stub.speech(sequence, stub.sounds.url(sequence, milliseconds, kind), milliseconds, **fields)


def sequences(page: Page) -> list[int]:
    """The sequences of what has sounded, or begun to, in order."""
    return [int(each["url"].split("/")[-2]) for each in page.evaluate("heard.sounds")]


def hears(page: Page, *expected: int) -> None:
    """Waits until just these have sounded to their end."""
    until(page, f"heard.sounds.length >= {len(expected)} && !heard.playing.length")
    assert sequences(page) == list(expected)


def listen(stub: StubStage, open_page: OpenPage, **options: Any) -> Page:
    """A page whose listener has tapped "Listen"."""
    page = open_page(stub.listener_page, script=heard.SCRIPT, **options)
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
    assert heard.heard_in(page).overlaps == 0
    assert page.evaluate("heard.sounds[0].playedMs") == pytest.approx(300, abs=60)


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
        until(page, f"spoken.length === {count}")
        page.evaluate("finish()")
    assert page.evaluate("spoken") == ["frase 2", "frase 3", "frase 4"]
    # The server is not asked for what it does not have.
    assert not [each for each in stub.listener().received if each.get("voice")]
    stub.caption(5, "frase 5")
    until(page, "spoken.length === 4")
    page.locator("#listen").click()
    until(page, "spoken.at(-1) === '(stopped)'")
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


def unheard(page: Page) -> list[str]:
    """The captions that are marked as not read aloud."""
    rows = page.locator(".caption:has(.unheard)")
    words = rows.evaluate_all("rows => rows.map((row) => row.firstChild.textContent.trim())")
    return list(words)


def test_the_wish_comes_with_each_handshake_until_it_is_taken_back(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    page = listen(stub, open_page)
    first = stub.listener()
    assert "voice" not in first.query
    stub.received(first, "changeLanguage")
    stub.cut()
    stub.wait(lambda: len(stub.sockets) > 1, "a second socket")
    assert stub.sockets[1].query["voice"] == "true"
    say(stub, 7)
    hears(page, 7)
    expect(page.locator(".unheard")).to_have_count(0)
    page.locator("#listen").click()
    expect(page.locator(".player")).to_be_hidden()
    assert stub.received(stub.sockets[1], "changeLanguage")["voice"] is False
    stub.cut()
    stub.wait(lambda: len(stub.sockets) > 2, "a third socket")
    assert "voice" not in stub.sockets[2].query


def test_a_tap_while_the_connection_comes_is_told_when_it_is_there(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    stub.lets_in = False
    page = open_page(stub.listener_page)
    socket = stub.listener()
    page.locator("#listen").click()
    expect(page.locator(".player")).to_be_visible()
    stub.let_in(socket)
    stub.wait(lambda: any(each.get("voice") for each in socket.received), "the wish")


def test_the_other_language_s_voice_is_heard_from_the_next_sentence_on(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    page = listen(stub, open_page)
    # As long as may be: a longer one would be cut for the second.
    say(stub, 1, 9_000)
    say(stub, 2)
    until(page, "heard.playing.length === 1")
    page.locator("#language").select_option("pt")
    until(page, "!heard.playing.length")
    say(stub, 3)
    say(stub, 4, language="pt")
    hears(page, 1, 4)
    assert page.evaluate("heard.sounds[0].playedMs") < 9_000
    page.locator("#language").select_option("fr")
    expect(page.get_by_text("Il n’y a pas de voix pour cette langue ici.")).to_be_visible()
    received = stub.listener().received
    stub.wait(lambda: [each for each in received if each.get("voice") is False], "the last wish")
    assert [each["voice"] for each in received if "voice" in each] == [True, True, False]
    page.locator("#language").select_option("es")
    expect(page.get_by_role("button", name="Pausa")).to_be_visible()
    say(stub, 5)
    until(page, "heard.sounds.length === 3")


@pytest.mark.parametrize("kind", ["gone", "noise"])
def test_a_sound_that_is_not_there_costs_no_other(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage, kind: str
) -> None:
    page = listen(stub, open_page)
    say(stub, 1)
    say(stub, 2, kind=kind)
    say(stub, 3)
    hears(page, 1, 3)
    assert unheard(page) == ["frase 2"]
    expect(page.locator(".player-status")).to_be_empty()


def test_after_several_sounds_that_are_not_there_a_line_says_so_until_one_is(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    page = listen(stub, open_page)
    for sequence in (1, 2, 3):
        say(stub, sequence, kind="gone")
    expect(page.get_by_text("La voz no llega. Los subtítulos continúan.")).to_be_visible()
    expect(page.locator(".caption")).to_have_count(3)
    say(stub, 4)
    hears(page, 4)
    expect(page.locator(".player-status")).to_be_empty()


def test_where_the_stage_makes_no_sound_at_all_a_line_says_so_until_one_comes(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    page = listen(stub, open_page)
    for sequence in (1, 2, 3):
        stub.caption(sequence, f"frase {sequence}")
    stub.caption(4, "♪ … !")
    expect(page.locator(".unheard")).to_have_count(3)
    expect(page.get_by_text("La voz no llega. Los subtítulos continúan.")).to_be_visible()
    stub.caption(5, "frase 5")
    expect(page.get_by_role("log")).to_have_attribute("aria-live", "polite")
    say(stub, 6)
    hears(page, 6)
    expect(page.locator(".player-status")).to_be_empty()
    assert unheard(page)[:3] == ["frase 1", "frase 2", "frase 3"]


def test_what_is_missing_between_two_sounds_is_marked_and_no_jump(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    page = listen(stub, open_page)
    say(stub, 1)
    stub.caption(2, "frase 2")
    say(stub, 3)
    hears(page, 1, 3)
    assert unheard(page) == ["frase 2"]
    expect(page.locator(".player-status")).to_be_empty()


def test_a_voice_that_is_not_good_is_said_to_be_so(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    stub.voice_quality = "draft"
    page = listen(stub, open_page)
    expect(page.get_by_text("Voz: borrador")).to_be_visible()


def test_before_a_language_is_chosen_nothing_is_said_of_its_voice(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page, locale="sw", script=heard.SCRIPT)
    page.locator("#listen").click()
    expect(page.locator(".player")).to_be_visible()
    expect(page.locator(".player-status")).to_be_empty()
    page.locator("#language").select_option("fr")
    expect(page.locator(".player-status")).not_to_be_empty()


def test_a_sound_that_never_comes_is_not_waited_for_for_ever(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    page = listen(stub, open_page)
    say(stub, 1, kind="never")
    say(stub, 2)
    hears(page, 2)
    assert unheard(page) == ["frase 1"]


NO_OUTPUT = """
  // A device without sound output: it says that it plays, and nothing moves.
  HTMLMediaElement.prototype.play = async function () {};
"""


def test_a_device_without_sound_hangs_nothing(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page, script=NO_OUTPUT)
    expect(page.locator("#state")).to_have_attribute("data-state", "live")
    page.locator("#listen").click()
    expect(page.locator(".player")).to_be_visible()
    say(stub, 1)
    expect(page.locator(".unheard")).to_have_count(1)
    say(stub, 2)
    expect(page.locator(".unheard")).to_have_count(2)
    say(stub, 3)
    expect(page.get_by_text("La voz no llega.")).to_be_visible()
    expect(page.locator(".caption")).to_have_count(3)


REFUSING = """
  const play = HTMLMediaElement.prototype.play;
  window.refusals = 2;
  HTMLMediaElement.prototype.play = function () {
    if (window.refusals-- > 0) return Promise.reject(new DOMException("", "NotAllowedError"));
    return play.call(this);
  };
"""


def test_where_the_browser_refuses_the_page_asks_for_a_tap(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page, script=REFUSING + heard.SCRIPT)
    expect(page.locator("#state")).to_have_attribute("data-state", "live")
    page.locator("#listen").click()
    expect(page.locator(".player")).to_be_visible()
    page.evaluate("refusals = 1")
    say(stub, 1)
    expect(page.get_by_text("Su navegador pide un toque más")).to_be_visible()
    say(stub, 2)
    until(page, "heard.messages.length === 2")
    assert sequences(page) == []
    page.get_by_role("button", name="Reproducir").click()
    hears(page, 1, 2)
    expect(page.locator(".player-status")).to_be_empty()


def test_what_is_taken_back_is_not_heard(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    page = listen(stub, open_page)
    # So that nothing is heard before it is taken back.
    page.get_by_role("button", name="Pausa").click()
    say(stub, 1)
    say(stub, 2)
    stub.caption(3, "frase 3")
    for sequence in (2, 3):
        stub.send(stub.listener(), "retracted", sequence=sequence)
    stub.speech(3, sounds.url(3, 300), 300)
    stub.caption(1, "la primera", revision=1)
    stub.send(stub.listener(), "retracted", sequence=6)
    stub.speech(6, sounds.url(6, 300), 300)
    stub.caption(4, "frase 4", untranslated=True)
    say(stub, 5)
    until(page, "heard.messages.at(-1)?.sequence === 5")
    page.get_by_role("button", name="Reproducir").click()
    hears(page, 1, 5)
    expect(page.locator(".unheard")).to_have_count(0)


def test_pause_mute_and_volume(stub: StubStage, sounds: StubSounds, open_page: OpenPage) -> None:
    page = listen(stub, open_page)
    say(stub, 1, 3_000)
    # In the page: a test's own press may come after the end of the sound.
    press = "document.querySelector('.player button').click()"
    until(page, f"heard.sounds[0]?.playedMs > 100 && ({press}, true)")
    expect(page.get_by_role("button", name="Reproducir")).to_be_visible()
    until(page, "!heard.playing.length")
    say(stub, 2)
    until(page, "heard.messages.length === 2")
    expect(page.locator(".caption")).to_have_count(2)
    assert sequences(page) == [1]
    page.get_by_role("button", name="Reproducir").click()
    hears(page, 1, 1, 2)
    paused, rest = page.evaluate("heard.sounds")[:2]
    assert paused["playedMs"] < rest["playedMs"], "it goes on where it was"
    page.get_by_role("slider", name="Volumen").fill("0.3")
    page.get_by_role("button", name="Silenciar").click()
    expect(page.get_by_role("button", name="Silenciar", pressed=True)).to_be_visible()
    say(stub, 3)
    until(page, "heard.sounds.length === 4")
    third = page.evaluate("heard.sounds[3]")
    assert (third["muted"], third["volume"]) == (True, 0.3)


def test_the_lock_screen_shows_what_plays_and_can_pause_it(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    stub.session_fields = {"title": "Apertura"}
    script = """
      window.handlers = {};
      const set = MediaSession.prototype.setActionHandler;
      MediaSession.prototype.setActionHandler = function (name, act) {
        handlers[name] = act;
        set.call(this, name, act);
      };
    """
    page = open_page(stub.listener_page, script=script + heard.SCRIPT)
    expect(page.locator("#state")).to_have_attribute("data-state", "live")
    page.locator("#listen").click()
    until(page, "navigator.mediaSession.metadata?.title === 'Apertura'")
    assert page.evaluate("navigator.mediaSession.metadata.artist") == "español"
    assert page.evaluate("navigator.mediaSession.playbackState") == "playing"
    page.evaluate("handlers.pause()")
    expect(page.get_by_role("button", name="Reproducir")).to_be_visible()
    assert page.evaluate("navigator.mediaSession.playbackState") == "paused"
    page.evaluate("handlers.play()")
    say(stub, 1)
    hears(page, 1)
    page.locator("#listen").click()
    until(page, "navigator.mediaSession.playbackState === 'none'")


def test_when_the_device_takes_the_sound_away_the_voice_is_paused(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    script = """
      const make = window.Audio;
      window.Audio = function () { return (window.audio = new make()); };
    """
    page = open_page(stub.listener_page, script=script + heard.SCRIPT)
    expect(page.locator("#state")).to_have_attribute("data-state", "live")
    page.locator("#listen").click()
    expect(page.locator(".player")).to_be_visible()
    say(stub, 1, 2_000)
    until(page, "heard.playing.length && (audio.pause(), true)")
    page.get_by_role("button", name="Reproducir").click()
    hears(page, 1, 1)


def test_what_comes_all_at_once_is_jumped_over_and_marked(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    page = listen(stub, open_page)
    with stub.together():
        for sequence in range(1, 31):
            say(stub, sequence, 1_000)
    expect(page.get_by_text("La voz ha saltado adelante")).to_be_visible()
    until(page, "heard.sounds.at(-1)?.url.includes('/30/')")
    until(page, "!heard.playing.length")
    skipped = [int(each.split()[-1]) for each in unheard(page)]
    assert sorted(sequences(page) + skipped) == list(range(1, 31))
    assert len(skipped) > 15
    assert page.evaluate("heard.overlaps") == 0
    asked = {int(path.split("/")[-2]) for path in sounds.asked}
    assert len(asked) < 25, "what is skipped need not be fetched"


def test_the_end_of_the_session_ends_the_voice(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    page = listen(stub, open_page)
    say(stub, 1, 5_000)
    until(page, "heard.playing.length === 1")
    stub.send(stub.listener(), "sessionEnded", reason="ended by the speaker")
    expect(page.locator("#listen")).to_be_hidden()
    until(page, "!heard.playing.length")
    expect(page.locator(".player")).to_be_hidden()


def test_a_screen_reader_need_not_read_what_the_voice_reads(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    page = listen(stub, open_page)
    say(stub, 1)
    log = page.get_by_role("log")
    expect(page.locator(".caption")).to_have_count(1)
    expect(log).to_have_attribute("aria-live", "off")
    page.locator("#listen").click()
    stub.caption(2, "frase 2")
    expect(log).to_have_attribute("aria-live", "polite")


def test_where_no_voice_reads_a_screen_reader_goes_on(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    stub.voices = ()
    page = listen(stub, open_page)
    stub.caption(1, "frase 1")
    expect(page.locator(".caption")).to_have_count(1)
    expect(page.get_by_role("log")).to_have_attribute("aria-live", "polite")


def test_what_was_said_while_the_connection_was_lost_is_marked(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page, script=heard.SCRIPT)
    stub.caption(1, "frase 1")
    expect(page.locator(".caption")).to_have_count(1)
    page.locator("#listen").click()
    expect(page.locator(".player")).to_be_visible()
    say(stub, 2)
    hears(page, 2)
    stub.lets_in = False
    stub.cut()
    stub.wait(lambda: len(stub.sockets) > 1, "a second socket")
    stub.session.last_sequence = 4
    stub.let_in(stub.sockets[1])
    stub.caption(3, "frase 3")
    stub.caption(4, "frase 4")
    say(stub, 5)
    hears(page, 2, 5)
    assert unheard(page) == ["frase 3", "frase 4"]


def test_a_voice_that_does_not_load_is_said_and_may_be_tried_again(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page, script=heard.SCRIPT)
    expect(page.locator("#state")).to_have_attribute("data-state", "live")
    page.route("**/web/player-bar.js*", lambda route: route.abort())
    page.locator("#listen").click()
    expect(page.get_by_text("Algo salió mal.")).to_be_visible()
    expect(page.locator("#listen")).to_have_attribute("aria-pressed", "false")
    stub.wait(lambda: len(stub.listener().received) > 1, "the wish taken back")
    assert [each["voice"] for each in stub.listener().received] == [True, False]
    stub.caption(1, "frase 1")
    expect(page.locator(".caption")).to_have_count(1)
    page.unroute("**/web/player-bar.js*")
    page.reload()
    expect(page.locator("#state")).to_have_attribute("data-state", "live")
    page.locator("#listen").click()
    expect(page.locator(".player")).to_be_visible()


def test_a_sentence_that_is_said_again_is_heard_again(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    page = listen(stub, open_page)
    for sequence in (1, 2):
        stub.caption(sequence, "la misma")
        stub.speech(sequence, sounds.url(1, 300), 300)
    until(page, "heard.sounds.length === 2 && !heard.playing.length")


SLEEP_MS = 4_000


def test_a_page_that_slept_jumps_to_what_is_live(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    page = listen(stub, open_page)
    say(stub, 1)
    hears(page, 1)
    page.evaluate(
        """(sleepMs) => setTimeout(() => {
          const end = performance.now() + sleepMs;
          while (performance.now() < end);
        })""",
        SLEEP_MS,
    )
    with stub.together():
        for sequence in range(2, 42):
            say(stub, sequence, 1_500)
    until(page, "heard.sounds.at(-1).url.includes('/41/') && !heard.playing.length")
    told = heard.heard_in(page)
    # What a busy machine adds is beside the sleep, of which the page's timers are late, too.
    assert max(told.lags_ms) <= 10_000 + max(0, told.held_up_ms - SLEEP_MS)
    assert len(told.skipped) > 25
    assert not told.unmarked


def test_the_voice_is_used_by_keyboard_alone(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    page = open_page(stub.listener_page, script=heard.SCRIPT)
    expect(page.locator("#state")).to_have_attribute("data-state", "live")
    page.locator("#language").focus()
    page.keyboard.press("Tab")
    button = page.get_by_role("button", name="Escuchar", pressed=False)
    expect(button).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Escuchar", pressed=True)).to_be_focused()
    expect(page.locator(".player")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Pausa")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Reproducir")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Silenciar")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Home")
    expect(page.get_by_role("slider", name="Volumen")).to_have_value("0")
    say(stub, 1)
    hears(page, 1)
    assert page.evaluate("heard.sounds[0].volume") == 0


def test_a_fast_talk_is_never_more_than_ten_seconds_behind(
    stub: StubStage, sounds: StubSounds, open_page: OpenPage
) -> None:
    rng = random.Random(19)
    lengths = [rng.uniform(1_650, 2_250) for _ in range(60)]
    assert sum(lengths) > 110_000, "the voice needs longer than the talk"
    page = listen(stub, open_page)
    begin = time.monotonic()
    for sequence, milliseconds in enumerate(lengths, 1):
        # The speaker's pace: a sentence each second and a half.
        time.sleep(max(0.0, begin + 1.5 * (sequence - 1) - time.monotonic()))
        say(stub, sequence, milliseconds)
    until(page, "heard.sounds.at(-1).url.includes('/60/') && !heard.playing.length")
    told = heard.heard_in(page)
    assert told.sentences == 60
    # The rule's 10 s and 5 % (`make bench BENCHMARKS=voice_out`), and what a busy machine adds.
    assert max(told.lags_ms) <= 11_500 + told.held_up_ms
    assert told.overlaps == 0
    assert told.skipped_share <= 0.1 + told.held_up_ms / sum(lengths)
    assert not told.unmarked
    assert told.rates == {1, 1.2}
    assert page.evaluate("heard.sounds.every((each) => each.preservesPitch)")

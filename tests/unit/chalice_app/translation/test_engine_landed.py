"""The window between a translation's arrival and its cache entry: one call of the engine."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from chalice_app.bootstrap import Application
from chalice_app.domain.errors import TranslationFailed
from chalice_app.translation.engine import LANDED_MOST, LANDED_SECONDS, Translation
from chalice_app.translation.sentence import TranslatedSentence
from tests.fakes.cache import MemoryCache
from tests.fakes.domain import PATIENCE, FakeClock, sentence, session
from tests.fakes.translation import StubTranslator
from tests.fakes.world import World

LANGUAGES = ("es", "fr", "de")


def speak(application: Application, text: str = "Hello") -> list[TranslatedSentence]:
    spoken = sentence(text=text)
    renderings = list(application.renderer.render(session(), spoken, LANGUAGES))
    application.renderer.remember(spoken, renderings)
    return renderings


@pytest.mark.parametrize("round_", range(5))
def test_fifty_sentences_at_once_cost_one_translation_a_language(world: World, round_: int) -> None:
    cache = MemoryCache()
    application = Application(world.settings, replace(world.app.adapters, cache=cache, hits=cache))
    start = threading.Barrier(50)

    def one(_: int) -> list[TranslatedSentence]:
        start.wait(PATIENCE)
        return speak(application)

    with ThreadPoolExecutor(50) as threads:
        spoken = list(threads.map(one, range(50)))
    for renderings in spoken:
        assert {each.language: each.text for each in renderings} == {
            language: f"[{language}] Hello" for language in LANGUAGES
        }
    assert sorted(world.translator.calls) == sorted(("Hello", "en", each) for each in LANGUAGES)
    billed = [each for renderings in spoken for each in renderings if each.translated]
    assert sorted(each.language for each in billed) == sorted(LANGUAGES)


def test_who_looked_into_the_cache_too_early_joins_what_has_landed(world: World) -> None:
    """The cache is empty for both, though the first translation arrived long before the second."""
    world.cache.refusing |= {"get_entries", "put_entries"}
    first, second = speak(world.app), speak(world.app)
    assert all(each.translated and not each.cached for each in first)
    assert all(each.cached and not each.translated for each in second)
    assert len(world.translator.calls) == len(LANGUAGES)


def translation(translator: StubTranslator, clock: FakeClock) -> Translation:
    return Translation(translator, ThreadPoolExecutor(1), clock, LANDED_SECONDS)


def test_what_has_landed_is_kept_for_its_time_and_no_longer() -> None:
    translator, clock = StubTranslator(), FakeClock()
    shared = translation(translator, clock)
    shared.start("Hello", "en", "es").result(PATIENCE)
    shared.start("-", "en", "fr").result(PATIENCE)  # the one thread is through with the first
    clock.advance(int(LANDED_SECONDS * 1000) - 1)
    assert shared.board("Hello", "en", "es").joined
    clock.advance(1)
    assert not shared.board("Hello", "en", "es").joined


def test_a_failure_is_not_kept() -> None:
    translator = StubTranslator()
    translator.failing.add("es")
    shared = translation(translator, FakeClock())
    assert isinstance(shared.start("a", "en", "es").exception(PATIENCE), TranslationFailed)
    shared.start("-", "en", "fr").result(PATIENCE)
    translator.failing.clear()
    again = shared.board("a", "en", "es")
    assert not again.joined
    assert again.translated.result(PATIENCE) == "[es] a"


def test_what_is_kept_is_bounded() -> None:
    translator = StubTranslator()
    shared = translation(translator, FakeClock())
    for number in range(LANDED_MOST + 2):
        shared.start(f"{number}", "en", "es").result(PATIENCE)
    shared.start("-", "en", "fr").result(PATIENCE)
    assert not shared.board("0", "en", "es").joined
    assert shared.board(f"{LANDED_MOST}", "en", "es").joined


def test_a_translation_that_comes_too_late_for_its_caption_is_there_for_the_next(
    world: World,
) -> None:
    renderer = replace(world.app.renderer, patience=0.01)
    release = world.translator.held["es"] = threading.Event()
    (late,) = renderer.render(session(), sentence(text="Hello"), ["es"])
    assert late.failed
    landed = world.app.translation.board("Hello", "en", "es").translated
    cached = threading.Event()
    landed.add_done_callback(lambda _: cached.set())  # after the one that caches it
    release.set()
    assert cached.wait(PATIENCE)
    assert world.app.cache.get("Hello", "en", ["es"]) == {"es": "[es] Hello"}

"""The window between a translation's arrival and its cache entry: one call of the engine."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from chalice_app.bootstrap.application import Application
from chalice_app.domain.errors import TranslationFailed
from chalice_app.domain.sentence import Caption, Origin
from chalice_app.translation.engine import RECENT_MOST, RECENT_SECONDS, TranslationEngine
from tests.fakes.cache import MemoryCache
from tests.fakes.domain import PATIENCE, FakeClock, sentence, session
from tests.fakes.threads import SameThread
from tests.fakes.translation import StubTranslator
from tests.fakes.world import World

LANGUAGES = ("es", "fr", "de")


def speak(application: Application, text: str = "Hello") -> list[Caption]:
    spoken = sentence(text=text)
    captions = list(application.sentence_translator.translate(session(), spoken, LANGUAGES))
    application.sentence_translator.remember(spoken, captions)
    return captions


@pytest.mark.parametrize("round_", range(5))
def test_fifty_sentences_at_once_cost_one_translation_a_language(world: World, round_: int) -> None:
    cache = MemoryCache()
    application = Application(world.settings, replace(world.app.adapters, cache=cache, hits=cache))
    start = threading.Barrier(50)

    def one(_: int) -> list[Caption]:
        start.wait(PATIENCE)
        return speak(application)

    with ThreadPoolExecutor(50) as threads:
        spoken = list(threads.map(one, range(50)))
    for captions in spoken:
        assert {each.language: each.text for each in captions} == {
            language: f"[{language}] Hello" for language in LANGUAGES
        }
    assert sorted(world.translator.calls) == sorted(("Hello", "en", each) for each in LANGUAGES)
    billed = [each for captions in spoken for each in captions if each.origin is Origin.ENGINE]
    assert sorted(each.language for each in billed) == sorted(LANGUAGES)


def test_a_sentence_that_looked_into_the_cache_too_early_shares_what_was_just_made(
    world: World,
) -> None:
    """The cache is empty for both, though the first translation arrived long before the second."""
    world.cache.refusing |= {"get_entries", "put_entries"}
    first, second = speak(world.app), speak(world.app)
    assert all(each.origin is Origin.ENGINE for each in first)
    assert all(each.is_cached for each in second)
    assert len(world.translator.calls) == len(LANGUAGES)


def engine(translator: StubTranslator, clock: FakeClock) -> TranslationEngine:
    return TranslationEngine(translator, ThreadPoolExecutor(1), clock)


def test_what_was_just_made_is_kept_for_its_time_and_no_longer() -> None:
    translator, clock = StubTranslator(), FakeClock()
    shared = engine(translator, clock)
    shared.request("Hello", "en", "es").translated.result(PATIENCE)
    shared.request("-", "en", "fr").translated.result(
        PATIENCE
    )  # the one thread is through with the first
    clock.advance(int(RECENT_SECONDS * 1000) - 1)
    assert shared.request("Hello", "en", "es").is_shared
    clock.advance(1)
    assert not shared.request("Hello", "en", "es").is_shared


def test_a_failure_is_not_kept() -> None:
    translator = StubTranslator()
    translator.failing.add("es")
    shared = engine(translator, FakeClock())
    assert isinstance(
        shared.request("a", "en", "es").translated.exception(PATIENCE), TranslationFailed
    )
    shared.request("-", "en", "fr").translated.result(PATIENCE)
    translator.failing.clear()
    again = shared.request("a", "en", "es")
    assert not again.is_shared
    assert again.translated.result(PATIENCE) == "[es] a"


def test_what_is_kept_is_bounded() -> None:
    translator = StubTranslator()
    shared = engine(translator, FakeClock())
    for number in range(RECENT_MOST + 2):
        shared.request(f"{number}", "en", "es").translated.result(PATIENCE)
    shared.request("-", "en", "fr").translated.result(PATIENCE)
    assert not shared.request("0", "en", "es").is_shared
    assert shared.request(f"{RECENT_MOST}", "en", "es").is_shared


def test_a_translation_that_comes_too_late_for_its_caption_is_there_for_the_next(
    world: World,
) -> None:
    sentence_translator = replace(world.app.sentence_translator, patience=0.01)
    release = world.translator.held["es"] = threading.Event()
    (late,) = sentence_translator.translate(session(), sentence(text="Hello"), ["es"])
    assert late.origin is Origin.FAILED
    kept = world.app.engine.request("Hello", "en", "es").translated
    cached = threading.Event()
    kept.add_done_callback(lambda _: cached.set())  # after the one that caches it
    release.set()
    assert cached.wait(PATIENCE)
    assert world.app.cache.get("Hello", "en", ["es"]) == {"es": "[es] Hello"}


def test_as_many_are_kept_as_fit() -> None:
    made = TranslationEngine(StubTranslator(), SameThread(), FakeClock())
    for number in range(256):
        made.request(f"{number}", "en", "es")
    assert made.request("0", "en", "es").is_shared
    made.request("256", "en", "es")
    assert not made.request("0", "en", "es").is_shared

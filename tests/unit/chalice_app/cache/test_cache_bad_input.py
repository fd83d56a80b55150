"""Whatever is said and whatever stands in the cache: a correct caption."""

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from chalice_app.aws.clients import Clients
from chalice_app.aws.dynamodb.cached_translations import CachedTranslationsTable
from chalice_app.aws.dynamodb.table import Table
from chalice_app.bootstrap.application import Application
from chalice_app.cache.entries import CachedTranslation
from chalice_app.cache.hit_buffer import HitBuffer
from chalice_app.cache.lookup import TranslationCache, cache_key, canonical
from chalice_app.domain.characters import has_letters
from chalice_app.domain.sentence import Sentence
from chalice_app.wire.attribute_values import encode
from tests.fakes.cache import MemoryCache
from tests.fakes.domain import NOW_MS, PATIENCE, FakeClock, session
from tests.fakes.threads import SameThread
from tests.fakes.world import World
from tests.hostile import cache_row, sentence
from tests.hostile.engine_answer import SENTENCE

TTL = 3600

TEXTS = {name: text for name, text in sentence.TEXTS.items() if has_letters(text)}


def caption(application: Application, text: str) -> tuple[str, bool]:
    """What the Spanish listeners read, and whether it came from the cache."""
    said = Sentence(1, text, "en", NOW_MS)
    (caption,) = application.sentence_translator.translate(session(), said, ["es"])
    application.sentence_translator.remember(said, [caption])
    return caption.text, caption.is_cached


@pytest.fixture
def application(world: World, tables: dict[str, dict[str, str]], clients: Clients) -> Application:
    """The real adapter over moto's table."""
    store = CachedTranslationsTable(
        Table(clients, tables["CachedTranslationsTable"]["name"], "cacheKey")
    )
    return Application(world.settings, replace(world.app.adapters, cache=store))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_text_is_translated_once_and_then_cached(
    world: World, application: Application, text: str
) -> None:
    expected = f"[es] {canonical(text)}"
    assert caption(application, text) == (expected, False)
    world.clock.advance(60_000)
    assert caption(application, text) == (expected, True)
    assert len(world.translator.calls) == 1


def test_both_forms_of_a_letter_are_one_entry(world: World, application: Application) -> None:
    caption(application, TEXTS["composed"])
    world.clock.advance(60_000)
    assert caption(application, TEXTS["decomposed"])[1]


def test_white_space_alone_is_a_caption_too(world: World, application: Application) -> None:
    assert caption(application, " \t\n\u3000 ") == (" \t\n\u3000 ", False)
    assert not world.translator.calls


def test_a_sentence_that_was_cached_as_it_was_said_is_a_miss(
    world: World, application: Application
) -> None:
    application.cache.put(SENTENCE, "en", {"es": SENTENCE})
    assert caption(application, SENTENCE) == (f"[es] {SENTENCE}", False)
    world.clock.advance(60_000)
    assert caption(application, SENTENCE) == (f"[es] {SENTENCE}", True)


@pytest.mark.parametrize("poison", cache_row.ROWS.values(), ids=cache_row.ROWS)
def test_a_poisoned_row_is_a_miss_and_is_healed(
    world: World, application: Application, clients: Clients, poison: Mapping[str, Any]
) -> None:
    row = {
        "cacheKey": cache_row.KEY,
        "sourceLanguage": "en",
        "targetLanguage": "es",
        "createdAt": NOW_MS,
        "ttl": NOW_MS // 1000 + TTL,
        **poison,
    }
    clients.dynamodb.put_item(TableName="CachedTranslations-test", Item=encode(row))
    assert caption(application, "Hello") == ("[es] Hello", False)
    world.clock.advance(60_000)
    assert caption(application, "Hello") == ("[es] Hello", True)


def test_a_row_that_cannot_even_be_read_is_a_miss_and_is_healed(
    world: World, application: Application, clients: Clients
) -> None:
    clients.dynamodb.put_item(TableName="CachedTranslations-test", Item=cache_row.UNREADABLE)
    assert caption(application, "Hello") == ("[es] Hello", False)
    world.clock.advance(60_000)
    assert caption(application, "Hello") == ("[es] Hello", True)


def policy(store: MemoryCache, clock: FakeClock) -> TranslationCache:
    return TranslationCache(store, clock, TTL, HitBuffer(store, clock), SameThread())


def test_a_forced_collision_is_never_answered(world: World) -> None:
    """Two texts under one key, as if the hash were broken."""

    class Colliding(MemoryCache):
        def get_entries(self, cache_keys: Iterable[str]) -> Mapping[str, CachedTranslation]:
            (key,) = cache_keys
            found = super().get_entries(["one key for all"])
            return {key: found["one key for all"]} if found else {}

        def put_entries(self, entries: Any) -> None:
            super().put_entries([replace(each, cache_key="one key for all") for each in entries])

    cache = policy(Colliding(), world.clock)
    cache.put("first", "en", {"es": "primero"})
    assert cache.get("first", "en", ["es"]) == {"es": "primero"}
    assert cache.get("second", "en", ["es"]) == {}
    cache.put("second", "en", {"es": "segundo"})
    assert cache.get("second", "en", ["es"]) == {"es": "segundo"}
    assert cache.get("first", "en", ["es"]) == {}


def test_settings_that_alter_the_output_have_entries_of_their_own() -> None:
    cache = policy(MemoryCache(), FakeClock())
    every: list[dict[str, str]] = [{}, {"es": "formality=FORMAL"}, {"es": "profanity=MASK"}]
    for settings in every:
        assert cache.get("Hello", "en", ["es"], settings) == {}
        cache.put("Hello", "en", {"es": f"Hola {settings}"}, settings)
    for settings in every:
        assert cache.get("Hello", "en", ["es"], settings) == {"es": f"Hola {settings}"}


def test_settings_are_those_of_their_language_alone() -> None:
    cache = policy(MemoryCache(), FakeClock())
    cache.put("Hello", "en", {"es": "Hola", "fr": "Salut"}, {"fr": "formality=INFORMAL"})
    assert cache.get("Hello", "en", ["es", "fr"]) == {"es": "Hola"}
    assert cache.get("Hello", "en", ["es", "fr"], {"fr": "formality=INFORMAL"}) == {
        "es": "Hola",
        "fr": "Salut",
    }


def test_hits_alone_are_noted(world: World) -> None:
    cache = MemoryCache()
    application = Application(world.settings, replace(world.app.adapters, cache=cache, hits=cache))
    caption(application, "Hello")
    caption(application, "hello")
    caption(application, "hello")
    application.hit_buffer.flush()
    (row,) = cache.rows.values()
    assert {key: access.count for key, access in row.hits.items()} == {
        cache_key("en", "es", "hello"): 1
    }


class HangingCache(MemoryCache):
    """A database that accepts every call and answers none until `release`."""

    release: threading.Event

    def _called(self, method: str) -> None:
        super()._called(method)
        assert self.release.wait(PATIENCE), "nobody released the call"


def test_a_cache_that_hangs_costs_a_moment(world: World) -> None:
    store = HangingCache()
    store.release = threading.Event()
    hit_buffer = HitBuffer(store, world.clock)
    hit_buffer.count(["en:es:x"])
    world.clock.advance(120_000)
    with ThreadPoolExecutor(4) as threads:
        cache = TranslationCache(
            store, world.clock, TTL, hit_buffer, threads, lookup_seconds=0.01, write_seconds=0.01
        )
        assert cache.get("Hello", "en", ["es"]) == {}
        cache.put("Hello", "en", {"es": "Hola"})
        store.release.set()
    assert store.calls == ["get_entries", "put_entries", "put_hit_row"]
    # The write came after all.
    assert policy(store, world.clock).get("Hello", "en", ["es"]) == {"es": "Hola"}

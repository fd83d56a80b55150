"""The cache's policy: which texts share an entry, and which hits are real."""

import hashlib
import unicodedata
from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.cache.hit_buffer import HitBuffer
from chalice_app.cache.lookup import TranslationCache, cache_key, canonical
from tests.fakes.cache import MemoryCache
from tests.fakes.domain import FakeClock
from tests.fakes.threads import SameThread

TTL = 3600


class Cache:
    """The policy over an in-memory table."""

    def __init__(self) -> None:
        self.store = MemoryCache()
        self.clock = FakeClock()
        hit_buffer = HitBuffer(self.store, self.clock)
        self.policy = TranslationCache(self.store, self.clock, TTL, hit_buffer, SameThread())

    def get(self, text: str, *targets: str) -> dict[str, str]:
        return dict(self.policy.get(text, "en", targets or ("es",)))

    def put(self, text: str, **translations: str) -> None:
        self.policy.put(text, "en", translations)


@pytest.fixture
def cache() -> Cache:
    return Cache()


# --- Keys ----------------------------------------------------------------------------------------


def test_a_key_names_the_languages_and_the_hash_of_the_normalised_text() -> None:
    # printf 'hello world' | sha256sum
    assert cache_key("en", "es", "Hello  World ") == "en:es:b94d27b9934d3e08"


@pytest.mark.parametrize(
    "text", [" Hello World", "hello\tworld\n", "HELLO WORLD", "Hello\u3000world"]
)
def test_white_space_and_case_do_not_change_the_key(text: str) -> None:
    assert cache_key("en", "es", text) == cache_key("en", "es", "hello world")


@pytest.mark.parametrize(
    "text",
    ["a b\nc\n\nd", "a  b\r\nc\r\n\r\nd", " a b \n c \n \n\t\n\n d\n\n", "A B\u2028C\u2029\u2029D"],
)
def test_lines_are_kept_however_they_are_broken(text: str) -> None:
    assert canonical(text).lower() == "a b\nc\n\nd"
    assert cache_key("en", "es", text) == cache_key("en", "es", "a b\nc\n\nd")


def test_another_line_is_another_text() -> None:
    assert len({canonical(text) for text in ("a b", "a\nb", "a\n\nb")}) == 3


def test_composed_and_decomposed_letters_have_one_key() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    assert composed != decomposed
    assert cache_key("fr", "en", composed) == cache_key("fr", "en", decomposed)


def test_languages_make_other_keys() -> None:
    keys = {cache_key(*pair, "x") for pair in [("en", "es"), ("es", "en"), ("en", "fr")]}
    assert len(keys) == 3


@given(st.text())
def test_the_canonical_text_is_a_fixed_point(text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert "  " not in once
    assert once == once.strip()


# --- Hits ----------------------------------------------------------------------------------------


def test_what_was_put_is_found(cache: Cache) -> None:
    cache.put("Hello", es="Hola", fr="Bonjour")
    assert cache.get("Hello", "es", "fr", "de") == {"es": "Hola", "fr": "Bonjour"}


def test_all_languages_are_read_in_one_call(cache: Cache) -> None:
    cache.get("Hello", *[f"x{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"])
    assert cache.store.calls == ["get_entries"]


def test_no_language_is_no_call(cache: Cache) -> None:
    assert cache.policy.get("Hello", "en", []) == {}
    cache.policy.put("Hello", "en", {})
    assert not cache.store.calls


def test_a_text_that_only_shares_the_key_is_a_miss(cache: Cache) -> None:
    assert cache_key("en", "es", "US") == cache_key("en", "es", "us")
    cache.put("US", es="EE. UU.")
    assert cache.get("us") == {}
    assert cache.get("US") == {"es": "EE. UU."}


def test_the_later_of_two_texts_with_one_key_stands(cache: Cache) -> None:
    cache.put("US", es="EE. UU.")
    cache.put("us", es="nosotros")
    assert cache.get("us") == {"es": "nosotros"}
    assert cache.get("US") == {}


@pytest.mark.parametrize("text", ["café  au lait", " cafe\u0301 au lait\n"])
def test_a_text_that_differs_in_form_alone_is_a_hit(cache: Cache, text: str) -> None:
    cache.put("cafe\u0301 au lait", es="café con leche")
    assert cache.get(text) == {"es": "café con leche"}


def test_an_entry_lives_to_its_last_second_though_its_row_stays(cache: Cache) -> None:
    cache.put("Hello", es="Hola")
    cache.clock.advance(TTL * 1000 - 1)
    assert cache.get("Hello") == {"es": "Hola"}
    cache.clock.advance(1)
    assert cache.get("Hello") == {}
    assert cache.store.get_entries([cache_key("en", "es", "Hello")])


def test_an_entry_tells_what_was_translated_and_when(cache: Cache) -> None:
    cache.put(" Hello ", es="Hola")
    (entry,) = cache.store.get_entries([cache_key("en", "es", "Hello")]).values()
    assert (entry.source_language, entry.target_language) == ("en", "es")
    assert (entry.source_text, entry.translated_text) == ("Hello", "Hola")
    assert entry.created_at == cache.clock.now_ms()
    assert entry.ttl == cache.clock.now_ms() // 1000 + TTL


def test_a_cache_that_cannot_be_read_is_a_miss(cache: Cache) -> None:
    cache.put("Hello", es="Hola")
    cache.store.refusing.add("get_entries")
    assert cache.get("Hello") == {}


def test_a_cache_that_cannot_be_written_harms_nobody(cache: Cache) -> None:
    cache.store.refusing.add("put_entries")
    cache.put("Hello", es="Hola")
    assert cache.get("Hello") == {}


@given(st.lists(st.text(min_size=1, max_size=4), max_size=12))
def test_a_hit_is_always_the_translation_of_that_very_text(texts: list[str]) -> None:
    cache = Cache()
    for text in texts:
        cache.put(text, es=f"translated {canonical(text)}")
    for text in texts:
        hit = cache.get(text).get("es")
        assert hit in (None, f"translated {canonical(text)}")
    if texts:
        assert cache.get(texts[-1]) == {"es": f"translated {canonical(texts[-1])}"}


def test_an_entry_without_a_translation_is_a_miss(cache: Cache) -> None:
    cache.put("Hello", es="")
    assert cache.get("Hello") == {}


def test_a_cache_that_fails_says_so_in_the_log(
    cache: Cache, caplog: pytest.LogCaptureFixture
) -> None:
    cache.store.refusing |= {"get_entries", "put_entries"}
    cache.get("Hello")
    cache.put("Hello", es="Hola", fr="Salut")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "the translation cache is unavailable: translating without it"),
        ("WARNING", "2 translations could not be cached in time"),
    ]


class Slow(SameThread):
    """An executor whose calls are never done in time; it notes how long they may take."""

    def __init__(self) -> None:
        self.waited: list[float | None] = []
        self.cancelled = 0

    def submit(self, *_: Any, **__: Any) -> Future[Any]:
        slow = self

        class Never(Future[Any]):
            def result(self, timeout: float | None = None) -> Any:
                slow.waited.append(timeout)
                raise TimeoutError

            def cancel(self) -> bool:
                slow.cancelled += 1
                return super().cancel()

        return Never()


def test_nobody_waits_longer_for_the_cache_than_it_is_worth(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, clock, slow = MemoryCache(), FakeClock(), Slow()
    policy = TranslationCache(store, clock, TTL, HitBuffer(store, clock), slow)
    assert policy.get("Hello", "en", ["es"]) == {}
    policy.put("Hello", "en", {"es": "Hola"})
    policy.flush_hits()
    assert slow.waited == [0.5, 2.0, 2.0]
    assert slow.cancelled == 3
    assert [record.getMessage() for record in caplog.records] == [
        "the translation cache is unavailable: translating without it",
        "1 translations could not be cached in time",
        "the cache's hits are not written yet",
    ]


def test_settings_are_hashed_with_the_text() -> None:
    digest = hashlib.sha256(b"hello world\0profanity=MASK").hexdigest()[:16]
    assert cache_key("en", "es", "Hello world", "profanity=MASK") == f"en:es:{digest}"

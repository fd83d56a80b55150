"""What a batch of the CachedTranslations stream causes: hits, metrics by pair, the limit."""

from collections.abc import Mapping

from chalice_app.cache.entries import EntryUse, HitRow, Hits
from chalice_app.cache.update import NAMED_PAIRS, CacheChanges
from tests.fakes.domain import NOW_MS
from tests.fakes.world import World

NOTHING = CacheChanges(hit_rows=(), new_entries=0, expired=0, translated={})
IN_AN_HOUR = NOW_MS // 1000 + 3600


def hits_of(world: World, saved: Mapping[str, int]) -> CacheChanges:
    """A hit row with one hit of an entry of each pair, which is so many characters long."""
    for pair, length in saved.items():
        world.cache.hold(EntryUse(f"{pair}:x", NOW_MS, 0, IN_AN_HOUR, length))
    world.cache.put_hit_row(HitRow("hit#c#0", {f"{pair}:x": Hits(1, NOW_MS) for pair in saved}))
    return CacheChanges(hit_rows=("hit#c#0",), new_entries=0, expired=0, translated={})


def values(translated: int, saved: int) -> Mapping[str, int]:
    return {"CharactersTranslated": translated, "CharactersSaved": saved}


def test_translated_and_saved_characters_are_emitted_by_language_pair(world: World) -> None:
    changes = hits_of(world, {"en:es": 30, "pt-BR:de": 4})
    translated = {"en:es": 12, "en:fr": 2}
    assert not world.app.cache_update.apply(CacheChanges(changes.hit_rows, 0, 0, translated))
    assert world.metrics.pairs == {
        "en:es": values(12, 30),
        "en:fr": values(2, 0),
        "pt-BR:de": values(0, 4),
    }


def test_expired_entries_are_counted(world: World) -> None:
    world.app.cache_update.apply(CacheChanges((), 0, 2, {}))
    assert world.metrics.emitted == [{"CacheExpirations": 2}]


def test_a_batch_without_effect_emits_nothing(world: World) -> None:
    assert not world.app.cache_update.apply(NOTHING)
    assert (world.metrics.pairs, world.metrics.emitted) == ({}, [])


def test_the_number_of_paid_metrics_is_bounded(world: World) -> None:
    translated = {f"en:x{number:02d}": 1000 - number for number in range(NAMED_PAIRS + 5)}
    world.app.cache_update.apply(CacheChanges((), 0, 0, translated))
    pairs = world.metrics.pairs
    assert len(pairs) == NAMED_PAIRS + 1
    assert sum(each["CharactersTranslated"] for each in pairs.values()) == sum(translated.values())
    assert pairs["other"]["CharactersTranslated"] == sum(sorted(translated.values())[:5])


def test_new_entries_may_begin_an_eviction(world: World) -> None:
    world.app.cache_update.apply(CacheChanges((), 3, 0, {}))
    assert "count_entries" in world.cache.calls

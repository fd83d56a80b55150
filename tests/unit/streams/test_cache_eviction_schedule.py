"""The scheduled run: the limit is kept though the stream is silent."""

from dataclasses import replace

import pytest

from chalice_app.bootstrap import Application, composed
from chalice_app.domain.errors import Unavailable
from chalice_app.settings import ConfigurationError
from infra.local.event_sources.schedules import scheduled_event
from streams import cache_eviction
from tests.cache_fakes import MemoryCache, entry
from tests.fakes import NOW_MS, World

EVENT = scheduled_event("cache_eviction")


def test_a_lowered_limit_is_kept_at_the_next_run(world: World) -> None:
    cache = MemoryCache()
    cache.hold(*(entry(f"{n}", NOW_MS - n) for n in range(5)))
    adapters = replace(world.app.adapters, recency=cache)
    with composed(Application(replace(world.settings, max_cache_entries=2), adapters)):
        cache_eviction.handler(EVENT, None)
    assert set(cache.uses) == {"en:es:0", "en:es:1"}
    assert world.metrics.values() == {
        "CacheSize": 2,
        "CacheEvictions": 3,
        "CacheExpirations": 0,
    }


def test_a_database_that_is_unavailable_fails_the_run(world: World) -> None:
    cache = MemoryCache(refusing={"count_entries"})
    adapters = replace(world.app.adapters, recency=cache)
    with composed(Application(world.settings, adapters)), pytest.raises(Unavailable):
        cache_eviction.handler(EVENT, None)


def test_it_says_when_it_is_composed_without_an_index(world: World) -> None:
    with composed(world.app), pytest.raises(ConfigurationError, match="index"):
        cache_eviction.handler(EVENT, None)

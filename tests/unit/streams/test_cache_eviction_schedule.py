"""The scheduled run: the limit is kept though the stream is silent."""

import logging
from dataclasses import replace

import pytest

from chalice_app.bootstrap.application import Application
from chalice_app.bootstrap.process import composed
from chalice_app.domain.errors import Unavailable
from chalice_app.rosters.repair import Reconciled
from infra.local.event_sources.schedules import scheduled_event
from streams import cache_eviction, reconcile
from tests.fakes.cache import MemoryCache, entry
from tests.fakes.domain import NOW_MS
from tests.fakes.world import World

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


def test_a_run_says_in_the_log_what_it_did(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    cache = MemoryCache()
    cache.hold(*(entry(f"{n}", NOW_MS - n) for n in range(5)))
    adapters = replace(world.app.adapters, recency=cache)
    with composed(Application(replace(world.settings, max_cache_entries=2), adapters)):
        cache_eviction.handler(EVENT, None)
        reconcile.handler(scheduled_event("reconcile"), None)
    assert [each.getMessage() for each in caplog.records] == [
        "5 entries: 3 evicted, 0 expired",
        f"reconciled: {Reconciled(0, 0, 0, 0)}",
    ]

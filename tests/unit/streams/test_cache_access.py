"""Outbox rows become statistics of their entries: each once, whatever comes between."""

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.bootstrap.application import Application
from chalice_app.bootstrap.process import composed
from chalice_app.cache.entries import HitRow, Hits
from chalice_app.cache.eviction import Eviction
from chalice_app.cache.hit_application import HitApplication
from chalice_app.cache.hits import RECENCY_GRAIN_MS, ROW_PREFIX
from chalice_app.cache.update import CacheUpdate
from chalice_app.domain.errors import Unavailable
from chalice_app.domain.retrying import TRIES
from chalice_app.wire.attribute_values import encode
from streams import cache_access
from streams.cache_access import handle_records
from streams.records import Change, StreamRecord
from tests.fakes.cache import MemoryCache, entry
from tests.fakes.domain import NOW_MS, FakeClock
from tests.fakes.observability import RecordingMetrics
from tests.fakes.world import World


def row(name: str, /, **hits: Hits) -> HitRow:
    """A hit row; keys as `entry` makes them."""
    return HitRow(f"{ROW_PREFIX}{name}", {f"en:es:{key}": hit for key, hit in hits.items()})


def sync(cache: MemoryCache, clock: FakeClock | None = None) -> HitApplication:
    return HitApplication(cache, clock or FakeClock(), wait=lambda _: None)


def stored(cache: MemoryCache, *rows: HitRow) -> list[str]:
    for each in rows:
        cache.put_hit_row(each)
    cache.calls.clear()
    return [each.name for each in rows]


def record(
    change: Change, key: str, image: dict[str, Any] | None = None, number: int = 1
) -> StreamRecord:
    return StreamRecord(str(number), change, {"cacheKey": key}, image)


def test_hits_are_added_and_the_row_goes() -> None:
    cache = MemoryCache()
    cache.hold(entry("a"))
    later = NOW_MS + RECENCY_GRAIN_MS
    names = stored(cache, row("c#0", a=Hits(3, later)))
    applied = sync(cache, FakeClock(later)).apply(names)
    assert cache.uses["en:es:a"] == replace(entry("a"), access_count=3, last_accessed_at=later)
    assert cache.rows == {}
    assert applied.failed == set()
    assert applied.saved == {"en:es": 3}


def test_a_row_that_was_applied_costs_one_read_and_no_write() -> None:
    cache = MemoryCache()
    cache.hold(entry("a"))
    names = stored(cache, row("c#0", a=Hits(3, NOW_MS)))
    sync(cache).apply(names)
    cache.calls.clear()
    for _ in range(3):
        assert sync(cache).apply(names).failed == set()
    assert cache.calls == ["get_hit_rows"] * 3
    assert cache.uses["en:es:a"].access_count == 3


def test_a_small_step_counts_without_moving_the_entry() -> None:
    cache = MemoryCache()
    cache.hold(entry("a"))
    later = NOW_MS + RECENCY_GRAIN_MS - 1
    sync(cache, FakeClock(later)).apply(stored(cache, row("c#0", a=Hits(1, later))))
    assert cache.uses["en:es:a"] == replace(entry("a"), access_count=1)


@pytest.mark.parametrize(
    ("last_at", "stands_at"), [(10**15, NOW_MS), (NOW_MS, 10**15), (0, 10**15)]
)
def test_no_clock_makes_an_entry_last_accessed_in_the_future(last_at: int, stands_at: int) -> None:
    cache = MemoryCache()
    cache.hold(replace(entry("a"), last_accessed_at=stands_at))
    now = NOW_MS + 10 * RECENCY_GRAIN_MS
    sync(cache, FakeClock(now)).apply(stored(cache, row("c#0", a=Hits(1, last_at))))
    assert cache.uses["en:es:a"].last_accessed_at == now


def test_an_old_hit_does_not_take_an_entry_back() -> None:
    cache = MemoryCache()
    cache.hold(entry("a"))
    sync(cache).apply(stored(cache, row("c#0", a=Hits(1, NOW_MS - 10**6))))
    assert cache.uses["en:es:a"] == replace(entry("a"), access_count=1)


def test_entries_that_are_gone_or_expired_are_left_out() -> None:
    cache = MemoryCache()
    cache.hold(entry("here"), entry("expired", ttl=NOW_MS // 1000))
    hits = {name: Hits(1, NOW_MS) for name in ("here", "gone", "expired")}
    applied = sync(cache).apply(stored(cache, row("c#0", **hits)))
    assert cache.rows == {}
    assert set(cache.uses) == {"en:es:here", "en:es:expired"}
    assert cache.uses["en:es:here"].access_count == 1
    assert cache.uses["en:es:expired"].access_count == 0
    assert applied.saved == {"en:es": len("here")}


def test_an_entry_that_is_evicted_meanwhile_stays_away() -> None:
    cache = MemoryCache()
    cache.hold(entry("a"), entry("b"))
    names = stored(cache, row("c#0", a=Hits(1, NOW_MS), b=Hits(2, NOW_MS)))
    cache.before = [lambda: cache.remove_entries(["en:es:a"])]
    assert sync(cache).apply(names).failed == set()
    assert set(cache.uses) == {"en:es:b"}
    assert cache.uses["en:es:b"].access_count == 2


def test_rows_of_many_containers_write_each_entry_once() -> None:
    cache = MemoryCache()
    cache.hold(*(entry(f"k{n}") for n in range(40)))
    hits = {f"k{n}": Hits(1, NOW_MS) for n in range(40)}
    names = stored(cache, *(row(f"c{n}#0", **hits) for n in range(5)))
    sync(cache).apply(names)
    assert cache.calls == ["get_hit_rows", "get_uses", "apply_hits"]
    assert {use.access_count for use in cache.uses.values()} == {5}


def test_a_conflict_is_tried_again_and_given_up_at_last() -> None:
    cache = MemoryCache()
    cache.hold(entry("a"))
    names = stored(cache, row("c#0", a=Hits(1, NOW_MS)))

    def touch() -> None:
        use = cache.uses["en:es:a"]
        cache.hold(replace(use, last_accessed_at=use.last_accessed_at + 1))

    cache.before = [touch] * (TRIES - 1)
    assert sync(cache).apply(names).failed == set()
    names = stored(cache, row("c#1", a=Hits(1, NOW_MS)))
    cache.before = [touch] * TRIES
    assert sync(cache).apply(names).failed == set(names)
    assert cache.uses["en:es:a"].access_count == 1


def test_one_batch_that_is_refused_holds_up_no_other() -> None:
    cache = MemoryCache()
    first = {f"a{n}": Hits(1, NOW_MS) for n in range(99)}
    second = {f"b{n}": Hits(1, NOW_MS) for n in range(99)}
    cache.hold(*(entry(name) for name in (*first, *second)))
    names = stored(cache, row("c#0", **first), row("c#1", **second))

    def refuse() -> None:
        raise Unavailable("the test refuses it")

    cache.before = [refuse]
    (failed,) = sync(cache).apply(names).failed
    assert set(cache.rows) == {failed}
    assert sum(use.access_count for use in cache.uses.values()) == 99
    assert sync(cache).apply(names).failed == set()
    assert {use.access_count for use in cache.uses.values()} == {1}


def test_a_row_without_sense_goes_without_a_trace() -> None:
    cache = MemoryCache()
    names = stored(cache, HitRow(f"{ROW_PREFIX}x", {}))
    assert sync(cache).apply(names).failed == set()
    assert cache.rows == {}


@given(st.integers(min_value=0, max_value=2**32), st.data())
def test_every_hit_counts_exactly_once_whatever_goes_wrong(seed: int, data: st.DataObject) -> None:
    """Rows are stored twice, delivered in any order and number, refused, and answers are lost."""
    chance = random.Random(seed)
    cache, clock = MemoryCache(), FakeClock()
    keys = [f"k{n}" for n in range(data.draw(st.integers(1, 130)))]
    cache.hold(*(entry(key) for key in keys))
    expected: Counter[str] = Counter()
    rows = []
    for number in range(data.draw(st.integers(1, 6))):
        hits = {
            key: Hits(chance.randint(1, 9), NOW_MS + chance.randint(-9, 9))
            for key in chance.sample(keys, min(len(keys), chance.randint(1, 99)))
        }
        rows.append(row(f"c{number}#0", **hits))
        expected.update({f"en:es:{key}": hit.count for key, hit in hits.items()})
    names: list[str] = []
    for each in rows:
        names += stored(cache, each)
        names += stored(cache, each) if chance.random() < 0.3 else []
    for _ in range(data.draw(st.integers(0, 12))):
        for trouble in (cache.refusing, cache.losing):
            trouble.clear()
            trouble |= {"apply_hits"} if chance.random() < 0.3 else set()
        sync(cache, clock).apply(chance.sample(names, chance.randint(1, len(names))))
        clock.advance(chance.randint(0, 60_000))
        if chance.random() < 0.3:
            stored(cache, chance.choice(rows))  # the SDK repeats a request
    cache.refusing.clear()
    cache.losing.clear()
    sync(cache, clock).apply(names)
    assert {key: use.access_count for key, use in cache.uses.items()} == {
        f"en:es:{key}": expected[f"en:es:{key}"] for key in keys
    }
    assert cache.rows == {}


# --- A batch of the stream -----------------------------------------------------------------------


class RecordedEviction(Eviction):
    """Counts the new entries that it is to make room for, and evicts none."""

    def entries_added(self, count: int) -> None:
        self.added = [*getattr(self, "added", ()), count]


class Batch:
    """The effect of records over a cache in memory."""

    def __init__(self) -> None:
        self.cache = MemoryCache()
        self.metrics = RecordingMetrics()
        self.eviction = RecordedEviction(self.cache, self.metrics, FakeClock(), limit=10)

    def handle(self, *records: StreamRecord) -> list[StreamRecord]:
        update = CacheUpdate(sync(self.cache), self.eviction, self.metrics)
        return list(handle_records(records, update))


def test_own_writes_cause_nothing() -> None:
    batch = Batch()
    entry_image = {"cacheKey": "en:es:a", "accessCount": 3, "sourceText": "a"}
    assert (
        batch.handle(
            record(Change.MODIFY, "en:es:a", entry_image),
            record(Change.REMOVE, f"{ROW_PREFIX}c#0"),
            record(Change.REMOVE, "en:es:b"),
            record(Change.MODIFY, f"{ROW_PREFIX}c#1"),
        )
        == []
    )
    assert batch.cache.calls == []
    assert batch.metrics.emitted == []
    assert batch.eviction.added == [0]


def test_new_entries_are_reported_to_the_eviction() -> None:
    batch = Batch()
    stored(batch.cache, row("c#0"))
    records = [record(Change.INSERT, f"en:es:{n}", number=n) for n in range(7)]
    assert batch.handle(*records, record(Change.INSERT, f"{ROW_PREFIX}c#0")) == []
    assert batch.eviction.added == [7]
    assert batch.cache.rows == {}


def test_the_record_of_a_row_that_failed_is_reported() -> None:
    batch = Batch()
    stored(batch.cache, row("c#0", a=Hits(1, NOW_MS)))
    batch.cache.refusing.add("apply_hits")
    failed = record(Change.INSERT, f"{ROW_PREFIX}c#0", number=2)
    assert batch.handle(record(Change.INSERT, "en:es:a"), failed) == [failed]


def test_rows_that_cannot_be_read_fail_the_batch() -> None:
    batch = Batch()
    batch.cache.refusing.add("get_hit_rows")
    with pytest.raises(Unavailable):
        batch.handle(record(Change.INSERT, f"{ROW_PREFIX}c#0"))


def raw(key: str, number: int) -> dict[str, Any]:
    change = {"SequenceNumber": str(number), "Keys": encode({"cacheKey": key})}
    return {"eventName": "INSERT", "dynamodb": change, "eventID": str(number)}


def application(world: World, cache: MemoryCache) -> Application:
    adapters = replace(world.app.adapters, cache=cache, hits=cache, recency=cache)
    return Application(replace(world.settings, max_cache_entries=2), adapters)


def test_the_handler_applies_rows_and_keeps_the_limit(world: World) -> None:
    cache = MemoryCache()
    cache.hold(*(entry(name, NOW_MS - age) for age, name in enumerate("abcd")))
    stored(cache, row("c#0", d=Hits(1, NOW_MS)))
    event = {"Records": [raw(f"{ROW_PREFIX}c#0", 1), raw("en:es:a", 2)]}
    world.clock.advance(RECENCY_GRAIN_MS)
    with composed(application(world, cache)):
        assert cache_access.handler(event, None) == {"batchItemFailures": []}
    assert len(cache.uses) == 2
    assert world.metrics.values()["CacheSize"] == 2

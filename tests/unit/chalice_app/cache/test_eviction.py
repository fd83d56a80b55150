"""The cache is kept at its limit: the longest unused go, and nobody who is still needed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.cache.entries import EntryUse
from chalice_app.cache.eviction import EVICTIONS_A_RUN, Eviction, Swept, by_age
from chalice_app.domain.errors import Unavailable
from tests.fakes.cache import MemoryCache, entry
from tests.fakes.domain import NOW_MS, FakeClock
from tests.fakes.observability import RecordingMetrics


class Cache:
    """A cache with a limit."""

    def __init__(self, limit: int, *uses: EntryUse) -> None:
        self.store = MemoryCache()
        self.store.hold(*uses)
        self.metrics = RecordingMetrics()
        self.eviction = self.evictor(limit)

    def evictor(self, limit: int) -> Eviction:
        return Eviction(self.store, self.metrics, FakeClock(), limit)

    @property
    def names(self) -> set[str]:
        return {key.removeprefix("en:es:") for key in self.store.uses}


def aged(*names: str) -> list[EntryUse]:
    """Entries, the longest unused first."""
    return [entry(name, NOW_MS - 1_000 + age) for age, name in enumerate(names)]


def test_the_longest_unused_go() -> None:
    cache = Cache(2, *aged("a", "b", "c", "d"))
    assert cache.eviction.run() == Swept(live=4, evicted=2)
    assert cache.names == {"c", "d"}


@pytest.mark.parametrize("limit", [4, 5])
def test_at_the_limit_nobody_goes(limit: int) -> None:
    cache = Cache(limit, *aged("a", "b", "c", "d"))
    assert cache.eviction.run() == Swept(live=4)
    assert "query_oldest" not in cache.store.calls


def test_among_equals_the_least_used_goes() -> None:
    uses = [replace(entry(name), access_count=count) for name, count in zip("abc", (5, 0, 2))]  # noqa: B905
    cache = Cache(1, *uses)
    cache.eviction.run()
    assert cache.names == {"a"}


def test_an_entry_that_is_used_meanwhile_stays_and_the_next_one_goes() -> None:
    cache = Cache(2, *aged("a", "b", "c"))

    def use_a() -> None:
        cache.store.hold(replace(cache.store.uses["en:es:a"], access_count=1))

    cache.store.before = [use_a]
    assert cache.eviction.run().evicted == 1
    assert cache.names == {"a", "c"}


def test_an_entry_that_another_run_removed_makes_room_too() -> None:
    cache = Cache(2, *aged("b", "c"))
    gone = entry("a", NOW_MS - 5_000)
    cache.store.index_lag = {gone.cache_key: gone}
    assert cache.eviction.run() == Swept(live=3)
    assert cache.names == {"b", "c"}


def test_expired_entries_are_counted_apart() -> None:
    over = NOW_MS // 1000
    expired = [entry(f"old {n}", NOW_MS - 9_000 + n, ttl=over) for n in range(3)]
    cache = Cache(2, *expired, *aged("a", "b", "c"))
    assert cache.eviction.run() == Swept(live=3, evicted=1, expired=3)
    assert cache.names == {"b", "c"}
    assert cache.metrics.values() == {
        "CacheSize": 2,
        "CacheEvictions": 1,
        "CacheExpirations": 3,
    }


def test_expired_entries_do_not_count_for_the_limit() -> None:
    expired = [entry(f"old {n}", ttl=0) for n in range(9)]
    cache = Cache(2, *expired, *aged("a", "b"))
    assert cache.eviction.run() == Swept(live=2)


def test_a_run_is_bounded() -> None:
    cache = Cache(1, *(entry(f"{n}", NOW_MS - n) for n in range(EVICTIONS_A_RUN + 11)))
    assert cache.eviction.run().evicted == EVICTIONS_A_RUN
    cache.eviction.entries_added(1)  # what is left goes at once with the next batch
    assert cache.names == {"0"}


def test_a_refusal_is_raised_to_the_schedule_and_not_to_the_stream() -> None:
    cache = Cache(1, *aged("a", "b", "c"))
    cache.store.refusing.add("count_entries")
    with pytest.raises(Unavailable):
        cache.eviction.run()
    cache.eviction.entries_added(1)
    cache.store.refusing.clear()
    cache.eviction.entries_added(1)
    assert cache.names == {"c"}


@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(0, 90))
def test_what_is_left_is_what_was_used_last(seed: int, limit: int, count: int) -> None:
    chance = random.Random(seed)
    uses = [
        replace(entry(f"{n}", NOW_MS - chance.randint(0, 20)), access_count=chance.randint(0, 3))
        for n in range(count)
    ]
    cache = Cache(limit, *uses)
    cache.eviction.run()

    def age(use: EntryUse) -> tuple[int, int, str]:
        return use.last_accessed_at, use.access_count, use.cache_key

    kept = sorted(uses, key=age)[max(0, count - limit) :]
    assert set(cache.store.uses) == {use.cache_key for use in kept}


def test_runs_that_overlap_remove_no_more_than_one_would() -> None:
    cache = Cache(50, *(entry(f"{n}", NOW_MS - n) for n in range(80)))
    other = cache.evictor(50)
    cache.store.index_lag = dict(cache.store.uses)  # both see all eighty
    cache.eviction.run()
    other.run()
    assert cache.names == {str(n) for n in range(50)}


def test_buckets_are_merged_by_age_and_read_no_further_than_needed() -> None:
    read: list[int] = []

    def bucket(start: int) -> Iterator[EntryUse]:
        for last_accessed_at in range(start, start + 1_000):
            read.append(last_accessed_at)
            yield entry(f"{last_accessed_at}", last_accessed_at)

    merged = by_age([bucket(3_000), bucket(0), bucket(6_000)])
    assert [next(merged).last_accessed_at for _ in range(120)] == [*range(120)]
    assert len(read) <= 130


# --- When it is counted --------------------------------------------------------------------------


def counts(cache: Cache) -> int:
    return cache.store.calls.count("count_entries")


def test_the_first_entry_that_comes_has_the_cache_counted() -> None:
    cache = Cache(1_000)
    cache.eviction.entries_added(0)
    assert counts(cache) == 0
    cache.eviction.entries_added(1)
    assert counts(cache) == 1


def test_far_below_the_limit_it_is_rarely_counted() -> None:
    cache = Cache(10_000)
    for _ in range(2_501):
        cache.eviction.entries_added(1)
    assert counts(cache) == 2


def test_near_the_limit_it_is_counted_every_half_percent() -> None:
    cache = Cache(1_000, *(entry(f"{n}") for n in range(1_000)))
    for _ in range(1 + 4 * 5):
        cache.eviction.entries_added(1)
    assert counts(cache) == 5


@pytest.mark.parametrize("shards", [1, 4])
def test_the_limit_is_never_passed_by_more_than_two_percent(shards: int) -> None:
    """Each shard's container knows only of the entries that it has seen come."""
    limit = 400
    cache = Cache(limit)
    evictors = [cache.evictor(limit) for _ in range(shards)]
    chance = random.Random(4)
    for number in range(3 * limit):
        cache.store.hold(entry(f"{number}", NOW_MS - 10**6 + number))
        chance.choice(evictors).entries_added(1)
        assert len(cache.store.uses) <= 1.02 * limit
    assert len(cache.store.uses) >= limit


class Pages(MemoryCache):
    """Notes how many entries a page of a bucket is to have."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[int] = []

    def query_oldest(self, page: int) -> Sequence[Iterator[EntryUse]]:
        self.pages.append(page)
        return super().query_oldest(page)


@pytest.mark.parametrize(
    ("excess", "page"), [(1, 8), (7, 8), (8, 9), (80, 18), (1_936, 250), (2_000, 250)]
)
def test_a_bucket_s_page_is_about_twice_its_share(excess: int, page: int) -> None:
    cache = Cache(10)
    cache.store = cache.eviction.recency = pages = Pages()
    pages.hold(*(entry(f"{n}") for n in range(10 + excess)))
    assert cache.eviction.run().evicted == excess
    assert pages.pages == [page]


def test_a_run_looks_at_so_many_entries_and_no_more() -> None:
    # All have been used since the index was read, so none of them goes.
    cache = Cache(3_990)
    used = [entry(f"{n}", NOW_MS - 10_000 + n) for n in range(4_000)]
    cache.store.hold(*(replace(each, access_count=1, last_accessed_at=NOW_MS) for each in used))
    cache.store.index_lag = {each.cache_key: each for each in used}
    assert cache.eviction.run() == Swept(live=4_000)
    assert cache.store.calls.count("remove_if_unused") == 2 * 10 + EVICTIONS_A_RUN


@pytest.mark.parametrize(
    ("limit", "held", "added"),
    [(1_000, 0, 250), (1_000, 980, 5), (1_000, 976, 6), (100, 100, 1), (1_000, 1_000, 5)],
)
def test_it_is_counted_again_after_so_many(limit: int, held: int, added: int) -> None:
    cache = Cache(limit, *(entry(f"{n}") for n in range(held)))
    cache.eviction.run()
    cache.eviction.entries_added(added - 1)
    assert counts(cache) == 1
    cache.eviction.entries_added(1)
    assert counts(cache) == 2


def test_no_batch_waits_for_a_run_of_another() -> None:
    cache = Cache(1, *aged("a", "b"))
    with cache.eviction._running:
        cache.eviction.entries_added(1)
    assert counts(cache) == 0
    cache.eviction.entries_added(1)
    assert counts(cache) == 1


def test_a_run_that_fails_is_logged_with_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    cache = Cache(1)
    cache.store.refusing.add("count_entries")
    cache.eviction.entries_added(1)
    (record,) = caplog.records
    assert (record.levelname, record.name) == ("WARNING", "chalice_app.cache.eviction")
    assert record.exc_info is not None
    assert record.exc_info[0] is Unavailable

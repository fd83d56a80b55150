"""Hits are written once a minute, later rather than twice, and rather lost than in the way."""

import threading
from collections import Counter
from itertools import pairwise

import pytest

from chalice_app.cache.entries import HitRow, Hits
from chalice_app.cache.hit_buffer import (
    FLUSH_MS,
    LATEST_MS,
    MAX_KEYS,
    PAYING_HITS,
    WAITING_MS,
    HitBuffer,
)
from tests.cache_fakes import MemoryCache
from tests.fakes import NOW_MS, PATIENCE, FakeClock


class Outbox:
    """An outbox over a table in memory, at the beginning of a minute."""

    def __init__(self, container: str = "c") -> None:
        self.cache = MemoryCache()
        self.clock = FakeClock(NOW_MS - NOW_MS % FLUSH_MS)
        self.outbox = HitBuffer(self.cache, self.clock, container)

    def flush_if_due(self) -> bool:
        due = self.outbox.is_due
        if due:
            self.outbox.flush()
        return due

    def hits(self) -> Counter[str]:
        return Counter(
            {
                key: access.count
                for row in self.cache.rows.values()
                for key, access in row.accesses.items()
            }
        )


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


def test_hits_of_a_minute_make_one_row(outbox: Outbox) -> None:
    for second in range(60):
        outbox.outbox.note(["a", "b"] if second % 2 else ["a"])
        assert not outbox.flush_if_due()
        outbox.clock.advance(1_000)
    assert outbox.flush_if_due()
    last = outbox.clock.now_ms() - 1_000
    assert outbox.cache.rows == {
        "hit#c#0": HitRow("hit#c#0", {"a": Hits(60, last), "b": Hits(30, last)})
    }


def test_flushes_come_once_a_minute_at_most(outbox: Outbox) -> None:
    flushes = []
    for tick in range(1_000):
        outbox.outbox.note([f"key {tick % 3}"])
        if outbox.flush_if_due():
            flushes.append(outbox.clock.now_ms())
        outbox.clock.advance(777)
    assert len(flushes) >= 6
    assert all(later - earlier >= FLUSH_MS for earlier, later in pairwise(flushes))


def test_containers_flush_in_the_same_moment() -> None:
    early, late = Outbox("a"), Outbox("b")
    early.outbox.note(["x"] * PAYING_HITS)
    late.clock.advance(FLUSH_MS - 1)
    late.outbox.note(["x"] * PAYING_HITS)
    early.clock.advance(FLUSH_MS)
    late.clock.advance(1)
    assert early.outbox.is_due
    assert late.outbox.is_due


def test_hits_that_are_few_for_their_entries_wait_for_more(outbox: Outbox) -> None:
    outbox.outbox.note(["hot", "cold"] * (PAYING_HITS - 1))
    outbox.clock.advance(FLUSH_MS)
    assert not outbox.outbox.is_due
    outbox.outbox.note(["hot"] * 2)
    assert outbox.outbox.is_due


def test_few_hits_wait_no_longer_than_the_latest(outbox: Outbox) -> None:
    outbox.outbox.note(["a"])
    outbox.clock.advance(LATEST_MS - 1)
    assert not outbox.outbox.is_due
    outbox.clock.advance(1)
    assert outbox.outbox.is_due


def test_without_hits_nothing_is_ever_due(outbox: Outbox) -> None:
    outbox.outbox.note([])
    outbox.clock.advance(10 * FLUSH_MS)
    assert not outbox.outbox.is_due
    outbox.outbox.flush()
    assert outbox.cache.calls == []


def test_rows_are_never_named_twice(outbox: Outbox) -> None:
    for _ in range(3):
        outbox.outbox.note([f"key {number}" for number in range(300)])
        outbox.outbox.flush()
    assert len(outbox.cache.rows) >= 12
    assert set(outbox.hits().values()) == {1}
    assert len(HitBuffer(outbox.cache, outbox.clock).container) >= 16


def test_rows_that_cannot_be_written_wait_a_minute_unchanged(outbox: Outbox) -> None:
    outbox.cache.refusing.add("put_accesses")
    outbox.outbox.note(["a"])
    outbox.clock.advance(LATEST_MS)
    assert outbox.flush_if_due()
    assert not outbox.outbox.is_due
    outbox.outbox.note(["a"])
    outbox.cache.refusing.clear()
    outbox.clock.advance(FLUSH_MS)
    assert outbox.flush_if_due()
    assert [row.accesses["a"].count for row in outbox.cache.rows.values()] == [1, 1]


def test_a_row_whose_answer_was_lost_counts_once(outbox: Outbox) -> None:
    outbox.cache.losing.add("put_accesses")
    outbox.outbox.note(["a"])
    outbox.outbox.flush()
    outbox.cache.rows.clear()  # the stream has applied it
    outbox.cache.losing.clear()
    outbox.outbox.flush()
    assert outbox.cache.rows == {}


def test_a_refusal_costs_one_call_however_many_rows_wait(outbox: Outbox) -> None:
    outbox.cache.refusing.add("put_accesses")
    outbox.outbox.note([f"key {number}" for number in range(300)])
    outbox.outbox.flush()
    assert outbox.cache.calls == ["put_accesses"]


def test_rows_that_waited_too_long_are_lost(outbox: Outbox) -> None:
    outbox.cache.refusing.add("put_accesses")
    outbox.outbox.note(["old"])
    outbox.outbox.flush()
    outbox.clock.advance(WAITING_MS)
    outbox.outbox.note(["new"])
    outbox.cache.refusing.clear()
    outbox.outbox.flush()
    assert outbox.hits() == {"new": 1}


def test_memory_is_bounded(outbox: Outbox) -> None:
    outbox.outbox.note(f"key {number}" for number in range(MAX_KEYS + 10))
    outbox.outbox.note(["key 0", f"key {MAX_KEYS + 1}"])
    outbox.outbox.flush()
    assert len(outbox.hits()) == MAX_KEYS
    assert outbox.hits()["key 0"] == 2


def test_sentences_at_once_lose_no_hit_and_flush_each_once(outbox: Outbox) -> None:
    start = threading.Barrier(8)

    def sentences() -> None:
        start.wait(PATIENCE)
        for number in range(200):
            outbox.outbox.note([f"key {number % 20}"])
            if number % 10 == 0:
                outbox.outbox.flush()

    threads = [threading.Thread(target=sentences) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    outbox.outbox.flush()
    total: Counter[str] = Counter()
    for row in outbox.cache.rows.values():
        total.update({key: access.count for key, access in row.accesses.items()})
    assert total == {f"key {number}": 80 for number in range(20)}

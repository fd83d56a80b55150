"""Hits are written once a minute, later rather than twice, and rather lost than in the way."""

import threading
from collections import Counter
from itertools import pairwise

import pytest

from chalice_app.cache.entries import HitRow, Hits
from chalice_app.cache.hit_buffer import (
    FLUSH_MS,
    MAX_DELAY_MS,
    MAX_KEYS,
    MIN_HITS_PER_ENTRY,
    RETRY_MS,
    HitBuffer,
)
from tests.fakes.cache import MemoryCache
from tests.fakes.domain import NOW_MS, PATIENCE, FakeClock


class Buffering:
    """A hit buffer over a table in memory, at the beginning of a minute."""

    def __init__(self, container: str = "c") -> None:
        self.cache = MemoryCache()
        self.clock = FakeClock(NOW_MS - NOW_MS % FLUSH_MS)
        self.hit_buffer = HitBuffer(self.cache, self.clock, container)

    def flush_if_due(self) -> bool:
        due = self.hit_buffer.is_due
        if due:
            self.hit_buffer.flush()
        return due

    def hits(self) -> Counter[str]:
        return Counter(
            {
                key: access.count
                for row in self.cache.rows.values()
                for key, access in row.hits.items()
            }
        )


@pytest.fixture
def buffering() -> Buffering:
    return Buffering()


def test_hits_of_a_minute_make_one_row(buffering: Buffering) -> None:
    for second in range(60):
        buffering.hit_buffer.count(["a", "b"] if second % 2 else ["a"])
        assert not buffering.flush_if_due()
        buffering.clock.advance(1_000)
    assert buffering.flush_if_due()
    last = buffering.clock.now_ms() - 1_000
    assert buffering.cache.rows == {
        "hit#c#0": HitRow("hit#c#0", {"a": Hits(60, last), "b": Hits(30, last)})
    }


def test_flushes_come_once_a_minute_at_most(buffering: Buffering) -> None:
    flushes = []
    for tick in range(1_000):
        buffering.hit_buffer.count([f"key {tick % 3}"])
        if buffering.flush_if_due():
            flushes.append(buffering.clock.now_ms())
        buffering.clock.advance(777)
    assert len(flushes) >= 6
    assert all(later - earlier >= FLUSH_MS for earlier, later in pairwise(flushes))


def test_containers_flush_in_the_same_moment() -> None:
    early, late = Buffering("a"), Buffering("b")
    early.hit_buffer.count(["x"] * MIN_HITS_PER_ENTRY)
    late.clock.advance(FLUSH_MS - 1)
    late.hit_buffer.count(["x"] * MIN_HITS_PER_ENTRY)
    early.clock.advance(FLUSH_MS)
    late.clock.advance(1)
    assert early.hit_buffer.is_due
    assert late.hit_buffer.is_due


def test_hits_that_are_few_for_their_entries_wait_for_more(buffering: Buffering) -> None:
    buffering.hit_buffer.count(["hot", "cold"] * (MIN_HITS_PER_ENTRY - 1))
    buffering.clock.advance(FLUSH_MS)
    assert not buffering.hit_buffer.is_due
    buffering.hit_buffer.count(["hot"] * 2)
    assert buffering.hit_buffer.is_due


def test_few_hits_wait_no_longer_than_the_latest(buffering: Buffering) -> None:
    buffering.hit_buffer.count(["a"])
    buffering.clock.advance(MAX_DELAY_MS - 1)
    assert not buffering.hit_buffer.is_due
    buffering.clock.advance(1)
    assert buffering.hit_buffer.is_due


def test_without_hits_nothing_is_ever_due(buffering: Buffering) -> None:
    buffering.hit_buffer.count([])
    buffering.clock.advance(10 * FLUSH_MS)
    assert not buffering.hit_buffer.is_due
    buffering.hit_buffer.flush()
    assert buffering.cache.calls == []


def test_rows_are_never_named_twice(buffering: Buffering) -> None:
    for _ in range(3):
        buffering.hit_buffer.count([f"key {number}" for number in range(300)])
        buffering.hit_buffer.flush()
    assert len(buffering.cache.rows) >= 12
    assert set(buffering.hits().values()) == {1}
    assert len(HitBuffer(buffering.cache, buffering.clock).container) >= 16


def test_rows_that_cannot_be_written_wait_a_minute_unchanged(buffering: Buffering) -> None:
    buffering.cache.refusing.add("put_hit_row")
    buffering.hit_buffer.count(["a"])
    buffering.clock.advance(MAX_DELAY_MS)
    assert buffering.flush_if_due()
    assert not buffering.hit_buffer.is_due
    buffering.hit_buffer.count(["a"])
    buffering.cache.refusing.clear()
    buffering.clock.advance(FLUSH_MS)
    assert buffering.flush_if_due()
    assert [row.hits["a"].count for row in buffering.cache.rows.values()] == [1, 1]


def test_a_row_whose_answer_was_lost_counts_once(buffering: Buffering) -> None:
    buffering.cache.losing.add("put_hit_row")
    buffering.hit_buffer.count(["a"])
    buffering.hit_buffer.flush()
    buffering.cache.rows.clear()  # the stream has applied it
    buffering.cache.losing.clear()
    buffering.hit_buffer.flush()
    assert buffering.cache.rows == {}


def test_a_refusal_costs_one_call_however_many_rows_wait(buffering: Buffering) -> None:
    buffering.cache.refusing.add("put_hit_row")
    buffering.hit_buffer.count([f"key {number}" for number in range(300)])
    buffering.hit_buffer.flush()
    assert buffering.cache.calls == ["put_hit_row"]


def test_rows_that_waited_too_long_are_lost_and_the_log_says_so(
    buffering: Buffering, caplog: pytest.LogCaptureFixture
) -> None:
    buffering.cache.refusing.add("put_hit_row")
    buffering.hit_buffer.count(["old"])
    buffering.hit_buffer.flush()
    buffering.clock.advance(RETRY_MS)
    buffering.hit_buffer.count(["new"])
    buffering.cache.refusing.clear()
    buffering.hit_buffer.flush()
    assert buffering.hits() == {"new": 1}
    assert "hits of 1 cache entries are lost" in caplog.text


def test_memory_is_bounded(buffering: Buffering) -> None:
    buffering.hit_buffer.count(f"key {number}" for number in range(MAX_KEYS + 10))
    buffering.hit_buffer.count(["key 0", f"key {MAX_KEYS + 1}"])
    buffering.hit_buffer.flush()
    assert len(buffering.hits()) == MAX_KEYS
    assert buffering.hits()["key 0"] == 2


def test_sentences_at_once_lose_no_hit_and_flush_each_once(buffering: Buffering) -> None:
    start = threading.Barrier(8)

    def sentences() -> None:
        start.wait(PATIENCE)
        for number in range(200):
            buffering.hit_buffer.count([f"key {number % 20}"])
            if number % 10 == 0:
                buffering.hit_buffer.flush()

    threads = [threading.Thread(target=sentences) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    buffering.hit_buffer.flush()
    total: Counter[str] = Counter()
    for row in buffering.cache.rows.values():
        total.update({key: access.count for key, access in row.hits.items()})
    assert total == {f"key {number}": 80 for number in range(20)}


def test_a_sentence_does_not_wait_for_another_one_s_flush(buffering: Buffering) -> None:
    buffering.hit_buffer.count(["a"])
    with buffering.hit_buffer._flushing:
        flush = threading.Thread(target=buffering.hit_buffer.flush, daemon=True)
        flush.start()
        flush.join(PATIENCE)
        assert not flush.is_alive()
        assert buffering.cache.calls == []
    buffering.hit_buffer.flush()
    assert buffering.hits() == {"a": 1}


def test_a_container_s_name_is_64_random_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda size: f"{size} bytes")
    assert HitBuffer(MemoryCache(), FakeClock()).container == "8 bytes"


def test_a_database_that_refuses_is_logged(
    buffering: Buffering, caplog: pytest.LogCaptureFixture
) -> None:
    buffering.cache.refusing.add("put_hit_row")
    buffering.hit_buffer.count(["a", "b"])
    buffering.hit_buffer.flush()
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("WARNING", "hits of 2 cache entries wait for the database")
    ]


def test_a_row_is_tried_again_for_eight_minutes(buffering: Buffering) -> None:
    buffering.cache.refusing.add("put_hit_row")
    buffering.hit_buffer.count(["a"])
    buffering.hit_buffer.flush()
    buffering.clock.advance(8 * 60_000 - 1)
    buffering.cache.refusing.clear()
    buffering.hit_buffer.flush()
    assert buffering.hits() == {"a": 1}


def test_a_row_that_waits_is_due_at_the_next_full_minute_but_one(buffering: Buffering) -> None:
    buffering.cache.refusing.add("put_hit_row")
    buffering.clock.advance(1)
    buffering.hit_buffer.count(["a"])
    buffering.hit_buffer.flush()
    buffering.clock.advance(2 * 60_000 - 2)
    assert not buffering.hit_buffer.is_due
    buffering.clock.advance(1)
    assert buffering.hit_buffer.is_due


def test_the_next_flush_is_a_minute_after_the_last(buffering: Buffering) -> None:
    buffering.clock.advance(1)
    buffering.hit_buffer.count(["a"])
    buffering.hit_buffer.flush()
    buffering.hit_buffer.count(["a"] * MIN_HITS_PER_ENTRY)
    buffering.clock.advance(2 * 60_000 - 2)
    assert not buffering.hit_buffer.is_due
    buffering.clock.advance(1)
    assert buffering.hit_buffer.is_due


def test_hits_at_a_full_minute_are_due_at_the_next(buffering: Buffering) -> None:
    buffering.hit_buffer.count(["a"] * MIN_HITS_PER_ENTRY)
    assert not buffering.hit_buffer.is_due
    buffering.clock.advance(60_000 - 1)
    assert not buffering.hit_buffer.is_due
    buffering.clock.advance(1)
    assert buffering.hit_buffer.is_due


def test_memory_has_room_for_five_thousand_entries(buffering: Buffering) -> None:
    buffering.hit_buffer.count(str(number) for number in range(5_001))
    buffering.hit_buffer.flush()
    assert len(buffering.hits()) == 5_000


def test_twenty_hits_an_entry_pay(buffering: Buffering) -> None:
    buffering.hit_buffer.count(["a"] * 39)
    buffering.hit_buffer.count(["b"])
    buffering.clock.advance(60_000)
    assert buffering.hit_buffer.is_due
    buffering.hit_buffer.count(["c"])
    assert not buffering.hit_buffer.is_due


def test_nineteen_hits_of_an_entry_do_not_pay(buffering: Buffering) -> None:
    buffering.hit_buffer.count(["a"] * 19)
    buffering.clock.advance(60_000)
    assert not buffering.hit_buffer.is_due


def test_rows_are_numbered_one_after_the_other(buffering: Buffering) -> None:
    for _ in range(3):
        buffering.hit_buffer.count(["a"])
        buffering.hit_buffer.flush()
    assert list(buffering.cache.rows) == ["hit#c#0", "hit#c#1", "hit#c#2"]

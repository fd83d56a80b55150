"""How hits are cut into rows and rows are put together again."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.cache.entries import EntryUse, HitRow, Hits, UseUpdate
from chalice_app.cache.hits import (
    MAX_ACTIONS,
    ROW_KEYS,
    ROW_PREFIX,
    HitBatch,
    cut_rows,
    language_pair,
    merge_rows,
    plan_updates,
)
from tests.fakes.domain import NOW_MS

ACCESSES = st.dictionaries(
    st.text(min_size=1, max_size=8),
    st.builds(Hits, st.integers(1, 99), st.integers(0, 10**13)),
    max_size=400,
)


@given(ACCESSES, st.integers(0, 10**6))
def test_rows_hold_every_hit_once_and_never_too_many(hits: dict[str, Hits], first: int) -> None:
    rows = cut_rows("c", first, hits)
    gathered = [pair for row in rows for pair in row.hits.items()]
    assert sorted(gathered) == sorted(hits.items(), key=lambda pair: pair[0])
    assert all(0 < len(row.hits) <= ROW_KEYS for row in rows)
    assert [row.name for row in rows] == [
        f"{ROW_PREFIX}c#{first + number}" for number in range(len(rows))
    ]


@given(st.lists(ACCESSES, max_size=5))
def test_merged_rows_fit_a_transaction_and_lose_nothing(fleet: list[dict[str, Hits]]) -> None:
    rows = [row for number, hits in enumerate(fleet) for row in cut_rows(f"c{number}", 0, hits)]
    batches = merge_rows(rows)
    names = [name for batch in batches for name in batch.names]
    assert sorted(names) == sorted(row.name for row in rows)
    expected, counted = Counter[str](), Counter[str]()
    for row in rows:
        expected.update({key: access.count for key, access in row.hits.items()})
    for batch in batches:
        assert len(batch.names) + len(batch.hits) <= MAX_ACTIONS
        counted.update({key: access.count for key, access in batch.hits.items()})
    assert counted == expected


def test_rows_of_containers_that_serve_the_same_talk_are_merged_by_entry() -> None:
    hits = {f"en:es:{number}": Hits(1, number) for number in range(200)}
    rows = [row for container in "abc" for row in cut_rows(container, 0, hits)]
    batches = merge_rows(rows)
    assert len(rows) == 3 * len(batches)
    assert sum(len(batch.hits) for batch in batches) == 200
    assert {access.count for batch in batches for access in batch.hits.values()} == {3}


def test_hits_add_up_and_the_last_one_stands() -> None:
    assert Hits(2, 7) + Hits(3, 5) == Hits(5, 7)


def test_nothing_makes_no_row() -> None:
    assert cut_rows("c", 0, {}) == []
    assert merge_rows([]) == []
    assert merge_rows([HitRow("hit#c#0", {})])[0].names == ["hit#c#0"]


def many(count: int) -> dict[str, Hits]:
    return {f"en:es:{number}": Hits(1, number) for number in range(count)}


def test_what_fits_a_row_is_one_row() -> None:
    assert [len(row.hits) for row in cut_rows("c", 0, many(99))] == [99]
    assert len(cut_rows("c", 0, many(100))) == 2


def test_a_batch_admits_a_row_as_long_as_a_transaction_can_apply_both() -> None:
    batch = HitBatch()
    batch.add(HitRow("hit#a#0", many(60)))
    shared = {"en:es:0": Hits(1, 0)}
    others = {f"en:fr:{number}": Hits(1, number) for number in range(39)}
    assert batch.admits(HitRow("hit#b#0", dict(list(others.items())[:38]) | shared))
    assert not batch.admits(HitRow("hit#b#0", others | shared))


def test_a_row_without_anything_in_common_makes_a_batch_of_its_own() -> None:
    rows = [HitRow("hit#a#0", many(2)), HitRow("hit#b#0", {"en:fr:0": Hits(1, 0)})]
    assert [batch.names for batch in merge_rows(rows)] == [["hit#a#0"], ["hit#b#0"]]


@pytest.mark.parametrize(
    ("last_at", "moved_to"),
    [
        (NOW_MS - 1, None),
        (NOW_MS, None),
        (NOW_MS + 89_999, None),
        (NOW_MS + 90_000, NOW_MS + 90_000),
        (NOW_MS + 200_000, NOW_MS + 100_000),
    ],
    ids=["before", "at once", "a moment later", "a minute and a half later", "after now"],
)
def test_an_entry_moves_once_it_moves_by_a_minute_and_a_half(
    last_at: int, moved_to: int | None
) -> None:
    use = EntryUse("en:es:a", NOW_MS, 1, NOW_MS // 1000 + 1000)
    updates = plan_updates({"en:es:a": Hits(3, last_at)}, {"en:es:a": use}, NOW_MS + 100_000)
    assert list(updates) == [UseUpdate("en:es:a", 3, NOW_MS, moved_to)]


def test_an_entry_whose_last_access_is_to_come_is_brought_back_to_now() -> None:
    use = EntryUse("en:es:a", NOW_MS + 1, 1, NOW_MS // 1000 + 1000)
    updates = plan_updates({"en:es:a": Hits(3, NOW_MS)}, {"en:es:a": use}, NOW_MS)
    assert list(updates) == [UseUpdate("en:es:a", 3, NOW_MS + 1, NOW_MS)]


@pytest.mark.parametrize("seconds", [0, 1])
def test_an_entry_past_its_life_is_left_alone(seconds: int) -> None:
    use = EntryUse("en:es:a", NOW_MS, 1, NOW_MS // 1000 + seconds)
    updates = plan_updates({"en:es:a": Hits(1, NOW_MS)}, {"en:es:a": use}, NOW_MS)
    assert len(list(updates)) == seconds


def test_a_key_s_pair_is_what_stands_before_its_hash() -> None:
    assert language_pair("en:zh-TW:0123") == "en:zh-TW"


def test_rows_are_numbered_from_the_first_on() -> None:
    assert [row.name for row in cut_rows("c", 7, many(100))] == ["hit#c#7", "hit#c#8"]

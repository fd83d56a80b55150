"""How hits are cut into rows and rows are put together again."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from chalice_app.cache.entries import HitRow, Hits
from chalice_app.cache.hits import MAX_ACTIONS, ROW_KEYS, ROW_PREFIX, cut_rows, merge_rows

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

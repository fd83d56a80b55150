"""Outbox, statistics and recency index keep their contract, in memory and in DynamoDB."""

import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Protocol

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalice_app.aws.clients import Clients
from chalice_app.aws.dynamodb.cache_hits import CacheHits
from chalice_app.aws.dynamodb.cache_recency import CacheRecency
from chalice_app.aws.dynamodb.cached_translations import CachedTranslationsTable, recency_bucket
from chalice_app.aws.dynamodb.table import Table
from chalice_app.cache.entries import (
    CachedTranslation,
    EntryCount,
    EntryUse,
    HitRow,
    Hits,
    Removal,
    UseUpdate,
)
from chalice_app.cache.ports import HitStore, RecencyIndex, TranslationCacheStore
from chalice_app.domain.errors import Conflict, Unavailable
from chalice_app.wire.attribute_values import encode
from tests.fakes.cache import MemoryCache
from tests.fakes.domain import NOW_MS

NOW = NOW_MS // 1000


class Stores(Protocol):
    """The three ports on one table."""

    entries: TranslationCacheStore
    hits: HitStore
    recency: RecencyIndex


class InMemory:
    """The fakes."""

    def __init__(self) -> None:
        cache = MemoryCache()
        self.entries: TranslationCacheStore = cache
        self.hits: HitStore = cache
        self.recency: RecencyIndex = cache


class InDynamoDb:
    """The adapters."""

    def __init__(self, table: Table) -> None:
        self.entries: TranslationCacheStore = CachedTranslationsTable(table)
        self.hits: HitStore = CacheHits(table)
        self.recency: RecencyIndex = CacheRecency(table)


@pytest.fixture
def table(tables: dict[str, dict[str, str]], clients: Clients) -> Table:
    return Table(clients, tables["CachedTranslationsTable"]["name"], "cacheKey")


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        return InMemory()
    return InDynamoDb(request.getfixturevalue("table"))


def put(stores: Stores, *keys: str, ttl: int = NOW + 3600, at: int = NOW_MS) -> None:
    stores.entries.put_entries(
        [CachedTranslation(key, "en", "es", "Hello", "Hola", at, ttl) for key in keys]
    )


def use(stores: Stores, key: str) -> EntryUse | None:
    return stores.hits.get_uses([key]).get(key)


ROW = HitRow("hit#c#0", {"en:es:a": Hits(3, NOW_MS + 5), "en:es:b": Hits(1, NOW_MS)})


def test_a_row_is_there_until_it_is_applied(stores: Stores) -> None:
    put(stores, "en:es:a")
    stores.hits.put_hit_row(ROW)
    assert stores.hits.get_hit_rows([ROW.name, "hit#c#1"]) == {ROW.name: ROW}
    stores.hits.apply_hits([ROW.name], [UseUpdate("en:es:a", 3, NOW_MS, NOW_MS + 5)])
    assert stores.hits.get_hit_rows([ROW.name]) == {}
    assert use(stores, "en:es:a") == EntryUse("en:es:a", NOW_MS + 5, 3, NOW + 3600, 5)


def test_a_row_that_stands_is_not_written_again(stores: Stores) -> None:
    stores.hits.put_hit_row(ROW)
    stores.hits.put_hit_row(ROW)
    assert stores.hits.get_hit_rows([ROW.name]) == {ROW.name: ROW}


class LostAnswers:
    """botocore's client, as far as a transaction goes: it is done, and no answer comes.

    A token that is used again is refused with other parameters, as DynamoDB does for ten minutes.
    """

    def __init__(self) -> None:
        self.done: dict[str, Any] = {}

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        token = request["ClientRequestToken"]
        if token not in self.done:
            self.done[token] = request
            raise ReadTimeoutError(endpoint_url="lost")
        if self.done[token] != request:
            code = "IdempotentParameterMismatchException"
            raise ClientError({"Error": {"Code": code, "Message": ""}}, "TransactWriteItems")
        return {}


def test_a_row_whose_answer_was_lost_is_seen_as_stored_minutes_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clients = Clients("us-east-1")
    clients.dynamodb = LostAnswers()  # type: ignore[assignment]
    hits = CacheHits(Table(clients, "CachedTranslations", "cacheKey"))
    with pytest.raises(Unavailable):
        hits.put_hit_row(ROW)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 300)
    hits.put_hit_row(ROW)


def test_a_row_lives_for_a_day_from_its_last_hit(table: Table) -> None:
    CacheHits(table).put_hit_row(ROW)
    item = table.get(ROW.name)
    assert item is not None
    assert item["ttl"] == NOW + 24 * 3600


def test_a_use_without_a_move_changes_the_count_alone(stores: Stores) -> None:
    put(stores, "en:es:a")
    stores.hits.put_hit_row(ROW)
    stores.hits.apply_hits([ROW.name], [UseUpdate("en:es:a", 2, NOW_MS)])
    assert use(stores, "en:es:a") == EntryUse("en:es:a", NOW_MS, 2, NOW + 3600, 5)


@pytest.mark.parametrize(
    ("names", "updates"),
    [
        (["hit#c#0", "hit#gone#0"], [UseUpdate("en:es:a", 1, NOW_MS)]),
        (["hit#c#0"], [UseUpdate("en:es:a", 1, NOW_MS), UseUpdate("en:es:gone", 1, NOW_MS)]),
        (["hit#c#0"], [UseUpdate("en:es:a", 1, NOW_MS - 1, NOW_MS)]),
    ],
    ids=["row gone", "entry gone", "entry used meanwhile"],
)
def test_what_is_not_as_it_was_seen_changes_nothing(
    stores: Stores, names: list[str], updates: list[UseUpdate]
) -> None:
    put(stores, "en:es:a")
    stores.hits.put_hit_row(ROW)
    with pytest.raises(Conflict):
        stores.hits.apply_hits(names, updates)
    assert use(stores, "en:es:a") == EntryUse("en:es:a", NOW_MS, 0, NOW + 3600, 5)
    assert use(stores, "en:es:gone") is None
    assert stores.hits.get_hit_rows(["hit#c#0"]) == {"hit#c#0": ROW}


def test_live_and_expired_entries_are_counted_and_hit_rows_are_not(stores: Stores) -> None:
    put(stores, *(f"en:es:{n}" for n in range(40)))
    put(stores, "en:es:x", "en:es:y", ttl=NOW)
    stores.hits.put_hit_row(ROW)
    assert stores.recency.count_entries(NOW) == EntryCount(live=40, expired=2)


@pytest.mark.parametrize("page", [1, 3, 250])
def test_each_bucket_is_read_from_its_oldest_on(stores: Stores, page: int) -> None:
    for age in range(50):
        put(stores, f"en:es:{age}", at=NOW_MS - age)
    buckets = [list(bucket) for bucket in stores.recency.query_oldest(page)]
    assert len(buckets) == 16
    found = [found for bucket in buckets for found in bucket]
    assert sorted(each.last_accessed_at for each in found) == [NOW_MS - 49 + n for n in range(50)]
    for bucket in buckets:
        assert bucket == sorted(bucket, key=lambda each: each.last_accessed_at)
        assert len({recency_bucket(each.cache_key) for each in bucket}) <= 1


def test_only_an_entry_that_is_as_it_was_seen_is_removed(stores: Stores) -> None:
    put(stores, "en:es:a")
    seen = EntryUse("en:es:a", NOW_MS, 0, NOW + 3600)
    counted = EntryUse("en:es:a", NOW_MS, 1, NOW + 3600)
    moved = EntryUse("en:es:a", NOW_MS - 1, 0, NOW + 3600)
    assert stores.recency.remove_if_unused(counted) is Removal.TOUCHED
    assert stores.recency.remove_if_unused(moved) is Removal.TOUCHED
    assert use(stores, "en:es:a") is not None
    assert stores.recency.remove_if_unused(seen) is Removal.REMOVED
    assert stores.recency.remove_if_unused(seen) is Removal.GONE


def test_entries_are_removed_whatever_they_hold(stores: Stores) -> None:
    put(stores, *(f"en:es:{n}" for n in range(60)))
    stores.recency.remove_entries([*(f"en:es:{n}" for n in range(59)), "en:es:never"])
    assert stores.recency.count_entries(NOW).live == 1


# --- What only a real table can hold -------------------------------------------------------------


def poisoned(table: Table, **attributes: Any) -> None:
    table.clients.dynamodb.put_item(TableName=table.name, Item=encode(attributes))


@pytest.mark.parametrize(
    "hits",
    [None, "many", ["en:es:a"], {"en:es:a": "one"}, {"en:es:a": [0, 1]}, {"en:es:a": [-3, 1]},
     {"en:es:a": [1]}, {"en:es:a": ["1", "2"]}, {"en:es:a": [10**9, 1]}],
)  # fmt: skip
def test_a_poisoned_row_holds_no_hits(table: Table, hits: Any) -> None:
    poisoned(table, cacheKey="hit#c#0", hits=hits)
    assert CacheHits(table).get_hit_rows(["hit#c#0"]) == {"hit#c#0": HitRow("hit#c#0", {})}


def test_a_row_of_too_many_hits_is_cut_to_what_can_be_applied(table: Table) -> None:
    poisoned(table, cacheKey="hit#c#0", hits={f"en:es:{n}": [1, 1] for n in range(150)})
    (row,) = CacheHits(table).get_hit_rows(["hit#c#0"]).values()
    assert len(row.hits) == 99


@pytest.mark.parametrize(
    "wrong",
    [{"accessCount": "three"}, {"lastAccessedAt": "today"}, {"ttl": "soon"}, {"ttl": None}],
)
def test_a_poisoned_entry_has_no_use(table: Table, wrong: dict[str, Any]) -> None:
    whole = {"cacheKey": "en:es:a", "lastAccessedAt": NOW_MS, "accessCount": 0, "ttl": NOW}
    poisoned(table, **{**whole, **wrong})
    poisoned(table, **{**whole, "cacheKey": "en:es:b"})
    assert set(CacheHits(table).get_uses(["en:es:a", "en:es:b"])) == {"en:es:b"}


def test_a_row_that_cannot_be_read_holds_up_no_other(table: Table) -> None:
    poisoned(table, cacheKey="en:es:b", lastAccessedAt=NOW_MS, accessCount=0, ttl=NOW)
    table.clients.dynamodb.put_item(
        TableName=table.name, Item={"cacheKey": {"S": "en:es:a"}, "ttl": {"NS": ["1"]}}
    )
    assert set(CacheHits(table).get_uses(["en:es:a", "en:es:b"])) == {"en:es:b"}


@pytest.mark.parametrize(
    "call",
    [
        lambda table: CacheHits(table).get_uses(["en:es:a"]),
        lambda table: CacheRecency(table).count_entries(NOW),
        lambda table: list(CacheRecency(table).query_oldest(5)[0]),
        lambda table: CacheRecency(table).remove_if_unused(EntryUse("a", 1, 1, 1)),
        lambda table: CacheRecency(table).remove_entries(["a"]),
    ],
)
def test_a_table_that_is_not_there_is_unavailable(
    table: Table, call: Callable[[Table], object]
) -> None:
    with pytest.raises(Unavailable):
        call(Table(table.clients, "NoSuchTable", "cacheKey"))


def test_a_bucket_is_read_on_from_where_a_page_ended(table: Table) -> None:
    asked: list[Any] = []

    class Pages:
        """A client whose every page but the third says where to go on."""

        def query(self, **request: Any) -> dict[str, Any]:
            asked.append(request.get("ExclusiveStartKey"))
            page = {"Items": [], "Count": 2, "ScannedCount": 3}
            return page if len(asked) % 3 == 0 else {**page, "LastEvaluatedKey": len(asked)}

    clients: Any = SimpleNamespace(dynamodb=Pages())
    counted = CacheRecency(replace(table, clients=clients)).count_entries(NOW)
    assert asked == [each for start in range(0, 48, 3) for each in (None, start + 1, start + 2)]
    assert counted == EntryCount(live=16 * 3 * 2, expired=16 * 3)

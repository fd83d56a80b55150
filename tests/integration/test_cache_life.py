"""The cache on the embedded DynamoDB, its stream included: from the first miss to the eviction."""

from collections.abc import Iterator
from itertools import count

import pytest

from chalice_app.bootstrap.process import composed
from chalice_app.cache.hit_buffer import FLUSH_MS
from chalice_app.cache.hits import ROW_PREFIX
from chalice_app.cache.lookup import cache_key
from chalice_app.domain.sentence import Sentence
from chalice_app.wire.attribute_values import Item, decode
from infra.cache.purge import purge_pair
from infra.cache.stats import gather
from infra.local.event_sources.schedules import scheduled_event
from streams import cache_eviction
from tests.cache_stage import CacheStage, running_dynamodb, sdk_environment
from tests.fakes.domain import session

TTL = 3600

_stages = count(1)


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[str]:
    with running_dynamodb() as address, pytest.MonkeyPatch.context() as patch:
        for name, value in sdk_environment(address).items():
            patch.setenv(name, value)
        yield address


@pytest.fixture
def stage(dynamodb: str) -> CacheStage:
    return CacheStage(f"life{next(_stages)}", limit=40, ttl_seconds=TTL)


def speak(stage: CacheStage, text: str, *languages: str) -> dict[str, str]:
    """A sentence's way through the cache: what its listeners read, by language."""
    sentence = Sentence(1, text, "en", stage.clock.now_ms())
    captions = list(
        stage.app.sentence_translator.translate(session(), sentence, languages or ("es",))
    )
    stage.app.sentence_translator.remember(sentence, captions)
    return {each.language: each.text for each in captions}


def rows(stage: CacheStage) -> dict[str, Item]:
    """Every row, by key; only a test may scan."""
    items = map(decode, stage.dynamodb.scan(TableName=stage.table_name)["Items"])
    return {str(item["cacheKey"]): item for item in items}


def used(stage: CacheStage, text: str) -> tuple[int, int]:
    """An entry's hits and last access."""
    row = rows(stage)[cache_key("en", "es", text)]
    return int(str(row["accessCount"])), int(str(row["lastAccessedAt"]))


def test_hits_reach_their_entries_by_the_stream(stage: CacheStage) -> None:
    for _ in range(4):
        speak(stage, "Good morning", "es", "fr")
        stage.clock.advance(1_000)
    assert stage.translator.calls == [("Good morning", "en", "es"), ("Good morning", "en", "fr")]
    assert not any(key.startswith(ROW_PREFIX) for key in rows(stage))
    last = stage.clock.now_ms() + 2 * FLUSH_MS
    stage.clock.advance(2 * FLUSH_MS)
    speak(stage, "Good morning", "es", "fr")
    assert any(key.startswith(ROW_PREFIX) for key in rows(stage))
    stage.settle()
    assert used(stage, "Good morning") == (4, last)
    assert len(rows(stage)) == 2
    saved = stage.metrics.pairs["en:es"]
    assert saved == {"CharactersTranslated": 12, "CharactersSaved": 48}


def test_what_the_handler_writes_causes_no_further_writes(stage: CacheStage) -> None:
    speak(stage, "Good morning")
    stage.settle()
    stage.clock.advance(3 * FLUSH_MS)
    speak(stage, "Good morning")
    stage.app.hit_buffer.flush()
    hit_buffer = stage.records()
    stage.deliver(hit_buffer)
    own = stage.records()
    assert sorted(record["eventName"] for record in own) == ["MODIFY", "REMOVE"]
    stage.calls.made.clear()
    assert stage.deliver(own) == {"batchItemFailures": []}
    assert stage.calls.made == []
    assert stage.records() == []


def test_a_row_is_applied_once_however_often_it_is_delivered(stage: CacheStage) -> None:
    speak(stage, "Good morning")
    speak(stage, "Good morning")
    stage.app.hit_buffer.flush()
    records = stage.records()
    for _ in range(3):
        assert stage.deliver(records) == {"batchItemFailures": []}
    assert used(stage, "Good morning")[0] == 1


def test_hits_of_an_evicted_entry_do_not_bring_half_of_it_back(stage: CacheStage) -> None:
    for text in ("kept", "evicted"):
        speak(stage, text)
        speak(stage, text)
    stage.app.hit_buffer.flush()
    stage.dynamodb.delete_item(
        TableName=stage.table_name, Key={"cacheKey": {"S": cache_key("en", "es", "evicted")}}
    )
    stage.settle()
    assert set(rows(stage)) == {cache_key("en", "es", "kept")}
    assert used(stage, "kept")[0] == 1


def test_a_request_that_the_sdk_repeats_cannot_bring_an_applied_row_back(
    stage: CacheStage,
) -> None:
    speak(stage, "Good morning")
    speak(stage, "Good morning")
    stage.app.hit_buffer.flush()
    (request,) = [p for name, p in stage.calls.made if name == "TransactWriteItems"]
    stage.settle()
    stage.dynamodb.transact_write_items(**request)
    stage.settle()
    assert used(stage, "Good morning")[0] == 1


def test_the_least_recently_used_go_as_soon_as_the_limit_is_passed(stage: CacheStage) -> None:
    for number in range(40):
        speak(stage, f"sentence {number}")
        stage.clock.advance(10)
    stage.settle()
    assert len(rows(stage)) == 40
    stage.clock.advance(2 * FLUSH_MS)
    for number in range(3):
        speak(stage, f"sentence {number}")  # used again: no longer the oldest
    stage.app.hit_buffer.flush()
    stage.settle()
    for number in range(40, 45):
        speak(stage, f"sentence {number}")
        stage.clock.advance(10)
    stage.settle()
    kept = {cache_key("en", "es", f"sentence {number}") for number in (0, 1, 2, *range(8, 45))}
    assert set(rows(stage)) == kept
    assert stage.metrics.values()["CacheSize"] == 40
    assert sum(each.get("CacheEvictions", 0) for each in stage.metrics.emitted) == 5
    assert sum(each.get("CacheExpirations", 0) for each in stage.metrics.emitted) == 0


def test_expired_entries_are_no_evictions(stage: CacheStage) -> None:
    for number in range(30):
        speak(stage, f"early {number}")
    stage.clock.advance(TTL * 1000 + 1)
    for number in range(45):
        speak(stage, f"late {number}")
    with composed(stage.app):
        cache_eviction.handler(scheduled_event("cache_eviction"), None)
    values = stage.metrics.values()
    assert (values["CacheSize"], values["CacheEvictions"]) == (40, 5)
    assert values["CacheExpirations"] == 30  # they stood in the way, and went
    assert len(rows(stage)) == 40


def test_no_call_of_its_life_is_a_scan_or_without_a_bound(stage: CacheStage) -> None:
    for number in range(90):
        speak(stage, f"sentence {number % 45}", "es")
        stage.clock.advance(5_000)
    stage.settle()
    with composed(stage.app):
        cache_eviction.handler(scheduled_event("cache_eviction"), None)
    recency = stage.app.adapters.recency
    stats = gather(recency, stage.app.adapters.cache, stage.clock.now_ms(), 40, 5)
    assert stats.entries == 40
    assert stats.hits > 0
    assert purge_pair(recency, "en", "es") == 40
    assert rows(stage) == {}
    names = stage.calls.names()
    assert set(names) <= {
        "BatchGetItem",
        "BatchWriteItem",
        "Query",
        "DeleteItem",
        "TransactWriteItems",
    }
    assert {"BatchGetItem", "Query", "DeleteItem", "TransactWriteItems"} <= set(names)
    for name, params in stage.calls.made:
        if name == "Query":
            assert params["Limit"] <= 5_000
            assert params["KeyConditionExpression"] == "recencyBucket = :bucket"
        if name == "BatchGetItem":
            assert len(params["RequestItems"][stage.table_name]["Keys"]) <= 100
        if name == "TransactWriteItems":
            assert len(params["TransactItems"]) <= 100


def test_one_sentence_is_one_lookup_whatever_its_languages(stage: CacheStage) -> None:
    codes = [f"x{letter}" for letter in "abcdefghij"]
    speak(stage, "Good morning", *codes)
    stage.calls.made.clear()
    assert len(speak(stage, "Good morning", *codes)) == 10
    assert stage.calls.names() == {"BatchGetItem": 1}

"""Characters translated and saved, by language pair, from what the stream tells."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from chalice_app.cache.hits import ROW_PREFIX
from streams.cache_measures import NAMED_PAIRS, CacheMeasures
from streams.records import Change, StreamRecord
from tests.fakes.observability import RecordingMetrics


def told(
    *records: StreamRecord, saved: Mapping[str, int] | None = None
) -> tuple[dict[str, Counter[str]], RecordingMetrics]:
    metrics = RecordingMetrics()
    CacheMeasures(metrics).tell(records, saved or {})
    return metrics.pairs, metrics


def entry(change: Change, text: str, pair: str = "en:es", hits: int = 0) -> StreamRecord:
    key = f"{pair}:0123456789abcdef"
    image: Any = {"cacheKey": key, "sourceText": text, "accessCount": hits}
    return StreamRecord("1", change, {"cacheKey": key}, image)


def values(translated: int, saved: int) -> Mapping[str, float]:
    return {"CharactersTranslated": translated, "CharactersSaved": saved}


def test_new_entries_are_translated_characters_and_hits_saved_ones() -> None:
    pairs, _ = told(
        entry(Change.INSERT, "Hello"),
        entry(Change.INSERT, "Goodbye"),
        entry(Change.INSERT, "Hi", "en:fr"),
        saved={"en:es": 30, "pt-BR:de": 4},
    )
    assert pairs == {"en:es": values(12, 30), "en:fr": values(2, 0), "pt-BR:de": values(0, 4)}


def test_an_entry_that_replaces_an_expired_one_was_translated_anew() -> None:
    assert told(entry(Change.MODIFY, "Hello"))[0] == {"en:es": values(5, 0)}


def test_statistics_and_hit_rows_are_no_translations() -> None:
    hit_row = StreamRecord("2", Change.INSERT, {"cacheKey": f"{ROW_PREFIX}c#0"}, {"accessCount": 0})
    gone = StreamRecord("3", Change.REMOVE, {"cacheKey": "en:es:x"})
    assert told(entry(Change.MODIFY, "Hello", hits=3), hit_row, gone)[0] == {}


def test_entries_that_expired_are_counted_and_hit_rows_are_not() -> None:
    expired = [
        StreamRecord(str(number), Change.REMOVE, {"cacheKey": key}, is_ttl_expiry=True)
        for number, key in enumerate(("en:es:x", "en:es:y", f"{ROW_PREFIX}c#0"))
    ]
    _, metrics = told(*expired)
    assert metrics.emitted == [{"CacheExpirations": 2}]


def test_a_quiet_batch_tells_nothing() -> None:
    pairs, metrics = told()
    assert (pairs, metrics.emitted) == ({}, [])


def test_the_number_of_paid_metrics_is_bounded() -> None:
    saved = {f"en:x{number:02d}": 1000 - number for number in range(NAMED_PAIRS + 5)}
    pairs, _ = told(saved=saved)
    assert len(pairs) == NAMED_PAIRS + 1
    assert sum(each["CharactersSaved"] for each in pairs.values()) == sum(saved.values())
    assert pairs["other"]["CharactersSaved"] == sum(sorted(saved.values())[:5])

"""What the records of the CachedTranslations stream say about hits and entries."""

from collections.abc import Mapping
from typing import Any

from chalice_app.cache.hits import ROW_PREFIX
from streams.cache_access import changes_of
from streams.records import Change, StreamRecord


def entry(change: Change, text: str, pair: str = "en:es", hits: int = 0) -> StreamRecord:
    key = f"{pair}:0123456789abcdef"
    image: Any = {"cacheKey": key, "sourceText": text, "accessCount": hits}
    return StreamRecord("1", change, {"cacheKey": key}, image)


def translated(*records: StreamRecord) -> Mapping[str, int]:
    return changes_of(records).translated


def test_new_entries_are_counted_and_their_characters_by_language_pair() -> None:
    records = (
        entry(Change.INSERT, "Hello"),
        entry(Change.INSERT, "Goodbye"),
        entry(Change.INSERT, "Hi", "en:fr"),
    )
    assert translated(*records) == {"en:es": 12, "en:fr": 2}
    assert changes_of(records).new_entries == 3


def test_an_entry_that_replaces_an_expired_one_was_translated_again() -> None:
    assert translated(entry(Change.MODIFY, "Hello")) == {"en:es": 5}


def test_statistics_hit_rows_and_removals_are_not_translations() -> None:
    hit_row = StreamRecord("2", Change.INSERT, {"cacheKey": f"{ROW_PREFIX}c#0"}, {"accessCount": 0})
    gone = StreamRecord("3", Change.REMOVE, {"cacheKey": "en:es:x"})
    changes = changes_of([entry(Change.MODIFY, "Hello", hits=3), hit_row, gone])
    assert changes.translated == {}
    assert changes.new_entries == 0
    assert list(changes.hit_rows) == [f"{ROW_PREFIX}c#0"]


def test_entries_that_expired_are_counted_and_hit_rows_are_not() -> None:
    expired = [
        StreamRecord(str(number), Change.REMOVE, {"cacheKey": key}, is_ttl_expiry=True)
        for number, key in enumerate(("en:es:x", "en:es:y", f"{ROW_PREFIX}c#0"))
    ]
    assert changes_of(expired).expired == 2

"""The recency index of the CachedTranslations table: its entries, longest unused first.

Index `recency-index`: recencyBucket, lastAccessedAt (ms); projects cacheKey, accessCount and ttl.
Outbox rows have no bucket and are not in it. Every query reads one bucket, a page at a time, and
nothing is ever scanned.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chalice_app.aws.dynamodb.cache_hits import use_from
from chalice_app.aws.dynamodb.cached_translations import RECENCY_BUCKETS
from chalice_app.aws.dynamodb.errors import errors_translated
from chalice_app.aws.dynamodb.table import Table
from chalice_app.cache.entries import EntryCount, EntryUse, Removal
from chalice_app.domain.errors import ConditionFailed, Conflict
from chalice_app.wire.attribute_values import decode, encode

RECENCY_INDEX = "recency-index"

COUNT_PAGE = 5_000
"""Entries a counting query looks at: half a megabyte, half of what DynamoDB would read at most."""

MAX_PAGES = 1_000
"""Pages of one bucket that are ever read at once: only a paging token that never ends has more."""

_UNUSED = (
    "attribute_not_exists(cacheKey) OR (lastAccessedAt = :seen"
    " AND (attribute_not_exists(accessCount) OR accessCount = :count))"
)


@dataclass(frozen=True)
class CacheRecency:
    """`ports.RecencyIndex` on DynamoDB."""

    table: Table

    def count_entries(self, now_seconds: int) -> EntryCount:
        """How many entries there are, by one counting query a bucket: no item is transferred.

        Half a read unit for each 4 KB of index: about 125 for 10,000 entries.
        """
        live = looked_at = 0
        for bucket in buckets():
            for page in self._pages(bucket, COUNT_PAGE, _counting(now_seconds)):
                live += page["Count"]
                looked_at += page["ScannedCount"]
        return EntryCount(live, looked_at - live)

    def query_oldest(self, page: int) -> Sequence[Iterator[EntryUse]]:
        """Each bucket's entries, longest unused first; pages are read when they are needed."""
        return [self._oldest(bucket, page) for bucket in buckets()]

    def _oldest(self, bucket: str, size: int) -> Iterator[EntryUse]:
        for page in self._pages(bucket, size, {}):
            uses = (use_from(decode(item)) for item in page["Items"])
            yield from (use for use in uses if use is not None)

    def _pages(self, bucket: str, size: int, further: Any) -> Iterator[Any]:
        request: dict[str, Any] = {
            "TableName": self.table.name,
            "IndexName": RECENCY_INDEX,
            "KeyConditionExpression": "recencyBucket = :bucket",
            "Limit": size,
            **further,
        }
        values = further.get("ExpressionAttributeValues", {})
        request["ExpressionAttributeValues"] = {**values, **encode({":bucket": bucket})}
        for _ in range(MAX_PAGES):
            with errors_translated():
                page = self.table.clients.dynamodb.query(**request)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def remove_if_unused(self, use: EntryUse) -> Removal:
        """Deletes the entry unless it was used or replaced since it was read.

        The index may show an entry that is gone: that is a result of its own, since its remover has
        made room, too.
        """
        try:
            with errors_translated():
                answer = self.table.clients.dynamodb.delete_item(
                    TableName=self.table.name,
                    Key=encode({self.table.key: use.cache_key}),
                    ConditionExpression=_UNUSED,
                    ExpressionAttributeValues=encode(
                        {":seen": use.last_accessed_at, ":count": use.access_count}
                    ),
                    ReturnValues="ALL_OLD",
                )
        except (ConditionFailed, Conflict):
            # A conflict is a transaction that is adding hits at this moment.
            return Removal.TOUCHED
        return Removal.REMOVED if answer.get("Attributes") else Removal.GONE

    def remove_entries(self, cache_keys: Iterable[str]) -> None:
        """Deletes entries, used or not, 25 a call."""
        self.table.batch_delete(cache_keys)


def buckets() -> Sequence[str]:
    """The index's partitions."""
    return [f"{number:02d}" for number in range(RECENCY_BUCKETS)]


def _counting(now_seconds: int) -> Any:
    return {
        "Select": "COUNT",
        "FilterExpression": "#ttl > :now",
        "ExpressionAttributeNames": {"#ttl": "ttl"},
        "ExpressionAttributeValues": encode({":now": now_seconds}),
    }

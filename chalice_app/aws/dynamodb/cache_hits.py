"""The hit rows of the CachedTranslations table, and the statistics that they bring to its entries.

Key: `hit#<container>#<n>`. Attributes: hits, a map of cacheKey -> [count, last access (ms)]; ttl
(epoch seconds). Without recencyBucket, so that the index never holds one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from chalice_app.aws.dynamodb.errors import errors_translated
from chalice_app.aws.dynamodb.table import Table
from chalice_app.cache.entries import EntryUse, HitRow, Hits, UseUpdate
from chalice_app.cache.hits import ROW_KEYS, ROW_PREFIX
from chalice_app.domain.errors import Conflict
from chalice_app.wire.attribute_values import Item, encode

ROW_SECONDS = 24 * 3600
"""A row's life: no stream delivers a record that is older."""

_MOST_HITS = 1_000_000
"""More than one container can serve in a row's minutes: a row that says so is poisoned."""


@dataclass(frozen=True)
class CacheHits:
    """`ports.HitStore` on DynamoDB."""

    table: Table

    def put_hit_row(self, row: HitRow) -> None:
        """Stores a hit row.

        A transaction of one, because DynamoDB knows its token for ten minutes: a request that the
        SDK or `HitBuffer` repeats, because the answer was lost, cannot bring back a row that has
        been applied. DynamoDB refuses the same token with other parameters, so the request depends
        on the row alone: its life begins with its last hit, not with the request.
        """
        hits = {key: [access.count, access.last_at] for key, access in row.hits.items()}
        last_at = max(access.last_at for access in row.hits.values())
        put = {
            "TableName": self.table.name,
            "Item": encode(
                {"cacheKey": row.name, "hits": hits, "ttl": last_at // 1000 + ROW_SECONDS}
            ),
            "ConditionExpression": "attribute_not_exists(cacheKey)",
        }
        try:
            self._transact([{"Put": put}], token=row.name.removeprefix(ROW_PREFIX))
        except Conflict:
            return  # it is there (or its partition was throttled, and these hits are lost)

    def get_hit_rows(self, names: Iterable[str]) -> Mapping[str, HitRow]:
        """The hit rows that exist, by consistent reads; malformed hits are left out."""
        found = self.table.batch_get(names, consistent=True)
        return {name: HitRow(name, _hits_of(item)) for name, item in found.items()}

    def get_uses(self, cache_keys: Iterable[str]) -> Mapping[str, EntryUse]:
        """The use of the entries that exist and are whole, by consistent reads."""
        found = self.table.batch_get(cache_keys, consistent=True)
        uses = ((key, use_from(item)) for key, item in found.items())
        return {key: use for key, use in uses if use is not None}

    def apply_hits(self, names: Sequence[str], updates: Sequence[UseUpdate]) -> None:
        """Deletes the hit rows and updates the entries, all or nothing."""
        self._transact([*map(self._delete, names), *map(self._update, updates)])

    def _transact(self, actions: Sequence[Any], token: str | None = None) -> None:
        with errors_translated():
            if token is None:
                self.table.clients.dynamodb.transact_write_items(TransactItems=actions)
            else:
                self.table.clients.dynamodb.transact_write_items(
                    TransactItems=actions, ClientRequestToken=token
                )

    def _delete(self, name: str) -> Any:
        return {
            "Delete": {
                "TableName": self.table.name,
                "Key": encode({"cacheKey": name}),
                "ConditionExpression": "attribute_exists(cacheKey)",
            }
        }

    def _update(self, update: UseUpdate) -> Any:
        """An entry's new use, on condition that its last access is the one that was read.

        An update of an entry that is gone would bring half of it back: the condition forbids it.
        """
        moves = update.last_accessed_at is not None
        values = {
            ":count": update.count,
            ":seen": update.seen,
            ":last": update.last_accessed_at,
        }
        return {
            "Update": {
                "TableName": self.table.name,
                "Key": encode({"cacheKey": update.cache_key}),
                "UpdateExpression": ("SET lastAccessedAt = :last " if moves else "")
                + "ADD accessCount :count",
                "ConditionExpression": "lastAccessedAt = :seen",
                "ExpressionAttributeValues": encode(values),
            }
        }


def use_from(item: Item) -> EntryUse | None:
    """The use in a row or an index entry; None where it is incomplete."""
    last_accessed_at, count = item.get("lastAccessedAt"), item.get("accessCount", 0)
    ttl, text = item.get("ttl"), item.get("sourceText", "")
    if not (isinstance(last_accessed_at, int) and isinstance(count, int) and isinstance(ttl, int)):
        return None
    length = len(text) if isinstance(text, str) else 0
    return EntryUse(str(item["cacheKey"]), last_accessed_at, count, ttl, length)


def _hits_of(item: Item) -> Mapping[str, Hits]:
    hits = item.get("hits")
    if not isinstance(hits, dict):
        return {}
    found = ((key, _hits_from(value)) for key, value in hits.items())
    whole = ((key, access) for key, access in found if access is not None)
    # One transaction must be able to apply the row. A row with more was not written by this code:
    # the surplus is left out.
    return dict(islice(whole, ROW_KEYS))


def _hits_from(value: object) -> Hits | None:
    match value:
        case [int(count), int(last_at)] if 0 < count <= _MOST_HITS:
            return Hits(count, last_at)
    return None

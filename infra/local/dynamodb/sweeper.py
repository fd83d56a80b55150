"""Deletes expired rows as DynamoDB's time-to-live does, by deletes that appear in the streams."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.dynamodb.expiries import Expiries
from infra.local.dynamodb.tables import Table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

LOGGER = logging.getLogger(__name__)

SWEEP_SECONDS: Final = 5.0
"""DynamoDB promises days. A laptop's user watches, and a scan of a small table costs little."""
OLDEST_SECONDS: Final = 5 * 365 * 86400
"""Rows that expired more than five years ago are left alone, as DynamoDB does: a time in another
unit must not empty a table."""
_EXPIRED: Final = "attribute_type(#ttl, :number) AND #ttl BETWEEN :oldest AND :now"


def sweep(client: DynamoDBClient, table: Table, expiries: Expiries, now: float) -> int:
    """Delete the rows of a table whose time is over; returns how many.

    Each delete is conditional on the expiry: a row that was renewed since the scan stays.

    Args:
        client: of the stage's DynamoDB.
        table: with its TTL attribute.
        expiries: learns of each delete before it is made.
        now: epoch seconds.

    Raises:
        ClientError: for any refusal but the failed condition.
    """
    # Typed loosely: it is half of two requests.
    expired: Any = {
        "ExpressionAttributeNames": {"#ttl": table.ttl_attribute},
        "ExpressionAttributeValues": {
            ":number": {"S": "N"},
            ":oldest": {"N": str(int(now) - OLDEST_SECONDS)},
            ":now": {"N": str(int(now))},
        },
    }
    pages = client.get_paginator("scan").paginate(
        TableName=table.name, FilterExpression=_EXPIRED, **expired
    )
    keys = [{name: row[name] for name in table.keys} for page in pages for row in page["Items"]]
    return sum(_delete(client, table, expiries, key, expired) for key in keys)


def _delete(
    client: DynamoDBClient, table: Table, expiries: Expiries, key: Any, expired: Any
) -> bool:
    expiries.expect(table.name, key)
    try:
        client.delete_item(TableName=table.name, Key=key, ConditionExpression=_EXPIRED, **expired)
    except client.exceptions.ConditionalCheckFailedException:
        expiries.withdraw(table.name, key)
        return False
    return True


class UnhurriedClock:
    """The wall clock, but for leaps ahead: what was to stay two hours is not gone by one.

    A clock may be set wrong for a moment. DynamoDB deletes late, and never early. While the machine
    sleeps its own clock goes on, so that nothing stays longer for it.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        own: Callable[[], float] = lambda: time.clock_gettime(time.CLOCK_BOOTTIME),
    ) -> None:
        """`own` is the machine's, which nobody sets."""
        self._wall = wall
        self._own = own
        self._difference = wall() - own()

    def __call__(self) -> float:
        """Epoch seconds."""
        return min(self._wall(), self._own() + self._difference)


class Sweeper(threading.Thread):
    """Sweeps every table that has a time-to-live; `after_delete` runs when rows were deleted."""

    def __init__(
        self,
        client: DynamoDBClient,
        tables: Sequence[Table],
        expiries: Expiries,
        after_delete: Callable[[], None],
    ) -> None:
        """Nothing is swept before `start`."""
        super().__init__(name="sweeper", daemon=True)
        self._client = client
        self._tables = [table for table in tables if table.ttl_attribute]
        self._expiries = expiries
        self._after_delete = after_delete
        self._clock = UnhurriedClock()
        self._stopped = threading.Event()

    def run(self) -> None:
        """Sweep until stopped."""
        while not self._stopped.wait(SWEEP_SECONDS):
            for table in self._tables:
                self._sweep(table)

    def stop(self) -> None:
        """Sweep no more."""
        self._stopped.set()

    def _sweep(self, table: Table) -> None:
        try:
            deleted = sweep(self._client, table, self._expiries, self._clock())
        except (ClientError, BotoCoreError) as error:
            LOGGER.warning("%s cannot be swept: %s", table.name, error)
            return
        if deleted:
            LOGGER.info("%s expired rows of %s deleted", deleted, table.name)
            self._after_delete()

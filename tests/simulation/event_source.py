"""The stream of Connections and the mapping that hands it to the function, shard by shard.

What Lambda guarantees and no more: a shard's records come in order, one batch at a time, at least
once, until they are handled. Batches are cut anew at every try; after a partial failure the lowest
number reported is the checkpoint; an invocation that the mapping gave up on may still be running.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.expressions import Item
from tests.simulation.invocation import TO_THE_END, Invocation
from tests.simulation.network import Fault

_TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}

Start = Callable[[list[dict[str, Any]]], Invocation]


@dataclass
class Shard:
    """Records in order; those before `position` are handled, those before `reached` were sent."""

    records: list[dict[str, Any]] = field(default_factory=list)
    position: int = 0
    reached: int = 0
    invocation: Invocation | None = None
    batch_end: int = 0

    def rewind(self, records: int) -> None:
        """The checkpoint falls back: what was handled will be sent again."""
        self.position = max(0, self.position - records)

    def settle(self) -> None:
        """Takes the invocation's response, if it has ended, and sets the checkpoint."""
        invocation = self.invocation
        if invocation is None or not invocation.ended:
            return
        self.invocation = None
        if invocation.response is None:
            return
        reported = invocation.response["batchItemFailures"]
        failed = {failure["itemIdentifier"] for failure in reported}
        self.position = self.batch_end
        if failed:
            numbers = map(number_of, self.records)
            self.position = next(n for n, number in enumerate(numbers) if number in failed)


@dataclass
class EventSource:
    """The shards, and the zombies: invocations that go on after their shard has given them up."""

    shards: Sequence[Shard]
    start: Start
    deliveries: int = 0
    duplicates: int = 0
    crashes: int = 0
    given_up: int = 0
    zombies: list[Invocation] = field(default_factory=list)

    def append(self, key: str, before: Item | None, after: Item | None, by_ttl: bool) -> None:
        """Adds the change of a row to its shard: every item's changes share one."""
        change: dict[str, Any] = {
            "SequenceNumber": str(1 + sum(len(shard.records) for shard in self.shards)),
            "Keys": {"connectionId": {"S": key}},
        }
        if before is not None:
            change["OldImage"] = before
        if after is not None:
            change["NewImage"] = after
        name = "INSERT" if before is None else "REMOVE" if after is None else "MODIFY"
        record: dict[str, Any] = {"eventName": name, "dynamodb": change}
        if by_ttl:
            record["userIdentity"] = _TTL
        self.shards[zlib.crc32(key.encode()) % len(self.shards)].records.append(record)

    def deliver(
        self,
        shard: Shard,
        size: int,
        repeated: int,
        calls: int = TO_THE_END,
        fault: Fault | None = None,
        struck: int = 1,
    ) -> bool:
        """Has a shard's invocation make that many calls, starting one if there is none.

        A new one gets `size` records, after `repeated` ones that were handled before. Tells
        whether there was anything to do.
        """
        if shard.invocation is None and not self._begin(shard, size, repeated):
            return False
        if shard.invocation is not None:
            shard.invocation.go_on(calls, fault, struck)
        shard.settle()
        return True

    def _begin(self, shard: Shard, size: int, repeated: int) -> bool:
        start = max(0, shard.position - repeated)
        end = min(len(shard.records), shard.position + size)
        if start == end:
            return False
        self.deliveries += 1
        self.duplicates += max(0, min(shard.reached, end) - start)
        shard.reached = max(shard.reached, end)
        shard.batch_end = end
        shard.invocation = self.start(shard.records[start:end])
        return True

    def crash(self, shard: Shard) -> bool:
        """The invocation dies where it is; its batch will be sent again."""
        if shard.invocation is None:
            return False
        self.crashes += 1
        shard.invocation.crash()
        shard.invocation = None
        return True

    def give_up(self, shard: Shard) -> bool:
        """The invocation is taken for dead, its batch sent again, but it lives on as a zombie."""
        if shard.invocation is None:
            return False
        self.given_up += 1
        self.zombies.append(shard.invocation)
        shard.invocation = None
        return True


def number_of(record: dict[str, Any]) -> str:
    """A record's sequence number."""
    number: str = record["dynamodb"]["SequenceNumber"]
    return number

"""The DynamoDB Streams event source: every shard of every mapped stream drives its function.

Every `..._at` is in monotonic seconds. One thread a shard, so that a shard's batches never overlap,
whatever the handlers do. The rules of batching and retrying are in `batches`, those of shard order
in `shards`.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.event_sources.checkpoints import SHARD_END
from infra.local.event_sources.shard_reader import TROUBLE_SECONDS, EventSourceMapping, ShardReader
from infra.local.event_sources.shards import describe_shards, startable

LOGGER = logging.getLogger(__name__)

RESHARD_SECONDS: Final = 60.0
"""How often a stream is asked for new shards; the end of a shard asks immediately."""


class EventSource(threading.Thread):
    """One mapping: keeps a reader on every shard of the stream that may be read."""

    def __init__(self, mapping: EventSourceMapping) -> None:
        """Nothing is read before `start`."""
        super().__init__(name=f"{mapping.function.name} shards", daemon=True)
        self._mapping = mapping
        self._readers: dict[str, ShardReader] = {}
        self._look = threading.Event()
        self._stop_at: float | None = None

    def run(self) -> None:
        """Look for shards until stopped, then see the readers out."""
        while self._stop_at is None:
            self._look.clear()
            pause = RESHARD_SECONDS
            try:
                self._start_readers()
            except (ClientError, BotoCoreError) as error:
                LOGGER.warning("%s: %s", self.name, error)
                pause = TROUBLE_SECONDS
            self._look.wait(pause)
        for reader in self._readers.values():
            reader.stop(self._stop_at)
        for reader in self._readers.values():
            reader.join(max(0.0, self._stop_at - time.monotonic()))

    def wake(self) -> None:
        """Poll now: something has probably been written."""
        for reader in list(self._readers.values()):
            reader.wake()

    def stop(self, deadline: float) -> None:
        """Begin to end: what the shards still hold is handled, until the deadline (monotonic)."""
        self._stop_at = deadline
        self._look.set()

    def _start_readers(self) -> None:
        shards = describe_shards(self._mapping.client, self._mapping.stream_arn)
        finished = {shard.id for shard in shards if self._position(shard.id) == SHARD_END}
        for shard in startable(shards, self._readers.keys() | finished, finished):
            reader = ShardReader(self._mapping, shard.id, on_end=self._look.set)
            self._readers[shard.id] = reader
            reader.start()

    def _position(self, shard_id: str) -> str | None:
        return self._mapping.checkpoints.position(self._mapping.stream_arn, shard_id)

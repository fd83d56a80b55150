"""The failure destination: what no retry could deliver, one JSON object a line, bounded."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from infra.local.dynamodb.stream_records import Record, sequence_number

LOGGER = logging.getLogger(__name__)

LARGEST_FILE_BYTES: Final = 5_000_000
"""At this size the file becomes `.1`, in place of the one before: ten megabytes at most."""


class FailureFile:
    """Appends failed events with all they carried, so that they can be looked at and replayed."""

    def __init__(self, path: Path, largest_bytes: int = LARGEST_FILE_BYTES) -> None:
        self._path = path
        self._largest_bytes = largest_bytes
        self._lock = threading.Lock()

    def put_record(self, function: str, shard_id: str, record: Record, reason: str) -> None:
        """A stream record that was put aside, in the form of Lambda's on-failure object."""
        self._append(
            {
                "requestContext": _context(function, "RetryAttemptsExhausted"),
                "responseContext": {"functionError": reason},
                "DDBStreamBatchInfo": {
                    "shardId": shard_id,
                    "startSequenceNumber": sequence_number(record),
                    "endSequenceNumber": sequence_number(record),
                    "batchSize": 1,
                    "streamArn": record["eventSourceARN"],
                },
                "payload": {"Records": [record]},
            }
        )

    def put_event(self, function: str, payload: str, reason: str) -> None:
        """An asynchronous invocation that failed three times."""
        self._append(
            {
                "requestContext": _context(function, "RetriesExhausted"),
                "responseContext": {"functionError": reason},
                "requestPayload": payload,
            }
        )

    def _append(self, entry: Mapping[str, object]) -> None:
        stamped = {"version": "1.0", "timestamp": datetime.now(UTC).isoformat(), **entry}
        line = json.dumps(stamped, ensure_ascii=False) + "\n"
        try:
            self._write(line)
        except OSError as error:
            # It is lost then; the thread that reads a shard must go on.
            LOGGER.warning("not kept (%s): %s", error, entry["requestContext"])

    def _write(self, line: str) -> None:
        with self._lock:
            if self._path.exists() and self._path.stat().st_size >= self._largest_bytes:
                self._path.replace(self._path.with_name(self._path.name + ".1"))
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line)


def _context(function: str, condition: str) -> dict[str, str]:
    return {"functionName": function, "condition": condition}

"""The streams' mappings to their functions, and what Chalice cannot say about them.

Chalice sets batch size and window alone, leaves the rest as it is on a redeploy, and looks at a
mapping's stream only when it makes one. It knows the mappings from its own record alone, which it
writes after its last step. Lambda refuses to make a mapping a second time
(ResourceConflictException). Sources of the values: a mapping blocks its shard for as
long as it retries (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html),
and a stream keeps 24 hours.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.deployment.errors import DeploymentError, is_not_found

STREAMS: Final = {
    "rosters": "ConnectionsStreamArn",
    "cache_access": "CachedTranslationsStreamArn",
}
"""The functions that streams drive, and the stack's outputs that name their streams."""

BEHAVIOUR: Final[Mapping[str, Any]] = {
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "BisectBatchOnFunctionError": True,
    "MaximumRetryAttempts": 20,
    "MaximumRecordAgeInSeconds": 6 * 3600,
}
"""As in `app-merge.json`, which says it for the one-stack way."""

_DELETING: Final = "Deleting"
_SETTLED: Final = frozenset({"Enabled", "Disabled"})
_PATIENCE_SECONDS: Final = 300.0


@dataclass(frozen=True)
class Mappings:
    """The mappings of one function; `seconds` between two looks while AWS changes one."""

    client: Any
    function: str
    seconds: float = 2.0

    def find(self) -> list[Mapping[str, Any]]:
        """The function's mappings; none when the function itself does not exist yet."""
        return [each for each in self._all() if each.get("State") != _DELETING]

    def remove_stale(self, stream_arn: str, known: Collection[str]) -> Iterator[str]:
        """Deletes the mappings that keep Chalice from making the right one; waits for their end.

        Such are the mappings to any other stream, and those that Chalice has no record of: a
        deployment that was broken off leaves them. What a mapping to the same stream has read is
        read again, which the handlers do not mind.

        Args:
            stream_arn: of the table's stream.
            known: the ids of the mappings that Chalice has a record of.

        Yields:
            A line about each mapping that was deleted.
        """
        for mapping in self._all():
            stream, uuid = mapping["EventSourceArn"], mapping["UUID"]
            if mapping.get("State") == _DELETING:
                self._wait(uuid, gone=True)
                continue
            if stream != stream_arn:
                reason = f"let go of {stream}, which is not the table's stream any more"
            elif uuid not in known:
                reason = f"let go of the mapping {uuid}, which Chalice has no record of"
            else:
                continue
            self._wait(uuid)  # Lambda refuses to delete one that it is still making
            self.client.delete_event_source_mapping(UUID=uuid)
            self._wait(uuid, gone=True)
            yield reason

    def behave(self, stream_arn: str, known: Collection[str]) -> bool:
        """Whether Chalice knows the stream's mapping, and the mapping has its behaviour."""
        return any(
            mapping["UUID"] in known
            and mapping["EventSourceArn"] == stream_arn
            and all(_says(mapping, name, value) for name, value in BEHAVIOUR.items())
            for mapping in self.find()
        )

    def _all(self) -> list[Mapping[str, Any]]:
        pages = self.client.get_paginator("list_event_source_mappings")
        try:
            return [
                mapping
                for page in pages.paginate(FunctionName=self.function)
                for mapping in page["EventSourceMappings"]
            ]
        except ClientError as error:
            if is_not_found(error):
                return []
            raise

    def require(self, stream_arn: str, dead_letter_queue_arn: str) -> bool:
        """Gives the stream's mapping its behaviour; returns whether anything had to be changed.

        Raises:
            DeploymentError: the function has no mapping to the stream.
        """
        wanted = {
            **BEHAVIOUR,
            "DestinationConfig": {"OnFailure": {"Destination": dead_letter_queue_arn}},
        }
        found = [each for each in self.find() if each["EventSourceArn"] == stream_arn]
        if not found:
            raise DeploymentError(
                f"{self.function} has no mapping to {stream_arn}", "run this again"
            )
        mapping = found[0]
        if all(_says(mapping, name, value) for name, value in wanted.items()):
            return False
        self._wait(mapping["UUID"])
        self.client.update_event_source_mapping(UUID=mapping["UUID"], **wanted)
        self._wait(mapping["UUID"])
        return True

    def _wait(self, uuid: str, gone: bool = False) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not self._is_done(uuid, gone):
            if time.monotonic() >= deadline:
                raise DeploymentError(
                    f"the mapping {uuid} of {self.function} is still changing", "run this again"
                )
            time.sleep(self.seconds)

    def _is_done(self, uuid: str, gone: bool) -> bool:
        try:
            state = self.client.get_event_source_mapping(UUID=uuid)["State"]
        except ClientError as error:
            if is_not_found(error):
                return True
            raise
        return not gone and state in _SETTLED


def _says(mapping: Mapping[str, Any], name: str, value: Any) -> bool:
    found = mapping.get(name)
    if name == "DestinationConfig":
        return bool((found or {}).get("OnFailure") == value["OnFailure"])
    return bool(found == value)

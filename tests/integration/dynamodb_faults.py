"""Faults on the way to DynamoDB, by botocore's own hooks: seeded, at any call of a client.

`before-send` is where a request can be lost, refused, or sent and its answer lost; what botocore
then makes of it (its retries, its token of a transaction) is as in production. At `before-parse` an
answer is lost for good, and a BatchGetItem is answered in part.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from chalice_app.aws.clients import Clients
from chalice_app.aws.dynamodb.rosters import LEDGER_KEY

MEANWHILE = 0.08
"""How often somebody else acts just before a call is sent."""

REFUSALS = {
    "throttled": (400, "ProvisionedThroughputExceededException", 0.03),
    "server error": (500, "InternalServerError", 0.02),
    "conflict": (400, "TransactionConflictException", 0.06),
}
LOST_REQUEST, LOST_ANSWER, LOST_FOR_GOOD, IN_PART = 0.02, 0.04, 0.01, 0.2
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}


KEYS = {
    "Sessions": ("sessionId",),
    "Connections": ("connectionId",),
    "SessionRosters": LEDGER_KEY,
    "Sentences": ("sessionKey", "sequence"),
    "CachedTranslations": ("cacheKey",),
}
"""The attributes of each table's key."""


class _Body(BytesIO):
    """An answer's body as urllib3 gives it."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


@dataclass
class Faults:
    """Disturbs the calls of a client; `meanwhile` is what somebody else does between them."""

    clients: Clients
    chance: random.Random
    meanwhile: Callable[[], None]
    on: bool = False
    seen: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        events = self.clients.dynamodb.meta.events
        events.register("before-send.dynamodb", self._send)
        events.register("before-parse.dynamodb", self._lose_for_good)
        events.register("before-parse.dynamodb.BatchGetItem", self._answer_in_part)

    def _send(self, request: AWSPreparedRequest, event_name: str, **_: object) -> Any:
        if not self.on:
            return None
        if self._happens("meanwhile", MEANWHILE):
            meanwhile, self.meanwhile = self.meanwhile, lambda: None
            meanwhile()
            self.meanwhile = meanwhile
        if self._happens("lost request", LOST_REQUEST):
            raise ConnectTimeoutError(endpoint_url=request.url)
        if self._happens("lost answer", LOST_ANSWER):
            client: Any = self.clients.dynamodb
            client._endpoint.http_session.send(request)
            raise ReadTimeoutError(endpoint_url=request.url)
        return self._refusal(request, event_name.rpartition(".")[2])

    def _refusal(self, request: AWSPreparedRequest, operation: str) -> AWSResponse | None:
        for fault, (status, code, often) in REFUSALS.items():
            if fault == "conflict" and operation not in WRITES:
                continue
            if self._happens(fault, often):
                if fault == "conflict" and operation == "TransactWriteItems":
                    code = "TransactionCanceledException"
                body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}"})
                return AWSResponse(request.url, status, HTTPHeaders(), _Body(body.encode()))
        return None

    def _lose_for_good(self, response_dict: Any, **_: object) -> None:
        """What fails here is not tried again: as after the last of botocore's tries."""
        if self.on and self._happens("lost for good", LOST_FOR_GOOD):
            raise ReadTimeoutError(endpoint_url="the answer")

    def _answer_in_part(self, customized_response_dict: dict[str, Any], **_: object) -> None:
        """Leaves one of the items found unprocessed, as a table that is throttled does."""
        for table, items in customized_response_dict.get("Responses", {}).items():
            if self.on and items and self._happens("in part", IN_PART):
                item = items.pop()
                key = {name: item[name] for name in KEYS[table.partition("-")[0]]}
                left = {"Keys": [key], "ConsistentRead": True}
                customized_response_dict["UnprocessedKeys"] = {table: left}

    def _happens(self, what: str, often: float) -> bool:
        happens = self.chance.random() < often
        self.seen[what] += happens
        return happens

"""DynamoDB's answers to reads, taken as the JSON that they are.

botocore walks every attribute of every item by the service's model, 30 us an item; what it arrives
at is, for the types that this project stores, the JSON itself. So the body of a successful read is
decoded here and botocore's parser gets an empty one; errors, retries, time-outs and signatures stay
botocore's. `tests/benchmarks/roster_reads.py` shows what it saves.

The event `before-parse` is botocore's own way to change what it parses (its S3 handlers use it). A
botocore that does not emit it parses as ever: slower, not otherwise.
"""

import json
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError

READS = ("GetItem", "BatchGetItem", "Query", "Scan")
"""Operations whose answers hold nothing but JSON's own types: no timestamps. Binary values stay the
base64 that they are; `attribute_values` decodes them."""


class GarbledAnswer(BotoCoreError):
    """A success whose body is not a JSON object: a proxy's, perhaps."""

    fmt = "the answer is not a JSON object"


class Events(Protocol):
    """What of botocore's event system is needed: `client.meta.events`."""

    def register(self, event_name: str, handler: Any) -> None:
        """Has the handler called at each such event."""


def take_json_as_it_is(events: Events) -> None:
    """Registers with the events of a DynamoDB client."""
    for operation in READS:
        events.register(f"before-parse.dynamodb.{operation}", _take_body)


def _take_body(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object
) -> None:
    """Moves the body's members past botocore's parser; refusals are left to it.

    Raises:
        GarbledAnswer: where botocore would have made an empty answer of it, as if no item existed.
    """
    if response_dict["status_code"] != 200:
        return
    try:
        body = json.loads(response_dict["body"])
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise GarbledAnswer
    customized_response_dict.update(body)
    response_dict["body"] = b"{}"

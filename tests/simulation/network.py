"""What can go wrong between a caller and the database, one call at a time."""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.simulation.database import Answer, Request, SimulatedDatabase, refusal


class Fault(StrEnum):
    """What happens to one call."""

    THROTTLED = "throttled"
    LOST_REQUEST = "request lost"
    LOST_RESPONSE = "response lost"
    LATE = "request late"
    SENT_TWICE = "answer lost, sent again under the same token"
    OVERTAKEN = "sent again under the same token, the first copy late"
    CONFLICT = "transaction conflict"
    UNPROCESSED = "keys left unprocessed"


_CONFLICTS = {
    "transact_write_items": "TransactionCanceledException",
    "update_item": "TransactionConflictException",
    "delete_item": "TransactionConflictException",
}
"""How DynamoDB refuses a write whose item another transaction holds."""


class Way(Protocol):
    """The way that an invocation's calls take."""

    def call(self, method: str, request: Request, fault: Fault | None) -> Answer:
        """The answer, if it comes; ClientError or ReadTimeoutError if it does not."""


class Network:
    """Calls to the database; `late` are requests whose caller gave up before they arrived.

    `conflicts` counts the writes that were refused because another transaction held an item.

    botocore gives every transaction a token and sends it again under that token; the calls here
    carry one for the same reason.
    """

    def __init__(self, database: SimulatedDatabase) -> None:
        self._database = database
        self.late: list[tuple[str, Request]] = []
        self.conflicts = 0
        self._faults: dict[Fault, Callable[[str, Request], Answer]] = {
            Fault.THROTTLED: self._throttled,
            Fault.LOST_REQUEST: self._lost_request,
            Fault.LOST_RESPONSE: self._lost_response,
            Fault.LATE: self._late,
            Fault.SENT_TWICE: self._sent_twice,
            Fault.OVERTAKEN: self._overtaken,
            Fault.CONFLICT: self._conflict,
            Fault.UNPROCESSED: self._unprocessed,
        }

    def call(self, method: str, request: Request, fault: Fault | None) -> Answer:
        """The database's answer, if it comes.

        Raises:
            ClientError: the database refused.
            ReadTimeoutError: no answer came, whether or not the request did what it was to do.
        """
        if fault is None:
            return self._database.perform(method, request)
        return self._faults[fault](method, request)

    def arrive(self, position: int) -> tuple[str, Request, Answer | ClientError]:
        """Lets one of the late requests arrive; nobody waits for its answer any more."""
        method, request = self.late.pop(position % len(self.late))
        return method, request, answered(self._database.perform, method, request)

    def _throttled(self, method: str, request: Request) -> Answer:
        raise refusal("ThrottlingException")

    def _lost_request(self, method: str, request: Request) -> Answer:
        raise _no_answer()

    def _lost_response(self, method: str, request: Request) -> Answer:
        answered(self._database.perform, method, request)
        raise _no_answer()

    def _late(self, method: str, request: Request) -> Answer:
        self.late.append((method, request))
        raise _no_answer()

    def _sent_twice(self, method: str, request: Request) -> Answer:
        answered(self._database.perform, method, request)
        return self._database.perform(method, request)

    def _overtaken(self, method: str, request: Request) -> Answer:
        self.late.append((method, request))
        return self._database.perform(method, request)

    def _conflict(self, method: str, request: Request) -> Answer:
        """Another transaction holds the item, or one of the items, that was to be written."""
        code = _CONFLICTS.get(method)
        if code is None:
            return self._database.perform(method, request)
        self.conflicts += 1
        raise refusal(code)

    def _unprocessed(self, method: str, request: Request) -> Answer:
        """Half of a batch is answered; a batch of which nothing can be read is refused."""
        if method != "batch_get_item":
            return self._database.perform(method, request)
        ((name, wanted),) = request["RequestItems"].items()
        keys = wanted["Keys"]
        half = len(keys) // 2
        if not half:
            raise refusal("ProvisionedThroughputExceededException")
        first = {"RequestItems": {name: wanted | {"Keys": keys[:half]}}}
        rest = {name: wanted | {"Keys": keys[half:]}}
        return {**self._database.perform(method, first), "UnprocessedKeys": rest}


def answered(
    call: Callable[[str, Request], Answer], method: str, request: Request
) -> Answer | ClientError:
    """The answer or the refusal, as a value."""
    try:
        return call(method, request)
    except ClientError as error:
        return error


def _no_answer() -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url="simulated")

"""An invocation can be stopped before any call and goes on as if it had not been."""

import threading
import time
from typing import Any

from chalice_app.domain.errors import Unavailable
from tests.simulation.client import SimulatedClient
from tests.simulation.database import SimulatedDatabase
from tests.simulation.event_source import EventSource, Shard
from tests.simulation.invocation import Invocation
from tests.simulation.network import Network
from tests.simulation.virtual_time import VirtualClock


class Function:
    """A handler of three calls, and the means to run it."""

    def __init__(self) -> None:
        self.database = SimulatedDatabase(lambda *_: None, lambda: None)
        self.client = SimulatedClient(self.database.perform)
        self.methods = ["put_item", "put_item", "get_item"]

    def handle(self, _: Any) -> Any:
        for number, method in enumerate(self.methods):
            key = {"connectionId": {"S": f"c{number}"}}
            item = "Key" if method == "get_item" else "Item"
            getattr(self.client, method)(TableName="Connections", **{item: key})
        return {"batchItemFailures": []}

    def invocation(self) -> Invocation:
        return Invocation(1, {}, self.handle, self.client, Network(self.database), None)


def test_an_invocation_makes_as_many_calls_as_it_may_and_each_only_once() -> None:
    function = Function()
    invocation = function.invocation()

    for written in (1, 2):
        invocation.go_on(1)
        assert function.database.write_requests == written
        assert not invocation.ended
    invocation.go_on(1)

    assert invocation.response == {"batchItemFailures": []}
    assert function.database.write_requests == 2


def test_a_crashed_invocation_makes_no_more_calls() -> None:
    function = Function()
    invocation = function.invocation()
    invocation.go_on(1)

    invocation.crash()

    assert function.database.write_requests == 1
    assert not invocation.ended


def test_an_invocation_that_raises_has_failed() -> None:
    def handle(_: Any) -> Any:
        raise Unavailable("the database refused")

    database = SimulatedDatabase(lambda *_: None, lambda: None)
    client = SimulatedClient(database.perform)
    invocation = Invocation(1, {}, handle, client, Network(database), None)
    invocation.go_on(1)

    assert invocation.failed
    assert invocation.ended


def test_the_checkpoint_is_the_lowest_failure() -> None:
    failures = [{"itemIdentifier": "3"}, {"itemIdentifier": "2"}]
    batches: list[list[str]] = []

    def start(records: list[dict[str, Any]]) -> Invocation:
        batches.append([record["dynamodb"]["SequenceNumber"] for record in records])
        answer = {"batchItemFailures": failures if len(batches) == 1 else []}
        function = Function()
        return Invocation(
            1, {}, lambda _: answer, function.client, Network(function.database), None
        )

    source = EventSource([Shard()], start)
    for number in range(4):
        source.append(f"c{number}", None, {}, by_ttl=False)
    while source.deliver(source.shards[0], size=4, repeated=0):
        pass

    assert batches == [["1", "2", "3", "4"], ["2", "3", "4"]]
    assert source.duplicates == 3


def test_other_threads_keep_their_time() -> None:
    clock = VirtualClock(1_000)
    seen: list[float] = []
    other = threading.Thread(target=lambda: seen.append(time.time()))

    with clock.installed():
        time.sleep(3_600)
        other.start()
        other.join()
        assert time.time() == 1_000

    assert seen[0] > 1_000_000_000

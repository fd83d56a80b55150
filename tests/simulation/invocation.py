"""One invocation of a function, which can be stopped before any call, and go on, or never.

It runs in a greenlet of its own: its call to the outside gives the schedule the turn, once it has
made as many as it may. No thread is behind it, so a seed is one run, and a switch costs less than a
microsecond. A crashed invocation is never switched to again: its stack is thrown away.
"""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from greenlet import GreenletExit, getcurrent, greenlet

from chalice_app.domain.errors import BroadcasterError
from tests.simulation.client import SimulatedClient
from tests.simulation.database import Answer, Request
from tests.simulation.invariants import Violation
from tests.simulation.network import Fault, Way
from tests.simulation.trace_lines import call_line

Event = Mapping[str, Any]
Response = Mapping[str, Any]
Handler = Callable[[Event], Response]

TO_THE_END = 1_000
"""More calls than any invocation makes."""


class Invocation:
    """An event being handled: `response` once it has ended well, `failed` once it has raised.

    What it raises is one of `failures`; anything else is a fault of the code and ends the run.
    """

    failures: tuple[type[Exception], ...] = (BroadcasterError,)

    def __init__(
        self,
        number: int,
        event: Event,
        handler: Handler,
        client: SimulatedClient,
        network: Way,
        note: Callable[[str], None] | None,
    ) -> None:
        self.number = number
        self.event = event
        self.response: Response | None = None
        self.failed = False
        self.made = 0
        self._handler = handler
        self._client = client
        self._network = network
        self._note = note
        self._greenlet = greenlet(self._run)
        self._calls = 0
        self._fault: Fault | None = None
        self._struck = 0

    @property
    def ended(self) -> bool:
        """Whether it has nothing left to do."""
        return self.failed or self.response is not None

    def go_on(self, calls: int, fault: Fault | None = None, struck: int = 1) -> None:
        """Makes so many more calls, unless it ends before; the fault strikes the last of them.

        `struck` is how many: a table that is throttled stays so for a while.
        """
        self._calls = calls
        self._fault, self._struck = fault, struck
        self._greenlet.parent = getcurrent()
        outer, self._client.route = self._client.route, self._call
        try:
            self._greenlet.switch()
        finally:
            self._client.route = outer

    def crash(self) -> None:
        """It dies before its next call."""
        self._greenlet.parent = getcurrent()
        outer, self._client.route = self._client.route, _never
        try:
            self._greenlet.throw()
        finally:
            self._client.route = outer

    def _run(self) -> None:
        try:
            self.response = self._handler(self.event)
        except self.failures:
            self.failed = True

    def _call(self, method: str, request: Request) -> Answer:
        """Makes the next call, at once or when it is its turn again."""
        while not self._calls:
            self._greenlet.parent.switch()
        self._calls -= 1
        fault = self._fault if self._calls < self._struck else None
        if method == "transact_write_items":
            request = {**request, "ClientRequestToken": f"{self.number}/{self.made}"}
        self.made += 1
        try:
            answer = self._network.call(method, request, fault)
        except (ClientError, BotoCoreError) as error:
            self._tell(method, request, error, fault)
            raise
        except Violation:
            self._tell(method, request, {}, fault)
            raise
        self._tell(method, request, answer, fault)
        return answer

    def _tell(
        self, method: str, request: Request, answer: Answer | Exception, fault: Fault | None
    ) -> None:
        if self._note is not None and method != "now":
            struck = f" [{fault}]" if fault is not None else ""
            self._note(
                f"    invocation {self.number}: {call_line(method, request, answer)}{struck}"
            )


def _never(_: str, __: Request) -> Answer:
    """A process that is gone does nothing any more, whatever its code would have done at last."""
    raise GreenletExit

"""One invocation of the function that keeps the rosters, which can be stopped before any call.

There is no thread behind it. An invocation is a deterministic function of its event and of the
answers to its calls, so going on means running it again from its start: the calls that were
answered before get the same answers from a log, without reaching the database, the next ones are
really made, and the first that is one too many unwinds it all. A stopped invocation is its event
and its log; a crashed one is never run again.
"""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

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


class Stopped(BaseException):
    """Unwinds an invocation that is to make no more calls for now; nothing in it may catch this."""


class NotDeterministic(Exception):
    """The invocation made another call than when it was first run."""


class Invocation:
    """An event being handled: `response` once it has ended well, `failed` once it has raised."""

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
        self._handler = handler
        self._client = client
        self._network = network
        self._note = note
        self._log: list[tuple[str, Answer | Exception]] = []
        self._position = 0
        self._allowed = 0
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
        self._position, self._allowed = 0, len(self._log) + calls
        self._fault, self._struck = fault, self._allowed - struck
        outer, self._client.route = self._client.route, self._call
        try:
            self.response = self._handler(self.event)
        except Stopped:
            return
        except BroadcasterError:
            self.failed = True
        finally:
            self._client.route = outer

    def _call(self, method: str, request: Request) -> Answer:
        if self._position == len(self._log):
            if self._position >= self._allowed:
                raise Stopped
            self._log.append((method, self._made(method, request)))
        made, answer = self._log[self._position]
        if made != method:
            raise NotDeterministic(f"{method} where it was {made}")
        self._position += 1
        if isinstance(answer, Exception):
            raise answer.with_traceback(None)
        return answer

    def _made(self, method: str, request: Request) -> Answer | Exception:
        """Really makes the next call."""
        fault = self._fault if self._position >= self._struck else None
        if method == "transact_write_items":
            request = {**request, "ClientRequestToken": f"{self.number}/{self._position}"}
        try:
            answer: Answer | Exception = self._network.call(method, request, fault)
        except (ClientError, BotoCoreError) as error:
            answer = error
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

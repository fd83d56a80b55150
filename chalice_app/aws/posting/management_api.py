"""API Gateway's `@connections`: posts one message to thousands of sockets, fast and bounded.

boto3 spends 0.8 ms of CPU a post and Chalice's `websocket_api` posts one after the other; a Lambda
function that sends a caption to 10,000 listeners has neither that time nor that CPU. Here a post is
one signed request on a non-blocking keep-alive socket (`http_socket`), many at once on one thread
(`post_loop`). Requests are never pipelined: what broke would have to be sent again whole.
"""

import logging
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence

from botocore.exceptions import BotoCoreError

from chalice_app.aws.clients import NoCredentials
from chalice_app.aws.posting.connection_requests import (
    ConnectionRequests,
    Endpoint,
    PersonalRequests,
)
from chalice_app.aws.posting.fan_out import MAX_RETRIES, FanOut
from chalice_app.aws.posting.post_loop import PostLimits, PostLoop
from chalice_app.aws.posting.sigv4 import Credentials
from chalice_app.aws.posting.socket_pool import SocketPool
from chalice_app.aws.posting.token_bucket import TokenBucket
from chalice_app.domain.reports import Posted

CONNECT_SECONDS = 3.0
REQUEST_SECONDS = 5.0
"""Far above the 12-20 ms that a post takes: room for TCP to repeat a lost packet a few times."""

_log = logging.getLogger(__name__)


class ManagementApi:
    """Posts to connections and closes them; any number of threads may use one.

    There is no thread of its own: one of the callers drives the loop for all until its own call is
    done, then another does. Nothing runs between calls, which suits a function that is frozen then.

    Args:
        endpoint: `https://{api}.execute-api.{region}.amazonaws.com/{stage}`, or any http(s) URL.
        region: that the signature names.
        credentials: returns the credentials of the moment, once a call.
        max_in_flight: requests under way at once, and so sockets open, over all calls.
        requests_per_second: over all calls; None for no limit.
        connect_seconds: a socket's time to connect, TLS included.
        request_seconds: a response's time to come, counted from the request.
        tls: what to trust, instead of the system's certificate authorities.
    """

    def __init__(
        self,
        endpoint: str,
        region: str,
        credentials: Callable[[], Credentials],
        max_in_flight: int = 100,
        requests_per_second: float | None = None,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        request_seconds: float = REQUEST_SECONDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        if max_in_flight < 1:
            raise ValueError("at least one request must be allowed in flight")
        self._endpoint = Endpoint.parse(endpoint)
        self._region = region
        self._credentials = credentials
        self._limits = PostLimits(max_in_flight, connect_seconds, request_seconds)
        self._rate = requests_per_second
        self._bucket = TokenBucket(requests_per_second) if requests_per_second is not None else None
        self._tls = tls
        self._turn = threading.Condition()
        self._driven = False
        self._pool: SocketPool | None = None
        self._loop: PostLoop | None = None

    def post(
        self, connection_ids: Sequence[str], data: bytes, deadline: float, share: float = 1.0
    ) -> Posted:
        """Posts the same bytes to every connection, at `share` of the requests a second at most.

        `deadline` is time.monotonic() seconds: what has not started by then is dropped, what is in
        flight failed. 429, 5xx and sockets that break are retried twice at most. What broke may
        have been delivered: listeners know a caption by its sequence. Never raises for what one
        connection does; every connection is in exactly one count.
        """
        if not connection_ids:
            return Posted()
        return self._send("POST", connection_ids, data, deadline, share)

    def post_once(self, connection_ids: Sequence[str], data: bytes, deadline: float) -> Posted:
        """The same for what may be lost: nothing is retried, and no failure is logged."""
        if not connection_ids:
            return Posted()
        return self._send("POST", connection_ids, data, deadline, retries=0)

    def notify(self, connection_ids: Sequence[str], data: bytes, deadline: float) -> Posted:
        """The same for notices, which are retried oftener."""
        if not connection_ids:
            return Posted()
        return self._send("POST", connection_ids, data, deadline, repeatable=True)

    def notify_each(self, messages: Mapping[str, bytes], deadline: float) -> Posted:
        """The same where each connection gets a message of its own."""
        if not messages:
            return Posted()
        return self._send("POST", list(messages), messages, deadline, repeatable=True)

    def probe(self, connection_ids: Sequence[str], deadline: float, share: float = 1.0) -> Posted:
        """Asks whether connections are open, tried as `notify`: `delivered` are, `gone` are not."""
        if not connection_ids:
            return Posted()
        return self._send("GET", connection_ids, b"", deadline, share, repeatable=True)

    def close(self, connection_ids: Sequence[str], deadline: float) -> Posted:
        """Closes connections, in that way: `delivered` are closed, `gone` already were."""
        if not connection_ids:
            return Posted()
        return self._send("DELETE", connection_ids, b"", deadline, repeatable=True)

    def shutdown(self) -> None:
        """Closes the idle sockets, while nothing is being posted; a later post opens new ones."""
        with self._turn:
            loop, self._loop, self._pool = self._loop, None, None
        if loop is not None:
            loop.close()

    def _send(
        self,
        method: str,
        connection_ids: Sequence[str],
        data: bytes | Mapping[str, bytes],
        deadline: float,
        share: float = 1.0,
        *,
        repeatable: bool = False,
        retries: int = MAX_RETRIES,
    ) -> Posted:
        try:
            requests = self._requests(method, data)
        except (NoCredentials, BotoCoreError, ValueError) as error:
            _log.error("nothing can be signed: %s", type(error).__name__)
            return Posted(failed=len(connection_ids))
        pool, loop = self._parts()
        fan_out = FanOut(
            requests,
            connection_ids,
            deadline,
            self._bucket_of(share),
            repeatable=repeatable,
            retries=retries,
        )
        if pool.resolve():
            self._drive(loop, fan_out)
        else:
            fan_out.fail("resolve")
        posted = fan_out.posted()
        is_loss = retries > 0 and (posted.failed or posted.dropped)
        level = logging.WARNING if is_loss else logging.DEBUG
        _log.log(
            level, "%s to %d connections: %s, %d dropped",
            method, len(connection_ids), dict(fan_out.outcomes), posted.dropped,
        )  # fmt: skip
        return posted

    def _requests(self, method: str, data: bytes | Mapping[str, bytes]) -> ConnectionRequests:
        credentials = self._credentials()
        if isinstance(data, bytes):
            return ConnectionRequests(method, self._endpoint, self._region, credentials, data)
        return PersonalRequests(method, self._endpoint, self._region, credentials, data)

    def _bucket_of(self, share: float) -> TokenBucket | None:
        if self._rate is None or share >= 1.0:
            return None
        return TokenBucket(self._rate * share)

    def _parts(self) -> tuple[SocketPool, PostLoop]:
        """The pool and the loop, made on first use: building this object opens no socket.

        Nor does it read the certificate authorities, 22 ms of CPU that not every function needs.
        """
        with self._turn:
            if self._pool is None or self._loop is None:
                if self._endpoint.tls and self._tls is None:
                    self._tls = ssl.create_default_context()
                self._pool = SocketPool(self._endpoint, self._tls if self._endpoint.tls else None)
                self._loop = PostLoop(self._pool, self._limits, self._bucket)
            return self._pool, self._loop

    def _drive(self, loop: PostLoop, fan_out: FanOut) -> None:
        """Waits until the fan-out is done, and drives the loop while no other caller does."""
        loop.add(fan_out)
        with self._turn:
            if self._driven:
                loop.wake()
            while self._driven and not fan_out.done:
                self._turn.wait()
            if fan_out.done:
                return
            self._driven = True
        try:
            loop.begin()
            while not fan_out.done:
                if loop.step():
                    self._announce()
        finally:
            loop.end(fan_out)
            with self._turn:
                self._driven = False
                self._turn.notify_all()

    def _announce(self) -> None:
        with self._turn:
            self._turn.notify_all()

"""The keep-alive sockets to one endpoint and the poll object that watches them.

The socket used last is reused first: what is in use stays warm, and the rest grows old and is
closed. A socket stays registered while idle, so that one closed by the peer is found before it is
used, not by a request that fails.
"""

import contextlib
import logging
import select
import socket
import ssl
import sys
import time
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from chalice_app.aws.posting.connection_requests import Endpoint
from chalice_app.aws.posting.http_socket import Address, HttpSocket

IDLE_SECONDS = 20.0
"""How long an unused socket is kept: below the minute after which load balancers close theirs.

By the wall clock, too: `time.monotonic()` may stand still while Lambda keeps a container frozen.
"""

ADDRESS_SECONDS = 30.0
"""How long the endpoint's addresses are kept: Lambda's resolver keeps none, and each fan-out would
wait for a look-up."""

# Not by the selectors module: that takes 2 us for an event, a fifteenth of what a post costs.
if sys.platform == "linux":
    _Poll, _TICKS_A_SECOND = select.epoll, 1.0
else:
    _Poll, _TICKS_A_SECOND = select.poll, 1000.0

_log = logging.getLogger(__name__)


class _Moment(NamedTuple):
    """A moment on both clocks."""

    monotonic: float
    wall: float

    @classmethod
    def at(cls, now: float) -> "_Moment":
        """That moment of `time.monotonic()`, which is now."""
        return cls(now, time.time())

    def is_past(self, seconds: float, now: float) -> bool:
        """Whether so much time has passed by either clock until now."""
        return now - self.monotonic >= seconds or time.time() - self.wall >= seconds


class SocketPool:
    """Opens, lends, watches and closes sockets.

    For one thread at a time, except `resolve` and `wake`, which any thread may call.
    """

    def __init__(self, endpoint: Endpoint, tls: ssl.SSLContext | None) -> None:
        self._endpoint = endpoint
        self._tls = tls
        self._addresses: list[Address] = []
        self._resolved_at: _Moment | None = None
        self._opened = 0
        self._idle: deque[tuple[_Moment, HttpSocket]] = deque()
        self._poll = _Poll()
        self._watched: dict[HttpSocket, int] = {}
        self._by_descriptor: dict[int, HttpSocket] = {}
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._poll.register(self._wake_in, select.POLLIN)

    def resolve(self) -> bool:
        """Looks the endpoint up; whether any address is known, be it an earlier one.

        The standard library cannot bound this in time; the resolver's own limit is 5 s and more.
        """
        now = time.monotonic()
        resolved_at = self._resolved_at
        if resolved_at is not None and not resolved_at.is_past(ADDRESS_SECONDS, now):
            return True
        try:
            found = socket.getaddrinfo(
                self._endpoint.hostname, self._endpoint.port, type=socket.SOCK_STREAM
            )
        except OSError as error:
            _log.warning("could not resolve the endpoint: %s", type(error).__name__)
        else:
            self._addresses = [Address(family, sockaddr) for family, _, _, _, sockaddr in found]
            self._resolved_at = _Moment.at(now)
        return bool(self._addresses)

    def doubt_addresses(self) -> None:
        """Has the endpoint looked up again before the next fan-out: a connection failed."""
        self._resolved_at = None

    def take(self, now: float) -> HttpSocket:
        """An idle socket, or else a new one (OSError when that fails at once)."""
        while self._idle:
            since, sock = self._idle.pop()
            if not since.is_past(IDLE_SECONDS, now):
                return sock
            self.discard(sock)
        return self.open()

    def open(self) -> HttpSocket:
        """A new socket, still connecting; the addresses take turns.

        Raises:
            OSError: when it fails at once.
        """
        addresses = self._addresses
        address = addresses[self._opened % len(addresses)]
        self._opened += 1
        return HttpSocket(address, self._tls, self._endpoint.hostname)

    def release(self, sock: HttpSocket, now: float) -> None:
        """Takes a socket back after its exchange."""
        if sock.reusable:
            self.watch(sock)  # it may still wait to send: the answer came with the handshake's end
            self._idle.append((_Moment.at(now), sock))
        else:
            self.discard(sock)

    def discard(self, sock: HttpSocket) -> None:
        """Closes a socket for good."""
        if self._watched.pop(sock, None) is not None:
            del self._by_descriptor[sock.descriptor]
            with contextlib.suppress(OSError, KeyError):  # closed already: the kernel forgot it
                self._poll.unregister(sock.descriptor)
        sock.close()

    def watch(self, sock: HttpSocket) -> None:
        """Waits for what the socket asks for from now on."""
        before = self._watched.get(sock)
        if before == sock.events:
            return
        self._watched[sock] = sock.events
        if before is None:
            self._poll.register(sock.descriptor, sock.events)
            self._by_descriptor[sock.descriptor] = sock
        else:
            self._poll.modify(sock.descriptor, sock.events)

    def ready(self, timeout: float) -> Sequence[HttpSocket]:
        """The sockets that can go on, after `timeout` s at most.

        Serving one may close another of them.
        """
        found = []
        for descriptor, _ in self._poll.poll(max(0.0, timeout) * _TICKS_A_SECOND):
            sock = self._by_descriptor.get(descriptor)
            if sock is None:
                self._wake_in.recv(4096)
            else:
                found.append(sock)
        return found

    def wake(self) -> None:
        """Ends a wait in `ready`, now or the next."""
        with contextlib.suppress(BlockingIOError):  # full of wakes already
            self._wake_out.send(b"\0")

    def drop_closed(self, sock: HttpSocket) -> None:
        """Looks at an idle socket that has become ready: usually the peer has closed it, or we."""
        if not sock.is_quiet():
            self._idle = deque(entry for entry in self._idle if entry[1] is not sock)
            self.discard(sock)

    def prune(self, now: float) -> None:
        """Closes what has been idle for too long."""
        while self._idle and self._idle[0][0].is_past(IDLE_SECONDS, now):
            self.discard(self._idle.popleft()[1])

    def close(self) -> None:
        """Closes every socket, the busy ones too."""
        for sock in tuple(self._watched):
            self.discard(sock)
        self._idle.clear()
        self._wake_in.close()
        self._wake_out.close()

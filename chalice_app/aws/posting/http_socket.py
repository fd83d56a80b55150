"""One non-blocking keep-alive socket, plain or TLS: connect, shake hands, send, receive, again.

It knows nothing of who waits for it: the loop calls `start` with a request and `advance` whenever
the socket is ready for one of the `events` it asks for.
"""

import errno
import os
import socket
import ssl
from select import POLLIN, POLLOUT
from typing import NamedTuple

from chalice_app.aws.posting.http_response import Response

_RECEIVE_BYTES = 16_384  # the largest TLS record; API Gateway's answers take 0.3 KB
_READS_AT_ONCE = 4
"""What one socket may take before the others have their turn, and the deadlines are looked at."""

_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Address(NamedTuple):
    """What the resolver answered, as `socket.connect` wants it."""

    family: int
    sockaddr: tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]


class HttpSocket:
    """A socket and the exchange it is in, if any.

    `events` is what it waits for (poll's bits), `connected` says that the handshakes are over,
    `exchanges` counts the responses it has brought. `descriptor` stays what it was when the socket
    is closed, which a handshake that fails may do by itself.
    """

    __slots__ = (
        "_hostname", "_response", "_sock", "_spoilt", "_tls", "_unsent",
        "connected", "descriptor", "events", "exchanges",
    )  # fmt: skip

    def __init__(self, address: Address, tls: ssl.SSLContext | None, hostname: str) -> None:
        """Begins to connect.

        Raises:
            OSError: when that fails at once; no socket is left open.
        """
        self._tls = tls
        self._hostname = hostname
        self._response = Response()
        self._unsent: bytes | memoryview = b""
        self._spoilt = False
        self.connected = False
        self.exchanges = 0
        self.events = POLLOUT
        self._sock = socket.socket(address.family, socket.SOCK_STREAM)
        self.descriptor = self._sock.fileno()
        try:
            self._sock.setblocking(False)
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _raise_for(self._sock.connect_ex(address.sockaddr))
        except OSError:
            self._sock.close()
            raise

    def fileno(self) -> int:
        """The descriptor, -1 once closed."""
        return self._sock.fileno()

    def close(self) -> None:
        """Closes it, in any state."""
        self._sock.close()

    @property
    def status(self) -> int:
        """The status of the response under way, 0 while it is not known."""
        return self._response.status

    @property
    def reusable(self) -> bool:
        """Whether the next request may follow the response just read."""
        return self._response.keep_alive and not self._unsent and not self._spoilt

    @property
    def stale(self) -> bool:
        """Whether a failure now means that the peer had closed the socket while it was idle.

        It has served before and brought no byte of this response. (RFC 9112, section 9.3.1, has a
        client retry such a request once.)
        """
        return self.exchanges > 0 and not self._response.started

    def start(self, request: bytes) -> None:
        """Begins an exchange, now or once connected. Failures show in `advance`."""
        self._response = Response()
        self._unsent = request
        if self.connected:
            self._flush()

    def advance(self) -> int:
        """Does what can be done without waiting; the status once the response is complete, else 0.

        Raises:
            OSError: the socket broke, or its TLS did, before a status was known.
            MalformedResponseError: the bytes are not HTTP.
        """
        if not self.connected and not self._connect():
            return 0
        if self._unsent:
            self._flush()
        return self._receive()

    def is_quiet(self) -> bool:
        """Whether an idle socket that became readable is still good.

        TLS 1.3 sends session tickets at any time; anything else is the peer closing, or bytes that
        no request has asked for.
        """
        try:
            self._sock.recv(1)
        except _NOT_YET:
            return True
        except OSError:
            pass
        return False

    def _connect(self) -> bool:
        _raise_for(self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        if self._tls is not None and not self._shake_hands(self._tls):
            return False
        self.connected = True
        self.events = POLLIN
        return True

    def _shake_hands(self, tls: ssl.SSLContext) -> bool:
        if not isinstance(self._sock, ssl.SSLSocket):
            self._sock = tls.wrap_socket(
                self._sock, server_hostname=self._hostname, do_handshake_on_connect=False
            )
        try:
            self._sock.do_handshake()
        except ssl.SSLWantReadError:
            self.events = POLLIN
            return False
        except ssl.SSLWantWriteError:
            self.events = POLLOUT
            return False
        return True

    def _flush(self) -> None:
        try:
            sent = self._sock.send(self._unsent)
        except ssl.SSLWantReadError:
            self.events = POLLIN
            return
        except _NOT_YET:
            sent = 0
        except OSError:
            # The answer may have come before the peer closed (413 does); receiving shows it.
            self._unsent = b""
            self._spoilt = True
            self.events = POLLIN
            return
        if sent == len(self._unsent):
            self._unsent = b""
            self.events = POLLIN
        else:
            self._unsent = memoryview(self._unsent)[sent:]
            self.events = POLLIN | POLLOUT

    def _receive(self) -> int:
        response = self._response
        try:
            for _ in range(_READS_AT_ONCE):
                data = self._sock.recv(_RECEIVE_BYTES)
                if not data:
                    break
                if response.feed(data):
                    self.exchanges += 1
                    return response.status
            else:
                return 0
        except _NOT_YET:
            return 0
        except OSError:
            if not response.status:
                raise
        if not response.status:
            raise ConnectionResetError(errno.ECONNRESET, "closed before the response")
        response.keep_alive = False  # cut off in the body: the status stands
        return response.status


def _raise_for(error: int) -> None:
    if error not in {0, errno.EINPROGRESS}:
        raise OSError(error, os.strerror(error))

"""A gateway that answers 200 to everything, as fast as one core lets Python: the benchmarks' peer.

Run as its own process: `stub_gateway.py LATENCY_MS [CERTIFICATE KEY]`; prints its port. Ends when
its standard input does. It knows just enough HTTP to tell where a request ends.
"""

import selectors
import socket
import ssl
import sys
import time
from collections import deque

ANSWER = (
    b"HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Length: 0\r\n"
    b"Connection: keep-alive\r\nx-amzn-RequestId: 8b5a5f5e-6d3a-4b5c-9a3e-2f6f8f1e7c11\r\n"
    b"x-amz-apigw-id: L0SM9cOFvHcCIhw=\r\n\r\n"
)
_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Peer:
    """One accepted socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.shaken = not isinstance(sock, ssl.SSLSocket)
        self.received = b""

    def requests(self) -> int:
        """How many whole requests have come since; raises ConnectionError at the end."""
        if isinstance(self.sock, ssl.SSLSocket) and not self.shaken:
            self.sock.do_handshake()
            self.shaken = True
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionResetError
        self.received += data
        whole = 0
        while (end := self.received.find(b"\r\n\r\n")) >= 0:
            at = self.received.find(b"Content-Length: ", 0, end) + 16
            end += 4 + (int(self.received[at : self.received.index(b"\r", at)]) if at > 15 else 0)
            if len(self.received) < end:
                break
            self.received = self.received[end:]
            whole += 1
        return whole


class StubGateway:
    """Accepts, reads, and answers each request `latency` seconds later."""

    def __init__(self, latency: float, tls: ssl.SSLContext | None) -> None:
        self._latency = latency
        self._tls = tls
        self._later: deque[tuple[float, Peer]] = deque()
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        self.port: int = self._listener.getsockname()[1]

    def run(self) -> None:
        """Serves until standard input ends."""
        while True:
            wait = self._later[0][0] - time.monotonic() if self._later else None
            for key, _ in self._selector.select(wait):
                if key.data is not None:
                    self._read(key.data)
                elif key.fileobj is self._listener:
                    self._accept()
                else:
                    return
            self._answer_due()

    def _accept(self) -> None:
        sock, _ = self._listener.accept()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            sock = self._tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        self._selector.register(sock, selectors.EVENT_READ, Peer(sock))

    def _read(self, peer: Peer) -> None:
        try:
            whole = peer.requests()
        except _NOT_YET:
            return
        except OSError:
            self._selector.unregister(peer.sock)
            peer.sock.close()
            return
        for _ in range(whole):
            if self._latency:
                self._later.append((time.monotonic() + self._latency, peer))
            else:
                peer.sock.send(ANSWER)

    def _answer_due(self) -> None:
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            peer = self._later.popleft()[1]
            if peer.sock.fileno() >= 0:
                peer.sock.send(ANSWER)


def main(latency_ms: str, certificate: str = "", key: str = "") -> None:
    """Starts, tells the port and serves."""
    tls = None
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
    gateway = StubGateway(float(latency_ms) / 1000, tls)
    print(gateway.port, flush=True)
    gateway.run()


if __name__ == "__main__":
    main(*sys.argv[1:])

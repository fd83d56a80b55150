"""A real loopback `@connections` that misbehaves as it is told, one script a connection id.

An action gets the socket and the request and returns whether the socket lives on. An id's script is
used up one action a request, its last action for ever; an id without one is answered 200.
"""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote


@dataclass(frozen=True)
class Request:
    """A request as it was read; `socket_number` counts the accepted sockets."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    socket_number: int

    @property
    def connection_id(self) -> str:
        return unquote(self.target.rpartition("/")[2])


Action = Callable[[socket.socket, Request], bool]


def answer(status: int, body: bytes = b"", *headers: str, lives: bool = True) -> Action:
    """Answers with a Content-Length; `lives` false closes the socket without saying so."""

    def act(sock: socket.socket, _: Request) -> bool:
        lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers]
        sock.sendall("\r\n".join([*lines, "\r\n"]).encode() + body)
        return lives and "Connection: close" not in headers

    return act


def raw(*pieces: bytes, lives: bool = True) -> Action:
    """Sends the pieces one by one."""

    def act(sock: socket.socket, _: Request) -> bool:
        for piece in pieces:
            sock.sendall(piece)
        return lives

    return act


def hang(sock: socket.socket, _: Request) -> bool:
    """Says nothing until the client has given up."""
    sock.recv(1)
    return False


def hang_up(_: socket.socket, __: Request) -> bool:
    """Closes without an answer."""
    return False


def reset(sock: socket.socket, _: Request) -> bool:
    """Resets the socket without an answer."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def gated(arrived: threading.Event, gate: threading.Event, status: int = 200) -> Action:
    """Tells that the request is there and answers once the gate is open."""

    def act(sock: socket.socket, request: Request) -> bool:
        arrived.set()
        assert gate.wait(30)
        return answer(status)(sock, request)

    return act


@dataclass
class ScriptedGateway:
    """Listens on a free port; `requests` are those read so far, in order of arrival."""

    tls: ssl.SSLContext | None = None
    scripts: dict[str, list[Action]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    accepted: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def endpoint(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/api"

    def close(self) -> None:
        """Ends; fails if a client has left a socket open."""
        port, self.port = self.port, 0
        socket.create_connection(("127.0.0.1", port)).close()  # wakes the acceptor
        self._acceptor.join(10)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive(), "a client has left a socket open"

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            if not self.port:
                sock.close()
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.accepted += 1
            thread = threading.Thread(target=self._serve, args=(sock, self.accepted), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        try:
            if self.tls is not None:
                sock = self.tls.wrap_socket(sock, server_side=True)
            with sock.makefile("rb") as stream:
                while (request := _read(stream.readline, stream.read, number)) is not None:
                    if not self._act(sock, request):
                        return
        except OSError:
            pass  # the client has gone, or does not trust the certificate
        finally:
            sock.close()

    def _act(self, sock: socket.socket, request: Request) -> bool:
        with self._lock:
            self.requests.append(request)
            script = self.scripts.get(request.connection_id, [answer(200)])
            action = script.pop(0) if len(script) > 1 else script[0]
        return action(sock, request)


def _read(
    readline: Callable[[], bytes], read: Callable[[int], bytes], number: int
) -> Request | None:
    first = readline().decode()
    if not first:
        return None
    method, target, _ = first.split(" ")
    headers: dict[str, str] = {}
    while (line := readline().decode().rstrip("\r\n")) != "":
        name, _, value = line.partition(": ")
        headers[name] = value
    body = read(int(headers.get("Content-Length", "0")))
    return Request(method, target, headers, body, number)

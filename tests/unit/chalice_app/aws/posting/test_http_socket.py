"""One socket at a time, step by step."""

import select
import socket
import struct
from collections.abc import Iterator

import pytest

from chalice_app.aws.posting.http_socket import Address, HttpSocket

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
Pair = tuple[HttpSocket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A connected socket and its peer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sock = HttpSocket(Address(socket.AF_INET, listener.getsockname()), None, "127.0.0.1")
        peer, _ = listener.accept()
    until_ready(sock)
    assert sock.advance() == 0
    assert sock.connected
    with peer:
        yield sock, peer
    sock.close()


def until_ready(sock: HttpSocket) -> None:
    poll = select.poll()
    poll.register(sock, sock.events)
    assert poll.poll(30_000)


def exchange(sock: HttpSocket, peer: socket.socket) -> None:
    sock.start(b"x")
    assert peer.recv(1) == b"x"
    peer.sendall(OK)
    until_ready(sock)
    assert sock.advance() == 200


def reset(peer: socket.socket) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def test_an_exchange_leaves_the_socket_reusable(pair: Pair) -> None:
    sock, peer = pair
    for served in range(1, 4):
        exchange(sock, peer)
        assert (sock.reusable, sock.exchanges) == (True, served)


def test_a_reset_before_the_request_shows_as_stale(pair: Pair) -> None:
    sock, peer = pair
    exchange(sock, peer)
    reset(peer)
    until_ready(sock)
    sock.start(b"x")
    with pytest.raises(OSError, match=r"."):
        sock.advance()
    assert sock.stale


def test_a_reset_of_a_new_socket_is_not_stale(pair: Pair) -> None:
    sock, peer = pair
    sock.start(b"x")
    reset(peer)
    until_ready(sock)
    with pytest.raises(OSError, match=r"."):
        sock.advance()
    assert not sock.stale


def test_a_reset_after_the_response_began_is_not_stale(pair: Pair) -> None:
    sock, peer = pair
    exchange(sock, peer)
    sock.start(b"x")
    peer.sendall(b"HTTP/1.1 2")
    until_ready(sock)
    assert sock.advance() == 0
    peer.close()
    until_ready(sock)
    with pytest.raises(OSError, match=r"."):
        sock.advance()
    assert not sock.stale


def test_an_answer_to_half_a_request_counts_though_the_peer_has_closed(pair: Pair) -> None:
    sock, peer = pair
    sock.start(bytes(20_000_000))
    assert sock.events & select.POLLOUT
    peer.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
    peer.close()
    status = 0
    while not status:
        until_ready(sock)
        status = sock.advance()
    assert status == 413
    assert not sock.reusable


def test_an_answer_to_half_a_request_costs_the_socket(pair: Pair) -> None:
    sock, peer = pair
    sock.start(bytes(20_000_000))
    peer.sendall(OK)
    status = 0
    while not status:
        until_ready(sock)
        status = sock.advance()
    assert not sock.reusable


def test_an_idle_socket_is_quiet_until_something_comes(pair: Pair) -> None:
    sock, peer = pair
    exchange(sock, peer)
    assert sock.is_quiet()
    peer.sendall(b"H")
    until_ready(sock)
    assert not sock.is_quiet()


def test_a_reset_idle_socket_is_not_quiet(pair: Pair) -> None:
    sock, peer = pair
    exchange(sock, peer)
    reset(peer)
    until_ready(sock)
    assert not sock.is_quiet()

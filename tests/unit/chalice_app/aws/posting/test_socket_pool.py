"""Idle sockets: the last used is the first reused, and the old are closed."""

import importlib.util
import os
import select
import socket
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalice_app.aws.posting import socket_pool
from chalice_app.aws.posting.connection_requests import Endpoint
from chalice_app.aws.posting.http_socket import HttpSocket
from chalice_app.aws.posting.socket_pool import ADDRESS_SECONDS, IDLE_SECONDS, SocketPool

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def pool(listener: socket.socket) -> Iterator[SocketPool]:
    pool = SocketPool(Endpoint.parse(f"http://127.0.0.1:{listener.getsockname()[1]}"), None)
    assert pool.resolve()
    yield pool
    pool.close()


def used(pool: SocketPool, listener: socket.socket) -> tuple[HttpSocket, socket.socket]:
    """A socket that has been through one exchange, and its peer."""
    sock = pool.open()
    sock.start(b"x")
    pool.watch(sock)
    peer, _ = listener.accept()
    peer.sendall(OK)
    status = 0
    while not status:
        for ready in pool.ready(30.0):
            status = ready.advance()
            pool.watch(ready)
    return sock, peer


def test_the_last_used_is_taken_first(pool: SocketPool, listener: socket.socket) -> None:
    (first, one), (second, two) = used(pool, listener), used(pool, listener)
    with one, two:
        pool.release(first, 0.0)
        pool.release(second, 1.0)
        assert [pool.take(2.0), pool.take(2.0)] == [second, first]


def test_the_old_are_closed_and_the_young_kept(pool: SocketPool, listener: socket.socket) -> None:
    (old, one), (young, two) = used(pool, listener), used(pool, listener)
    with one, two:
        pool.release(old, 0.0)
        pool.release(young, 5.0)
        pool.prune(IDLE_SECONDS)
        assert (old.fileno(), pool.take(IDLE_SECONDS)) == (-1, young)


def test_an_old_one_is_not_taken(pool: SocketPool, listener: socket.socket) -> None:
    old, peer = used(pool, listener)
    with peer:
        pool.release(old, 0.0)
        fresh = pool.take(IDLE_SECONDS)
        pool.watch(fresh)
        assert (old.fileno(), fresh.exchanges) == (-1, 0)


def test_one_that_has_grown_old_while_the_process_was_frozen_is_not_taken(
    pool: SocketPool, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    (old, one), (older, two) = used(pool, listener), used(pool, listener)
    with one, two:
        pool.release(older, 0.0)
        pool.release(old, 0.0)
        later = time.time() + IDLE_SECONDS
        monkeypatch.setattr(time, "time", lambda: later)
        fresh = pool.take(0.001)
        pool.watch(fresh)
        assert (old.fileno(), fresh.exchanges) == (-1, 0)
        pool.prune(0.001)
        assert older.fileno() == -1


def test_a_wall_clock_that_is_set_back_keeps_no_socket_longer(
    pool: SocketPool, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, peer = used(pool, listener)
    with peer:
        pool.release(old, 0.0)
        earlier = time.time() - 3600
        monkeypatch.setattr(time, "time", lambda: earlier)
        pool.prune(IDLE_SECONDS)
        assert old.fileno() == -1


def test_one_closed_by_the_peer_is_dropped(pool: SocketPool, listener: socket.socket) -> None:
    sock, peer = used(pool, listener)
    pool.release(sock, 0.0)
    peer.close()
    for ready in pool.ready(30.0):
        pool.drop_closed(ready)
    assert sock.fileno() == -1
    fresh = pool.take(1.0)
    pool.watch(fresh)
    assert fresh is not sock


def test_one_that_waited_to_send_when_its_answer_came_rests(
    pool: SocketPool, listener: socket.socket
) -> None:
    sock, peer = used(pool, listener)
    with peer:
        sock.events |= select.POLLOUT
        pool.watch(sock)
        assert pool.ready(30.0) == [sock]
        sock.events = select.POLLIN
        pool.release(sock, 0.0)
        assert pool.ready(0.0) == []


def test_one_whose_descriptor_is_gone_leaves_nothing_behind(
    pool: SocketPool, listener: socket.socket
) -> None:
    sock, peer = used(pool, listener)
    with peer:
        os.close(sock._sock.detach())
        pool.discard(sock)
        again, two = used(pool, listener)  # under the same descriptor
        with two:
            assert again.descriptor == sock.descriptor


def test_a_wake_ends_the_wait_however_many_there_were(pool: SocketPool) -> None:
    for _ in range(100_000):
        pool.wake()
    assert list(pool.ready(30.0)) == []


def test_the_addresses_of_a_name_take_turns(
    pool: SocketPool, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", each.getsockname())
            for each in (listener, other)
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        pool.doubt_addresses()
        assert pool.resolve()
        for _ in range(2):
            pool.watch(pool.open())
        for each in (listener, other):
            each.settimeout(30.0)
            each.accept()[0].close()


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch, pool: SocketPool) -> list[object]:
    """The look-ups from now on; that of the pool's fixture was before."""
    asked: list[object] = []
    look_up: Callable[..., object] = socket.getaddrinfo

    def noted(*arguments: object, **more: object) -> object:
        asked.append(arguments[0])
        return look_up(*arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", noted)
    return asked


def test_the_addresses_are_kept_for_half_a_minute_by_either_clock(
    pool: SocketPool, lookups: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (pool.resolve(), lookups) == (True, [])
    for clock in ("time", "monotonic"):
        lookups.clear()
        with monkeypatch.context() as patch:
            then = getattr(time, clock)()
            patch.setattr(time, clock, lambda then=then: then + ADDRESS_SECONDS - 1.0)
            assert (pool.resolve(), lookups) == (True, [])
            patch.setattr(time, clock, lambda then=then: then + ADDRESS_SECONDS)
            assert (pool.resolve(), lookups) == (True, ["127.0.0.1"])
        pool.doubt_addresses()
        assert pool.resolve()


def test_addresses_that_are_doubted_are_looked_up_again_and_kept_until_there_are_others(
    pool: SocketPool, lookups: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.doubt_addresses()

    def not_found(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "not found")

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", not_found)
        assert pool.resolve(), "those known before are good enough"
    assert pool.resolve()
    assert lookups == ["127.0.0.1"], "what failed is tried again at once"


class RecordingPoll:
    """A poll object on which nothing is ever ready."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def poll(self, timeout: float) -> list[tuple[int, int]]:
        self.waits.append(timeout)
        return []

    def unregister(self, _: int) -> None:
        """As the real one's."""


@pytest.mark.parametrize(("timeout", "waited"), [(-1.0, 0.0), (0.0, 0.0), (0.25, 0.25)])
def test_no_wait_is_longer_than_asked_for_or_for_ever(
    pool: SocketPool, monkeypatch: pytest.MonkeyPatch, timeout: float, waited: float
) -> None:
    poll = RecordingPoll()
    monkeypatch.setattr(pool, "_poll", poll)
    monkeypatch.setattr(socket_pool, "_TICKS_A_SECOND", 1000.0)
    assert pool.ready(timeout) == []
    assert poll.waits == [1000 * waited]


def test_a_socket_is_old_from_its_twentieth_second_on(
    pool: SocketPool, listener: socket.socket
) -> None:
    sock, peer = used(pool, listener)
    with peer:
        pool.release(sock, 1.0)
        pool.prune(20.9)
        assert sock.fileno() >= 0
        pool.prune(21.0)
        assert sock.fileno() == -1


def test_a_closed_pool_leaves_nothing_open(pool: SocketPool, listener: socket.socket) -> None:
    idle, peer = used(pool, listener)
    busy, other = used(pool, listener)
    with peer, other:
        pool.release(idle, 0.0)
        pool.close()
        assert (idle.fileno(), busy.fileno()) == (-1, -1)
        assert (pool._wake_in.fileno(), pool._wake_out.fileno()) == (-1, -1)
        assert not pool._idle


def test_a_name_that_is_lost_leaves_the_addresses_that_were_known(
    pool: SocketPool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def lost(*_: object, **__: object) -> None:
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", lost)
    pool.doubt_addresses()
    assert pool.resolve()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    unknown = SocketPool(Endpoint.parse("http://nowhere.example"), None)
    assert not unknown.resolve()
    unknown.close()


def test_the_kernel_s_own_poll_is_used_in_its_own_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    def loaded(platform: str) -> Any:
        monkeypatch.setattr(sys, "platform", platform)
        spec = importlib.util.spec_from_file_location("another", socket_pool.__file__)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    linux, other = loaded("linux"), loaded("darwin")
    assert (linux._Poll, linux._TICKS_A_SECOND) == (select.epoll, 1.0)
    assert (other._Poll, other._TICKS_A_SECOND) == (select.poll, 1000.0)


def test_a_pool_s_wakes_never_block(pool: SocketPool) -> None:
    assert not pool._wake_in.getblocking()
    assert not pool._wake_out.getblocking()
    pool.wake()
    assert list(pool.ready(30.0)) == []
    assert list(pool.ready(0.0)) == []
    with pytest.raises(BlockingIOError):
        pool._wake_in.recv(1)


def test_three_addresses_are_taken_one_after_the_other(
    pool: SocketPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses: list[Any] = ["a", "b", "c"]
    pool._addresses = addresses
    with monkeypatch.context() as patch:
        patch.setattr(socket_pool, "HttpSocket", lambda address, tls, hostname: address)
        opened: list[Any] = [pool.open() for _ in range(4)]
    assert opened == ["a", "b", "c", "a"]

"""How long the loop waits, what it gives up and when, with time given: no clock runs here."""

import math
import ssl
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from chalice_app.aws.posting import post_loop
from chalice_app.aws.posting.fan_out import FanOut
from chalice_app.aws.posting.post_loop import PostLimits, PostLoop
from chalice_app.aws.posting.token_bucket import TokenBucket
from chalice_app.domain.reports import Posted

LIMITS = PostLimits(max_in_flight=2, connect_seconds=3.0, request_seconds=5.0)


class Requests:
    """Requests that are the connection's id."""

    def to(self, connection_id: str, _: float) -> bytes:
        return connection_id.encode()


class StubSocket:
    """A socket that answers or fails with what a test puts into `answer`."""

    def __init__(self, *, connected: bool = True, stale: bool = False) -> None:
        self.connected = connected
        self.stale = stale
        self.status = 0
        self.answer: int | Exception = 0
        self.requests: list[bytes] = []

    def start(self, request: bytes) -> None:
        self.requests.append(request)

    def advance(self) -> int:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class StubPool:
    """Lends the sockets that a test has put there, and moves time on while it waits."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.made: list[StubSocket] = []
        self.to_lend: list[StubSocket] = []
        self.waits: list[float] = []
        self.next_ready: list[StubSocket] = []
        self.events: list[str] = []
        self.refusing = False

    def take(self, now: float) -> StubSocket:
        assert now == self.now
        self.events.append("take")
        return self._lent()

    def open(self) -> StubSocket:
        self.events.append("open")
        return self._lent()

    def _lent(self) -> StubSocket:
        if self.refusing:
            raise ConnectionRefusedError
        self.made.append(self.to_lend.pop(0) if self.to_lend else StubSocket())
        return self.made[-1]

    def ready(self, timeout: float) -> Sequence[StubSocket]:
        self.waits.append(timeout)
        found, self.next_ready = self.next_ready, []
        return found

    def prune(self, now: float) -> None:
        assert now == self.now
        self.events.append("prune")

    def watch(self, _: StubSocket) -> None:
        self.events.append("watch")

    def doubt_addresses(self) -> None:
        self.events.append("doubt")

    def release(self, _: StubSocket, now: float) -> None:
        assert now == self.now
        self.events.append("release")

    def discard(self, _: StubSocket) -> None:
        self.events.append("discard")

    def drop_closed(self, _: StubSocket) -> None:
        self.events.append("drop_closed")

    def close(self) -> None:
        self.events.append("close")

    def wake(self) -> None:
        self.events.append("wake")


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> StubPool:
    made = StubPool()
    monkeypatch.setattr(post_loop, "time", SimpleNamespace(monotonic=lambda: made.now))
    monkeypatch.setattr("random.uniform", lambda _, high: high)
    return made


def looped(pool: Any, limits: PostLimits = LIMITS, bucket: TokenBucket | None = None) -> PostLoop:
    return PostLoop(pool, limits, bucket)


def fan_out(
    ids: str, deadline: float = 1100.0, bucket: TokenBucket | None = None, **more: bool
) -> FanOut:
    requests: Any = Requests()
    return FanOut(requests, list(ids), deadline, bucket, **more)


def added(loop: PostLoop, each: FanOut) -> FanOut:
    loop.add(each)
    return each


# --- How long it waits ---------------------------------------------------------------------------


def test_with_nothing_under_way_it_waits_a_minute_at_a_time(pool: StubPool) -> None:
    assert not looped(pool).step()
    assert pool.waits == [60.0]


@pytest.mark.parametrize(("connected", "patience"), [(True, 5.0), (False, 3.0)])
def test_it_waits_as_long_as_a_socket_may_take(
    pool: StubPool, connected: bool, patience: float
) -> None:
    pool.to_lend = [StubSocket(connected=connected)]
    loop = looped(pool)
    added(loop, fan_out("a"))
    assert not loop.step()
    assert pool.waits == [patience]
    assert pool.events == ["take", "watch"]


def test_it_waits_no_longer_than_until_a_deadline(pool: StubPool) -> None:
    loop = looped(pool)
    added(loop, fan_out("a", deadline=1001.0))
    loop.step()
    assert pool.waits == [1.0]


def test_a_socket_that_has_connected_has_a_request_s_time_from_then_on(pool: StubPool) -> None:
    sock = StubSocket(connected=False)
    pool.to_lend, pool.next_ready = [sock], [sock]
    loop = looped(pool)
    one = added(loop, fan_out("a"))

    def advance() -> int:
        sock.connected = True
        pool.now += 1.0
        return 0

    sock.advance = advance  # type: ignore[method-assign]
    loop.step()
    pool.now = 1002.0
    loop.step()
    assert pool.waits == [3.0, 1.0], "the alarm of the handshake is early, and only finds the next"
    pool.now = 1003.0
    loop.step()
    assert pool.waits[2:] == [2.0]
    pool.now = 1005.0
    loop.step()
    assert one.posted() == Posted(failed=1)


@pytest.mark.parametrize("whose", ["everyone's", "its own"])
def test_a_rate_makes_it_wait_for_the_next_token(pool: StubPool, whose: str) -> None:
    bucket = TokenBucket(10.0)
    loop = looped(pool, bucket=bucket if whose == "everyone's" else None)
    added(loop, fan_out("ab", bucket=bucket if whose == "its own" else None))
    loop.step()
    assert len(pool.made) == 1
    assert pool.waits == [pytest.approx(0.1)]
    pool.now += 0.1
    loop.step()
    assert [sock.requests for sock in pool.made] == [[b"a"], [b"b"]]


def test_a_token_that_one_s_own_rate_leaves_unused_is_the_next_one_s(pool: StubPool) -> None:
    shared, own = TokenBucket(20.0), TokenBucket(1.0)
    assert own.wait(pool.now) == 0.0
    loop = looped(pool, bucket=shared)
    added(loop, fan_out("ab", bucket=own))
    added(loop, fan_out("cd"))
    loop.step()
    assert [sock.requests for sock in pool.made] == [[b"c"], [b"d"]]


@pytest.mark.parametrize("status", [429, 500])
def test_it_waits_for_a_retry(pool: StubPool, status: int) -> None:
    sock = StubSocket()
    sock.answer = status
    pool.to_lend, pool.next_ready = [sock], [sock]
    loop = looped(pool)
    added(loop, fan_out("a"))
    loop.step()
    loop.step()
    assert pool.waits[-1] == pytest.approx(0.1)


def test_it_waits_for_the_second_retry_while_the_first_is_under_way(pool: StubPool) -> None:
    one, two = StubSocket(), StubSocket()
    one.answer = two.answer = 500
    pool.to_lend, pool.next_ready = [one, two], [one]
    loop = looped(pool)
    added(loop, fan_out("ab"))
    loop.step()
    pool.now, pool.next_ready = 1000.05, [two]
    loop.step()
    pool.now = 1000.1
    loop.step()
    assert pool.made[2].requests == [b"a"]
    assert pool.waits[-1] == pytest.approx(0.05)


# --- What it gives up ----------------------------------------------------------------------------


def test_a_socket_is_given_up_the_moment_its_time_is_over(pool: StubPool) -> None:
    loop = looped(pool)
    one = added(loop, fan_out("a"))
    loop.step()
    pool.now = 1004.9
    assert not loop.step()
    pool.now = 1005.0
    assert loop.step()
    assert one.posted() == Posted(failed=1)
    assert one.outcomes == {"timeout": 1}
    assert "discard" in pool.events


def test_one_that_never_connected_is_tried_again(pool: StubPool) -> None:
    pool.to_lend = [StubSocket(connected=False)]
    loop = looped(pool)
    one = added(loop, fan_out("a"))
    loop.step()
    pool.now = 1003.0
    loop.step()
    assert not one.done
    assert pool.waits[-1] == pytest.approx(0.1)
    pool.now = 1003.1
    loop.step()
    assert [sock.requests for sock in pool.made] == [[b"a"], [b"a"]]


def test_a_status_counts_though_its_body_did_not_end(pool: StubPool) -> None:
    loop = looped(pool)
    one = added(loop, fan_out("a"))
    loop.step()
    pool.made[0].status = 200
    pool.now = 1005.0
    assert loop.step()
    assert one.posted() == Posted(delivered=1)


def test_a_fan_out_ends_with_its_deadline_and_no_other_with_it(pool: StubPool) -> None:
    loop = looped(pool, PostLimits(1, 3.0, 50.0))
    one, two = added(loop, fan_out("abc", deadline=1001.0)), added(loop, fan_out("d"))
    loop.step()
    pool.now = 1001.0
    assert loop.step()
    assert one.posted() == Posted(failed=1, dropped=2)
    assert not two.done
    assert pool.made[1].requests == [b"d"]
    assert not loop.step(), "what is done is gone"
    assert pool.waits[-1] == 50.0


def test_who_is_done_does_not_wait_for_the_others(pool: StubPool) -> None:
    loop = looped(pool)
    added(loop, fan_out("a", deadline=1000.0))
    added(loop, fan_out("b"))
    assert loop.step()
    assert pool.waits == []


@pytest.mark.parametrize(
    ("failure", "connected", "posted"),
    [
        (ConnectionResetError(), True, Posted()),
        (ssl.SSLError(), True, Posted()),
        (ssl.SSLError(), False, Posted(failed=1)),
        (ConnectionRefusedError(), False, Posted()),
    ],
)
def test_whatever_breaks_is_tried_again_but_a_certificate_that_is_not_trusted(
    pool: StubPool, failure: Exception, connected: bool, posted: Posted
) -> None:
    sock = StubSocket(connected=connected)
    sock.answer = failure
    pool.to_lend, pool.next_ready = [sock], [sock]
    loop = looped(pool)
    one = added(loop, fan_out("a"))
    assert loop.step() is one.done
    assert one.posted() == posted
    assert one.outcomes == {type(failure).__name__: 1}
    doubts = [] if connected else ["doubt"]
    assert pool.events == ["take", "watch", *doubts, "discard"]
    if not one.done:
        loop.step()
        assert pool.waits[-1] == pytest.approx(0.1)


def test_a_socket_that_fails_at_once_is_tried_again_later(pool: StubPool) -> None:
    pool.refusing = True
    loop = looped(pool)
    one = added(loop, fan_out("a"))
    loop.step()
    assert one.outcomes == {"ConnectionRefusedError": 1}
    assert not one.done
    assert pool.waits == [pytest.approx(0.1)]


def test_a_stale_socket_is_replaced_by_a_new_one_at_once(pool: StubPool) -> None:
    sock = StubSocket(stale=True)
    sock.answer = ConnectionResetError()
    pool.to_lend, pool.next_ready = [sock], [sock]
    loop = looped(pool)
    one = added(loop, fan_out("a"))
    loop.step()
    assert [each.requests for each in pool.made] == [[b"a"], [b"a"]]
    assert pool.events == ["take", "watch", "discard", "open", "watch"]
    assert one.outcomes == {}


# --- What it has under way -----------------------------------------------------------------------


def test_no_more_are_under_way_than_may_be_and_the_fan_outs_take_turns(pool: StubPool) -> None:
    loop = looped(pool, PostLimits(3, 3.0, 5.0))
    added(loop, fan_out("abc"))
    added(loop, fan_out("xyz"))
    loop.step()
    assert [sock.requests for sock in pool.made] == [[b"a"], [b"x"], [b"b"]]
    first = pool.made[0]
    first.answer = 200
    pool.next_ready = [first]
    loop.step()
    assert pool.made[3].requests == [b"y"], "at once, in the place of the one that was answered"


def test_a_fan_out_that_has_nothing_to_start_holds_up_no_other(pool: StubPool) -> None:
    loop = looped(pool)
    added(loop, fan_out("a"))
    loop.step()
    added(loop, fan_out("b"))
    loop.step()
    assert [sock.requests for sock in pool.made] == [[b"a"], [b"b"]]


def test_an_answer_gives_its_socket_back(pool: StubPool) -> None:
    sock = StubSocket()
    sock.answer = 200
    pool.to_lend, pool.next_ready = [sock], [sock]
    loop = looped(pool)
    added(loop, fan_out("a"))
    assert loop.step()
    assert pool.events == ["take", "watch", "release"]


def test_a_part_of_an_answer_earns_its_socket_no_more_time(pool: StubPool) -> None:
    sock = StubSocket()
    pool.to_lend = [sock]
    loop = looped(pool)
    one = added(loop, fan_out("a"))
    loop.step()
    pool.now, pool.next_ready = 1004.0, [sock]
    loop.step()
    assert pool.events == ["take", "watch", "watch"]
    pool.now = 1005.0
    assert loop.step()
    assert one.outcomes == {"timeout": 1}


def test_an_idle_socket_that_becomes_ready_is_looked_at(pool: StubPool) -> None:
    pool.next_ready = [StubSocket()]
    looped(pool).step()
    assert pool.events == ["drop_closed"]


def test_a_drive_begins_and_ends_with_the_sockets_that_have_grown_old(pool: StubPool) -> None:
    loop = looped(pool)
    loop.begin()
    assert (pool.events, pool.waits) == (["prune"], [0.0])
    loop.end(fan_out("a"))
    assert pool.events == ["prune", "prune"]


def test_a_fan_out_that_ends_early_leaves_the_others_sockets(pool: StubPool) -> None:
    loop = looped(pool)
    one, two = added(loop, fan_out("a")), added(loop, fan_out("b"))
    loop.step()
    arriving = added(loop, fan_out("c"))
    for ended in (one, arriving):
        loop.end(ended)
    assert pool.events.count("discard") == 1
    for sock in pool.made:
        sock.answer = 200
    pool.next_ready = pool.made[1:]
    assert loop.step()
    assert two.posted() == Posted(delivered=1)
    assert not loop.step()
    assert len(pool.made) == 2


def test_a_closed_loop_knows_no_sockets_any_more(pool: StubPool) -> None:
    loop = looped(pool)
    added(loop, fan_out("a", deadline=math.inf))
    loop.step()
    loop.close()
    assert pool.events[-1] == "close"
    assert not loop._busy


def test_a_wake_is_the_pool_s(pool: StubPool) -> None:
    looped(pool).wake()
    assert pool.events == ["wake"]

"""What a call makes of its fan-out, over a loop that only notes it."""

import logging
import ssl
from typing import Any

import pytest
from botocore.credentials import ReadOnlyCredentials

from chalice_app.aws.posting import management_api
from chalice_app.aws.posting.fan_out import FanOut
from chalice_app.aws.posting.management_api import ManagementApi
from chalice_app.aws.posting.post_loop import PostLimits
from chalice_app.aws.posting.token_bucket import TokenBucket
from chalice_app.domain.reports import Posted

CREDENTIALS = ReadOnlyCredentials("AK1", "s1", None)


class NotedPool:
    """A pool that opens nothing."""

    made: list["NotedPool"]
    resolves = True

    def __init__(self, endpoint: Any, tls: ssl.SSLContext | None) -> None:
        self.hostname, self.tls = endpoint.hostname, tls
        self.made.append(self)

    def resolve(self) -> bool:
        return self.resolves


class NotedLoop:
    """A loop that answers one connection a step, with `status`."""

    made: list["NotedLoop"]
    status = 200

    def __init__(self, pool: Any, limits: PostLimits, bucket: TokenBucket | None) -> None:
        self.pool, self.limits, self.bucket = pool, limits, bucket
        self.events: list[str] = []
        self.fan_outs: list[FanOut] = []
        self.made.append(self)

    def add(self, fan_out: FanOut) -> None:
        self.events.append("add")
        self.fan_outs.append(fan_out)

    def begin(self) -> None:
        self.events.append("begin")

    def step(self) -> bool:
        self.events.append("step")
        fan_out = self.fan_outs[-1]
        fan_out.answered(fan_out.next_attempt(0.0), self.status, 0.0)
        return fan_out.done

    def end(self, fan_out: FanOut) -> None:
        assert fan_out is self.fan_outs[-1]
        self.events.append("end")

    def close(self) -> None:
        self.events.append("close")


@pytest.fixture(autouse=True)
def noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pools and loops that only note what is asked of them."""
    for kind in (NotedPool, NotedLoop):
        monkeypatch.setattr(kind, "made", [], raising=False)
    monkeypatch.setattr(management_api, "SocketPool", NotedPool)
    monkeypatch.setattr(management_api, "PostLoop", NotedLoop)


def api(*args: Any, endpoint: str = "http://a.example", **settings: Any) -> ManagementApi:
    return ManagementApi(endpoint, "eu-west-1", lambda: CREDENTIALS, *args, **settings)


def test_a_call_drives_the_loop_until_its_own_fan_out_is_done() -> None:
    assert api().post(["a", "b"], b"x", 9.0) == Posted(delivered=2)
    (loop,) = NotedLoop.made
    assert loop.events == ["add", "begin", "step", "step", "end"]
    assert loop.pool is NotedPool.made[0]
    assert loop.limits == PostLimits(100, 3.0, 5.0)
    assert loop.bucket is None
    assert (loop.pool.hostname, loop.pool.tls) == ("a.example", None)


def test_the_settings_are_the_loop_s() -> None:
    made = api(1, 50.0, connect_seconds=7.0, request_seconds=8.0)
    made.post(["a"], b"", 9.0)
    (loop,) = NotedLoop.made
    assert loop.limits == PostLimits(1, 7.0, 8.0)
    assert loop.bucket is not None
    assert loop.bucket._rate == 50.0


def test_the_pool_and_the_loop_are_made_once_and_anew_after_a_shutdown() -> None:
    made = api()
    made.shutdown()
    made.post(["a"], b"", 9.0)
    made.post(["b"], b"", 9.0)
    assert len(NotedLoop.made) == len(NotedPool.made) == 1
    made.shutdown()
    made.shutdown()
    assert NotedLoop.made[0].events[-2:] == ["end", "close"]
    made.post(["c"], b"", 9.0)
    assert len(NotedLoop.made) == len(NotedPool.made) == 2


@pytest.mark.parametrize("share", [1.0, 2.0])
def test_the_whole_rate_needs_no_bucket_of_its_own(share: float) -> None:
    api(requests_per_second=50.0).post(["a"], b"", 9.0, share)
    assert NotedLoop.made[0].fan_outs[0].bucket is None


def test_a_share_of_the_rate_has_its_bucket() -> None:
    made = api(requests_per_second=50.0)
    made.post(["a"], b"", 9.0, 0.5)
    made.probe(["a"], 9.0, 0.25)
    rates = [each.bucket and each.bucket._rate for each in NotedLoop.made[0].fan_outs]
    assert rates == [25.0, 12.5]


def test_only_a_post_may_not_come_twice() -> None:
    made = api()
    made.post(["a"], b"x", 9.0)
    made.notify(["a"], b"x", 9.0)
    made.probe(["a"], 9.0)
    made.close(["a"], 9.0)
    asked = [
        (each.requests._method, each.requests._data, each.repeatable, each.deadline)
        for each in NotedLoop.made[0].fan_outs
    ]
    assert asked == [
        ("POST", b"x", False, 9.0),
        ("POST", b"x", True, 9.0),
        ("GET", b"", True, 9.0),
        ("DELETE", b"", True, 9.0),
    ]


@pytest.mark.parametrize("method", ["post", "notify"])
def test_nobody_to_post_to_makes_nothing(method: str) -> None:
    assert getattr(api(), method)([], b"x", 9.0) == Posted()
    assert api().probe([], 9.0) == api().close([], 9.0) == Posted()
    assert NotedPool.made == []


def test_a_host_that_is_not_found_fails_everyone_without_a_drive(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(NotedPool, "resolves", False)
    assert api().post(["a", "b"], b"", 9.0) == Posted(failed=2)
    assert NotedLoop.made[0].events == []
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("WARNING", "POST to 2 connections: {'resolve': 2}, 0 dropped")
    ]


@pytest.mark.parametrize(("status", "level"), [(200, "DEBUG"), (410, "DEBUG"), (413, "WARNING")])
def test_a_call_is_a_warning_only_where_somebody_was_not_reached(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, status: int, level: str
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(NotedLoop, "status", status)
    api().post(["a"], b"", 9.0)
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        (level, f"POST to 1 connections: {{{status}: 1}}, 0 dropped")
    ]


def test_what_nobody_had_a_turn_for_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def expire(self: NotedLoop) -> bool:
        self.fan_outs[-1].expire()
        return True

    monkeypatch.setattr(NotedLoop, "step", expire)
    assert api().post(["a"], b"", 9.0) == Posted(dropped=1)
    assert [each.levelname for each in caplog.records] == ["WARNING"]


def test_what_cannot_be_signed_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    nobody = ManagementApi("http://a", "r", lambda: ReadOnlyCredentials("", "", None))
    assert nobody.post(["a"], b"", 9.0) == Posted(failed=1)
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("ERROR", "nothing can be signed: ValueError")
    ]
    assert NotedPool.made == []


def test_certificate_authorities_are_read_where_tls_needs_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    default, own = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    read: list[str] = []

    def create_default_context() -> ssl.SSLContext:
        read.append("read")
        return default

    monkeypatch.setattr(ssl, "create_default_context", create_default_context)
    plain, secure = api(), api(endpoint="https://a.example")
    given = api(endpoint="https://a.example", tls=own)
    assert read == []
    for each in (plain, given):
        each.post(["a"], b"", 9.0)
    assert read == []
    secure.post(["a"], b"", 9.0)
    assert [each.tls for each in NotedPool.made] == [None, own, default]
    assert read == ["read"]


def test_a_call_that_is_interrupted_leaves_the_loop_free(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: NotedLoop) -> bool:
        raise KeyboardInterrupt

    made = api()
    with monkeypatch.context() as patch:
        patch.setattr(NotedLoop, "step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            made.post(["a"], b"", 9.0)
    assert NotedLoop.made[0].events == ["add", "begin", "end"]
    assert not made._driven
    assert made.post(["a"], b"", 9.0) == Posted(delivered=1)

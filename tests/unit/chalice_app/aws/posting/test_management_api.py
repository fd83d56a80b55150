"""Posting against a real gateway that misbehaves."""

import datetime as dt
import ipaddress
import logging
import os
import random
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import CredentialRetrievalError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalice_app.aws.clients import NoCredentials
from chalice_app.aws.posting.management_api import ManagementApi
from chalice_app.domain.reports import Posted
from tests.hostile.gateway_answer import ANSWERS
from tests.unit.chalice_app.aws.posting.scripted_gateway import (
    Action,
    Request,
    ScriptedGateway,
    answer,
    gated,
    hang,
    hang_up,
    raw,
    reset,
)

KEYS = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG", "session/token+=")
CREDENTIALS = ReadOnlyCredentials(*KEYS)
PATIENCE = 30.0
MakeApi = Callable[..., ManagementApi]


@pytest.fixture(autouse=True)
def short_pauses() -> Iterator[None]:
    """A retry waits a hundredth of its time. How long it waits is held in `test_fan_out.py`."""
    uniform = random.uniform
    # With a patch of its own: that of a test is taken back before the test's gateway closes.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("random.uniform", lambda low, high: uniform(low, high) / 100)
        yield


@pytest.fixture(scope="module")
def gateway_of() -> Iterator[Callable[[ssl.SSLContext | None], ScriptedGateway]]:
    made: list[ScriptedGateway] = []

    def make(tls: ssl.SSLContext | None) -> ScriptedGateway:
        made.append(ScriptedGateway(tls))
        return made[-1]

    yield make
    for gateway in made:
        gateway.close()


@pytest.fixture
def gateway() -> Iterator[ScriptedGateway]:
    gateway = ScriptedGateway()
    yield gateway
    gateway.close()


@pytest.fixture
def make_api(gateway: ScriptedGateway) -> Iterator[MakeApi]:
    """Makes clients of the gateway; they are shut down before it looks for sockets left open."""
    made: list[ManagementApi] = []

    def make(*args: Any, endpoint: str = "", **settings: Any) -> ManagementApi:
        api = ManagementApi(
            endpoint or gateway.endpoint, "eu-west-1", lambda: CREDENTIALS, *args, **settings
        )
        made.append(api)
        return api

    yield make
    for api in made:
        api.shutdown()


def soon() -> float:
    return time.monotonic() + PATIENCE


def names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number}=" for number in range(count)]


# What arrives


def test_every_connection_gets_the_bytes(gateway: ScriptedGateway, make_api: MakeApi) -> None:
    ids = names("L0SM9c/+é", 300)
    assert make_api().post(ids, b"caption", soon()) == Posted(delivered=300)
    assert sorted(request.connection_id for request in gateway.requests) == sorted(ids)
    assert {(request.method, request.body) for request in gateway.requests} == {
        ("POST", b"caption")
    }


def test_the_signature_is_the_one_that_botocore_makes(
    gateway: ScriptedGateway, make_api: MakeApi
) -> None:
    make_api().post(["L0SM9cOFvHcCIhw="], b"caption", soon())
    (request,) = gateway.requests
    signed = AWSRequest("POST", f"http://127.0.0.1:{gateway.port}{request.target}", data=b"caption")
    signed.context["timestamp"] = request.headers["X-Amz-Date"]
    signer = SigV4Auth(Credentials(*KEYS), "execute-api", "eu-west-1")
    signed.headers["X-Amz-Date"] = request.headers["X-Amz-Date"]
    signed.headers["X-Amz-Security-Token"] = request.headers["X-Amz-Security-Token"]
    text = signer.string_to_sign(signed, signer.canonical_request(signed))
    assert request.headers["Authorization"].endswith(signer.signature(text, signed))
    assert request.headers["Host"] == f"127.0.0.1:{gateway.port}"


def test_credentials_are_asked_for_at_each_call(gateway: ScriptedGateway) -> None:
    rotating = iter([ReadOnlyCredentials("FIRST", "s", None), ReadOnlyCredentials("NEXT", "s", "")])
    api = ManagementApi(gateway.endpoint, "eu-west-1", lambda: next(rotating))
    api.post(["a"], b"", soon())
    api.post(["b"], b"", soon())
    api.shutdown()
    used = [request.headers["Authorization"] for request in gateway.requests]
    assert ["Credential=FIRST/" in used[0], "Credential=NEXT/" in used[1]] == [True, True]


def test_a_message_larger_than_the_socket_buffers_arrives_whole(
    gateway: ScriptedGateway, make_api: MakeApi
) -> None:
    data = bytes(range(256)) * 40_000
    assert make_api().post(["a", "b"], data, soon()) == Posted(delivered=2)
    assert all(request.body == data for request in gateway.requests)


def test_nobody_to_post_to_opens_nothing(gateway: ScriptedGateway, make_api: MakeApi) -> None:
    assert make_api().post([], b"x", soon()) == Posted()
    assert gateway.accepted == 0


# What the gateway answers


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_decides(gateway: ScriptedGateway, make_api: MakeApi, name: str) -> None:
    answer = ANSWERS[name]
    gateway.scripts["x"] = list(answer.script)
    api = make_api()
    assert api.post(["x"], b"data", soon()) == POSTED[answer.outcome]
    assert len(gateway.requests) == answer.requests
    assert api.post(["after"], b"data", soon()) == Posted(delivered=1)


POSTED = {
    "delivered": Posted(delivered=1),
    "gone": Posted(gone=("x",)),
    "failed": Posted(failed=1),
}


def test_an_answer_byte_by_byte(gateway: ScriptedGateway, make_api: MakeApi) -> None:
    whole = b"HTTP/1.1 410 Gone\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngone\r\n0\r\n\r\n"
    gateway.scripts["x"] = [raw(*(whole[at : at + 1] for at in range(len(whole))))]
    api = make_api()
    assert api.post(["x", "y"], b"data", soon()) == Posted(delivered=1, gone=("x",))
    assert api.post(["x", "y"], b"data", soon()) == Posted(delivered=1, gone=("x",))
    assert gateway.accepted <= 2


def test_an_answer_before_the_message_was_taken(
    gateway: ScriptedGateway, make_api: MakeApi, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse_early() -> None:
            sock, _ = listener.accept()
            with sock:
                sock.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
                while sock.recv(65536):
                    pass

        thread = threading.Thread(target=refuse_early)
        thread.start()
        api = make_api(endpoint=f"http://127.0.0.1:{listener.getsockname()[1]}")
        assert api.post(["x"], bytes(20_000_000), soon()) == Posted(failed=1)
        api.shutdown()
        thread.join(PATIENCE)
    assert "{413: 1}" in caplog.text


# Sockets


def test_sockets_are_used_again(gateway: ScriptedGateway, make_api: MakeApi) -> None:
    api = make_api(4)
    for _ in range(5):
        assert api.post(names("a", 20), b"x", soon()) == Posted(delivered=20)
    assert gateway.accepted <= 4


def test_connection_close_is_obeyed(gateway: ScriptedGateway, make_api: MakeApi) -> None:
    ids = names("a", 20)
    gateway.scripts.update({name: [answer(200, b"", "Connection: close")] for name in ids})
    assert make_api(3).post(ids, b"x", soon()) == Posted(delivered=20)
    assert gateway.accepted == 20


@pytest.mark.parametrize("ending", [hang_up, reset])
def test_a_stale_socket_costs_nothing(
    gateway: ScriptedGateway, make_api: MakeApi, ending: Action
) -> None:
    gateway.scripts["x"] = [ending, answer(200)]
    api = make_api(1)
    assert api.post(["warm"], b"x", soon()) == Posted(delivered=1)
    assert api.post(["x"], b"x", soon()) == Posted(delivered=1)
    assert [request.socket_number for request in gateway.requests] == [1, 1, 2]


def test_a_stale_socket_is_replaced_once(gateway: ScriptedGateway, make_api: MakeApi) -> None:
    gateway.scripts["x"] = [hang_up]
    api = make_api(1)
    api.post(["warm"], b"x", soon())
    assert api.post(["x"], b"x", soon()) == Posted(failed=1)
    assert len(gateway.requests) == 1 + 1 + 3, "a stale one, and the three tries of every post"


def test_a_stale_socket_does_not_use_up_the_retries(
    gateway: ScriptedGateway, make_api: MakeApi
) -> None:
    gateway.scripts["x"] = [hang_up, answer(500), answer(500), answer(200)]
    api = make_api(1)
    api.post(["warm"], b"x", soon())
    assert api.post(["x"], b"x", soon()) == Posted(delivered=1)


def test_sockets_closed_silently_after_each_answer(
    gateway: ScriptedGateway, make_api: MakeApi
) -> None:
    ids = names("a", 50)
    gateway.scripts.update({name: [answer(200, lives=False)] for name in ids})
    api = make_api(2)
    assert api.post(ids, b"x", soon()) == Posted(delivered=50)
    assert api.post(ids, b"x", soon()) == Posted(delivered=50)


def test_a_refused_connection_is_tried_again_as_nothing_was_sent(
    gateway: ScriptedGateway, make_api: MakeApi, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    api = make_api(endpoint=f"http://127.0.0.1:{port}")
    assert api.post(["a", "b"], b"x", soon()) == Posted(failed=2)
    assert "{'ConnectionRefusedError': 6}" in caplog.text


def test_a_connection_that_fails_at_once_is_tried_again(
    gateway: ScriptedGateway,
    make_api: MakeApi,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # TCP has no broadcast: the kernel refuses this address without sending anything.
    broadcast = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("255.255.255.255", 9))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [broadcast])
    assert make_api().post(["a"], b"x", soon()) == Posted(failed=1)
    assert re.search(r"\{'\w+Error': 3\}", caplog.text)


def test_a_name_that_is_not_found_fails_all(
    gateway: ScriptedGateway, make_api: MakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_found(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "not found")

    api = make_api()
    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", not_found)
        assert api.post(["a", "b"], b"x", soon()) == Posted(failed=2)
    assert api.post(["a", "b"], b"x", soon()) == Posted(delivered=2)
    with monkeypatch.context() as patch:  # the address known before is good enough
        patch.setattr(socket, "getaddrinfo", not_found)
        assert api.post(["a", "b"], b"x", soon()) == Posted(delivered=2)


@pytest.mark.parametrize("cut", [hang_up, reset, hang])
def test_what_may_come_twice_is_sent_again_where_no_answer_came(
    gateway: ScriptedGateway, make_api: MakeApi, cut: Action
) -> None:
    api = make_api(request_seconds=0.1)
    for send in (api.notify, lambda ids, _, deadline: api.close(ids, deadline)):
        gateway.requests.clear()
        gateway.scripts["x"] = [cut, cut, answer(200)]
        assert send(["x", "y"], b"x", soon()) == Posted(delivered=2)
        assert [each.connection_id for each in gateway.requests].count("x") == 3


def test_each_may_get_a_message_of_its_own(gateway: ScriptedGateway, make_api: MakeApi) -> None:
    messages = {"a=": b"first", "b=": b"the second one", "c": b""}
    gateway.scripts["b="] = [hang_up, answer(200)]
    assert make_api().notify_each(messages, soon()) == Posted(delivered=3)
    assert {each.connection_id: each.body for each in gateway.requests} == messages
    assert make_api().notify_each({}, soon()) == Posted()


def test_what_may_come_twice_is_given_up_after_six_tries(
    gateway: ScriptedGateway, make_api: MakeApi
) -> None:
    gateway.scripts["x"] = [answer(500)]
    assert make_api().notify(["x"], b"x", soon()) == Posted(failed=1)
    assert len(gateway.requests) == 6
    assert make_api().notify([], b"x", soon()) == Posted()


def test_what_may_be_lost_is_tried_once_and_its_loss_is_not_logged(
    gateway: ScriptedGateway, make_api: MakeApi, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.scripts["x"] = [answer(500)]
    gateway.scripts["y"] = [answer(410)]
    posted = make_api().post_once(["x", "y", "z"], b"x", soon())
    assert posted == Posted(delivered=1, gone=("y",), failed=1)
    assert len(gateway.requests) == 3
    assert make_api().post_once([], b"x", soon()) == Posted()
    assert [each for each in caplog.records if each.levelno > logging.DEBUG] == []


def test_a_name_is_looked_up_once_for_many_posts_and_again_when_no_connection_comes(
    gateway: ScriptedGateway, make_api: MakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[object] = []
    look_up = socket.getaddrinfo
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = (socket.AF_INET, socket.SOCK_STREAM, 6, "", listener.getsockname())

    def moving(*arguments: Any, **more: Any) -> Any:
        looked_up.append(arguments)
        return [nobody] if len(looked_up) == 1 else look_up(*arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", moving)
    api = make_api()
    assert api.post(["a"], b"x", soon()) == Posted(failed=1)
    for _ in range(3):
        assert api.post(["a"], b"x", soon()) == Posted(delivered=1)
    assert len(looked_up) == 2


# Time


def test_what_hangs_is_given_up(
    gateway: ScriptedGateway, make_api: MakeApi, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.scripts["x"] = [hang]
    deadline = soon()
    api = make_api(connect_seconds=1000.0, request_seconds=0.1)
    assert api.post(["x"], b"x", deadline) == Posted(failed=1)
    assert time.monotonic() < deadline
    assert "{'timeout': 1}" in caplog.text
    assert len(gateway.requests) == 1


def test_a_status_whose_body_never_ends_still_counts(
    gateway: ScriptedGateway, make_api: MakeApi
) -> None:
    def stall(sock: socket.socket, request: Request) -> bool:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel")
        return hang(sock, request)

    gateway.scripts["x"] = [stall]
    assert make_api(request_seconds=1.0).post(["x"], b"x", soon()) == Posted(delivered=1)


def test_a_peer_that_never_shakes_hands_is_tried_again_as_nothing_was_sent(
    gateway: ScriptedGateway, make_api: MakeApi, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = f"https://127.0.0.1:{listener.getsockname()[1]}"
        api = make_api(endpoint=endpoint, connect_seconds=0.1)
        assert api.post(["x"], b"x", soon()) == Posted(failed=1)
    assert "{'timeout': 3}" in caplog.text


def test_the_deadline_fails_what_is_in_flight_and_drops_what_waits(
    gateway: ScriptedGateway, make_api: MakeApi
) -> None:
    ids = names("x", 5)
    gateway.scripts.update({name: [hang] for name in ids})
    deadline = time.monotonic() + 1.0
    assert make_api(2).post(ids, b"x", deadline) == Posted(failed=2, dropped=3)
    assert time.monotonic() >= deadline


def endless(piece: bytes) -> Action:
    """A head and then pieces until the client has had enough."""

    def act(sock: socket.socket, _: Request) -> bool:
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            sock.sendall(piece)

    return act


def test_who_never_stops_sending_holds_nobody_up(
    gateway: ScriptedGateway, make_api: MakeApi
) -> None:
    gateway.scripts["x"] = [endless(b"400\r\n" + b"x" * 1024 + b"\r\n")]
    deadline = time.monotonic() + 0.5
    assert make_api().post(["x", "y"], b"x", deadline) == Posted(delivered=2)
    assert time.monotonic() < deadline + PATIENCE / 2


def test_each_caller_returns_at_its_own_deadline(
    gateway: ScriptedGateway, make_api: MakeApi
) -> None:
    arrived, gate = threading.Event(), threading.Event()
    gateway.scripts["slow"] = [gated(arrived, gate)]
    gateway.scripts["hung"] = [hang]
    api = make_api(request_seconds=PATIENCE)
    found: list[Posted] = []
    driver = threading.Thread(target=lambda: found.append(api.post(["slow"], b"x", soon())))
    driver.start()
    assert arrived.wait(PATIENCE)
    # Whoever drives the loop waits for "slow", which is not answered before this one has returned.
    assert api.post(["hung"], b"x", time.monotonic() + 0.2) == Posted(failed=1)
    gate.set()
    driver.join(PATIENCE)
    assert found == [Posted(delivered=1)]


class Torn(ssl.SSLContext):
    """Every handshake fails as one does whose peer resets it before it has begun."""

    failure: Exception = ConnectionResetError()

    def wrap_socket(self, sock: socket.socket, *_: Any, **__: Any) -> ssl.SSLSocket:
        os.close(sock.detach())
        raise self.failure


@pytest.mark.parametrize("failure", [ConnectionResetError(), ValueError("nobody expects it")])
def test_a_handshake_that_takes_its_socket_along_is_counted(
    gateway: ScriptedGateway, make_api: MakeApi, failure: Exception
) -> None:
    torn = Torn(ssl.PROTOCOL_TLS_CLIENT)
    torn.failure = failure
    api = make_api(tls=torn, endpoint=gateway.endpoint.replace("http", "https"))
    assert api.post(names("x", 20), b"x", soon()) == Posted(failed=20)


def test_a_deadline_already_passed_sends_nothing(
    gateway: ScriptedGateway, make_api: MakeApi
) -> None:
    assert make_api().post(["a", "b"], b"x", time.monotonic()) == Posted(dropped=2)
    assert gateway.requests == []


def test_the_rate_is_kept(gateway: ScriptedGateway, make_api: MakeApi) -> None:
    api = make_api(requests_per_second=200.0, request_seconds=1000.0)
    begun = time.monotonic()
    assert api.post(names("a", 60), b"x", soon()) == Posted(delivered=60)
    assert time.monotonic() - begun >= (60 - 20) / 200 * 0.99


def test_a_share_of_the_rate_is_kept_and_holds_up_no_other(
    gateway: ScriptedGateway, make_api: MakeApi
) -> None:
    api = make_api(requests_per_second=2000.0, request_seconds=1000.0)
    begun = time.monotonic()
    slow, results = in_thread(lambda: api.post(names("slow", 60), b"x", soon(), 0.1))
    assert api.post(names("a", 60), b"x", soon()) == Posted(delivered=60)
    slow.join(PATIENCE)
    assert results == [Posted(delivered=60)]
    assert time.monotonic() - begun >= (60 - 20) / 200 * 0.99


def test_a_share_of_no_limit_is_no_limit(gateway: ScriptedGateway, make_api: MakeApi) -> None:
    assert make_api().post(names("a", 60), b"x", soon(), 1e-6) == Posted(delivered=60)


@pytest.mark.parametrize(
    "failure", [NoCredentials("none"), CredentialRetrievalError(provider="p", error_msg="e")]
)
def test_credentials_that_cannot_be_had_fail_everyone_and_raise_nothing(
    gateway: ScriptedGateway, caplog: pytest.LogCaptureFixture, failure: Exception
) -> None:
    def credentials() -> ReadOnlyCredentials:
        raise failure

    api = ManagementApi(gateway.endpoint, "eu-west-1", credentials)
    assert api.post(["a", "b"], b"x", soon()) == Posted(failed=2)
    assert type(failure).__name__ in caplog.text


def test_empty_credentials_fail_everyone(gateway: ScriptedGateway) -> None:
    empty = ReadOnlyCredentials("", "", None)
    api = ManagementApi(gateway.endpoint, "eu-west-1", lambda: empty)
    assert api.post(["a", "b"], b"x", soon()) == Posted(failed=2)
    assert gateway.requests == []


def test_each_retry_starts_when_it_is_due(
    gateway: ScriptedGateway, make_api: MakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    delays = iter([0.02, 0.2, 0.4])
    monkeypatch.setattr("random.uniform", lambda *_: next(delays))
    gateway.scripts.update({name: [answer(429), answer(200)] for name in ("a", "b", "c")})
    api = make_api(request_seconds=1000.0)
    assert api.post(["a", "b", "c"], b"x", soon()) == Posted(delivered=3)


# Closing


@pytest.mark.parametrize(
    ("status", "closed"),
    [(200, Posted(delivered=1)), (204, Posted(delivered=1)), (410, Posted(gone=("x=",)))],
)
def test_a_connection_is_closed(
    gateway: ScriptedGateway,
    make_api: MakeApi,
    caplog: pytest.LogCaptureFixture,
    status: int,
    closed: Posted,
) -> None:
    gateway.scripts["x="] = [answer(status)]
    assert make_api().close(["x="], soon()) == closed
    (request,) = gateway.requests
    assert (request.method, request.target) == ("DELETE", "/api/@connections/x%3D")
    assert not caplog.records


def test_a_crowd_is_closed_over_the_shared_sockets(
    gateway: ScriptedGateway, make_api: MakeApi
) -> None:
    ids = names("x", 500)
    gateway.scripts[ids[7]] = [answer(429), answer(204)]
    assert make_api(5).close(ids, soon()) == Posted(delivered=500)
    assert {request.connection_id for request in gateway.requests} == set(ids)
    assert gateway.accepted <= 5


def test_whether_a_connection_is_open_is_asked_in_that_way(
    gateway: ScriptedGateway, make_api: MakeApi
) -> None:
    gateway.scripts = {"ghost": [answer(410)], "busy": [answer(500), answer(200, b'{"a": 1}')]}
    api = make_api()
    posted = api.probe(["here", "ghost", "busy"], soon(), 0.5)
    assert posted == Posted(2, ("ghost",), 0, 0)
    assert {request.method for request in gateway.requests} == {"GET"}
    assert api.probe([], soon()) == Posted()


def test_nobody_to_close_is_no_request(gateway: ScriptedGateway, make_api: MakeApi) -> None:
    assert make_api().close([], soon()) == Posted()
    assert gateway.accepted == 0


def test_a_connection_that_cannot_be_closed_is_logged(
    gateway: ScriptedGateway, make_api: MakeApi, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.scripts["x"] = [answer(403)]
    assert make_api().close(["x"], soon()) == Posted(failed=1)
    assert [record.getMessage() for record in caplog.records] == [
        "DELETE to 1 connections: {403: 1}, 0 dropped"
    ]


def test_logs_name_no_connection_and_no_words(
    gateway: ScriptedGateway, make_api: MakeApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "chalice_app")
    gateway.scripts["secret-id"] = [reset]
    make_api().post(["secret-id", "other"], b"spoken words", soon())
    assert len(caplog.records) == 1
    assert "secret-id" not in caplog.text
    assert "words" not in caplog.text


# Many callers


def in_thread(work: Callable[[], Posted]) -> tuple[threading.Thread, list[Posted]]:
    results: list[Posted] = []
    thread = threading.Thread(target=lambda: results.append(work()), daemon=True)
    thread.start()
    return thread, results


def test_many_threads_share_the_sockets(gateway: ScriptedGateway, make_api: MakeApi) -> None:
    api = make_api(5)
    gateway.scripts.update({f"gone{number}=": [answer(410)] for number in range(8)})
    calls = [
        in_thread(
            lambda number=number: api.post(  # type: ignore[misc]
                [*names(f"l{number}-", 100), f"gone{number}="], b"x", soon()
            )
        )
        for number in range(8)
    ]
    for number, (thread, results) in enumerate(calls):
        thread.join(PATIENCE)
        assert results == [Posted(delivered=100, gone=(f"gone{number}=",))]
    assert gateway.accepted <= 5
    assert len(gateway.requests) == 808


def test_a_call_that_waits_holds_up_no_other(gateway: ScriptedGateway, make_api: MakeApi) -> None:
    api = make_api(2)
    arrived, gate = threading.Event(), threading.Event()
    gateway.scripts["slow"] = [gated(arrived, gate)]
    thread, results = in_thread(lambda: api.post(["slow"], b"x", soon()))
    assert arrived.wait(PATIENCE)
    assert api.post(names("a", 10), b"x", soon()) == Posted(delivered=10)
    assert not results
    gate.set()
    thread.join(PATIENCE)
    assert results == [Posted(delivered=1)]


def test_the_next_caller_drives_on_when_the_first_is_done(
    gateway: ScriptedGateway, make_api: MakeApi
) -> None:
    api = make_api()
    events = [(threading.Event(), threading.Event()) for _ in range(3)]
    calls = []
    for number, (arrived, gate) in enumerate(events):
        gateway.scripts[f"slow{number}"] = [gated(arrived, gate)]
        name = f"slow{number}"
        calls.append(in_thread(lambda name=name: api.post([name], b"x", soon())))  # type: ignore[misc]
        assert arrived.wait(PATIENCE)
    for (_, gate), (thread, results) in zip(events, calls, strict=True):
        gate.set()
        thread.join(PATIENCE)
        assert results == [Posted(delivered=1)]


def test_languages_take_turns(gateway: ScriptedGateway, make_api: MakeApi) -> None:
    api = make_api(1)
    arrived, gate = threading.Event(), threading.Event()
    gateway.scripts["first"] = [gated(arrived, gate)]
    waiting = [in_thread(lambda: api.post(["first", *names("a", 50)], b"x", soon()))]
    assert arrived.wait(PATIENCE)
    waiting.append(in_thread(lambda: api.post(names("b", 5), b"x", soon())))
    deadline = soon()
    while api._loop is None or len(api._loop._fan_outs) < 2:
        assert time.monotonic() < deadline, "the loop must learn of both"
    gate.set()
    for thread, _ in waiting:
        thread.join(PATIENCE)
    order = [request.connection_id[0] for request in gateway.requests]
    assert order[1:11] in (["a", "b"] * 5, ["b", "a"] * 5)


def test_a_client_that_was_shut_down_can_post_again(
    gateway: ScriptedGateway, make_api: MakeApi
) -> None:
    api = make_api()
    api.post(["a"], b"x", soon())
    api.shutdown()
    api.shutdown()
    assert api.post(["a"], b"x", soon()) == Posted(delivered=1)
    assert gateway.accepted == 2


def test_an_interrupted_call_leaves_the_loop_to_the_next(
    gateway: ScriptedGateway, make_api: MakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> float:
        raise KeyboardInterrupt

    api = make_api()
    gateway.scripts["x"] = [answer(500), answer(200)]
    with monkeypatch.context() as patch:
        patch.setattr("random.uniform", interrupt)
        with pytest.raises(KeyboardInterrupt):
            api.post(["x", "y"], b"x", soon())
    assert api.post(["x", "y"], b"x", soon()) == Posted(delivered=2)


def test_an_interrupted_call_hands_the_loop_to_one_that_waits(
    gateway: ScriptedGateway, make_api: MakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> float:
        raise KeyboardInterrupt

    def interrupted() -> Posted:
        with pytest.raises(KeyboardInterrupt):
            api.post(["first"], b"x", soon())
        return Posted()

    monkeypatch.setattr("random.uniform", interrupt)
    api = make_api()
    events = [(threading.Event(), threading.Event()) for _ in range(2)]
    gateway.scripts["first"] = [gated(*events[0], status=500)]
    gateway.scripts["second"] = [gated(*events[1])]
    first, _ = in_thread(interrupted)
    assert events[0][0].wait(PATIENCE)
    second, results = in_thread(lambda: api.post(["second"], b"x", soon()))
    assert events[1][0].wait(PATIENCE)
    events[0][1].set()
    first.join(PATIENCE)
    events[1][1].set()
    second.join(PATIENCE)
    assert results == [Posted(delivered=1)]


@pytest.mark.parametrize("tls", [False, True])
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    kinds=st.lists(st.sampled_from(sorted(ANSWERS)), min_size=1, max_size=30),
    max_in_flight=st.integers(1, 8),
)
def test_whatever_happens_every_connection_is_in_one_count(
    tls: bool,
    certificate: "Certificate",
    gateway_of: Callable[[ssl.SSLContext | None], ScriptedGateway],
    kinds: list[str],
    max_in_flight: int,
) -> None:
    gateway = gateway_of(certificate.server if tls else None)
    ids = [f"{number} {kind}" for number, kind in enumerate(kinds)]
    answers = dict(zip(ids, map(ANSWERS.__getitem__, kinds), strict=True))
    gateway.scripts = {name: list(answer.script) for name, answer in answers.items()}
    api = ManagementApi(
        gateway.endpoint, "eu-west-1", lambda: CREDENTIALS, max_in_flight, tls=certificate.client
    )
    posted = api.post(ids, b"x", soon())
    api.shutdown()
    assert posted.delivered + len(posted.gone) + posted.dropped + posted.failed == len(ids)
    assert posted.dropped == 0
    assert set(posted.gone) == {name for name in ids if answers[name].outcome == "gone"}
    assert posted.delivered == sum(each.outcome == "delivered" for each in answers.values())


# TLS


class Certificate:
    """A self-signed certificate for 127.0.0.1, and who shows and trusts it."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
                critical=False,
            )
            .sign(key, hashes.SHA256())
        )
        self.path = folder / "certificate.pem"
        self.path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(self.path)
        self.client = ssl.create_default_context(cafile=str(self.path))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def tls_gateway(certificate: Certificate) -> Iterator[ScriptedGateway]:
    gateway = ScriptedGateway(certificate.server)
    yield gateway
    gateway.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_delivers_and_reuses_its_sockets(
    tls_gateway: ScriptedGateway, certificate: Certificate, version: ssl.TLSVersion
) -> None:
    context = ssl.create_default_context(cafile=str(certificate.path))
    context.minimum_version = context.maximum_version = version
    api = ManagementApi(tls_gateway.endpoint, "eu-west-1", lambda: CREDENTIALS, 3, tls=context)
    large = bytes(range(256)) * 20_000
    tls_gateway.scripts["gone"] = [answer(410, b"x" * 40_000)]
    for data in (b"x", large, b"y"):
        posted = api.post([*names("a", 10), "gone"], data, soon())
        assert posted == Posted(delivered=10, gone=("gone",))
    api.shutdown()
    assert tls_gateway.accepted <= 3
    assert {request.body for request in tls_gateway.requests} == {b"x", large, b"y"}


def test_a_stale_tls_socket_costs_nothing(
    tls_gateway: ScriptedGateway, certificate: Certificate
) -> None:
    tls_gateway.scripts["x"] = [hang_up, answer(200)]
    api = ManagementApi(
        tls_gateway.endpoint, "eu-west-1", lambda: CREDENTIALS, 1, tls=certificate.client
    )
    api.post(["warm"], b"x", soon())
    assert api.post(["x"], b"x", soon()) == Posted(delivered=1)
    api.shutdown()


def test_a_certificate_that_is_not_trusted_is_not_posted_to(
    tls_gateway: ScriptedGateway, caplog: pytest.LogCaptureFixture
) -> None:
    api = ManagementApi(tls_gateway.endpoint, "eu-west-1", lambda: CREDENTIALS)
    assert api.post(["a", "b"], b"x", soon()) == Posted(failed=2)
    api.shutdown()
    assert "{'SSLCertVerificationError': 2}" in caplog.text
    assert tls_gateway.requests == []


def test_a_certificate_of_another_host_is_not_posted_to(
    tls_gateway: ScriptedGateway, certificate: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint = re.sub(r"127\.0\.0\.1", "localhost", tls_gateway.endpoint)
    api = ManagementApi(endpoint, "eu-west-1", lambda: CREDENTIALS, tls=certificate.client)
    assert api.post(["a"], b"x", soon()) == Posted(failed=1)
    api.shutdown()
    assert tls_gateway.requests == []


@pytest.mark.parametrize(
    "settings", [{"max_in_flight": 0}, {"requests_per_second": 0.0}, {"endpoint": "nowhere"}]
)
def test_settings_without_sense_are_refused(make_api: MakeApi, settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"at least one|above 0|endpoint"):
        make_api(**settings)

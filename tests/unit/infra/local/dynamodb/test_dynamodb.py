"""The emulator as the stage runs it."""

import asyncio
from typing import Any

import pytest
from ministack.services import dynamodb as emulator

from infra.local.dynamodb.__main__ import (
    ProgramsOnly,
    Send,
    read_expressions_once,
)


def test_an_expression_is_taken_apart_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def evaluate(item: object) -> object:
        values = {":b": {"N": "1"}, ":c": {"S": "x"}}
        return emulator._evaluate_condition("a = :b AND c > :c", item, values, {})

    taken_apart: list[str] = []
    tokenize, check = emulator._tokenize, emulator._condition_syntax_error

    def tokens(text: str) -> object:
        taken_apart.append(text)
        return tokenize(text)

    monkeypatch.setattr(emulator, "_tokenize", tokens)
    monkeypatch.setattr(emulator, "_condition_syntax_error", check)
    read_expressions_once()
    assert evaluate({"a": {"N": "1"}, "c": {"S": "y"}})
    assert not evaluate({"a": {"N": "2"}, "c": {"S": "y"}})
    assert not evaluate({"a": {"N": "1"}, "c": {"S": "a"}})
    assert taken_apart == ["a = :b AND c > :c"]


Headers = list[tuple[bytes, bytes]]
OWN: Headers = [(b"host", b"127.0.0.1:4566")]


async def generous(_scope: object, _receive: object, send: Send) -> None:
    """As ministack answers: any page may read it."""
    headers = [(b"Access-Control-Allow-Origin", b"*"), (b"x-kept", b"yes")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{}"})


def sent(kind: str, headers: Headers) -> list[Any]:
    messages: list[Any] = []

    async def send(message: object) -> None:
        messages.append(message)

    async def receive() -> None:
        raise AssertionError

    asyncio.run(ProgramsOnly(generous)({"type": kind, "headers": headers}, receive, send))
    return messages


def test_a_program_is_answered_and_no_page_may_read_along() -> None:
    start, body = sent("http", OWN)
    assert (start["status"], start["headers"]) == (200, [(b"x-kept", b"yes")])
    assert body["body"] == b"{}"


@pytest.mark.parametrize(
    "headers",
    [[*OWN, (b"origin", b"https://evil.example")], [*OWN, (b"origin", b"null")],
     [(b"host", b"evil.example:4566")]],
)  # fmt: skip
def test_a_page_is_refused_before_the_emulator_sees_it(headers: Headers) -> None:
    start, body = sent("http", headers)
    assert (start["status"], body["body"]) == (403, b"")
    assert sent("websocket", headers) == [{"type": "websocket.close"}]

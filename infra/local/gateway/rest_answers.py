"""HTTP answers: from what the function behind the routes returned, and the gateway's own."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

JSON = "application/json"
_OWN = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"})
"""Headers of one connection: between the gateway and its client, only the gateway can say them."""


class MalformedAnswer(Exception):
    """The function returned what is not a Lambda proxy answer."""


class Refusal(web.Response):
    """An answer of the gateway's own, in JSON, after which the connection is closed.

    What the client still sends is read for a while and dropped: closing over it would reset the
    connection, and many a client would never see the answer.
    """

    def __init__(self, status: HTTPStatus, message: str = "") -> None:
        super().__init__(status=status, text=_message(message or status.phrase), content_type=JSON)
        self.force_close()
        self._transport: Any = None

    async def prepare(self, request: web.BaseRequest) -> Any:
        """Note where to."""
        self._transport = request.transport
        return await super().prepare(request)

    async def write_eof(self, data: bytes = b"") -> None:
        """Say that nothing more comes: a client that reads to the end need not wait."""
        await super().write_eof(data)
        if self._transport is not None and self._transport.can_write_eof():
            self._transport.write_eof()


def gateway_answer(status: HTTPStatus, message: str = "") -> web.Response:
    """An answer of the gateway's own, in JSON, after which the connection goes on."""
    return web.Response(status=status, text=_message(message or status.phrase), content_type=JSON)


def _message(text: str) -> str:
    return f'{{"message":"{text}"}}'


@dataclass(frozen=True)
class Content:
    """What the function behind the routes answered."""

    status: int
    headers: CIMultiDict[str]
    body: bytes

    def response(self, request_id: str = "") -> web.Response:
        """The same, ready to be sent."""
        headers = self.headers.copy()
        if request_id:
            headers["x-amzn-RequestId"] = request_id
        return web.Response(status=self.status, headers=headers, body=self.body)


def function_answer(answer: object) -> Content:
    """What the function returned. Raises MalformedAnswer if it is no Lambda proxy answer."""
    if not isinstance(answer, Mapping):
        raise MalformedAnswer(type(answer).__name__)
    status = answer.get("statusCode")
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise MalformedAnswer("statusCode")
    try:
        headers = CIMultiDict(_headers(answer))
        body = _body(answer)
    except (AttributeError, TypeError, binascii.Error) as wrong:
        raise MalformedAnswer(str(wrong)) from wrong
    headers.setdefault("Content-Type", JSON)
    return Content(status, headers, body)


def _headers(answer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Those with many values take the place of those with one, as with API Gateway."""
    many = answer.get("multiValueHeaders") or {}
    single = answer.get("headers") or {}
    named = {name.lower() for name in many}
    fields = [(name, [value]) for name, value in single.items() if name.lower() not in named]
    for name, values in [*fields, *many.items()]:
        if name.lower() in _OWN:
            continue
        for value in values:
            text = str(value)
            if not text.isprintable():
                message = f"the header {name} cannot be sent"
                raise TypeError(message)
            yield name, text


def _body(answer: Mapping[str, Any]) -> bytes:
    body = answer.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        message = "the body must be text"
        raise TypeError(message)
    return base64.b64decode(body, validate=True) if answer.get("isBase64Encoded") else body.encode()

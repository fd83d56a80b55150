"""An HTTP request's head and body, and what is refused before anything of it is looked at."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from aiohttp import web
from aiohttp.web_protocol import RequestPayloadError

from infra.local.gateway.doors import Door

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class RequestRefused(Exception):
    """The request cannot be passed on."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status


def require_fit(request: web.BaseRequest, door: Door, most_bytes: int) -> None:
    """Raises RequestRefused by the head alone."""
    headers = request.headers
    if not door.knows(headers.get("Host")):
        raise RequestRefused(HTTPStatus.FORBIDDEN)
    if not request.raw_path.startswith("/"):  # the name in it would be one more Host
        raise RequestRefused(HTTPStatus.BAD_REQUEST)
    if "Transfer-Encoding" in headers:
        raise RequestRefused(HTTPStatus.LENGTH_REQUIRED)
    if door.guarded and headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RequestRefused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    if int(headers.get("Content-Length", "0")) > most_bytes:
        raise RequestRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    if not headers.get("Authorization", "").isascii():
        raise RequestRefused(HTTPStatus.BAD_REQUEST)


async def read_body(request: web.BaseRequest, most_bytes: int, seconds: float) -> bytes:
    """The whole body. One that was compressed is counted as what it becomes.

    Raises RequestRefused if it is too large, not what it says, or too slow.
    """
    if not request.body_exists:
        return b""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(CONTINUE)
        request.writer.output_size = 0
    try:
        async with asyncio.timeout(seconds):
            return await _read(request, most_bytes)
    except TimeoutError as slow:
        raise RequestRefused(HTTPStatus.REQUEST_TIMEOUT) from slow
    except (RequestPayloadError, ConnectionError) as broken:
        raise RequestRefused(HTTPStatus.BAD_REQUEST) from broken


async def _read(request: web.BaseRequest, most_bytes: int) -> bytes:
    parts, left = [], most_bytes
    while part := await request.content.readany():
        parts.append(part)
        left -= len(part)
        if left < 0:
            raise RequestRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return b"".join(parts)

"""The bucket of sounds at the gateway's own doors: reads are passed on to its server, as they came.

The server verifies who may read what by the presigned address, which names the host, too.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from http import HTTPStatus

import aiohttp
from aiohttp import hdrs, web
from multidict import CIMultiDict
from yarl import URL

from infra.local.gateway.doors import Door
from infra.local.gateway.rest_answers import Refusal

log = logging.getLogger(__name__)

PIECE_BYTES = 64 * 1024
UNANSWERED_SECONDS = 30.0

_METHODS = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})
_ASKED = frozenset(
    {
        *("host", "origin", "range", "if-range", "if-none-match", "if-modified-since"),
        *("access-control-request-method", "access-control-request-headers"),
    }
)
"""What is passed on of a request: not `Authorization`, by which programs may write."""
_ANSWERED_ALONE = frozenset({"connection", "keep-alive", "transfer-encoding", "date", "server"})


class Sounds:
    """Passes reads of one bucket on. To be closed after use."""

    def __init__(self, server: str, bucket: str) -> None:
        self.prefix = f"/{bucket}/"
        self._server = server.rstrip("/")
        self._session = aiohttp.ClientSession(
            # As many as there are listeners: the doors have bounds of their own.
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=None, sock_read=UNANSWERED_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
        )

    async def close(self) -> None:
        """Give up the connections to the server."""
        await self._session.close()

    async def serve(self, request: web.BaseRequest, door: Door) -> web.StreamResponse:
        """Answer a request under `prefix`."""
        if not door.knows(request.headers.get("Host")) or request.method not in _METHODS:
            return Refusal(HTTPStatus.FORBIDDEN)
        try:
            async with self._session.request(
                request.method,
                URL(self._server + request.raw_path, encoded=True),
                headers=CIMultiDict(_passed(request)),
                allow_redirects=False,
            ) as answer:
                return await _pass_back(answer, request)
        except (aiohttp.ClientError, TimeoutError) as absent:
            log.warning("sounds: %s", type(absent).__name__)
            return Refusal(HTTPStatus.SERVICE_UNAVAILABLE)


async def _pass_back(
    answer: aiohttp.ClientResponse, request: web.BaseRequest
) -> web.StreamResponse:
    """The answer piece by piece, as fast as the client takes it."""
    fields = [
        (name, value)
        for name, value in answer.headers.items()
        if name.lower() not in _ANSWERED_ALONE
    ]
    response = web.StreamResponse(status=answer.status, headers=CIMultiDict(fields))
    try:
        await response.prepare(request)
        async for piece in answer.content.iter_chunked(PIECE_BYTES):
            await response.write(piece)
        await response.write_eof()
    except (ConnectionError, aiohttp.ClientError, TimeoutError):
        # Begun, it can only be cut off: the client sees that its end is missing.
        if request.transport is not None:
            request.transport.abort()
    return response


def _passed(request: web.BaseRequest) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in request.headers.items() if name.lower() in _ASKED)

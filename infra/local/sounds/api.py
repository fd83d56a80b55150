"""S3's operations on the bucket of sounds: PutObject, HeadObject, GetObject, DeleteObject.

Programs sign in a header and may do all of it. A web page may do one thing: read an object by a URL
that was presigned for it, with `Range`, as a media element asks. Pages of other origins than the
stage's are refused even then. There is no list of the objects for anybody.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from collections.abc import Callable, Collection
from email.utils import formatdate
from hashlib import sha256
from http import HTTPStatus
from typing import Final
from xml.sax.saxutils import escape

from aiohttp import web

from infra.local.access.callers import is_for, is_from
from infra.local.sounds.signatures import (
    UNSIGNED,
    Credentials,
    SignatureError,
    Signed,
    verify_header,
    verify_url,
)
from infra.local.sounds.store import MOST_OBJECT_BYTES, SoundStore, StoredSound

LOGGER = logging.getLogger(__name__)

_RANGE: Final = re.compile(r"bytes=([0-9]{0,10})-([0-9]{0,10})")
_METADATA: Final = "x-amz-meta-"
_KEPT: Final = ("content-type", "cache-control", "content-disposition")
_MOST_METADATA_BYTES: Final = 2_048  # S3's own limit
_READS: Final = ("GET", "HEAD")


class Bucket:
    """One bucket, and who may do what in it."""

    def __init__(
        self,
        store: SoundStore,
        name: str,
        credentials: Credentials,
        origins: Collection[str],
        hosts: Collection[str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`origins` are those of the stage's pages; `*` allows all. `hosts` are its names."""
        self._store = store
        self._name = name
        self._credentials = credentials
        self._origins = origins
        self._hosts = hosts
        self._clock = clock

    async def handle(self, request: web.Request) -> web.Response:
        """One request: who asks, then what is asked."""
        try:
            self._check_caller(request)
            key = self._key(request)
            if request.method in _READS:
                self._check_read(request)
                response = self._read(request, key)
            else:
                response = await self._write(request, key)
        except SignatureError as refused:
            response = _refusal(refused.code, str(refused), refused.status)
        except web.HTTPRequestEntityTooLarge:
            message = "Your proposed upload exceeds the maximum allowed size"
            response = _refusal("EntityTooLarge", message, 400)
        except OSError as error:
            LOGGER.warning("a sound was not kept: %s", error)
            response = _refusal("InternalError", "We encountered an internal error.", 500)
        return self._for_pages(request, response)

    def _check_caller(self, request: web.Request) -> None:
        """Pages of other sites, and names that were made to lead here, are refused before all."""
        host, origin = (request.headers.get(name) for name in ("Host", "Origin"))
        if not is_for(self._hosts, host) or not is_from(self._origins, origin):
            raise SignatureError("AccessDenied", "Access Denied")
        if origin is not None and request.method not in _READS:
            raise SignatureError("AccessDenied", "Access Denied")

    def _key(self, request: web.Request) -> str:
        bucket, _, key = request.path.removeprefix("/").partition("/")
        if not key:  # a list of objects, or of buckets
            raise SignatureError("AccessDenied", "Access Denied")
        if bucket != self._name:
            raise SignatureError("NoSuchBucket", "The specified bucket does not exist", 404)
        return key

    def _check_read(self, request: web.Request) -> None:
        if "Authorization" in request.headers and "Origin" not in request.headers:
            verify_header(_signed(request), self._credentials, self._clock())
        else:
            verify_url(_signed(request), self._credentials, self._clock())

    def _read(self, request: web.Request, key: str) -> web.Response:
        sound = self._store.get(key)
        if sound is None:
            return _refusal("NoSuchKey", "The specified key does not exist.", 404)
        headers = {**_headers_of(sound), "Accept-Ranges": "bytes"}
        asked = request.headers.get("Range")
        span = _span(asked, len(sound.body)) if asked else None
        if span is None:
            return web.Response(body=sound.body, headers=headers)
        if not span:
            refused = _refusal("InvalidRange", "The requested range is not satisfiable", 416)
            refused.headers["Content-Range"] = f"bytes */{len(sound.body)}"
            return refused
        headers["Content-Range"] = f"bytes {span[0]}-{span[-1]}/{len(sound.body)}"
        body = sound.body[span.start : span.stop]
        return web.Response(body=body, status=HTTPStatus.PARTIAL_CONTENT, headers=headers)

    async def _write(self, request: web.Request, key: str) -> web.Response:
        payload = verify_header(_signed(request), self._credentials, self._clock())
        if request.method == "DELETE":
            self._store.delete(key)
            return web.Response(status=HTTPStatus.NO_CONTENT)
        body = await request.read()
        if payload != UNSIGNED and payload != sha256(body).hexdigest():
            message = "The provided 'x-amz-content-sha256' header does not match what was computed."
            raise SignatureError("XAmzContentSHA256Mismatch", message, 400)
        headers = {
            name.lower(): value
            for name, value in request.headers.items()
            if name.lower() in _KEPT or name.lower().startswith(_METADATA)
        }
        if sum(len(name) + len(value) for name, value in headers.items()) > _MOST_METADATA_BYTES:
            raise SignatureError("MetadataTooLarge", "Your metadata headers are too large", 400)
        sound = await asyncio.to_thread(self._store.put, key, body, headers)
        return web.Response(headers={"ETag": sound.etag})

    def _for_pages(self, request: web.Request, response: web.Response) -> web.Response:
        """What S3 adds by the bucket's CORS configuration, and the name of the answer."""
        response.headers["x-amz-request-id"] = uuid.uuid4().hex[:16].upper()
        origin = request.headers.get("Origin")
        if origin is not None and is_from(self._origins, origin):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = (
                "Content-Disposition, Content-Length, Content-Range, ETag"
            )
            response.headers["Vary"] = "Origin"
        return response

    async def preflight(self, request: web.Request) -> web.Response:
        """What a page may send with a read: `Range`, and what it has shown the stage for it."""
        origin, method = (
            request.headers.get(name) for name in ("Origin", "Access-Control-Request-Method")
        )
        if origin is None or not is_from(self._origins, origin) or method not in _READS:
            message = "CORSResponse: This CORS request is not allowed."
            return _refusal("AccessForbidden", message, 403)
        response = web.Response(
            headers={
                "Access-Control-Allow-Methods": ", ".join(_READS),
                "Access-Control-Allow-Headers": "range, x-join-code, x-resume-token",
                "Access-Control-Max-Age": "3600",
            }
        )
        return self._for_pages(request, response)


def sounds_application(
    store: SoundStore,
    bucket: str,
    credentials: Credentials,
    origins: Collection[str],
    hosts: Collection[str],
) -> web.Application:
    """The server's application, for a runner with a port."""
    app = web.Application(client_max_size=MOST_OBJECT_BYTES)
    served = Bucket(store, bucket, credentials, origins, hosts)
    app.router.add_route("OPTIONS", "/{path:.*}", served.preflight)
    for method in (*_READS, "PUT", "DELETE"):
        app.router.add_route(method, "/{path:.*}", served.handle)
    return app


def _signed(request: web.Request) -> Signed:
    headers = {name.lower(): value for name, value in request.headers.items()}
    path, _, query = request.raw_path.partition("?")
    return Signed(request.method, path, query, headers)


def _headers_of(sound: StoredSound) -> dict[str, str]:
    return {
        "content-type": "binary/octet-stream",
        **sound.headers,
        "ETag": sound.etag,
        "Last-Modified": formatdate(sound.stored_at, usegmt=True),
    }


def _span(asked: str, length: int) -> range | None:
    """The bytes that a `Range` names, none: not there; None: not understood, so all are sent."""
    match = _RANGE.fullmatch(asked.strip())
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        return range(max(0, length - int(last)), length)
    end = min(length, int(last) + 1) if last else length
    return range(int(first), end)


def _refusal(code: str, message: str, status: int) -> web.Response:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    )
    return web.Response(body=body.encode(), status=status, content_type="application/xml")

"""Chalice's own local server for the HTTP routes, made fit for clients that misbehave."""

from __future__ import annotations

import json
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final, cast

from chalice.local import (
    ChaliceRequestHandler,
    LocalChalice,
    LocalDevServer,
    ThreadedHTTPServer,
)

from infra.local.access.callers import LOOPBACK_HOSTS, is_for
from infra.local.functions.registry import Application

LOGGER = logging.getLogger(__name__)

LARGEST_BODY_BYTES: Final = 10 * 1024 * 1024
"""API Gateway's quota for a REST payload."""
MOST_DROPPED_BYTES: Final = 10 * LARGEST_BODY_BYTES
DROP_SECONDS: Final = 5.0
"""How much of a refused body is read, and how long, before the connection is cut."""
CHUNK_BYTES: Final = 64 * 1024
IDLE_SECONDS: Final = 60
"""How long a connection without a request keeps its thread."""


class _Handler(ChaliceRequestHandler):
    """Answers 4xx where Chalice's handler would end in a traceback and no answer at all."""

    timeout = IDLE_SECONDS
    # Chalice writes head and body apart: Nagle's algorithm and a delayed ACK would cost 40 ms.
    disable_nagle_algorithm = True

    def _generic_handle(self) -> None:
        objection = self._objection()
        if objection is not None:
            self.send_error(objection)
            self._drop_body()
            return
        # Chalice would say 127.0.0.1 for everybody: limits per address would hold for all together.
        self.local_gateway.event_converter.LOCAL_SOURCE_IP = self.client_address[0]
        try:
            super()._generic_handle()
        except OSError:
            raise  # the client went away: the server's handle_error
        except Exception:
            LOGGER.exception("%s %s failed", self.command, self.path.partition("?")[0])
            self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR)
        cast(_Server, self.server).after_request()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = _generic_handle  # noqa: N815

    def _drop_body(self) -> None:
        """Take what the client still sends.

        Closing over it would reset the connection, and many a client would never see the answer.
        """
        end = time.monotonic() + DROP_SECONDS
        left = MOST_DROPPED_BYTES
        self.connection.settimeout(DROP_SECONDS)
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while left > 0 and time.monotonic() < end and (part := self.rfile.read1(CHUNK_BYTES)):
                left -= len(part)

    def _objection(self) -> HTTPStatus | None:
        if not is_for(cast(_Server, self.server).hosts, self.headers.get("host")):
            return HTTPStatus.FORBIDDEN
        length = self.headers.get("content-length", "0")
        if "transfer-encoding" in self.headers:
            return HTTPStatus.LENGTH_REQUIRED
        if not (length.isascii() and length.isdigit()):
            return HTTPStatus.BAD_REQUEST
        if int(length) > LARGEST_BODY_BYTES:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        # Chalice repeats it in its answer to an unknown route, encoded as ASCII.
        if not self.headers.get("authorization", "").isascii():
            return HTTPStatus.BAD_REQUEST
        return None

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer in JSON, as API Gateway does, and close: what follows may not be a request."""
        body = json.dumps({"message": HTTPStatus(code).phrase}).encode()
        self.close_connection = True
        # After an unreadable request line it would be HTTP/0.9, which has no status and no headers.
        self.request_version = self.protocol_version
        self.send_response(code)
        self.send_header("Connection", "close")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        # Not `message`: it repeats the request line, and with it a query that is not to be logged.
        LOGGER.info("answered %s %s", code, HTTPStatus(code).phrase)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name it overrides
        """Log no requests: their first lines have queries, and tokens in them."""


class _Server(ThreadedHTTPServer):
    request_queue_size = 128
    after_request: Callable[[], None] = staticmethod(lambda: None)
    hosts: Collection[str] = LOOPBACK_HOSTS

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is not an error of this server; anything else is logged."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            LOGGER.debug("%s went away: %s", client_address, error)
        else:
            LOGGER.error("a request of %s failed", client_address, exc_info=error)


class HttpRoutes:
    """Serves the application's HTTP routes; `after_request` runs after each."""

    def __init__(
        self,
        application: Application,
        port: int,
        after_request: Callable[[], None],
        hosts: Collection[str] = LOOPBACK_HOSTS,
    ) -> None:
        """Bind the port; `hosts` are those that browsers may know it by.

        Raises:
            OSError: the port is taken.
        """
        app = application.chalice
        # As chalice.local.create_local_server does: `current_request` becomes one a thread.
        app.__class__ = type("ThreadSafeChalice", (LocalChalice, type(app)), {})
        config = application.config
        self._local = LocalDevServer(app, config, "127.0.0.1", port, _Handler, _Server)
        server = cast(_Server, self._local.server)
        server.after_request, server.hosts = after_request, hosts

    @property
    def port(self) -> int:
        """The port that was bound."""
        return int(self._local.server.server_address[1])

    def start(self) -> None:
        """Serve in the background."""
        # Not LocalDevServer.serve_forever, which prints to stdout. The interval bounds `stop`.
        serve = self._local.server.serve_forever
        threading.Thread(target=serve, args=(0.1,), name="http", daemon=True).start()

    def stop(self) -> None:
        """Take no more requests and free the port."""
        self._local.shutdown()
        self._local.server.server_close()

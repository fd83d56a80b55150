"""How connections come in at a door with TLS: each is counted before its handshake.

asyncio's own server tells nobody of a connection whose handshake is not finished. So one phone
could open as many as it liked: 3,000 of them, which said nothing, took 900 MB.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Protocol, runtime_checkable

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
"""asyncio's servers wait as long when a process has no file left for one more connection."""


@runtime_checkable
class Counted(Protocol):
    """What serves a connection, and counts it."""

    def enter(self, address: str, give_up: Callable[[], object]) -> bool:
        """Count it, until `leave`; returns whether there is room for it.

        Whoever needs its place calls `give_up` before its handshake is finished.
        """

    def leave(self) -> None:
        """Count it no more, if it is counted."""


class TlsEntrance:
    """Takes connections from a listening socket until it is closed."""

    def __init__(
        self,
        listener: socket.socket,
        new_protocol: Callable[[], asyncio.Protocol],
        context: ssl.SSLContext,
        handshake_timeout: float,
    ) -> None:
        """Begin; protocols that are `Counted` may refuse a connection before its handshake."""
        listener.setblocking(False)
        self._listener = listener
        self._new_protocol = new_protocol
        self._context = context
        self._handshake_timeout = handshake_timeout
        self._handshakes: set[asyncio.Task[None]] = set()
        self._accepting = asyncio.create_task(self._accept())

    async def close(self) -> None:
        """Take no more, and give up the handshakes that are under way."""
        tasks = [self._accepting, *self._handshakes]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._listener.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, peer = await loop.sock_accept(self._listener)
            except ConnectionError:
                continue  # it has left already
            except OSError as full:
                log.warning("no connection can be taken: %s", full.strerror)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._begin(connection, str(peer[0]))

    def _begin(self, connection: socket.socket, address: str) -> None:
        def give_up() -> None:
            handshake.cancel()

        handshake = asyncio.create_task(self._shake_hands(connection, address, give_up))
        self._handshakes.add(handshake)
        handshake.add_done_callback(self._handshakes.discard)

    async def _shake_hands(
        self, connection: socket.socket, address: str, give_up: Callable[[], object]
    ) -> None:
        protocol = self._new_protocol()
        visit = protocol if isinstance(protocol, Counted) else None
        if visit is not None and not visit.enter(address, give_up):
            connection.close()
            return
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: protocol,
                connection,
                ssl=self._context,
                ssl_handshake_timeout=self._handshake_timeout,
                # A peer that does not answer the goodbye keeps its place no longer either.
                ssl_shutdown_timeout=self._handshake_timeout,
            )
        except BaseException as failure:
            connection.close()
            if visit is not None:
                visit.leave()
            if not isinstance(failure, OSError):
                raise

"""How connections come in at a door with TLS: each is counted before its handshake.

asyncio's own server tells nobody of a connection whose handshake is not finished. So one phone
could open as many as it liked: 3,000 of them, which said nothing, took 900 MB.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from abc import abstractmethod
from collections.abc import Callable

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
"""asyncio's servers wait as long when a process has no file left for one more connection."""


class Visit(asyncio.Protocol):
    """What serves a connection, and counts it."""

    __slots__ = ()

    @abstractmethod
    def enter(self, address: str) -> bool:
        """Count it, until `leave`; returns whether there is room for it."""

    @abstractmethod
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
        """Begin; protocols that are a `Visit` may refuse a connection before its handshake."""
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
            handshake = asyncio.create_task(self._shake_hands(connection, str(peer[0])))
            self._handshakes.add(handshake)
            handshake.add_done_callback(self._handshakes.discard)

    async def _shake_hands(self, connection: socket.socket, address: str) -> None:
        protocol = self._new_protocol()
        visit = protocol if isinstance(protocol, Visit) else None
        if visit is not None and not visit.enter(address):
            connection.close()
            visit.leave()
            return
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: protocol,
                connection,
                ssl=self._context,
                ssl_handshake_timeout=self._handshake_timeout,
            )
        except BaseException as failure:
            connection.close()
            if visit is not None:
                visit.leave()
            if not isinstance(failure, OSError):
                raise

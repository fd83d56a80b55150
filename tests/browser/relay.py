"""A network between a browser and the real gateway, which a test can take away and bring back."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.fakes.serving import LoopThread


class Relay:
    """Passes bytes to and fro between a port of its own and another one."""

    def __init__(self, target_port: int) -> None:
        self._target = target_port
        self._loop = LoopThread()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    @contextmanager
    def running(self) -> Iterator["Relay"]:
        """Passes until the end of the block."""
        with self._loop.running():
            try:
                self.restore()
                yield self
            finally:
                self.cut()

    def cut(self) -> None:
        """Every connection is gone, and new ones are refused."""
        self._loop.call(self._cut())

    def restore(self) -> None:
        """The network is back."""
        self._loop.call(self._listen())

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, back}
        try:
            await asyncio.gather(_copy(reader, back), _copy(there, writer))
        finally:
            self._writers -= {writer, back}


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
    sink.close()
    with suppress(OSError):
        await sink.wait_closed()

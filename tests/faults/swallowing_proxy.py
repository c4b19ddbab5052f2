"""A TCP proxy that can swallow bytes: no reset, no end, no answer, as when a cable is pulled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path


class SwallowingProxy:
    """Listens on 127.0.0.1:`port` and forwards to a Unix socket."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._forwards = asyncio.Event()
        self._forwards.set()
        self._ends: list[asyncio.StreamWriter] = []
        self.port = 0

    def swallow(self) -> None:
        """From now on nothing gets through; connections, old and new, stay open and silent."""
        self._forwards.clear()

    def forward(self) -> None:
        """New connections work again. What was swallowed is lost, so the old ones never do."""
        self._forwards.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.append(writer)
        if not self._forwards.is_set():
            await _swallow_all(reader)
            return
        there_reader, there_writer = await asyncio.open_unix_connection(self._socket)
        self._ends.append(there_writer)
        await asyncio.gather(self._pass(reader, there_writer), self._pass(there_reader, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                if not self._forwards.is_set():
                    await _swallow_all(reader)
                    return
                writer.write(data)
                await writer.drain()
            writer.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["SwallowingProxy"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for end in self._ends:
                end.transport.abort()


async def _swallow_all(reader: asyncio.StreamReader) -> None:
    with suppress(OSError):
        while await reader.read(65_536):
            pass

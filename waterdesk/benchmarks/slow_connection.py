"""A TCP proxy in front of PostgreSQL's Unix socket that delays every byte."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit


@asynccontextmanager
async def slow_database(url: str, one_way_seconds: float) -> AsyncIterator[str]:
    """Yield `url` by way of a port on 127.0.0.1; each direction takes `one_way_seconds` longer.

    `url` names a Unix socket's folder as `?host=`, as the embedded PostgreSQL's does.
    """
    parts = urlsplit(url)
    socket = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_unix_connection(socket)
        await asyncio.gather(
            _forward(reader, server_writer, one_way_seconds),
            _forward(server_reader, writer, one_way_seconds),
        )

    proxy = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        port = proxy.sockets[0].getsockname()[1]
        yield f"{parts.scheme}://{parts.username}@127.0.0.1:{port}{parts.path}"
    finally:
        proxy.close()


async def _forward(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float
) -> None:
    loop = asyncio.get_running_loop()
    try:
        while data := await reader.read(65536):
            loop.call_later(delay, writer.write, data)
    except ConnectionError:
        pass  # the other side has gone
    loop.call_later(delay, writer.close)

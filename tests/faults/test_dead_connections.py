"""A service whose connections go dead without a reset: it says so, ends when told, and recovers."""

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import pytest

from shared.connections import DEFAULT_LIMITS
from shared.privacy.vault import new_key
from tests.faults.swallowing_proxy import SwallowingProxy
from tests.journey.process_group import WATERDESK, Group, comes_true, free_ports, started

_SHORT = 2.0
_STARTS_WITHIN = 60.0
_NOTICED_WITHIN = 30.0
_ENDS_WITHIN = 10.0


@dataclass
class Reply:
    """`waterdesk serve reply`, its database and its bus behind one proxy."""

    group: Group
    port: int

    async def readiness(self) -> dict[str, Any]:
        async with httpx.AsyncClient(timeout=5) as client:
            return dict((await client.get(f"http://127.0.0.1:{self.port}/readyz")).json())

    async def becomes(self, status: str, within: float) -> None:
        async def has_become() -> bool:
            try:
                return bool((await self.readiness())["status"] == status)
            except httpx.TransportError:
                return False  # not listening yet

        await comes_true(has_become, within, [self.group])


@pytest.fixture
async def proxy(postgres: str) -> AsyncIterator[SwallowingProxy]:
    folder = parse_qs(urlsplit(postgres).query)["host"][0]
    async with SwallowingProxy(Path(folder) / ".s.PGSQL.5432").listening() as listening:
        yield listening


@pytest.fixture
async def reply(
    proxy: SwallowingProxy,
    postgres: str,
    migrated_template: Callable[[str], Awaitable[str]],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> AsyncIterator[Reply]:
    """Its parameter: WATERDESK_SILENCE_SECONDS."""
    prefix = f"faults_{secrets.token_hex(4)}"
    connection = await asyncpg.connect(postgres.format("postgres"))
    template = await migrated_template("reply")
    try:
        await connection.execute(f"CREATE DATABASE {prefix}_reply TEMPLATE {template}")
        await connection.execute(f"CREATE DATABASE {prefix}_bus")
    finally:
        await connection.close()
    server = f"postgresql://postgres@127.0.0.1:{proxy.port}/{prefix}"
    (port,) = free_ports(1)
    settings = {
        "WATERDESK_DATABASE_URL": f"{server}_{{service}}",
        "WATERDESK_REPLY_PORT": str(port),
        "WATERDESK_SECRET": secrets.token_urlsafe(48),
        "WATERDESK_PRIVACY_KEYS": new_key(),
        "WATERDESK_SILENCE_SECONDS": str(request.param),
    }
    async with started([WATERDESK, "serve", "reply"], tmp_path / "home", settings) as group:
        running = Reply(group, port)
        await running.becomes("ready", _STARTS_WITHIN)
        yield running


@pytest.mark.parametrize("reply", [_SHORT], indirect=True)
async def test_dead_connections_make_it_unready_until_there_are_new_ones(
    reply: Reply, proxy: SwallowingProxy
) -> None:
    proxy.swallow()
    await reply.becomes("waiting", _NOTICED_WITHIN)
    assert "database" in (await reply.readiness())["waiting_for"]
    proxy.forward()
    await reply.becomes("ready", _NOTICED_WITHIN)


@pytest.mark.parametrize("reply", [DEFAULT_LIMITS.silence], indirect=True, ids=["as shipped"])
async def test_sigterm_ends_it_within_ten_seconds_though_its_connections_are_dead(
    reply: Reply, proxy: SwallowingProxy
) -> None:
    proxy.swallow()
    await reply.becomes("waiting", _NOTICED_WITHIN)
    reply.group.process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(_ENDS_WITHIN):
        await reply.group.process.wait()

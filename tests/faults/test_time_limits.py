"""The time limits of every connection: what they end is transient, and the pool goes on."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.bus.transient_errors import is_transient
from shared.clock import SystemClock
from shared.connections import DEFAULT_LIMITS, Limits
from shared.db import Database


@pytest.fixture
async def database(empty_database_url: str) -> AsyncIterator[Database]:
    limits = Limits(pool_size=1, pool_overflow=0, silence=1.0, statement=1.0)
    database = Database(empty_database_url, "reply", SystemClock(), limits=limits)
    yield database
    await database.close()


async def _works(database: Database) -> bool:
    async with database.connect() as connection:
        return bool(await connection.scalar(text("SELECT true")))


async def test_a_statement_that_takes_too_long_is_ended(database: Database) -> None:
    with pytest.raises(DBAPIError) as ended:
        async with database.reading() as session:
            await session.execute(text("SELECT pg_sleep(60)"))
    assert is_transient(ended.value)
    assert await _works(database)


async def test_a_transaction_that_stands_idle_is_ended(database: Database) -> None:
    with pytest.raises(DBAPIError) as ended:  # noqa: PT012
        async with database.engine.begin() as connection:
            await connection.execute(text("SELECT 1"))
            await asyncio.sleep(2)
            await connection.execute(text("SELECT 1"))
    assert is_transient(ended.value)
    assert await _works(database)


async def test_living_peers_end_no_session_of_another_program(database: Database) -> None:
    url = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    backup = await asyncpg.connect(url)
    try:
        async with backup.transaction():
            await backup.execute("SELECT 1")
            await asyncio.sleep(2)
            assert await database.end_silent_sessions() == 0
            assert await backup.fetchval("SELECT true")
    finally:
        await backup.close()


def test_a_dead_connection_is_noticed_within_the_time_limit_for_silence() -> None:
    settings = DEFAULT_LIMITS.server_settings()
    silence = DEFAULT_LIMITS.silence
    idle, interval, count = (
        int(settings[f"tcp_keepalives_{name}"]) for name in ("idle", "interval", "count")
    )
    assert idle + interval * count <= silence
    assert int(settings["tcp_user_timeout"]) == silence * 1000
    assert int(settings["idle_in_transaction_session_timeout"]) == silence * 1000
    assert (DEFAULT_LIMITS.command_timeout or 0) > int(settings["statement_timeout"]) / 1000 > 0


def test_migrations_may_take_their_time_but_stand_idle_no_longer_than_others() -> None:
    unhurried = DEFAULT_LIMITS.without_hurry()
    assert unhurried.command_timeout is None
    assert unhurried.server_settings()["statement_timeout"] == "0"
    assert unhurried.server_settings()["idle_in_transaction_session_timeout"] == "20000"

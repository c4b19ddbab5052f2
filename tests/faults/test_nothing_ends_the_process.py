"""No error of the database, the bus or a periodic task ends a service: it waits, and says so."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.bus.embedded import EmbeddedBus
from shared.bus.topics import ALL, REPLIES
from shared.clock import SystemClock
from shared.connections import Limits
from shared.db import Database
from shared.events.replies import DeadlineMissed
from shared.service import PeriodicTask
from tests.conftest import NOW
from tests.faults.running import running
from tests.integration.bus.driving import stored

_ONE_CONNECTION = Limits(pool_size=1, pool_overflow=0, pool_wait=0.1)


@pytest.fixture
async def bus(empty_database_url: str) -> AsyncIterator[EmbeddedBus]:
    bus = EmbeddedBus(empty_database_url)
    await bus.start()
    await bus.ensure_topics(ALL)
    yield bus
    await bus.close()


@pytest.fixture
async def reply(
    new_database: Callable[[str], Awaitable[Database]],
) -> AsyncIterator[Database]:
    migrated = await new_database("reply")
    url = migrated.engine.url.render_as_string(hide_password=False)
    database = Database(url, "reply", migrated.clock, limits=_ONE_CONNECTION)
    yield database
    await database.close()


async def test_a_full_pool_is_waited_out_by_relay_and_tasks(
    reply: Database, bus: EmbeddedBus
) -> None:
    async def once() -> int:
        async with reply.reading() as session:
            await session.execute(text("SELECT 1"))
        return 0

    only_one = await reply.engine.connect()
    async with running(reply, bus, [PeriodicTask("work", once, 0.05)]) as service:
        await service.errors(relay="TimeoutError", work="TimeoutError")
        await only_one.close()
        await service.errors(relay=None)  # it keeps the connection for itself from now on


async def test_a_missing_table_stops_relay_and_tasks_until_it_is_there(
    new_database: Callable[[str], Awaitable[Database]], bus: EmbeddedBus
) -> None:
    reply = await new_database("reply")

    async def once() -> int:
        async with reply.work() as (_, outbox):
            outbox.add(
                DeadlineMissed(
                    complaint_id="c1", county="610122", stage="reply", due_at=NOW, recorded_at=NOW
                )
            )
        return 0

    async with reply.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE outbox RENAME TO elsewhere"))
    async with running(reply, bus, [PeriodicTask("work", once, 0.05)]) as service:
        try:
            await service.errors(relay="ProgrammingError", work="UndefinedTableError")
        finally:
            async with reply.engine.begin() as connection:
                await connection.execute(text("ALTER TABLE elsewhere RENAME TO outbox"))
        await service.errors(relay=None, work=None)
    assert await stored(bus, REPLIES)


async def test_a_mistake_in_a_task_ends_neither_the_task_nor_the_service(
    new_database: Callable[[str], Awaitable[Database]], bus: EmbeddedBus
) -> None:
    calls = 0

    async def once() -> int:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise LookupError
        return 0

    work = PeriodicTask("work", once, 0.05)
    async with running(await new_database("reply"), bus, [work]) as service:
        await service.errors(work="LookupError")
        await service.errors(work=None)


async def test_no_error_of_a_statement_holds_its_parameters(empty_database_url: str) -> None:
    database = Database(empty_database_url, "reply", SystemClock())
    with pytest.raises(DBAPIError) as refused:
        async with database.reading() as session:
            await session.execute(text("SELECT :words"), {"words": "李大娘\0史家寨村"})
    await database.close()
    assert "李大娘" not in str(refused.value)
    assert "李大娘" not in repr(refused.value)

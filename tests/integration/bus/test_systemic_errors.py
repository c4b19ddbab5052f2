"""Where code and schema do not fit, loops stop, log it once, and go on when it is mended."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import pytest
from sqlalchemy import Table, func, select, text
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlmodel.ext.asyncio.session import AsyncSession
from structlog.testing import capture_logs

from shared.bulk_insert import bulk_insert
from shared.bus.consumer import Consumer, Handler
from shared.bus.outbox import Outbox
from shared.bus.relay import run_relay
from shared.bus.tables import inbox, outbox_unsent, parked
from shared.db import Database
from shared.events.event import Envelope
from shared.progress import Progress
from tests.integration.bus import ledger
from tests.integration.bus.conftest import World
from tests.integration.bus.driving import relay_all

PATIENCE = 60


class Counted:
    """A handler, and how often it was called."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.calls = 0

    async def __call__(
        self,
        session: AsyncSession,
        outbox: Outbox,
        events: Sequence[Envelope[ledger.Deposited]],
        now: datetime,
    ) -> None:
        self.calls += 1
        await self._handler(session, outbox, events, now)


async def by_copy(
    session: AsyncSession,
    _: Outbox,
    events: Sequence[Envelope[ledger.Deposited]],
    __: datetime,
) -> None:
    rows = [{"account": event.data.account, "number": event.data.number} for event in events]
    await bulk_insert(session, ledger.deposits, rows)


async def execute(database: Database, statement: str) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text(statement))


async def rows_in(database: Database, table: Table) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


@asynccontextmanager
async def running(consumer: Consumer) -> AsyncIterator[None]:
    stopping = asyncio.Event()
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
        tasks.create_task(consumer.run(stopping))
        try:
            yield
        finally:
            stopping.set()


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - what is watched has no event of its own
        await asyncio.sleep(0.02)


async def until_there_are(count: int, database: Database, table: Table) -> None:
    while await rows_in(database, table) != count:  # noqa: ASYNC110
        await asyncio.sleep(0.02)


RENAMED_COLUMN = (
    "ALTER TABLE deposit RENAME COLUMN number TO amount",
    "ALTER TABLE deposit RENAME COLUMN amount TO number",
)
RENAMED_TABLE = (
    "ALTER TABLE deposit RENAME TO elsewhere",
    "ALTER TABLE elsewhere RENAME TO deposit",
)


@pytest.mark.parametrize(
    ("handler", "events", "break_and_mend"),
    [
        pytest.param(ledger.on_deposited, 300, RENAMED_COLUMN, id="insert, in a batch"),
        pytest.param(ledger.on_deposited, 1, RENAMED_TABLE, id="insert, alone"),
        pytest.param(by_copy, 300, RENAMED_TABLE, id="copy, in a batch"),
        pytest.param(by_copy, 1, RENAMED_COLUMN, id="copy, alone"),
    ],
)
async def test_a_schema_that_does_not_fit_stops_the_consumer_until_it_is_mended(
    world: World, handler: Handler, events: int, break_and_mend: tuple[str, str]
) -> None:
    await ledger.deposit(world.sender, *((f"a{number}", number) for number in range(events)))
    await relay_all(world.sender, world.bus)
    counted = Counted(handler)
    consumer = Consumer(
        "ledger", world.keeper, world.bus, [ledger.TOPIC], {ledger.Deposited: counted}
    )
    broken, mended = break_and_mend
    await execute(world.keeper, broken)
    with capture_logs() as logged:
        async with running(consumer):
            await until(lambda: counted.calls >= 4)
            assert not consumer.progress.is_ready
            assert await rows_in(world.keeper, parked) == 0
            assert await rows_in(world.keeper, inbox) == 0
            await execute(world.keeper, mended)
            await until(lambda: consumer.progress.is_ready)
            await until_there_are(events, world.keeper, inbox)
    assert [line["event"] for line in logged if line["log_level"] == "error"] == ["part_stopped"]
    assert await rows_in(world.keeper, ledger.deposits) == events
    assert await rows_in(world.keeper, parked) == 0


async def test_a_full_pool_is_waited_for_and_parks_nothing(world: World) -> None:
    failures = 2

    async def on_deposited(
        session: AsyncSession,
        outbox: Outbox,
        events: Sequence[Envelope[ledger.Deposited]],
        now: datetime,
    ) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise PoolTimeoutError("QueuePool limit of size 8 overflow 8 reached")
        await ledger.on_deposited(session, outbox, events, now)

    consumer = Consumer(
        "ledger", world.keeper, world.bus, [ledger.TOPIC], {ledger.Deposited: on_deposited}
    )
    await ledger.deposit(world.sender, ("a", 1), ("a", 2))
    await relay_all(world.sender, world.bus)
    async with running(consumer):
        await until_there_are(2, world.keeper, inbox)
    assert await ledger.booked(world.keeper) == {"a": [1, 2]}
    assert await rows_in(world.keeper, parked) == 0


async def test_an_error_nobody_foresaw_does_not_end_the_consumer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll, failures = Consumer.poll_once, 3

    async def failing(self: Consumer, *arguments: object) -> int:
        nonlocal failures
        if failures:
            failures -= 1
            raise RuntimeError("a bug of ours")
        return await poll(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Consumer, "poll_once", failing)
    await ledger.deposit(world.sender, ("a", 1))
    await relay_all(world.sender, world.bus)
    with capture_logs() as logged:
        async with running(world.consumer):
            await until_there_are(1, world.keeper, inbox)
    assert [line["event"] for line in logged if line["log_level"] == "error"] == ["part_stopped"]
    assert await ledger.booked(world.keeper) == {"a": [1]}


async def test_a_relay_whose_table_is_missing_stops_until_it_is_mended(world: World) -> None:
    await ledger.deposit(world.sender, ("a", 1))
    await execute(world.sender, "ALTER TABLE outbox_unsent RENAME TO elsewhere")
    progress, stopping = Progress("relay"), asyncio.Event()
    with capture_logs() as logged:
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
            tasks.create_task(run_relay(world.sender, world.bus, stopping, progress))
            await until(lambda: not progress.is_ready)
            await execute(world.sender, "ALTER TABLE elsewhere RENAME TO outbox_unsent")
            await until_there_are(0, world.sender, outbox_unsent)
            stopping.set()
    assert [line["event"] for line in logged if line["event"] == "part_stopped"] == ["part_stopped"]
    assert progress.is_ready

"""A tiny service for tests of the bus: it consumes deposits, books them, and records an event.

Its table has no protection of its own: an event lost or done twice shows in the sums.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, Column, Identity, MetaData, Table, Text, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.bus.outbox import Outbox
from shared.bus.tables import metadata as bus_metadata
from shared.db import Database
from shared.events.event import Envelope, Event

TOPIC = "waterdesk.test"
ECHOES = "waterdesk.echoes"

metadata = MetaData()
deposits = Table(
    "deposit",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("account", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
)


class Deposited(Event):
    type: ClassVar[str] = "test.deposited.v1"
    topic: ClassVar[str] = TOPIC
    account: str
    number: int

    @property
    def key(self) -> str:
        return self.account


class Booked(Deposited):
    """What the ledger records after it has booked a deposit."""

    type: ClassVar[str] = "test.booked.v1"
    topic: ClassVar[str] = ECHOES


class CannotWork(Exception):
    """The handler cannot handle it: trying again will not help."""


async def on_deposited(
    session: AsyncSession, outbox: Outbox, events: Sequence[Envelope[Deposited]], now: datetime
) -> None:
    for event in events:
        if event.data.number < 0:
            raise CannotWork
    await session.execute(
        insert(deposits),
        [{"account": event.data.account, "number": event.data.number} for event in events],
    )
    for event in events:
        outbox.add(Booked(account=event.data.account, number=event.data.number))


async def make_tables(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(bus_metadata.create_all)
        await connection.run_sync(metadata.create_all)


async def deposit(database: Database, *pairs: tuple[str, int]) -> None:
    async with database.work() as (_, outbox):
        for account, number in pairs:
            outbox.add(Deposited(account=account, number=number))


async def booked(database: Database) -> dict[str, list[int]]:
    """What the ledger holds, in the order it was booked."""
    async with database.reading() as session:
        rows = await session.execute(
            select(deposits.c.account, deposits.c.number).order_by(deposits.c.id)
        )
        found: dict[str, list[int]] = {}
        for account, number in rows:
            found.setdefault(account, []).append(number)
        return found

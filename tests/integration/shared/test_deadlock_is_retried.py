"""Two transactions that lock each other out: PostgreSQL ends one, and its command runs again."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.bus.outbox import Outbox
from shared.bus.transient_errors import is_conflict
from shared.db import Database, Session

_TABLE = """
CREATE TABLE account (id integer PRIMARY KEY, changes integer NOT NULL);
INSERT INTO account VALUES (1, 0), (2, 0);
"""
_CHANGE = text("UPDATE account SET changes = changes + 1 WHERE id = :id")


@pytest.fixture
async def database(new_empty_database: Callable[[], Awaitable[str]], clock: object) -> Database:
    database = Database(await new_empty_database(), "dispatch", clock)  # type: ignore[arg-type]
    async with database.engine.begin() as connection:
        for statement in filter(str.strip, _TABLE.split(";")):
            await connection.exec_driver_sql(statement)
    return database


class Crossing:
    """Changes the two rows in its order, and holds the first until the other holds its own."""

    def __init__(self, barrier: asyncio.Barrier, order: tuple[int, int]) -> None:
        self._barrier = barrier
        self._order = order
        self.runs = 0

    async def __call__(self, session: Session, _outbox: Outbox) -> int:
        self.runs += 1
        first, second = self._order
        await session.execute(_CHANGE, {"id": first})
        if self.runs == 1:
            await self._barrier.wait()
        await session.execute(_CHANGE, {"id": second})
        return self.runs


async def test_the_one_that_postgresql_ends_runs_again(database: Database) -> None:
    barrier = asyncio.Barrier(2)
    one, other = Crossing(barrier, (1, 2)), Crossing(barrier, (2, 1))
    await asyncio.gather(database.in_transaction(one), database.in_transaction(other))
    assert sorted((one.runs, other.runs)) == [1, 2]
    async with database.reading() as session:
        changes = await session.execute(text("SELECT changes FROM account"))
        assert list(changes.scalars()) == [2, 2]
    await database.close()


async def test_another_error_is_raised_at_once(database: Database) -> None:
    runs = 0

    async def fails(session: Session, _outbox: Outbox) -> None:
        nonlocal runs
        runs += 1
        await session.execute(text("INSERT INTO account VALUES (1, 0)"))

    with pytest.raises(DBAPIError) as raised:
        await database.in_transaction(fails)
    assert runs == 1
    assert not is_conflict(raised.value)
    await database.close()

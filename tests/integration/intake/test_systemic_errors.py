"""A full pool passes; a schema that does not fit stops intake until it is mended. Neither sets a
readable delivery aside."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from services.intake.models import Complaint, RawMessage
from shared.bus.transient_errors import is_systemic
from shared.db import Database
from tests.integration.intake.conftest import Intake
from tests.integration.intake.requests import PULL, READ_BOARD, add_tickets, push, ticket_body
from tests.integration.intake.steps import count


@asynccontextmanager
async def no_connection_left(database: Database) -> AsyncIterator[None]:
    """Somebody holds every connection of the pool, and waiting for one takes no time."""
    pool: Any = database.engine.pool
    before, pool._timeout = pool._timeout, 0.01
    async with AsyncExitStack() as held:
        with suppress(PoolTimeoutError):
            while True:
                await held.enter_async_context(database.engine.connect())
        yield
        pool._timeout = before


async def test_a_full_pool_leaves_the_page_for_later(intake: Intake, database: Database) -> None:
    add_tickets(intake, 3)
    async with no_connection_left(database):
        with pytest.raises(PoolTimeoutError):
            await intake.run(PULL)

    assert await count(database, RawMessage) == 0
    assert await intake.drain(PULL) == 3
    assert await count(database, Complaint) == 3


async def test_a_push_while_the_pool_is_full_is_to_come_again(
    intake: Intake, database: Database
) -> None:
    async with no_connection_left(database):
        response = await push(intake, ticket_body(1))

    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    assert await count(database, RawMessage) == 0
    assert (await push(intake, ticket_body(1))).status_code == 200
    assert await count(database, Complaint) == 1


_BREAK_AND_MEND = [
    pytest.param(
        "ALTER TABLE complaint RENAME COLUMN town TO municipality",
        "ALTER TABLE complaint RENAME COLUMN municipality TO town",
        id="unknown column",
    ),
    pytest.param(
        "ALTER TABLE words RENAME TO wordings",
        "ALTER TABLE wordings RENAME TO words",
        id="unknown table",
    ),
]


@pytest.mark.parametrize(("breaking", "mending"), _BREAK_AND_MEND)
@pytest.mark.parametrize("source", [PULL, READ_BOARD])
async def test_a_schema_that_does_not_fit_stops_pulling_and_sets_nothing_aside(
    intake: Intake, database: Database, source: str, breaking: str, mending: str
) -> None:
    add_tickets(intake, 3)
    intake.simulators.board.post_thread({"subject": "停水", "content": "三里镇樊家村停水"})
    async with database.connect() as connection:
        await connection.execute(text(breaking))
        try:
            for _ in range(3):
                with pytest.raises(Exception, match=r"exist") as stopped:
                    await intake.run(source)
                assert is_systemic(stopped.value)
            assert await count(database, RawMessage) == 0
        finally:
            await connection.execute(text(mending))

    assert await intake.drain(source) == (3 if source == PULL else 1)
    async with database.reading() as session:
        unreadable = text("SELECT count(*) FROM raw_message WHERE result = 'unreadable'")
        assert await session.scalar(unreadable) == 0


@pytest.mark.parametrize(("breaking", "mending"), _BREAK_AND_MEND)
async def test_a_push_into_a_schema_that_does_not_fit_is_to_come_again_and_intake_is_unready(
    intake: Intake, database: Database, breaking: str, mending: str
) -> None:
    (pushes,) = intake.service.parts
    async with database.connect() as connection:
        await connection.execute(text(breaking))
        try:
            refused = [await push(intake, ticket_body(number)) for number in range(3)]
            assert not pushes.is_ready
        finally:
            await connection.execute(text(mending))

    assert {response.status_code for response in refused} == {503}
    assert all(int(response.headers["retry-after"]) > 0 for response in refused)
    assert await count(database, RawMessage) == 0
    assert (await push(intake, ticket_body(1))).status_code == 200
    assert pushes.is_ready

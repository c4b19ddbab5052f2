"""Work orders get numbers that people can say."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlmodel import col

from services.dispatch.handlers.assignment import assign_waiting
from services.dispatch.handlers.context import unit_of_work
from services.dispatch.handlers.numbering import give_numbers
from services.dispatch.models import WorkOrder
from services.dispatch.rules.numbers import day_of, number_of
from shared.vocabulary import Category
from tests.integration.dispatch.county import COUNTY, PLAIN_A, WEST
from tests.integration.dispatch.events import received
from tests.integration.dispatch.harness import Dispatch


@pytest.mark.parametrize(
    ("opened_at", "running", "number"),
    [
        (datetime(2026, 11, 28, 1, tzinfo=UTC), 3, "WX-20261128-003"),
        (datetime(2026, 11, 27, 15, 59, tzinfo=UTC), 1, "WX-20261127-001"),
        (datetime(2026, 11, 27, 16, 0, tzinfo=UTC), 1, "WX-20261128-001"),
        (datetime(2026, 11, 28, 1, tzinfo=UTC), 1234, "WX-20261128-1234"),
    ],
)
def test_a_number_is_of_the_day_in_shanghai(opened_at: datetime, running: int, number: str) -> None:
    assert number_of(day_of(opened_at), running) == number


async def _numbers(dispatch: Dispatch) -> list[str | None]:
    async with dispatch.database.reading() as session:
        found = await session.execute(select(col(WorkOrder.number)).order_by(col(WorkOrder.number)))
        return list(found.scalars())


async def test_every_new_work_order_has_a_number_after_the_round_that_looks_for_its_crew(
    dispatch: Dispatch,
) -> None:
    await dispatch.receives(received("c1"))
    await dispatch.receives(received("c2", PLAIN_A), received("c3", category=Category.BILLING))
    day = f"{day_of(dispatch.clock.now()):%Y%m%d}"
    assert await _numbers(dispatch) == [f"WX-{day}-{n:03}" for n in (1, 2, 3)]
    async with unit_of_work(dispatch.database, dispatch.policy) as context:
        await assign_waiting(context, COUNTY)
    assert await _numbers(dispatch) == [f"WX-{day}-{n:03}" for n in (1, 2, 3)], "and keeps it"


async def test_numbers_given_at_the_same_time_are_different(dispatch: Dispatch) -> None:
    await dispatch.receives(
        received("c1"), received("c2", PLAIN_A), received("c3", category=Category.BILLING)
    )
    async with dispatch.database.work() as (session, _):
        for work_order in (await session.execute(select(WorkOrder))).scalars():
            work_order.number = None
    ids = [work_order.id for work_order in await dispatch.work_orders()]

    async def number(work_order_id: str) -> None:
        async with unit_of_work(dispatch.database, dispatch.policy) as context:
            work_order = await context.session.get_one(WorkOrder, work_order_id)
            await give_numbers(context, COUNTY, [work_order])

    await asyncio.gather(*map(number, ids))
    numbers = await _numbers(dispatch)
    assert None not in numbers
    assert len(set(numbers)) == len(ids)


async def test_a_person_who_is_earlier_than_the_round_finds_a_number_too(
    dispatch: Dispatch,
) -> None:
    await dispatch.receives(received("c1"))
    work_order = await dispatch.work_order()
    async with dispatch.database.work() as (session, _):
        (await session.get_one(WorkOrder, work_order.id)).number = None
    await dispatch.gives(work_order.id, WEST)
    assert None not in await _numbers(dispatch)

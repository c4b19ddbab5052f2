"""Repairs feed the failure history; the same part failing again becomes a hotspot."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from services.dispatch.handlers.directing import reopen
from services.dispatch.handlers.repeating import UnknownHotspot, see_hotspot
from services.dispatch.models import Hotspot
from services.dispatch.rules.faults import Component
from shared.events.work_orders import FailureRepeated
from tests.integration.dispatch.county import COUNTY, HILL, HILL_A
from tests.integration.dispatch.desk import Desk
from tests.integration.dispatch.events import DAY, received


async def fails(
    desk: Desk, complaint_id: str, component: Component = Component.PUMP, village: str = HILL_A
) -> str:
    await desk.hears(received(complaint_id, village, sent_at=desk.clock.now()))
    order = await desk.order_of(complaint_id)
    await desk.repairs(order.id, component=component)
    return order.id


async def hotspots(desk: Desk) -> list[Hotspot]:
    async with desk.database.reading() as session:
        return list((await session.execute(select(Hotspot))).scalars())


async def test_the_second_failure_within_the_window_is_noticed(desk: Desk) -> None:
    first = await fails(desk, "c1")
    desk.clock.advance(90 * DAY)
    second = await fails(desk, "c2")
    (repeated,) = desk.told_of(FailureRepeated)
    assert (repeated.work_order_id, repeated.failures, repeated.window_days) == (second, 2, 90)
    (hotspot,) = await hotspots(desk)
    assert (hotspot.scheme_id, hotspot.component) == (HILL, "pump")
    assert hotspot.work_order_ids == [first, second]


async def test_after_the_window_it_is_not(desk: Desk) -> None:
    await fails(desk, "c1")
    desk.clock.advance(90 * DAY + timedelta(seconds=1))
    await fails(desk, "c2")
    assert await hotspots(desk) == []
    assert desk.told_of(FailureRepeated) == []


async def test_another_part_is_no_repeat(desk: Desk) -> None:
    await fails(desk, "c1")
    await fails(desk, "c2", Component.TANK)
    assert await hotspots(desk) == []


async def test_a_third_failure_shows_it_again_to_who_has_seen_it(desk: Desk) -> None:
    await fails(desk, "c1")
    await fails(desk, "c2")
    async with desk.database.work() as (session, _):
        await see_hotspot(session, COUNTY, HILL, "pump", "chen", desk.clock.now())
    (hotspot,) = await hotspots(desk)
    assert hotspot.seen_by == "chen"
    desk.clock.advance(DAY)
    await fails(desk, "c3")
    (hotspot,) = await hotspots(desk)
    assert (hotspot.failures, hotspot.seen_by) == (3, None)
    assert [event.failures for event in desk.told_of(FailureRepeated)] == [2, 3]


async def test_rework_is_no_second_failure(desk: Desk) -> None:
    order_id = await fails(desk, "c1")
    await desk.does(reopen, order_id, note="又停了")
    await desk.repairs(order_id)
    assert await hotspots(desk) == []


async def test_rework_that_finds_another_part_takes_back_the_repeat(desk: Desk) -> None:
    await fails(desk, "c1")
    order_id = await fails(desk, "c2")
    assert len(await hotspots(desk)) == 1
    await desk.does(reopen, order_id, note="又停了")
    await desk.repairs(order_id, component=Component.ELECTRICAL)
    assert await hotspots(desk) == []


async def test_a_hotspot_is_seen_by_its_own_county(desk: Desk) -> None:
    await fails(desk, "c1")
    await fails(desk, "c2")
    async with desk.database.work() as (session, _):
        with pytest.raises(UnknownHotspot):
            await see_hotspot(session, "610124", HILL, "pump", "x", desk.clock.now())

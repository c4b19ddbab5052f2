"""Repairs feed the failure history; the same part failing again becomes a hotspot."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from services.dispatch.commands import Reopen
from services.dispatch.handlers.failure_history import UnknownHotspot, see_hotspot
from services.dispatch.models import Hotspot
from shared.events.work_orders import FailureRepeated
from shared.vocabulary import Component
from tests.integration.dispatch.county import COUNTY, HILL, HILL_A
from tests.integration.dispatch.events import DAY, received
from tests.integration.dispatch.harness import Dispatch


async def fails(
    dispatch: Dispatch,
    complaint_id: str,
    component: Component = Component.PUMP,
    village: str = HILL_A,
) -> str:
    await dispatch.receives(received(complaint_id, village, sent_at=dispatch.clock.now()))
    work_order = await dispatch.work_order_of(complaint_id)
    await dispatch.repairs(work_order.id, component=component)
    return work_order.id


async def hotspots(dispatch: Dispatch) -> list[Hotspot]:
    async with dispatch.database.reading() as session:
        return list((await session.execute(select(Hotspot))).scalars())


async def test_the_second_failure_within_the_window_is_noticed(dispatch: Dispatch) -> None:
    first = await fails(dispatch, "c1")
    dispatch.clock.advance(90 * DAY)
    second = await fails(dispatch, "c2")
    (repeated,) = dispatch.told_of(FailureRepeated)
    assert (repeated.work_order_id, repeated.failures, repeated.window_days) == (second, 2, 90)
    (hotspot,) = await hotspots(dispatch)
    assert (hotspot.scheme_id, hotspot.component) == (HILL, "pump")
    assert hotspot.work_order_ids == [first, second]


async def test_after_the_window_it_is_not(dispatch: Dispatch) -> None:
    await fails(dispatch, "c1")
    dispatch.clock.advance(90 * DAY + timedelta(seconds=1))
    await fails(dispatch, "c2")
    assert await hotspots(dispatch) == []
    assert dispatch.told_of(FailureRepeated) == []


async def test_another_part_is_no_repeat(dispatch: Dispatch) -> None:
    await fails(dispatch, "c1")
    await fails(dispatch, "c2", Component.TANK)
    assert await hotspots(dispatch) == []


async def test_a_third_failure_shows_it_again_to_who_has_seen_it(dispatch: Dispatch) -> None:
    await fails(dispatch, "c1")
    await fails(dispatch, "c2")
    async with dispatch.database.work() as (session, _):
        await see_hotspot(session, COUNTY, HILL, "pump", "chen", dispatch.clock.now())
    (hotspot,) = await hotspots(dispatch)
    assert hotspot.seen_by == "chen"
    dispatch.clock.advance(DAY)
    await fails(dispatch, "c3")
    (hotspot,) = await hotspots(dispatch)
    assert (hotspot.failures, hotspot.seen_by) == (3, None)
    assert [event.failures for event in dispatch.told_of(FailureRepeated)] == [2, 3]


async def test_rework_is_no_second_failure(dispatch: Dispatch) -> None:
    work_order_id = await fails(dispatch, "c1")
    await dispatch.takes(Reopen(note="又停了"), work_order_id)
    await dispatch.repairs(work_order_id)
    assert await hotspots(dispatch) == []


async def test_rework_that_finds_another_part_takes_back_the_repeat(dispatch: Dispatch) -> None:
    await fails(dispatch, "c1")
    work_order_id = await fails(dispatch, "c2")
    assert len(await hotspots(dispatch)) == 1
    await dispatch.takes(Reopen(note="又停了"), work_order_id)
    await dispatch.repairs(work_order_id, component=Component.ELECTRICAL)
    assert await hotspots(dispatch) == []


async def test_a_hotspot_is_seen_by_its_own_county(dispatch: Dispatch) -> None:
    await fails(dispatch, "c1")
    await fails(dispatch, "c2")
    async with dispatch.database.work() as (session, _):
        with pytest.raises(UnknownHotspot):
            await see_hotspot(session, "610124", HILL, "pump", "x", dispatch.clock.now())

"""One alert a fault and stage: who is told, how it climbs, who has it, and how it ends."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from services.dispatch.handlers.alert_steps import NotTheirs, take_on
from services.dispatch.handlers.alerts import follow_deadlines
from services.dispatch.handlers.context import unit_of_work
from services.dispatch.models import AlertPerson, Staff, WorkOrderStep
from shared.auth.permissions import Role
from shared.auth.tokens import Person
from shared.events.event import Event
from tests.integration.dispatch.alarms import (
    CHEN,
    LEVELS,
    LI,
    a_fault,
    alerts,
    hires,
    met,
    missed,
    warned,
)
from tests.integration.dispatch.county import COUNTY, EAST, HILL_A
from tests.integration.dispatch.events import DAY, DUE, deadlines_set, decided, received
from tests.integration.dispatch.harness import Dispatch


async def told(dispatch: Dispatch) -> set[tuple[str, int]]:
    async with dispatch.database.reading() as session:
        rows = (await session.execute(select(AlertPerson))).scalars().all()
    assert len(rows) == len({(row.alert_id, row.sign_in_name, row.step) for row in rows})
    return {(row.sign_in_name, row.step) for row in rows}


async def takes(dispatch: Dispatch, person: Person) -> None:
    (alert,) = await alerts(dispatch)
    async with unit_of_work(dispatch.database, dispatch.policy) as context:
        await take_on(context, person, alert.id)


async def follows(dispatch: Dispatch) -> int:
    """As the periodic task does."""
    async with unit_of_work(dispatch.database, dispatch.policy) as context:
        return await follow_deadlines(context)


async def test_a_fault_with_23_complaints_makes_one_alert_that_says_23(dispatch: Dispatch) -> None:
    names = [f"c{number}" for number in range(23)]
    work_order_id = await a_fault(dispatch, *names)
    await dispatch.receives(*[warned(name, 50) for name in names[:20]])
    await dispatch.receives(*[warned(name, 50) for name in names[20:]])
    (alert,) = await alerts(dispatch)
    assert (alert.fault, alert.complaints, alert.step) == (work_order_id, 23, 50)
    assert await told(dispatch) == {("li", 50)}


async def test_it_climbs_and_each_step_is_told_once(dispatch: Dispatch) -> None:
    await a_fault(dispatch, "c1", "c2")
    for step in LEVELS:
        await dispatch.receives(warned("c1", step), warned("c2", step))
    await dispatch.receives(missed("c1"), missed("c2"))
    assert await told(dispatch) == {("li", 50), ("wang", 75), ("chen", 90), ("liu", 100)}
    (alert,) = await alerts(dispatch)
    assert (alert.step, alert.level, alert.reached) == (100, "bureau", "admin")


async def test_repeated_late_and_replayed_events_tell_nobody_again(dispatch: Dispatch) -> None:
    await a_fault(dispatch, "c1")
    said: list[Event] = [warned("c1", 50), warned("c1", 75), met("c1")]
    numbered = list(enumerate(said, start=1000))
    order = [numbered[1], numbered[0], numbered[1], numbered[2], *numbered, *reversed(numbered)]
    for sequence, event in order:
        await dispatch.receives(event, sequences=[sequence])
    assert await told(dispatch) == {("wang", 75), ("li", 75)}
    (alert,) = await alerts(dispatch)
    assert alert.ended_at is not None
    assert await follows(dispatch) == 0


async def test_who_took_it_on_stops_the_climb_but_not_the_miss(dispatch: Dispatch) -> None:
    work_order_id = await a_fault(dispatch, "c1")
    await dispatch.receives(warned("c1", 50))
    await takes(dispatch, LI)
    await dispatch.receives(warned("c1", 75), warned("c1", 90))
    assert await told(dispatch) == {("li", 50)}
    await dispatch.receives(missed("c1"))
    assert ("liu", 100) in await told(dispatch)
    (alert,) = await alerts(dispatch)
    assert alert.taken_by == "li"
    assert (await dispatch.timeline(work_order_id))[-3:] == ["alerted", "taken_on", "alerted"]


async def test_a_policy_may_tell_despite_an_acknowledgement(dispatch: Dispatch) -> None:
    await a_fault(dispatch, "c1")
    await dispatch.receives(warned("c1", 50))
    await takes(dispatch, LI)
    await dispatch.receives(warned("c1", 90, despite_acknowledgement=True))
    assert ("chen", 90) in await told(dispatch)


async def test_whoever_it_is_not_for_cannot_take_it_but_a_higher_level_can(
    dispatch: Dispatch,
) -> None:
    await a_fault(dispatch, "c1")
    await dispatch.receives(warned("c1", 90))
    async with dispatch.database.work() as (session, _):
        await session.execute(update(Staff).values(levels=[]).where(col(Staff.crew_id) == EAST))
    await hires(dispatch, Person("qian", Role.CREW, COUNTY, EAST))
    with pytest.raises(NotTheirs):
        await takes(dispatch, Person("qian", Role.CREW, COUNTY, EAST))
    await takes(dispatch, CHEN)
    await takes(dispatch, CHEN)
    async with dispatch.database.reading() as session:
        steps = await session.execute(
            select(col(WorkOrderStep.who)).where(col(WorkOrderStep.what) == "taken_on")
        )
        assert steps.scalars().all() == ["chen"]


async def test_it_ends_where_the_limit_is_moved_away_and_begins_anew_later(
    dispatch: Dispatch,
) -> None:
    await a_fault(dispatch, "c1")
    await dispatch.receives(warned("c1", 75))
    await dispatch.receives(deadlines_set("c1", due_at=DUE + 5 * DAY, step=0))
    (alert,) = await alerts(dispatch)
    assert alert.ended_at is not None
    dispatch.clock.advance(timedelta(days=2))
    await dispatch.receives(warned("c1", 50))
    assert [each.ended_at is None for each in await alerts(dispatch)] == [False, True]


async def test_a_warning_that_comes_before_its_complaint_is_not_forgotten(
    dispatch: Dispatch,
) -> None:
    await dispatch.receives(warned("c1", 75))
    assert await alerts(dispatch) == []
    await dispatch.receives(received("c1"))
    assert await follows(dispatch) == 1
    assert ("wang", 75) in await told(dispatch)
    assert await follows(dispatch) == 0


async def test_a_complaint_takes_its_alert_along_to_its_work_order(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1", needs_human=True), deadlines_set("c1"))
    await dispatch.receives(warned("c1", 50))
    (alert,) = await alerts(dispatch)
    assert (alert.fault, alert.reached) == ("c1", "dispatcher")
    await dispatch.receives(decided("c1", HILL_A))
    await follows(dispatch)
    before, after = await alerts(dispatch)
    assert before.ended_at is not None
    assert (after.fault, after.ended_at) == ((await dispatch.work_order()).id, None)


async def test_while_its_clock_is_paused_it_rests_and_then_goes_on_as_it_was(
    dispatch: Dispatch,
) -> None:
    await a_fault(dispatch, "c1")
    await dispatch.receives(warned("c1", 50))
    await takes(dispatch, LI)
    await dispatch.receives(deadlines_set("c1", step=50, paused_since=DUE - DAY))
    (alert,) = await alerts(dispatch)
    assert (alert.paused, alert.ended_at) == (True, None)
    await dispatch.receives(deadlines_set("c1", due_at=DUE + DAY, step=50))
    (alert,) = await alerts(dispatch)
    assert (alert.paused, alert.due_at, alert.taken_by) == (False, DUE + DAY, "li")
    assert await told(dispatch) == {("li", 50)}

"""Not solved: the same fault is repaired again, once, by whom it was repaired before."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from services.dispatch.commands import Reopen
from services.dispatch.handlers.context import unit_of_work
from services.dispatch.handlers.rework import UnknownRework, decide_rework
from services.dispatch.models import CallBackView, Failure, Hotspot, Rework
from shared.auth.tokens import Person
from shared.bus.transient_errors import NotYetKnown
from shared.events.work_orders import ComplaintsLinked, WorkOrderOpened
from tests.integration.dispatch.county import ELSEWHERE, HILL_B, SUPERVISOR, WEST
from tests.integration.dispatch.events import called_back, delivered, received
from tests.integration.dispatch.harness import Dispatch


async def answered(dispatch: Dispatch, *complaint_ids: str) -> str:
    """One fault, repaired by the western crew, its complaints answered. Returns its id."""
    await dispatch.receives(*map(received, complaint_ids))
    work_order = await dispatch.work_order_of(complaint_ids[0])
    await dispatch.gives(work_order.id, WEST)
    await dispatch.repairs(work_order.id)
    await dispatch.receives(*map(delivered, complaint_ids))
    dispatch.clock.advance(timedelta(days=1))
    return work_order.id


async def reworks(dispatch: Dispatch) -> Sequence[Rework]:
    async with dispatch.database.reading() as session:
        found = await session.execute(
            select(Rework).order_by(col(Rework.complaint_id), col(Rework.version))
        )
        return found.scalars().all()


async def says_no(dispatch: Dispatch, complaint_id: str = "c1", version: int = 1) -> None:
    said = called_back(complaint_id, satisfied=False, version=version, at=dispatch.clock.now())
    await dispatch.receives(said)


async def decides(
    dispatch: Dispatch, *, again: bool, person: Person = SUPERVISOR, version: int = 2
) -> Rework:
    async with unit_of_work(dispatch.database, dispatch.policy) as context:
        return await decide_rework(context, person, "c1", version, "已查实", again=again)


async def test_not_solved_opens_the_same_fault_again_with_the_crew_that_knows_it(
    dispatch: Dispatch,
) -> None:
    former_id = await answered(dispatch, "c1", "c2")
    await says_no(dispatch)

    again, former = await dispatch.work_order_of("c1"), await dispatch.work_order_of("c2")
    assert (former.id, former.state, former.complaints) == (former_id, "closed", 1)
    assert (again.rework_of, again.complaints) == (former_id, 1)
    assert (again.state, again.crew_id) == ("assigned", WEST)
    assert again.assign_reason == "knows_this_fault,on_shift"
    assert (again.village_code, again.component) == (former.village_code, former.component)
    opened = dispatch.told_of(WorkOrderOpened)[-1]
    assert (opened.work_order_id, opened.rework_of) == (again.id, former_id)
    assert dispatch.told_of(ComplaintsLinked)[-1].reason == "not_solved"
    (decided,) = await reworks(dispatch)
    assert (decided.outcome, decided.work_order_id, decided.decided_by) == (
        "opened",
        again.id,
        None,
    )


async def test_the_same_answer_twice_and_by_two_sources_makes_one_rework(
    dispatch: Dispatch,
) -> None:
    await answered(dispatch, "c1")
    now = dispatch.clock.now()
    by_wechat = called_back("c1", satisfied=False, at=now)
    by_platform = called_back("c1", satisfied=False, source="hotline_12345", at=now)
    await dispatch.receives(by_wechat, by_wechat)
    await dispatch.receives(by_platform)

    assert len(await dispatch.work_orders()) == 2
    assert len(await reworks(dispatch)) == 1


async def test_whoever_else_says_so_joins_the_rework(dispatch: Dispatch) -> None:
    await answered(dispatch, "c1", "c2", "c3")
    await asyncio.gather(says_no(dispatch, "c1"), says_no(dispatch, "c2"))
    work_order = await dispatch.work_order_of("c1")
    said_before_the_repair = called_back("c3", satisfied=False, at=dispatch.clock.now())
    await dispatch.repairs(work_order.id)
    dispatch.clock.advance(timedelta(hours=1))
    await dispatch.receives(said_before_the_repair)

    assert len(await dispatch.work_orders()) == 2
    assert (await dispatch.work_order_of("c2")).id == work_order.id
    assert (await dispatch.work_order_of("c3")).id == work_order.id
    outcomes = [each.outcome for each in await reworks(dispatch)]
    assert sorted(outcomes) == ["joined", "joined", "opened"]


async def test_a_fault_that_is_open_for_others_is_not_opened_twice(dispatch: Dispatch) -> None:
    await answered(dispatch, "c1")
    await dispatch.receives(received("c9", sent_at=dispatch.clock.now()))
    other = await dispatch.work_order_of("c9")
    await says_no(dispatch)

    assert (await dispatch.work_order_of("c1")).id == other.id
    assert [each.outcome for each in await reworks(dispatch)] == ["joined"]


async def test_what_a_dispatcher_has_opened_again_is_not_opened_twice(dispatch: Dispatch) -> None:
    work_order_id = await answered(dispatch, "c1")
    await dispatch.takes(Reopen(note="又停了"), work_order_id)
    await says_no(dispatch)

    assert (await dispatch.work_order()).id == work_order_id
    assert [each.outcome for each in await reworks(dispatch)] == ["under_way"]


async def test_the_rework_waits_for_an_answer_of_its_own(dispatch: Dispatch) -> None:
    await answered(dispatch, "c1")
    await says_no(dispatch)
    again = await dispatch.work_order_of("c1")
    assert (await dispatch.repairs(again.id)).state == "repaired"
    await dispatch.receives(delivered("c1", version=2))

    assert (await dispatch.work_order_of("c1")).state == "closed"


async def test_a_rework_is_the_same_failure_not_another(dispatch: Dispatch) -> None:
    former_id = await answered(dispatch, "c1")
    await says_no(dispatch)
    await dispatch.repairs((await dispatch.work_order_of("c1")).id)

    async with dispatch.database.reading() as session:
        failures = (await session.execute(select(col(Failure.work_order_id)))).scalars().all()
        hotspots = (await session.execute(select(Hotspot))).all()
    assert (failures, hotspots) == ([former_id], [])


async def not_solved_again(dispatch: Dispatch) -> str:
    """The rework has been done and answered, and again it is not solved. Returns its id."""
    await answered(dispatch, "c1")
    await says_no(dispatch)
    again = await dispatch.work_order_of("c1")
    await dispatch.repairs(again.id)
    await dispatch.receives(delivered("c1", version=2))
    dispatch.clock.advance(timedelta(days=1))
    await says_no(dispatch, version=2)
    return again.id


async def test_a_third_repair_is_a_persons_decision(dispatch: Dispatch) -> None:
    await not_solved_again(dispatch)

    assert len(await dispatch.work_orders()) == 2
    second = (await reworks(dispatch))[1]
    assert (second.outcome, second.why) == ("for_person", "not_solved_again")


async def test_a_person_has_it_repaired_once_more(dispatch: Dispatch) -> None:
    rework_id = await not_solved_again(dispatch)
    decided = await decides(dispatch, again=True)
    again = await decides(dispatch, again=False)  # a second click changes nothing

    third = await dispatch.work_order_of("c1")
    assert third.id != rework_id
    assert third.rework_of == (await dispatch.work_orders())[0].id
    assert (decided.outcome, decided.decided_by, decided.reason) == ("opened", "chen", "已查实")
    assert again.outcome == "opened"


async def test_a_person_decides_that_nothing_is_left_to_repair(dispatch: Dispatch) -> None:
    rework_id = await not_solved_again(dispatch)
    decided = await decides(dispatch, again=False)

    assert decided.outcome == "declined"
    assert (await dispatch.work_order_of("c1")).id == rework_id
    with pytest.raises(UnknownRework):
        await decides(dispatch, again=True, person=ELSEWHERE)


async def test_the_newest_news_of_a_call_back_stands_in_any_order(dispatch: Dispatch) -> None:
    await answered(dispatch, "c1")
    for version, order in enumerate(((1, 2, 3), (3, 1, 2), (2, 3, 1)), 1):
        news = [
            called_back("c1", satisfied=None, version=version),
            called_back("c1", satisfied=None, version=version, tries=1),
            called_back("c1", satisfied=True, version=version),
        ]
        sequences = [each + 900 for each in order]
        await dispatch.receives(*(news[each - 1] for each in order[:2]), sequences=sequences)
        await dispatch.receives(news[order[2] - 1], sequences=sequences[2:])

        async with dispatch.database.reading() as session:
            view = await session.get_one(CallBackView, ("c1", version))
        assert (view.state, view.satisfied) == ("answered", True)
    assert await reworks(dispatch) == []


async def test_what_is_said_before_the_complaint_is_known_waits(dispatch: Dispatch) -> None:
    with pytest.raises(NotYetKnown):
        await says_no(dispatch, "c7")
    await dispatch.receives(received("c7", village_code=HILL_B))
    await says_no(dispatch, "c7")

    assert [each.outcome for each in await reworks(dispatch)] == ["under_way"]

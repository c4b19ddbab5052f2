"""What crews and the office do with a work order."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from services.dispatch.handlers.directing import assign, close, merge, release, reopen
from services.dispatch.handlers.locks import Row
from services.dispatch.handlers.stepping import (
    StaleVersion,
    StepRefused,
    UnknownCrew,
    UnknownWorkOrder,
)
from services.dispatch.handlers.working import accept, arrive, repaired
from services.dispatch.rules import assignment, merging
from services.dispatch.rules.faults import Component
from services.dispatch.rules.work_order import Refusal
from shared.auth.tokens import Person
from shared.events.work_orders import (
    ComplaintsLinked,
    CrewArrived,
    CrewAssigned,
    WorkOrderAccepted,
    WorkOrderClosed,
    WorkOrderRepaired,
)
from tests.integration.dispatch.county import (
    DESK,
    DISPATCHER,
    EAST,
    EAST_CREW,
    ELSEWHERE,
    HILL_A,
    HILL_B,
    PLAIN_A,
    WEST,
    WEST_CREW,
    small_county,
)
from tests.integration.dispatch.desk import Desk
from tests.integration.dispatch.events import HOUR, delivered, drafted, received


async def one_order(desk: Desk) -> str:
    await desk.hears(received("c1"))
    return (await desk.order()).id


async def test_the_whole_way(desk: Desk) -> None:
    order_id = await one_order(desk)
    desk.clock.advance(HOUR)
    await desk.repairs(order_id, EAST_CREW)
    order = await desk.order()
    assert (order.state, order.component, order.found) == ("repaired", "pump", "电机烧毁")
    assert order.repaired_at == desk.clock.now()
    assert [type(event) for event in desk.told[-3:]] == [
        WorkOrderAccepted,
        CrewArrived,
        WorkOrderRepaired,
    ]
    assert await desk.timeline(order_id) == [
        "opened", "linked", "assigned", "accepted", "arrived", "repaired",
    ]  # fmt: skip


async def test_it_closes_when_everybody_has_been_answered(desk: Desk) -> None:
    await desk.hears(received("c1"), received("c2"))
    order = await desk.order()
    await desk.repairs(order.id)
    await desk.hears(drafted("c1"), delivered("c1"), drafted("c2"))
    assert (await desk.order()).state == "repaired"
    await desk.hears(delivered("c2"))
    order = await desk.order()
    assert (order.state, order.outcome) == ("closed", "repaired")
    (closed,) = desk.told_of(WorkOrderClosed)
    assert closed.outcome == "repaired"


async def test_a_newer_draft_is_waited_for(desk: Desk) -> None:
    order_id = await one_order(desk)
    await desk.hears(delivered("c1"))
    await desk.hears(drafted("c1", version=2))
    await desk.repairs(order_id)
    assert (await desk.order()).state == "repaired"
    await desk.hears(delivered("c1", version=2))
    assert (await desk.order()).state == "closed"


async def test_a_double_click_changes_nothing(desk: Desk) -> None:
    order_id = await one_order(desk)
    first = await desk.does(accept, order_id, EAST_CREW, version=2)
    again = await desk.does(accept, order_id, EAST_CREW, version=2)
    assert first["version"] == again["version"]
    assert len(desk.told_of(WorkOrderAccepted)) == 1
    assert (await desk.timeline(order_id)).count("accepted") == 1


async def test_two_clicks_at_once_are_one_step(desk: Desk) -> None:
    order_id = await one_order(desk)
    await asyncio.gather(*[desk.does(accept, order_id, EAST_CREW, version=2) for _ in range(4)])
    assert len(desk.told_of(WorkOrderAccepted)) == 1


async def test_who_looked_before_the_last_change_is_told_so(desk: Desk) -> None:
    order_id = await one_order(desk)
    with pytest.raises(StaleVersion):
        await desk.does(accept, order_id, EAST_CREW, version=1)


async def test_linking_does_not_make_what_a_crew_sees_stale(desk: Desk) -> None:
    order_id = await one_order(desk)
    await desk.hears(received("c2", urgent=True))
    assert (await desk.does(accept, order_id, EAST_CREW, version=2))["state"] == "accepted"


@pytest.mark.parametrize(
    ("deed", "person", "why"),
    [
        (accept, WEST_CREW, Refusal.NOT_YOUR_CREWS),
        (arrive, EAST_CREW, Refusal.NOT_ACCEPTED_YET),
        (close, EAST_CREW, Refusal.ONLY_THE_OFFICE),
        (reopen, DISPATCHER, Refusal.STILL_OPEN),
    ],
)
async def test_refusals(
    desk: Desk, deed: Callable[..., Awaitable[Row]], person: Person, why: Refusal
) -> None:
    order_id = await one_order(desk)
    said: dict[str, Any] = {"note": ""} if deed in (close, reopen) else {}
    with pytest.raises(StepRefused) as refused:
        await desk.does(deed, order_id, person, **said)
    assert refused.value.why is why


async def test_another_countys_order_is_unknown(desk: Desk) -> None:
    order_id = await one_order(desk)
    with pytest.raises(UnknownWorkOrder):
        await desk.does(accept, order_id, ELSEWHERE)


async def test_a_dispatcher_gives_it_to_another_crew(desk: Desk) -> None:
    order_id = await one_order(desk)
    await desk.does(accept, order_id, EAST_CREW)
    order = await desk.gives(order_id, WEST)
    assert (order["state"], order["crew_id"], order["accepted_at"]) == ("assigned", WEST, None)
    last = desk.told_of(CrewAssigned)[-1]
    assert (last.crew_name, last.reason) == ("西队", "chosen_by_person")
    with pytest.raises(StepRefused):
        await desk.does(arrive, order_id, EAST_CREW)
    await desk.gives(order_id, WEST)
    assert len(desk.told_of(CrewAssigned)) == 2


async def test_by_hand_too_no_crew_gets_too_much(desk: Desk) -> None:
    await desk.loads(small_county(capacity=1))
    await desk.hears(received("c1"), received("c2", PLAIN_A))
    order = await desk.order_of("c1")
    with pytest.raises(StepRefused) as refused:
        await desk.gives(order.id, WEST if order.crew_id == EAST else EAST)
    assert refused.value.why is assignment.Refusal.FULL
    with pytest.raises(StepRefused) as refused:
        await desk.gives(order.id, DESK)
    assert refused.value.why is assignment.Refusal.OF_ANOTHER_KIND
    with pytest.raises(UnknownCrew):
        await desk.gives(order.id, "610124-nobody")


async def test_what_a_crew_gives_back_goes_to_the_next(desk: Desk) -> None:
    order_id = await one_order(desk)
    order = await desk.does(release, order_id, EAST_CREW, note="车坏了")
    assert (order["state"], order["crew_id"]) == ("assigned", WEST)
    again = await desk.does(release, order_id, EAST_CREW, note="车坏了")
    assert again["version"] == order["version"]
    order = await desk.does(release, order_id, WEST_CREW, note="也去不了")
    assert (order["state"], order["assign_reason"]) == (
        "waiting_for_crew",
        "all_crews_gave_it_back",
    )


async def test_a_repair_frees_the_crew_for_what_waits(desk: Desk) -> None:
    await desk.loads(small_county(capacity=1))
    await desk.hears(received("c1"), received("c2", PLAIN_A))
    desk.clock.advance(HOUR)
    await desk.hears(received("c3", HILL_A, category="water_quality", urgent=True))
    waiting = await desk.order_of("c3")
    assert waiting.state == "waiting_for_crew"
    first = await desk.order_of("c1")
    await desk.repairs(first.id)
    order = await desk.order_of("c3")
    assert (order.state, order.crew_id) == ("assigned", first.crew_id)


async def test_closed_by_hand_where_nothing_was_found(desk: Desk) -> None:
    order_id = await one_order(desk)
    order = await desk.does(close, order_id, note="现场已供水")
    assert (order["state"], order["outcome"]) == ("closed", "nothing_found")
    again = await desk.does(close, order_id, note="现场已供水")
    assert again["version"] == order["version"]


async def test_rework_goes_to_the_crew_that_knows_it(desk: Desk) -> None:
    order_id = await one_order(desk)
    await desk.gives(order_id, WEST)
    await desk.repairs(order_id)
    order = await desk.does(reopen, order_id, note="又停了")
    assert (order["state"], order["crew_id"], order["reworks"]) == ("assigned", WEST, 1)
    assert order["assign_reason"] == "knows_this_fault,on_shift"
    await desk.repairs(order_id)
    await desk.hears(delivered("c1"))
    assert (await desk.order()).state == "closed"


async def test_rework_after_the_answer_closes_with_the_second_repair(desk: Desk) -> None:
    order_id = await one_order(desk)
    await desk.repairs(order_id)
    await desk.hears(delivered("c1"))
    await desk.does(reopen, order_id, note="又停了")
    assert (await desk.order()).state == "assigned"
    await desk.repairs(order_id)
    assert (await desk.order()).state == "closed"
    assert len(desk.told_of(WorkOrderRepaired)) == 2


async def test_two_orders_are_merged_by_hand(desk: Desk) -> None:
    await desk.hears(
        received("c1", component="pump"), received("c2", component="well", urgent=True)
    )
    pump, well = await desk.order_of("c1"), await desk.order_of("c2")
    await desk.does(merge, well.id, into=pump.id)
    kept, gone = await desk.order_of("c2"), well
    assert (kept.id, kept.complaints, kept.urgent) == (pump.id, 2, True)
    (closed,) = desk.told_of(WorkOrderClosed)
    assert (closed.work_order_id, closed.outcome, closed.merged_into) == (
        gone.id,
        "merged",
        pump.id,
    )
    last = desk.told_of(ComplaintsLinked)[-1]
    assert (last.work_order_id, last.complaint_ids, last.reason) == (
        pump.id,
        ("c2",),
        "merged_by_person",
    )
    await desk.does(merge, well.id, into=pump.id)
    assert len(desk.told_of(WorkOrderClosed)) == 1
    with pytest.raises(StepRefused) as refused:
        await desk.does(reopen, well.id, note="")
    assert refused.value.why is Refusal.MERGED_FOR_GOOD


async def test_orders_of_two_schemes_are_not_merged(desk: Desk) -> None:
    await desk.hears(received("c1"), received("c2", PLAIN_A))
    one, other = await desk.order_of("c1"), await desk.order_of("c2")
    with pytest.raises(StepRefused) as refused:
        await desk.does(merge, one.id, into=other.id)
    assert refused.value.why is merging.Refusal.OTHER_SCHEME
    with pytest.raises(StepRefused) as refused:
        await desk.does(merge, one.id, into=one.id)
    assert refused.value.why is merging.Refusal.SAME_ORDER


async def test_no_complaint_is_hung_on_an_order_that_is_being_closed(desk: Desk) -> None:
    order_id = await one_order(desk)
    await asyncio.gather(
        desk.does(close, order_id, note="现场已供水"),
        desk.hears(received("c2"), received("c3", HILL_B)),
    )
    closed = next(order for order in await desk.orders() if order.id == order_id)
    late = await desk.order_of("c2")
    # Either they came first and were counted before it closed, or they opened the next one.
    assert closed.complaints == 3 if late.id == order_id else late.state == "assigned"


async def test_office_tasks_leave_no_failure(desk: Desk) -> None:
    await desk.hears(received("c1", category="billing"))
    order = await desk.order()
    await desk.does(accept, order.id)
    await desk.does(arrive, order.id)
    await desk.does(
        repaired,
        order.id,
        component=Component.METER,
        found="抄表有误",
        done="已更正账单",
        policy=desk.policy,
    )
    async with desk.database.reading() as session:
        connection = await session.connection()
        assert (await connection.exec_driver_sql("SELECT count(*) FROM failure")).scalar() == 0


async def test_assigning_a_waiting_order_by_hand(desk: Desk) -> None:
    desk.clock.advance(14 * HOUR)
    order_id = await one_order(desk)
    order = await desk.does(assign, order_id, crew_id=EAST, note="值班电话已通知")
    assert (order["state"], order["crew_id"]) == ("assigned", EAST)

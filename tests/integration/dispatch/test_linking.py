"""Complaints come in, faults get their one order, and each order its crew."""

import asyncio

import pytest

from shared.events.work_orders import ComplaintsLinked, CrewAssigned, WorkOrderOpened
from tests.conftest import NOW
from tests.integration.dispatch.county import (
    DESK,
    EAST,
    HILL,
    HILL_A,
    HILL_B,
    PLAIN_A,
    PLAIN_B,
    WEST,
    small_county,
)
from tests.integration.dispatch.desk import Desk
from tests.integration.dispatch.events import HOUR, received


async def test_a_fault_gets_one_order_and_one_crew(desk: Desk) -> None:
    await desk.hears(received("c1"), received("c2"), received("c3", category="low_pressure"))
    order = await desk.order()
    assert (order.scheme_id, order.state, order.crew_id) == (HILL, "assigned", EAST)
    assert (order.complaints, order.component, order.component_named) == (3, "network", False)
    (opened,), (assigned,) = desk.told_of(WorkOrderOpened), desk.told_of(CrewAssigned)
    assert (opened.scheme_name, opened.village_code) == ("岭上供水工程", HILL_A)
    assert (assigned.crew_name, assigned.reason) == ("东队", "first_of_equals,on_shift")
    links = {link.reason: link.complaint_ids for link in desk.told_of(ComplaintsLinked)}
    assert links == {
        "first_of_this_fault": ("c1",),
        "same_fault_same_village": ("c2",),
        "pressure_falls_where_water_fails": ("c3",),
    }
    assert await desk.timeline(order.id) == ["opened", "linked", "linked", "linked", "assigned"]


async def test_a_later_batch_finds_the_open_order(desk: Desk) -> None:
    await desk.hears(received("c1"))
    await desk.hears(received("c2", HILL_B), received("c3"))
    order = await desk.order()
    assert order.complaints == 3
    assert (await desk.complaint("c2")).link_reason == "villages_share_the_source"
    assert len(desk.told_of(WorkOrderOpened)) == 1


async def test_villages_on_the_citys_mains_get_an_order_each(desk: Desk) -> None:
    await desk.hears(received("c1", PLAIN_A), received("c2", PLAIN_B))
    one, other = await desk.orders()
    assert {one.crew_id, other.crew_id} == {EAST, WEST}


async def test_an_office_task_is_its_own_and_goes_to_the_office(desk: Desk) -> None:
    await desk.hears(received("c1", category="billing"), received("c2", category="billing"))
    orders = await desk.orders()
    assert [order.crew_id for order in orders] == [DESK, DESK]
    assert all(order.for_office for order in orders)


async def test_the_same_complaint_again_changes_nothing(desk: Desk) -> None:
    await desk.hears(received("c1"), received("c1"))
    await desk.hears(received("c1"))
    assert (await desk.order()).complaints == 1
    assert len(desk.told_of(ComplaintsLinked)) == 1


@pytest.mark.parametrize(
    ("decided", "state"),
    [
        ({"needs_human": True}, "waiting_for_person"),
        ({"village_code": None}, "waiting_for_person"),
        ({"village_code": "610122999999"}, "no_scheme"),
        ({"is_ours": False, "category": "not_ours"}, "not_ours"),
        ({"is_ours": False, "category": "not_ours", "needs_human": True}, "waiting_for_person"),
    ],
)
async def test_what_cannot_be_linked_is_kept_where_a_person_sees_it(
    desk: Desk, decided: dict[str, object], state: str
) -> None:
    await desk.hears(received("c1", **decided))  # type: ignore[arg-type]
    complaint = await desk.complaint("c1")
    assert (complaint.state, complaint.work_order_id) == (state, None)
    assert await desk.orders() == []
    assert desk.told == []


async def test_a_village_of_another_county_is_no_village_of_ours(desk: Desk) -> None:
    await desk.hears(received("c1", county="610124"))
    assert (await desk.complaint("c1")).state == "no_scheme"


async def test_an_urgent_complaint_makes_its_order_urgent(desk: Desk) -> None:
    await desk.hears(received("c1"))
    await desk.hears(received("c2", urgent=True))
    order = await desk.order()
    assert order.urgent
    assert "became_urgent" in await desk.timeline(order.id)


async def test_an_order_that_becomes_urgent_at_night_calls_the_crew_on_call(desk: Desk) -> None:
    county = small_county()
    on_call = county.crews[1].model_copy(update={"on_call": True})
    await desk.loads(county.model_copy(update={"crews": [county.crews[0], on_call]}))
    desk.clock.advance(14 * HOUR)
    await desk.hears(received("c1"))
    waiting = await desk.order()
    assert (waiting.state, waiting.assign_reason) == ("waiting_for_crew", "no_crew_on_shift")
    await desk.hears(received("c2", urgent=True))
    order = await desk.order()
    assert (order.state, order.crew_id) == ("assigned", WEST)
    assert order.assign_reason == "only_free_crew,called_out_for_urgent"


async def test_an_order_waits_until_the_shift_begins(desk: Desk) -> None:
    desk.clock.advance(14 * HOUR)
    await desk.hears(received("c1"))
    assert await desk.gives_out() == 0
    desk.clock.advance(9 * HOUR)
    assert await desk.gives_out() == 1
    assert (await desk.order()).state == "assigned"
    assert len(desk.told_of(CrewAssigned)) == 1


async def test_no_crew_gets_more_than_it_can_have(desk: Desk) -> None:
    await desk.loads(small_county(capacity=2))
    await desk.hears(*[received(f"c{n}", component="meter") for n in range(7)])
    orders = await desk.orders()
    assert len(orders) == 7
    assert sorted(str(order.crew_id) for order in orders if order.crew_id) == [
        EAST,
        EAST,
        WEST,
        WEST,
    ]
    reasons = {order.assign_reason for order in orders if order.crew_id is None}
    assert reasons == {"all_crews_at_capacity"}


async def test_after_the_repair_a_complaint_from_before_still_joins(desk: Desk) -> None:
    await desk.hears(received("c1"))
    order = await desk.order()
    desk.clock.advance(3 * HOUR)
    await desk.repairs(order.id)
    await desk.hears(received("late", sent_at=NOW + HOUR))
    await desk.hears(received("new", sent_at=NOW + 4 * HOUR))
    assert (await desk.complaint("late")).work_order_id == order.id
    assert (await desk.complaint("late")).link_reason == "said_before_the_repair"
    assert (await desk.order_of("new")).id != order.id


async def test_replicas_that_hear_of_one_fault_at_once_open_one_order(desk: Desk) -> None:
    batches = [
        [received(f"c{replica}-{n}", village) for n in range(20) for village in (HILL_A, PLAIN_A)]
        for replica in range(4)
    ]
    # Complaint ids repeat within a batch over the villages: make them whole.
    batches = [
        [
            event.model_copy(update={"complaint_id": f"{event.complaint_id}-{index}"})
            for index, event in enumerate(batch)
        ]
        for batch in batches
    ]
    await asyncio.gather(*[desk.hears(*batch) for batch in batches])
    orders = await desk.orders()
    assert sorted(order.village_code for order in orders) == [HILL_A, PLAIN_A]
    assert sum(order.complaints for order in orders) == 160
    linked = [name for link in desk.told_of(ComplaintsLinked) for name in link.complaint_ids]
    assert len(linked) == len(set(linked)) == 160


async def test_replicas_that_assign_at_once_keep_to_capacity(desk: Desk) -> None:
    await desk.loads(small_county(capacity=2))
    villages = (HILL_A, HILL_B, PLAIN_A, PLAIN_B)
    await asyncio.gather(
        *[
            desk.hears(*[received(f"c{r}-{n}", villages[r], component="meter") for n in range(5)])
            for r in range(4)
        ],
        desk.gives_out(),
    )
    orders = await desk.orders()
    assert len(orders) == 20
    assert sum(order.crew_id == EAST for order in orders) == 2
    assert sum(order.crew_id == WEST for order in orders) == 2

"""Complaints come in, faults get their one work_order, and each work_order its crew."""

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
from tests.integration.dispatch.events import HOUR, received
from tests.integration.dispatch.harness import Dispatch


async def test_a_fault_gets_one_order_and_one_crew(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1"), received("c2"), received("c3", category="low_pressure"))
    work_order = await dispatch.work_order()
    assert (work_order.scheme_id, work_order.state, work_order.crew_id) == (HILL, "assigned", EAST)
    assert (work_order.complaints, work_order.component, work_order.component_named) == (
        3,
        "network",
        False,
    )
    (opened,), (assigned,) = dispatch.told_of(WorkOrderOpened), dispatch.told_of(CrewAssigned)
    assert (opened.scheme_name, opened.village_code) == ("岭上供水工程", HILL_A)
    assert (assigned.crew_name, assigned.reason) == ("东队", "first_of_equals,on_shift")
    links = {link.reason: link.complaint_ids for link in dispatch.told_of(ComplaintsLinked)}
    assert links == {
        "first_of_this_fault": ("c1",),
        "same_fault_same_village": ("c2",),
        "pressure_falls_where_water_fails": ("c3",),
    }
    assert await dispatch.timeline(work_order.id) == [
        "opened",
        "linked",
        "linked",
        "linked",
        "assigned",
    ]


async def test_a_later_batch_finds_the_open_order(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1"))
    await dispatch.receives(received("c2", HILL_B), received("c3"))
    work_order = await dispatch.work_order()
    assert work_order.complaints == 3
    assert (await dispatch.complaint("c2")).link_reason == "villages_share_the_source"
    assert len(dispatch.told_of(WorkOrderOpened)) == 1


async def test_villages_on_the_citys_mains_get_an_order_each(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1", PLAIN_A), received("c2", PLAIN_B))
    one, other = await dispatch.work_orders()
    assert {one.crew_id, other.crew_id} == {EAST, WEST}


async def test_an_office_task_is_its_own_and_goes_to_the_office(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1", category="billing"), received("c2", category="billing"))
    work_orders = await dispatch.work_orders()
    assert [work_order.crew_id for work_order in work_orders] == [DESK, DESK]
    assert all(work_order.for_office for work_order in work_orders)


async def test_the_same_complaint_again_changes_nothing(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1"), received("c1"))
    await dispatch.receives(received("c1"))
    assert (await dispatch.work_order()).complaints == 1
    assert len(dispatch.told_of(ComplaintsLinked)) == 1


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
    dispatch: Dispatch, decided: dict[str, object], state: str
) -> None:
    await dispatch.receives(received("c1", **decided))  # type: ignore[arg-type]
    complaint = await dispatch.complaint("c1")
    assert (complaint.state, complaint.work_order_id) == (state, None)
    assert await dispatch.work_orders() == []
    assert dispatch.told == []


async def test_a_village_of_another_county_is_no_village_of_ours(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1", county="610124"))
    assert (await dispatch.complaint("c1")).state == "no_scheme"


async def test_an_urgent_complaint_makes_its_order_urgent(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1"))
    await dispatch.receives(received("c2", urgent=True))
    work_order = await dispatch.work_order()
    assert work_order.urgent
    assert "became_urgent" in await dispatch.timeline(work_order.id)


async def test_an_order_that_becomes_urgent_at_night_calls_the_crew_on_call(
    dispatch: Dispatch,
) -> None:
    county = small_county()
    on_call = county.crews[1].model_copy(update={"on_call": True})
    await dispatch.loads(county.model_copy(update={"crews": [county.crews[0], on_call]}))
    dispatch.clock.advance(14 * HOUR)
    await dispatch.receives(received("c1"))
    waiting = await dispatch.work_order()
    assert (waiting.state, waiting.assign_reason) == ("waiting_for_crew", "no_crew_on_shift")
    await dispatch.receives(received("c2", urgent=True))
    work_order = await dispatch.work_order()
    assert (work_order.state, work_order.crew_id) == ("assigned", WEST)
    assert work_order.assign_reason == "only_free_crew,called_out_for_urgent"


async def test_an_order_waits_until_the_shift_begins(dispatch: Dispatch) -> None:
    dispatch.clock.advance(14 * HOUR)
    await dispatch.receives(received("c1"))
    assert await dispatch.assigns() == 0
    dispatch.clock.advance(9 * HOUR)
    assert await dispatch.assigns() == 1
    assert (await dispatch.work_order()).state == "assigned"
    assert len(dispatch.told_of(CrewAssigned)) == 1


async def test_no_crew_gets_more_than_it_can_have(dispatch: Dispatch) -> None:
    await dispatch.loads(small_county(capacity=2))
    await dispatch.receives(*[received(f"c{n}", component="meter") for n in range(7)])
    work_orders = await dispatch.work_orders()
    assert len(work_orders) == 7
    assert sorted(str(work_order.crew_id) for work_order in work_orders if work_order.crew_id) == [
        EAST,
        EAST,
        WEST,
        WEST,
    ]
    reasons = {work_order.assign_reason for work_order in work_orders if work_order.crew_id is None}
    assert reasons == {"all_crews_at_capacity"}


async def test_after_the_repair_a_complaint_from_before_still_joins(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1"))
    work_order = await dispatch.work_order()
    dispatch.clock.advance(3 * HOUR)
    await dispatch.repairs(work_order.id)
    await dispatch.receives(received("late", sent_at=NOW + HOUR))
    await dispatch.receives(received("new", sent_at=NOW + 4 * HOUR))
    assert (await dispatch.complaint("late")).work_order_id == work_order.id
    assert (await dispatch.complaint("late")).link_reason == "sent_before_the_repair"
    assert (await dispatch.work_order_of("new")).id != work_order.id


async def test_replicas_that_hear_of_one_fault_at_once_open_one_order(dispatch: Dispatch) -> None:
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
    await asyncio.gather(*[dispatch.receives(*batch) for batch in batches])
    work_orders = await dispatch.work_orders()
    assert sorted(work_order.village_code for work_order in work_orders) == [HILL_A, PLAIN_A]
    assert sum(work_order.complaints for work_order in work_orders) == 160
    linked = [name for link in dispatch.told_of(ComplaintsLinked) for name in link.complaint_ids]
    assert len(linked) == len(set(linked)) == 160


async def test_replicas_that_assign_at_once_keep_to_capacity(dispatch: Dispatch) -> None:
    await dispatch.loads(small_county(capacity=2))
    villages = (HILL_A, HILL_B, PLAIN_A, PLAIN_B)
    await asyncio.gather(
        *[
            dispatch.receives(
                *[received(f"c{r}-{n}", villages[r], component="meter") for n in range(5)]
            )
            for r in range(4)
        ],
        dispatch.assigns(),
    )
    work_orders = await dispatch.work_orders()
    assert len(work_orders) == 20
    assert sum(work_order.crew_id == EAST for work_order in work_orders) == 2
    assert sum(work_order.crew_id == WEST for work_order in work_orders) == 2

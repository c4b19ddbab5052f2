"""People decide what waited and put right what was wrong; platforms edit and ask again."""

import pytest

from services.dispatch.commands import Accept, Arrive
from services.dispatch.handlers.context import unit_of_work
from services.dispatch.handlers.on_complaints import UnknownComplaint, link_where_scheme_is_known
from shared.events.work_orders import ComplaintsLinked, WorkOrderClosed, WorkOrderOpened
from tests.integration.dispatch.county import HILL_A, HILL_B, PLAIN, PLAIN_A, small_county
from tests.integration.dispatch.events import HOUR, NOT_OURS, chased, decided, edited, received
from tests.integration.dispatch.harness import Dispatch


async def test_what_a_person_decides_is_linked(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1", needs_human=True), received("c2"))
    await dispatch.receives(decided("c1"))
    complaint = await dispatch.complaint("c1")
    assert (complaint.state, complaint.decided_by) == ("linked", "wang")
    assert (await dispatch.work_order()).complaints == 2


async def test_received_and_decided_in_one_batch(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1", needs_human=True), decided("c1"), chased("c1", times=1))
    work_order = await dispatch.work_order()
    assert (work_order.complaints, work_order.chases) == (1, 1)


async def test_a_person_says_it_is_not_ours(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1", needs_human=True))
    await dispatch.receives(decided("c1", is_ours=False, category="not_ours"))
    assert (await dispatch.complaint("c1")).state == "not_ours"
    assert dispatch.told == []


async def test_a_complaint_moved_to_its_right_village_leaves_its_order(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1"), received("c2"))
    first = await dispatch.work_order_of("c1")
    await dispatch.receives(decided("c1", PLAIN_A))
    second = await dispatch.work_order_of("c1")
    assert (second.scheme_id, second.complaints) == (PLAIN, 1)
    left = await dispatch.work_order_of("c2")
    assert (left.id, left.complaints, left.state) == (first.id, 1, "assigned")
    assert dispatch.told_of(ComplaintsLinked)[-1].complaint_ids == ("c1",)
    assert "complaints_left" in await dispatch.timeline(first.id)


async def test_an_order_that_its_last_complaint_leaves_ends_as_nothing_found(
    dispatch: Dispatch,
) -> None:
    await dispatch.receives(received("c1"))
    first = await dispatch.work_order()
    dispatch.clock.advance(HOUR)
    await dispatch.receives(decided("c1", category="water_quality"))
    old, new = await dispatch.work_orders()
    assert (old.id, old.state, old.outcome) == (first.id, "closed", "nothing_found")
    assert (new.category, new.state, new.complaints) == ("water_quality", "assigned", 1)
    (closed,) = dispatch.told_of(WorkOrderClosed)
    assert (closed.work_order_id, closed.outcome) == (first.id, "nothing_found")


async def test_a_complaint_found_to_be_nobodys_leaves_its_order(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1"), received("c2"))
    await dispatch.receives(decided("c1", is_ours=False, category="not_ours"))
    complaint = await dispatch.complaint("c1")
    assert (complaint.state, complaint.work_order_id) == ("not_ours", None)
    assert (await dispatch.work_order()).complaints == 1


async def test_where_a_crew_is_on_site_the_complaint_stays_with_it(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1"))
    work_order = await dispatch.work_order()
    await dispatch.takes(Accept(), work_order.id)
    await dispatch.takes(Arrive(), work_order.id)
    await dispatch.receives(decided("c1", category="water_quality", urgent=True))
    work_order = await dispatch.work_order()
    assert (work_order.complaints, work_order.state, work_order.urgent) == (1, "on_site", True)
    assert (await dispatch.complaint("c1")).category == "water_quality"


async def test_an_order_a_crew_was_at_does_not_end_by_itself(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1"))
    work_order = await dispatch.work_order()
    await dispatch.takes(Accept(), work_order.id)
    await dispatch.takes(Arrive(), work_order.id)
    dispatch.clock.advance(HOUR)
    await dispatch.receives(decided("c1", PLAIN_A))
    old, _ = await dispatch.work_orders()
    assert (old.id, old.state, old.complaints) == (work_order.id, "on_site", 0)


async def test_a_decision_that_confirms_the_rules_changes_no_link(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1"))
    told = len(dispatch.told)
    await dispatch.receives(decided("c1"))
    assert len(dispatch.told) == told
    assert (await dispatch.complaint("c1")).decided_by == "wang"


async def test_an_edit_links_what_waited_and_leaves_what_is_linked(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1", village_code=None), received("c2", HILL_B))
    await dispatch.receives(edited("c1"), edited("c2", PLAIN_A, urgent=True))
    work_order = await dispatch.work_order()
    assert (work_order.complaints, work_order.urgent) == (2, True)
    complaint = await dispatch.complaint("c2")
    assert (complaint.village_code, complaint.time_limit) == (PLAIN_A, "3个工作日")
    assert "complaint_edited" in await dispatch.timeline(work_order.id)


async def test_an_edit_finds_a_returned_complaint_to_be_ours(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1", **NOT_OURS.model_dump(include={"is_ours", "category"})))
    await dispatch.receives(edited("c1"))
    assert (await dispatch.complaint("c1")).state == "linked"


async def test_a_chase_counts_once_however_often_it_is_told(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1"), received("c2"))
    await dispatch.receives(chased("c1", times=1), chased("c1", times=2), chased("c2", times=1))
    await dispatch.receives(chased("c1", times=2))
    work_order = await dispatch.work_order()
    assert work_order.chases == 3
    assert (await dispatch.complaint("c1")).chases == 2
    assert (await dispatch.timeline(work_order.id)).count("chased") == 4


async def test_the_chases_go_with_the_complaint(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1"), received("c2"), chased("c1", times=2))
    await dispatch.receives(decided("c1", PLAIN_A))
    assert (await dispatch.work_order_of("c1")).chases == 2
    assert (await dispatch.work_order_of("c2")).chases == 0


@pytest.mark.parametrize("news", [decided("x"), edited("x"), chased("x", times=1)])
async def test_news_of_an_unknown_complaint_is_parked_not_lost(
    dispatch: Dispatch, news: object
) -> None:
    with pytest.raises(UnknownComplaint):
        await dispatch.receives(news)  # type: ignore[arg-type]


async def test_a_village_that_comes_onto_a_scheme_brings_its_complaints(dispatch: Dispatch) -> None:
    county = small_county()
    without = [row for row in county.villages if row.code != HILL_A]
    await dispatch.loads(county.model_copy(update={"villages": without}))
    await dispatch.receives(received("c1"), received("c2"))
    assert (await dispatch.complaint("c1")).state == "no_scheme"
    await dispatch.loads(county)
    async with unit_of_work(dispatch.database, dispatch.policy) as context:
        linked = await link_where_scheme_is_known(context)
    await dispatch.assigns()
    assert linked == 2
    assert (await dispatch.work_order()).complaints == 2
    assert len(dispatch.told_of(WorkOrderOpened)) == 1

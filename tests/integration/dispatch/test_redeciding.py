"""People decide what waited and put right what was wrong; platforms edit and ask again."""

import pytest

from services.dispatch.handlers.redeciding import UnknownComplaint, link_where_scheme_is_known
from services.dispatch.handlers.working import accept, arrive
from shared.events.work_orders import ComplaintsLinked, WorkOrderClosed, WorkOrderOpened
from tests.integration.dispatch.county import HILL_A, HILL_B, PLAIN, PLAIN_A, small_county
from tests.integration.dispatch.desk import Desk
from tests.integration.dispatch.events import HOUR, NOT_OURS, chased, decided, edited, received


async def test_what_a_person_decides_is_linked(desk: Desk) -> None:
    await desk.hears(received("c1", needs_human=True), received("c2"))
    await desk.hears(decided("c1"))
    complaint = await desk.complaint("c1")
    assert (complaint.state, complaint.decided_by) == ("linked", "wang")
    assert (await desk.order()).complaints == 2


async def test_received_and_decided_in_one_batch(desk: Desk) -> None:
    await desk.hears(received("c1", needs_human=True), decided("c1"), chased("c1", times=1))
    order = await desk.order()
    assert (order.complaints, order.chases) == (1, 1)


async def test_a_person_says_it_is_not_ours(desk: Desk) -> None:
    await desk.hears(received("c1", needs_human=True))
    await desk.hears(decided("c1", is_ours=False, category="not_ours"))
    assert (await desk.complaint("c1")).state == "not_ours"
    assert desk.told == []


async def test_a_complaint_moved_to_its_right_village_leaves_its_order(desk: Desk) -> None:
    await desk.hears(received("c1"), received("c2"))
    first = await desk.order_of("c1")
    await desk.hears(decided("c1", PLAIN_A))
    second = await desk.order_of("c1")
    assert (second.scheme_id, second.complaints) == (PLAIN, 1)
    left = await desk.order_of("c2")
    assert (left.id, left.complaints, left.state) == (first.id, 1, "assigned")
    assert desk.told_of(ComplaintsLinked)[-1].complaint_ids == ("c1",)
    assert "complaints_left" in await desk.timeline(first.id)


async def test_an_order_that_its_last_complaint_leaves_ends_as_nothing_found(desk: Desk) -> None:
    await desk.hears(received("c1"))
    first = await desk.order()
    desk.clock.advance(HOUR)
    await desk.hears(decided("c1", category="water_quality"))
    old, new = await desk.orders()
    assert (old.id, old.state, old.outcome) == (first.id, "closed", "nothing_found")
    assert (new.category, new.state, new.complaints) == ("water_quality", "assigned", 1)
    (closed,) = desk.told_of(WorkOrderClosed)
    assert (closed.work_order_id, closed.outcome) == (first.id, "nothing_found")


async def test_a_complaint_found_to_be_nobodys_leaves_its_order(desk: Desk) -> None:
    await desk.hears(received("c1"), received("c2"))
    await desk.hears(decided("c1", is_ours=False, category="not_ours"))
    complaint = await desk.complaint("c1")
    assert (complaint.state, complaint.work_order_id) == ("not_ours", None)
    assert (await desk.order()).complaints == 1


async def test_where_a_crew_is_on_site_the_complaint_stays_with_it(desk: Desk) -> None:
    await desk.hears(received("c1"))
    order = await desk.order()
    await desk.does(accept, order.id)
    await desk.does(arrive, order.id)
    await desk.hears(decided("c1", category="water_quality", urgent=True))
    order = await desk.order()
    assert (order.complaints, order.state, order.urgent) == (1, "on_site", True)
    assert (await desk.complaint("c1")).category == "water_quality"


async def test_an_order_a_crew_was_at_does_not_end_by_itself(desk: Desk) -> None:
    await desk.hears(received("c1"))
    order = await desk.order()
    await desk.does(accept, order.id)
    await desk.does(arrive, order.id)
    desk.clock.advance(HOUR)
    await desk.hears(decided("c1", PLAIN_A))
    old, _ = await desk.orders()
    assert (old.id, old.state, old.complaints) == (order.id, "on_site", 0)


async def test_a_decision_that_confirms_the_rules_changes_no_link(desk: Desk) -> None:
    await desk.hears(received("c1"))
    told = len(desk.told)
    await desk.hears(decided("c1"))
    assert len(desk.told) == told
    assert (await desk.complaint("c1")).decided_by == "wang"


async def test_an_edit_links_what_waited_and_leaves_what_is_linked(desk: Desk) -> None:
    await desk.hears(received("c1", village_code=None), received("c2", HILL_B))
    await desk.hears(edited("c1"), edited("c2", PLAIN_A, urgent=True))
    order = await desk.order()
    assert (order.complaints, order.urgent) == (2, True)
    complaint = await desk.complaint("c2")
    assert (complaint.village_code, complaint.time_limit) == (PLAIN_A, "3个工作日")
    assert "complaint_edited" in await desk.timeline(order.id)


async def test_an_edit_finds_a_returned_complaint_to_be_ours(desk: Desk) -> None:
    await desk.hears(received("c1", **NOT_OURS.model_dump(include={"is_ours", "category"})))
    await desk.hears(edited("c1"))
    assert (await desk.complaint("c1")).state == "linked"


async def test_a_chase_counts_once_however_often_it_is_told(desk: Desk) -> None:
    await desk.hears(received("c1"), received("c2"))
    await desk.hears(chased("c1", times=1), chased("c1", times=2), chased("c2", times=1))
    await desk.hears(chased("c1", times=2))
    order = await desk.order()
    assert order.chases == 3
    assert (await desk.complaint("c1")).chases == 2
    assert (await desk.timeline(order.id)).count("chased") == 4


async def test_the_chases_go_with_the_complaint(desk: Desk) -> None:
    await desk.hears(received("c1"), received("c2"), chased("c1", times=2))
    await desk.hears(decided("c1", PLAIN_A))
    assert (await desk.order_of("c1")).chases == 2
    assert (await desk.order_of("c2")).chases == 0


@pytest.mark.parametrize("news", [decided("x"), edited("x"), chased("x", times=1)])
async def test_news_of_an_unknown_complaint_is_parked_not_lost(desk: Desk, news: object) -> None:
    with pytest.raises(UnknownComplaint):
        await desk.hears(news)  # type: ignore[arg-type]


async def test_a_village_that_comes_onto_a_scheme_brings_its_complaints(desk: Desk) -> None:
    county = small_county()
    without = [row for row in county.villages if row.code != HILL_A]
    await desk.loads(county.model_copy(update={"villages": without}))
    await desk.hears(received("c1"), received("c2"))
    assert (await desk.complaint("c1")).state == "no_scheme"
    await desk.loads(county)
    async with desk.database.work() as (session, outbox):
        linked = await link_where_scheme_is_known(
            session, outbox, desk.clock.now(), policy=desk.policy
        )
        desk.told.extend(outbox.events)
    assert linked == 2
    assert (await desk.order()).complaints == 2
    assert len(desk.told_of(WorkOrderOpened)) == 1

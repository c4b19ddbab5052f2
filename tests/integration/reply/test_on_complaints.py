"""A complaint received: what is deadlined for it, once, whatever was heard before."""

from datetime import UTC, datetime

import pytest

from services.reply.rules.deadlines import Stage
from shared.events.replies import DeadlinesSet
from tests.conftest import NOW
from tests.integration.reply.events import HOUR, NOT_OURS, decision, linked, received, repaired
from tests.integration.reply.harness import Harness

END_OF_NEXT_DAY = datetime(2026, 10, 13, 15, 59, 59, tzinfo=UTC)
END_OF_FIFTH_WORKING_DAY = datetime(2026, 10, 19, 15, 59, 59, tzinfo=UTC)


async def test_every_stage_of_the_policy_is_deadlined(harness: Harness) -> None:
    await harness.receives(received())
    deadlines = await harness.deadlines()
    assert {stage: row.due_at for stage, row in deadlines.items()} == {
        Stage.ACCEPT: END_OF_NEXT_DAY,
        Stage.FIRST_CONTACT: END_OF_NEXT_DAY,
        Stage.RESOLVE: END_OF_FIFTH_WORKING_DAY,
        Stage.REPLY: END_OF_FIFTH_WORKING_DAY,
    }
    assert all(row.next_at == row.warn_at < row.due_at for row in deadlines.values())


async def test_the_limit_printed_on_the_order_wins(harness: Harness) -> None:
    await harness.receives(received(time_limit="3个工作日"))
    deadlines = await harness.deadlines()
    assert deadlines[Stage.REPLY].due_at == datetime(2026, 10, 15, 15, 59, 59, tzinfo=UTC)
    assert deadlines[Stage.REPLY].source == "printed"
    assert deadlines[Stage.ACCEPT].source == "ordinary"


async def test_an_urgent_complaint_is_due_sooner(harness: Harness) -> None:
    await harness.receives(received(decision=decision(urgent=True)))
    assert (await harness.deadlines())[Stage.REPLY].due_at == NOW + 24 * HOUR


async def test_a_limit_nobody_can_read_is_said_and_the_policy_counts(harness: Harness) -> None:
    await harness.receives(received(time_limit="尽快"))
    (armed,) = harness.events_of(DeadlinesSet)
    assert isinstance(armed, DeadlinesSet)
    assert armed.limit_unreadable
    assert (await harness.complaint()).limit_unreadable
    assert (await harness.deadlines())[Stage.REPLY].due_at == END_OF_FIFTH_WORKING_DAY


async def test_each_complaint_of_a_batch_is_told_once(harness: Harness) -> None:
    batch = [received(f"c{number}") for number in range(60)]
    await harness.receives(*batch)
    await harness.receives(*batch[:10])
    armed = [event.key for event in harness.events_of(DeadlinesSet)]
    assert sorted(armed) == sorted(complaint.complaint_id for complaint in batch)


@pytest.mark.parametrize("together", [True, False])
async def test_a_repair_heard_of_before_the_complaint_is_answered(
    harness: Harness, together: bool
) -> None:
    if together:
        await harness.receives(linked(), repaired(), received())
    else:
        await harness.receives(linked())
        await harness.receives(repaired())
        await harness.receives(received())
    deadlines = await harness.deadlines()
    assert deadlines[Stage.RESOLVE].met_at == NOW + 4 * HOUR
    assert deadlines[Stage.REPLY].met_at is None
    assert (await harness.live_reply()).state == "draft"


async def test_what_is_surely_not_ours_goes_back_as_soon_as_somebody_approves(
    harness: Harness,
) -> None:
    await harness.receives(received(decision=NOT_OURS))
    reply = await harness.live_reply()
    assert reply.returned
    assert not reply.solved


async def test_what_may_be_not_ours_waits_for_a_person(harness: Harness) -> None:
    unsure = decision(is_ours=False, category="not_ours", needs_human=True)
    await harness.receives(received(decision=unsure))
    assert await harness.replies() == []

"""A complaint is received: its deadlines are set once, whatever came before."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.reply.context import Context
from services.reply.rules.deadlines import Stage
from services.reply.subscriptions import handle_batch
from shared.bus.tables import outbox as outbox_table
from shared.events.replies import DeadlineMet, DeadlinesSet, ReplyDrafted
from tests.conftest import NOW
from tests.integration.reply.events import (
    HOUR,
    NOT_OURS,
    arrived,
    decision,
    edited,
    envelope,
    linked,
    received,
    repaired,
)
from tests.integration.reply.harness import Harness

_numbers = count(1)
END_OF_NEXT_DAY = datetime(2026, 10, 13, 15, 59, 59, tzinfo=UTC)
END_OF_FIFTH_WORKING_DAY = datetime(2026, 10, 19, 15, 59, 59, tzinfo=UTC)


async def test_every_stage_of_the_policy_has_its_deadline(harness: Harness) -> None:
    await harness.receives(received())
    deadlines = await harness.deadlines()
    assert {stage: row.due_at for stage, row in deadlines.items()} == {
        Stage.ACCEPT: END_OF_NEXT_DAY,
        Stage.FIRST_CONTACT: END_OF_NEXT_DAY,
        Stage.RESOLVE: END_OF_FIFTH_WORKING_DAY,
        Stage.REPLY: END_OF_FIFTH_WORKING_DAY,
    }
    assert all(row.next_at == row.warn_at < row.due_at for row in deadlines.values())


async def test_the_limit_printed_on_the_ticket_wins(harness: Harness) -> None:
    await harness.receives(received(time_limit="3个工作日"))
    deadlines = await harness.deadlines()
    assert deadlines[Stage.REPLY].due_at == datetime(2026, 10, 15, 15, 59, 59, tzinfo=UTC)
    assert deadlines[Stage.REPLY].source == "printed"
    assert deadlines[Stage.ACCEPT].source == "ordinary"


async def test_a_limit_says_whether_no_source_stands_behind_it(harness: Harness) -> None:
    await harness.receives(received(time_limit="3个工作日"))
    (told,) = harness.events_of(DeadlinesSet)
    assert isinstance(told, DeadlinesSet)
    assert {one.stage: one.unverified for one in told.deadlines} == {
        "accept": True,
        "first_contact": True,
        "resolve": False,  # printed on the ticket
        "reply": False,
    }
    stored = await harness.deadlines()
    assert {stage.value: one.unverified for stage, one in stored.items()} == {
        one.stage: one.unverified for one in told.deadlines
    }


async def test_an_urgent_complaint_is_due_sooner(harness: Harness) -> None:
    await harness.receives(received(decision=decision(urgent=True)))
    assert (await harness.deadlines())[Stage.REPLY].due_at == NOW + 24 * HOUR


async def test_a_limit_nobody_can_read_is_said_and_the_policy_counts(harness: Harness) -> None:
    await harness.receives(received(time_limit="尽快"))
    (told,) = harness.events_of(DeadlinesSet)
    assert isinstance(told, DeadlinesSet)
    assert told.limit_unreadable
    assert (await harness.complaint()).limit_unreadable
    assert (await harness.deadlines())[Stage.REPLY].due_at == END_OF_FIFTH_WORKING_DAY


async def test_each_complaint_of_a_batch_is_told_once(harness: Harness) -> None:
    batch = [received(f"c{number}") for number in range(60)]
    await harness.receives(*batch)
    await harness.receives(*batch[:10])
    told = [event.key for event in harness.events_of(DeadlinesSet)]
    assert sorted(told) == sorted(complaint.complaint_id for complaint in batch)


@pytest.mark.parametrize("together", [True, False])
async def test_a_repair_told_before_the_complaint_is_answered(
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


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    sent_at=st.datetimes(timezones=st.just(UTC)),
    time_limit=st.none()
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
)
@example(sent_at=datetime(2199, 1, 1, tzinfo=UTC), time_limit=None)
@example(sent_at=NOW, time_limit="2206年11月30日前")
async def test_every_complaint_has_every_deadline_whatever_its_ticket_says(
    harness: Harness, sent_at: datetime, time_limit: str | None
) -> None:
    name = f"x{next(_numbers)}"
    await harness.receives(received(name, sent_at=sent_at, received_at=NOW, time_limit=time_limit))
    assert set(await harness.deadlines(name)) == set(Stage) - {Stage.ON_SITE, Stage.CALL_BACK}
    assert (await harness.complaint(name)).sent_at == sent_at


async def test_a_printed_day_that_cannot_be_is_marked_for_a_person(harness: Harness) -> None:
    await harness.receives(received(time_limit="2206年11月30日前"))
    (told,) = harness.events_of(DeadlinesSet)
    assert isinstance(told, DeadlinesSet)
    assert told.limit_unreadable
    assert (await harness.deadlines())[Stage.REPLY].due_at == END_OF_FIFTH_WORKING_DAY


async def test_a_ticket_of_the_year_2199_can_be_edited_contacted_and_answered(
    harness: Harness,
) -> None:
    await harness.receives(received(sent_at=datetime(2199, 1, 1, tzinfo=UTC), received_at=NOW))
    await harness.receives(edited(time_limit="24小时"), linked(), arrived(), repaired())
    deadlines = await harness.deadlines()
    assert deadlines[Stage.REPLY].due_at == NOW + 24 * HOUR
    assert deadlines[Stage.FIRST_CONTACT].met_at == NOW + 2 * HOUR


async def test_what_follows_from_a_work_order_goes_on_with_its_trace(harness: Harness) -> None:
    of_complaint = replace(envelope(received()), traceparent=_trace(1))
    of_work_order = [
        replace(envelope(event), traceparent=_trace(2)) for event in (linked(), repaired())
    ]
    async with harness.database.work() as (session, outbox):
        outbox.follow({"c1": _trace(1), "w1": _trace(2)})
        context = Context(harness.config, session, outbox, NOW)
        await handle_batch(context, [of_complaint, *of_work_order])
    async with harness.database.reading() as session:
        rows = (await session.execute(outbox_table.select())).all()
    traces = {row.headers["ce_type"]: row.headers["traceparent"][3:35] for row in rows}
    assert traces[DeadlinesSet.type] == _trace(1)[3:35]
    assert traces[ReplyDrafted.type] == traces[DeadlineMet.type] == _trace(2)[3:35]


def _trace(number: int) -> str:
    return f"00-{number:032x}-{number:016x}-01"

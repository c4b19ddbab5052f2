"""Clocks stand still while the office waits, and go on by as much later."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from services.reply.commands import PauseDeadlines, RecordContact, ResumeDeadlines
from services.reply.handlers.pauses import end_pauses, pause_deadlines, resume_deadlines
from services.reply.handlers.resident_contact import record_contact
from services.reply.models import Pause
from services.reply.rules.deadlines import Stage
from services.reply.rules.escalation import Standing
from services.reply.rules.objections import CommandRejected, Objection
from services.reply.rules.pauses import PauseEnd, PauseKind
from shared.auth.permissions import Role
from shared.auth.tokens import Person
from shared.events.replies import DeadlineMissed, DeadlinesSet, DeadlineWarned
from tests.conftest import NOW
from tests.integration.reply.events import (
    COUNTY,
    DAY,
    HOUR,
    chased,
    decision,
    linked,
    received,
    repaired,
)
from tests.integration.reply.harness import Harness

WANG = Person(name="wang", role=Role.DISPATCHER, county=COUNTY)


async def pause(
    harness: Harness, kind: PauseKind = PauseKind.PARTS, *ids: str, **more: Any
) -> list[str]:
    command = PauseDeadlines(complaint_ids=ids or ("c1",), kind=kind, reason="等水泵到货", **more)
    return await harness.does(lambda context: pause_deadlines(context, command, WANG))


async def resume(harness: Harness, kind: PauseKind | None = None) -> list[str]:
    command = ResumeDeadlines(complaint_ids=("c1",), kind=kind)
    return await harness.does(lambda context: resume_deadlines(context, command, WANG))


async def pauses(harness: Harness) -> list[Pause]:
    async with harness.database.reading() as session:
        found = await session.execute(select(Pause).order_by(Pause.started_at))  # type: ignore[arg-type]
        return list(found.scalars())


async def due(harness: Harness, stage: Stage = Stage.RESOLVE) -> datetime:
    return (await harness.deadlines())[stage].due_at


async def test_a_paused_clock_is_neither_warned_of_nor_missed_and_is_due_later_by_its_pause(
    harness: Harness,
) -> None:
    await harness.receives(received(), linked())
    before = await harness.deadlines()
    assert await pause(harness) == ["c1"]
    paused = await harness.deadlines()
    assert {stage for stage, row in paused.items() if row.paused_since} == {
        Stage.RESOLVE,
        Stage.REPLY,
    }
    told = harness.events_of(DeadlinesSet)[-1]
    assert isinstance(told, DeadlinesSet)
    assert [(one.stage, one.paused_for) for one in told.deadlines if one.paused_since] == [
        ("resolve", "parts"),
        ("reply", "parts"),
    ]
    await harness.sweep(before[Stage.REPLY].due_at + 2 * DAY)
    assert {
        event.stage
        for event in harness.events_of(DeadlineWarned, DeadlineMissed)
        if isinstance(event, DeadlineWarned | DeadlineMissed)
    } <= {"first_contact"}
    await resume(harness)
    after = (await harness.deadlines())[Stage.RESOLVE]
    waited = harness.clock.now() - NOW
    assert after.due_at - before[Stage.RESOLVE].due_at >= waited - 5 * DAY > timedelta(0)
    assert (after.standing, after.paused_since, after.next_at) == (
        Standing.OPEN,
        None,
        after.warn_at,
    )
    await harness.sweep(after.due_at + HOUR)
    assert (await harness.deadlines())[Stage.RESOLVE].standing == Standing.MISSED


async def test_pauses_of_two_kinds_overlap_and_the_union_counts(harness: Harness) -> None:
    await harness.receives(received(), linked())
    before = await due(harness)
    await pause(harness)
    harness.clock.move_to(NOW + DAY)
    await pause(harness, PauseKind.OUTAGE)
    harness.clock.move_to(NOW + 2 * DAY)
    await resume(harness, PauseKind.PARTS)
    row = (await harness.deadlines())[Stage.RESOLVE]
    assert row.paused_for == "outage"
    harness.clock.move_to(NOW + 3 * DAY)
    await resume(harness)
    calendar = harness.config.rulebooks.current.of(COUNTY).calendars.default
    days = calendar.working_days_between(NOW, NOW + 3 * DAY)
    assert calendar.working_days_between(before, await due(harness)) == days
    # Counted again for whatever reason, it stays as it is.
    await harness.receives(linked())
    assert calendar.working_days_between(before, await due(harness)) == days


async def test_a_repair_during_a_pause_is_in_time_and_ends_it(harness: Harness) -> None:
    await harness.receives(received(), linked())
    late = (await due(harness)) + HOUR
    await pause(harness)
    harness.clock.move_to(late)
    await harness.receives(repaired(at=late))
    resolve = (await harness.deadlines())[Stage.RESOLVE]
    assert (resolve.standing, resolve.met_at) == (Standing.MET, late)
    assert resolve.paused_since is None


async def test_waiting_for_the_resident_ends_with_the_contact(harness: Harness) -> None:
    await harness.receives(received(), linked())
    await pause(harness, PauseKind.RESIDENT)
    harness.clock.move_to(NOW + DAY)
    await harness.does(lambda context: record_contact(context, "c1", RecordContact(), WANG))
    (one,) = await pauses(harness)
    assert (one.ended_at, one.why_ended) == (NOW + DAY, PauseEnd.CONTACTED)
    assert (await harness.deadlines())[Stage.REPLY].paused_since is None


@pytest.mark.parametrize(
    ("until", "why"), [(NOW + DAY, PauseEnd.EXPECTED), (None, PauseEnd.LONGEST)]
)
async def test_a_pause_ends_by_itself_when_it_was_to(
    harness: Harness, until: datetime | None, why: PauseEnd
) -> None:
    await harness.receives(received(), linked())
    await pause(harness, until=until)
    assert await harness.does(end_pauses) == 0
    (running,) = await pauses(harness)
    harness.clock.move_to(running.ends_at + HOUR)
    assert await harness.does(end_pauses) == 1
    (ended,) = await pauses(harness)
    assert (ended.ended_at, ended.why_ended, ended.ended_by) == (running.ends_at, why, None)
    assert (await harness.deadlines())[Stage.RESOLVE].paused_since is None


@pytest.mark.parametrize(
    ("limit", "kinds", "objection"),
    [
        ("5个工作日", (), Objection.NOTHING_TO_PAUSE),
        (None, (PauseKind.PARTS,), Objection.PAUSED_ALREADY),
    ],
)
async def test_what_cannot_be_paused(
    harness: Harness, limit: str | None, kinds: tuple[PauseKind, ...], objection: Objection
) -> None:
    await harness.receives(received(time_limit=limit), linked())
    for kind in kinds:
        await pause(harness, kind)
    with pytest.raises(CommandRejected) as rejected:
        await pause(harness)
    assert rejected.value.objection is objection


async def test_another_countys_complaint_is_not_paused(harness: Harness) -> None:
    await harness.receives(received(county="610124"))
    with pytest.raises(CommandRejected):
        await pause(harness)


async def test_the_first_supervision_of_a_round_is_kept_apart_from_chases(
    harness: Harness,
) -> None:
    await harness.receives(received(), chased(times=1, at=NOW + HOUR))
    supervised = chased(times=2, at=NOW + 3 * HOUR).model_copy(update={"supervised": True})
    await harness.receives(supervised, chased(times=3, at=NOW + 4 * HOUR))
    ticket = (await harness.complaint()).ticket
    assert (ticket.chased_at, ticket.supervised_at) == (NOW + HOUR, NOW + 3 * HOUR)


async def test_a_chase_shortens_where_the_policy_says_so_and_never_lengthens(
    harness: Harness,
) -> None:
    await harness.receives(received(decision=decision(urgent=True)))
    first = (await harness.deadlines())[Stage.FIRST_CONTACT].due_at
    await harness.receives(chased(times=1, at=NOW + HOUR))  # again within two hours: no sooner
    assert (await harness.deadlines())[Stage.FIRST_CONTACT].due_at == first
    earlier = NOW - HOUR  # its event came late
    await harness.receives(chased(times=2, at=earlier))
    assert (await harness.deadlines())[Stage.FIRST_CONTACT].due_at == earlier + 2 * HOUR

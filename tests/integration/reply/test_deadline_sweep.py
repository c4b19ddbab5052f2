"""The sweep warns before, records after, and does nothing twice, by however many replicas."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from services.reply.commands import AnswerExtension, AskExtension
from services.reply.context import in_transaction
from services.reply.handlers.deadline_extensions import answer_extension, ask_for_extension
from services.reply.handlers.deadline_sweep import BATCH, sweep
from services.reply.rules.deadlines import Stage
from services.reply.rules.escalation import Standing
from shared.auth.permissions import Role
from shared.auth.tokens import Person
from shared.bus.tables import outbox as outbox_table
from shared.events.replies import DeadlineMet, DeadlineMissed, DeadlineWarned
from tests.conftest import NOW
from tests.integration.reply.crashes import Killed, killed_at
from tests.integration.reply.events import HOUR, linked, received, repaired
from tests.integration.reply.harness import Harness

SECOND = timedelta(seconds=1)


async def _sweep(harness: Harness) -> int:
    """As the periodic task does."""
    return await in_transaction(harness.database, harness.config, sweep)


async def test_nothing_is_due_yet(harness: Harness) -> None:
    await harness.receives(received())
    assert await harness.sweep() == 0


def steps_of(harness: Harness, stage: str = "reply") -> list[tuple[int, str]]:
    """The steps that people were told of, and up to whom."""
    told = [
        (100, each.level) if isinstance(each, DeadlineMissed) else (each.step, each.level)
        for kind in (DeadlineWarned, DeadlineMissed)
        for each in harness.events_of(kind)
        if isinstance(each, DeadlineWarned | DeadlineMissed) and each.stage == stage
    ]
    return [(step, level or "") for step, level in told]


WANG = Person("wang", Role.DISPATCHER, "610122")
LADDER = [(50, "crew_leader"), (75, "dispatcher"), (90, "director"), (100, "bureau")]


async def test_each_step_of_the_ladder_is_taken_once_and_then_the_miss_is_recorded_once(
    harness: Harness,
) -> None:
    await harness.receives(received(time_limit="24小时"))
    for taken in range(3):
        reply = (await harness.deadlines())[Stage.REPLY]
        await harness.sweep(reply.warn_at - SECOND)
        assert steps_of(harness) == LADDER[:taken]
        await harness.sweep(reply.warn_at)
        await harness.sweep()
        assert steps_of(harness) == LADDER[: taken + 1]
    due_at = reply.due_at
    await harness.sweep(due_at)
    assert (await harness.deadlines())[Stage.REPLY].standing == Standing.WARNED
    await harness.sweep(due_at + SECOND)
    await harness.sweep(due_at + 100 * HOUR)
    assert steps_of(harness) == LADDER
    assert (await harness.deadlines())[Stage.REPLY].missed_recorded_at == due_at + SECOND


async def test_a_sweep_that_comes_late_leaves_no_step_out(harness: Harness) -> None:
    await harness.receives(received(time_limit="24小时"))
    reply = (await harness.deadlines())[Stage.REPLY]
    harness.clock.move_to(reply.due_at - SECOND)
    while await harness.sweep():
        pass
    assert steps_of(harness) == LADDER[:3]


async def test_after_an_extension_the_steps_that_lie_ahead_come_again(harness: Harness) -> None:
    await harness.receives(received(time_limit="24小时"))
    reply = (await harness.deadlines())[Stage.REPLY]
    harness.clock.move_to(reply.due_at - SECOND)
    while await harness.sweep():
        pass
    later = reply.due_at + 60 * HOUR
    asked = AskExtension(new_due_at=later, reason="等配件")
    answered = AnswerExtension(granted=True)
    await harness.does(lambda one: ask_for_extension(one, "c1", Stage.REPLY, asked, WANG))
    await harness.does(lambda one: answer_extension(one, "c1", Stage.REPLY, answered, WANG))
    assert (await harness.deadlines())[Stage.REPLY].step == 0
    for _ in range(3):
        await harness.sweep((await harness.deadlines())[Stage.REPLY].warn_at)
    assert steps_of(harness) == LADDER[:3] * 2


async def test_no_warning_at_night_for_a_step_due_in_office_hours(harness: Harness) -> None:
    await harness.receives(received())
    for deadline in (await harness.deadlines()).values():
        in_shanghai = deadline.warn_at + timedelta(hours=8)
        assert 9 <= in_shanghai.hour < 18


async def test_what_is_received_only_after_its_deadline_is_still_recorded_missed(
    harness: Harness,
) -> None:
    harness.clock.move_to(NOW + 100 * HOUR)
    await harness.receives(received(time_limit="24小时"))
    await harness.sweep()
    assert (await harness.deadlines())[Stage.REPLY].standing == Standing.MISSED


async def test_a_met_deadline_is_never_swept(harness: Harness) -> None:
    await harness.receives(received(), linked(), repaired())
    await harness.sweep(datetime(2026, 12, 1, tzinfo=UTC))
    stages = {m.stage for m in harness.events_of(DeadlineMissed) if isinstance(m, DeadlineMissed)}
    assert stages == {"reply"}


async def test_replicas_share_the_work_and_repeat_nothing(harness: Harness) -> None:
    await harness.receives(*[received(f"c{number}") for number in range(BATCH // 2)])
    harness.clock.move_to(datetime(2026, 12, 1, tzinfo=UTC))
    while any(await asyncio.gather(*[_sweep(harness) for _ in range(3)])):
        pass
    async with harness.database.reading() as session:
        told = (await session.execute(outbox_table.select())).all()
    missed = [(row.key, row.value) for row in told if row.headers["ce_type"] == DeadlineMissed.type]
    assert len(missed) == len(set(missed)) == 4 * (BATCH // 2)


async def test_a_kill_at_any_statement_repeats_and_loses_nothing(harness: Harness) -> None:
    number = 0
    while True:
        number += 1
        complaint_id = f"c{number}"
        sent_at = harness.clock.now()
        await harness.receives(received(complaint_id, sent_at=sent_at, time_limit="24小时"))
        harness.clock.advance(30 * HOUR)
        with killed_at(harness.database, number) as seen, suppress(Killed):
            await _sweep(harness)
        while await _sweep(harness):
            pass
        async with harness.database.reading() as session:
            told = (await session.execute(outbox_table.select())).all()
        missed = [
            row.value
            for row in told
            if row.key == complaint_id and row.headers["ce_type"] == DeadlineMissed.type
        ]
        assert len(missed) == len(set(missed)) == 4, f"killed before {seen[-1]} ({number})"
        if len(seen) < number:
            break
    assert number > 4


@pytest.mark.parametrize("event_first", [True, False])
async def test_in_time_wins_whoever_comes_first(harness: Harness, event_first: bool) -> None:
    await harness.receives(received(time_limit="24小时"))
    events = (linked(), repaired(at=NOW + 23 * HOUR))
    if event_first:
        await harness.receives(*events)
        await harness.sweep(NOW + 30 * HOUR)
    else:
        await harness.sweep(NOW + 30 * HOUR)
        await harness.receives(*events)
    resolve = (await harness.deadlines())[Stage.RESOLVE]
    assert (resolve.standing, resolve.met_at) == (Standing.MET, NOW + 23 * HOUR)
    assert harness.events_of(DeadlineMet)

"""The sweep warns before, records after, and does nothing twice, by however many replicas."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from services.reply.context import in_transaction
from services.reply.handlers.deadline_sweep import BATCH, sweep
from services.reply.rules.deadlines import Stage
from services.reply.rules.escalation import Standing
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


async def test_a_deadline_is_warned_of_once_and_then_recorded_missed_once(harness: Harness) -> None:
    await harness.receives(received(time_limit="24小时"))
    reply = (await harness.deadlines())[Stage.REPLY]
    await harness.sweep(reply.warn_at)
    await harness.sweep()
    warned = [w for w in harness.events_of(DeadlineWarned) if isinstance(w, DeadlineWarned)]
    assert [w.stage for w in warned].count("reply") == 1
    await harness.sweep(reply.due_at)
    assert (await harness.deadlines())[Stage.REPLY].standing == Standing.WARNED
    await harness.sweep(reply.due_at + SECOND)
    await harness.sweep(reply.due_at + 100 * HOUR)
    missed = [m for m in harness.events_of(DeadlineMissed) if isinstance(m, DeadlineMissed)]
    assert [m.stage for m in missed].count("reply") == 1
    assert (await harness.deadlines())[Stage.REPLY].missed_recorded_at == reply.due_at + SECOND


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

"""The sweep warns before, records after, and does nothing twice, by however many replicas."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from services.reply.handlers.sweeping import BATCH
from services.reply.rules.deadlines import Stage
from services.reply.rules.escalation import Standing
from services.reply.tasks import sweep_once
from shared.bus.tables import outbox as outbox_table
from shared.events.replies import DeadlineMet, DeadlineMissed, DeadlineWarned
from tests.conftest import NOW
from tests.integration.reply.desk import Desk
from tests.integration.reply.dying import Killed, killed_at
from tests.integration.reply.events import HOUR, linked, received, repaired

SECOND = timedelta(seconds=1)


async def test_nothing_is_due_yet(desk: Desk) -> None:
    await desk.hears(received())
    assert await desk.sweeps() == 0


async def test_a_deadline_is_warned_of_once_and_then_recorded_missed_once(desk: Desk) -> None:
    await desk.hears(received(time_limit="24小时"))
    reply = (await desk.deadlines())[Stage.REPLY]
    await desk.sweeps(reply.warn_at)
    await desk.sweeps()
    warned = [w for w in desk.told_of(DeadlineWarned) if isinstance(w, DeadlineWarned)]
    assert [w.stage for w in warned].count("reply") == 1
    await desk.sweeps(reply.due_at)
    assert (await desk.deadlines())[Stage.REPLY].standing == Standing.WARNED
    await desk.sweeps(reply.due_at + SECOND)
    await desk.sweeps(reply.due_at + 100 * HOUR)
    missed = [m for m in desk.told_of(DeadlineMissed) if isinstance(m, DeadlineMissed)]
    assert [m.stage for m in missed].count("reply") == 1
    assert (await desk.deadlines())[Stage.REPLY].missed_recorded_at == reply.due_at + SECOND


async def test_no_warning_rings_at_night_for_a_step_due_in_office_hours(desk: Desk) -> None:
    await desk.hears(received())
    for deadline in (await desk.deadlines()).values():
        in_shanghai = deadline.warn_at + timedelta(hours=8)
        assert 9 <= in_shanghai.hour < 18


async def test_what_is_heard_only_after_its_deadline_is_still_recorded_missed(desk: Desk) -> None:
    desk.clock.move_to(NOW + 100 * HOUR)
    await desk.hears(received(time_limit="24小时"))
    await desk.sweeps()
    assert (await desk.deadlines())[Stage.REPLY].standing == Standing.MISSED


async def test_a_kept_deadline_is_never_swept(desk: Desk) -> None:
    await desk.hears(received(), linked(), repaired())
    await desk.sweeps(datetime(2026, 12, 1, tzinfo=UTC))
    stages = {m.stage for m in desk.told_of(DeadlineMissed) if isinstance(m, DeadlineMissed)}
    assert stages == {"reply"}


async def test_replicas_share_the_work_and_repeat_nothing(desk: Desk) -> None:
    await desk.hears(*[received(f"c{number}") for number in range(BATCH // 2)])
    desk.clock.move_to(datetime(2026, 12, 1, tzinfo=UTC))
    while any(await asyncio.gather(*[sweep_once(desk.database) for _ in range(3)])):
        pass
    async with desk.database.reading() as session:
        told = (await session.execute(outbox_table.select())).all()
    missed = [(row.key, row.value) for row in told if row.headers["ce_type"] == DeadlineMissed.type]
    assert len(missed) == len(set(missed)) == 4 * (BATCH // 2)


async def test_a_kill_at_any_statement_repeats_and_loses_nothing(desk: Desk) -> None:
    number = 0
    while True:
        number += 1
        complaint_id = f"c{number}"
        sent_at = desk.clock.now()
        await desk.hears(received(complaint_id, sent_at=sent_at, time_limit="24小时"))
        desk.clock.advance(30 * HOUR)
        with killed_at(desk.database, number) as seen, suppress(Killed):
            await sweep_once(desk.database)
        while await sweep_once(desk.database):
            pass
        async with desk.database.reading() as session:
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


@pytest.mark.parametrize("heard_first", [True, False])
async def test_in_time_wins_whoever_comes_first(desk: Desk, heard_first: bool) -> None:
    await desk.hears(received(time_limit="24小时"))
    news = (linked(), repaired(at=NOW + 23 * HOUR))
    if heard_first:
        await desk.hears(*news)
        await desk.sweeps(NOW + 30 * HOUR)
    else:
        await desk.sweeps(NOW + 30 * HOUR)
        await desk.hears(*news)
    resolve = (await desk.deadlines())[Stage.RESOLVE]
    assert (resolve.standing, resolve.met_at) == (Standing.MET, NOW + 23 * HOUR)
    assert desk.told_of(DeadlineMet)

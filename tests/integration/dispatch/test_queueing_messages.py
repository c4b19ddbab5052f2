"""Who is told by which way, and that nobody is queued for the same alert twice."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select, update
from sqlmodel import col

from services.dispatch.models import Staff, StaffMessage
from services.dispatch.notices.queueing import Notice, queue
from services.dispatch.rules.staff_messages import Way
from tests.conftest import NOW
from tests.integration.dispatch.harness import Dispatch

WAYS = (Way.WECOM, Way.SMS)
TO_LI = Notice("alert-1", "li", "新任务", "岭上村三组停水", NOW)


async def queues(
    dispatch: Dispatch, notices: Sequence[Notice], ways: Collection[Way] = WAYS
) -> Mapping[tuple[str, str], Way]:
    async with dispatch.database.work() as (session, _):
        return await queue(session, notices, ways, dispatch.clock.now())


async def addresses(dispatch: Dispatch, name: str, **columns: object) -> None:
    async with dispatch.database.work() as (session, _):
        await session.execute(
            update(Staff).where(col(Staff.sign_in_name) == name).values(**columns)
        )


async def test_the_way_is_the_best_that_a_person_has(dispatch: Dispatch) -> None:
    notices = [replace(TO_LI, alert_id=f"alert-{number}") for number in range(4)]
    await addresses(dispatch, "li", wecom_userid="LiJie", phone="13900000001")
    assert await queues(dispatch, notices[:1]) == {("alert-0", "li"): Way.WECOM}
    assert await queues(dispatch, notices[1:2], [Way.SMS]) == {("alert-1", "li"): Way.SMS}
    await addresses(dispatch, "li", declined_ways=["wecom"])
    assert await queues(dispatch, notices[2:3]) == {("alert-2", "li"): Way.SMS}
    await addresses(dispatch, "li", phone=None)
    assert await queues(dispatch, notices[3:]) == {("alert-3", "li"): Way.CONSOLE}


async def test_one_alert_is_queued_once_for_each_person(dispatch: Dispatch) -> None:
    await addresses(dispatch, "li", wecom_userid="LiJie")
    notices = [TO_LI, TO_LI, replace(TO_LI, sign_in_name="wang"), replace(TO_LI, sign_in_name="x")]
    chosen = await asyncio.gather(*(queues(dispatch, notices) for _ in range(4)))
    await addresses(dispatch, "li", wecom_userid=None, phone="13900000001")
    assert await queues(dispatch, notices) == {}
    assert sum(map(len, chosen)) == 2
    async with dispatch.database.reading() as session:
        rows = (await session.execute(select(StaffMessage))).scalars().all()
    assert {(row.sign_in_name, row.way, row.state) for row in rows} == {
        ("li", "wecom", "queued"),
        ("wang", "console", "sent"),
    }

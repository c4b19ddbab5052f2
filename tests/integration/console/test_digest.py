"""The morning digest: its numbers are those of the lists; it is told once a working day."""

import re
from dataclasses import replace
from datetime import timedelta

import httpx
from sqlalchemy import select, update
from sqlmodel import col

from services.dispatch.console.digest_messages import DigestMessages
from services.dispatch.models import ReplyView, StaffMessage
from services.dispatch.policy import policy_of
from services.dispatch.reply_facts import ReplyFacts
from services.dispatch.rules.staff_messages import Way
from services.dispatch.settings import DispatchSettings
from shared.clock import ManualClock
from shared.db import Database
from tests.integration.console.conftest import SECRET, SignedIn

_NUMBER = re.compile(r'id="digest-(\w+)"[^>]*href="([^"]+)"><strong>(\d+)</strong>')


async def test_each_number_is_that_of_the_list_it_opens(
    signed_in: SignedIn, database: Database, clock: ManualClock
) -> None:
    async with database.work() as (session, _):
        yesterday = clock.now() - timedelta(hours=20)
        await session.execute(
            update(ReplyView)
            .where(col(ReplyView.state) == "delivered")
            .values(delivered_at=yesterday)
        )
    boss = await signed_in("chen.zhuguan")
    page = (await boss.get("/digest", headers={"HX-Request": "true"})).text
    numbers = {key: (address, int(number)) for key, address, number in _NUMBER.findall(page)}
    assert numbers.keys() == {
        *("received", "answered", "due_today", "overdue", "stuck", "hotspots", "outages")
    }
    rows = {
        "received": r'<a href="/complaints/complaint',
        "answered": r'<tr id="reply-',
        "due_today": r'id="total">\D*(\d+)',
        "overdue": r'id="total">\D*(\d+)',
        "stuck": r'<tr id="reply-',
        "hotspots": r'id="hotspot-',
    }
    for key, row in rows.items():
        address, number = numbers[key]
        listed = re.findall(row, (await boss.get(address.replace("&amp;", "&"))).text)
        assert (int(listed[0]) if "total" in row else len(listed)) == number, key
    assert min(number for key, (_, number) in numbers.items() if key != "outages") > 0
    await boss.post("/hotspots/scheme-1/pump/seen")
    assert "<strong>0</strong>新反复故障" in (await boss.get("/digest")).text


class _Reply:
    """Reply's calendar: only the 12th of October is worked."""

    worked = "2026-10-12"
    unavailable = False

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.unavailable:
            raise httpx.ConnectError("away")
        if request.url.path == "/platforms":
            return httpx.Response(200, json=[])
        days = [
            {"date": f"2026-10-{day:02}", "kind": "workday" if day == 12 else "holiday"}
            for day in range(1, 32)
        ]
        return httpx.Response(200, json={"days": days})


async def _messages(database: Database) -> list[StaffMessage]:
    async with database.reading() as session:
        found = await session.execute(select(StaffMessage).order_by(col(StaffMessage.queued_at)))
        return list(found.scalars())


async def test_who_wants_it_is_told_once_a_working_day(
    signed_in: SignedIn, database: Database, clock: ManualClock
) -> None:
    reply = _Reply()
    facts = ReplyFacts("http://reply", SECRET, clock, transport=httpx.MockTransport(reply))
    digests = DigestMessages(
        database,
        replace(policy_of(DispatchSettings()), ways=frozenset({Way.SMS})),
        facts,
        timedelta(minutes=5),
    )
    boss, reviewer = await signed_in("chen.zhuguan"), await signed_in("zhao.shenhe")
    await digests.once()
    assert await _messages(database) == []  # nobody has asked for it

    wanted = {"wanted": "true", "at": "08:30"}
    assert (await boss.post("/digest/message", data=wanted)).status_code == 303
    assert (await boss.post("/digest/message", data={"at": "noon"})).status_code == 422
    assert (await reviewer.post("/digest/message", data=wanted)).status_code == 403
    assert "工作日 08:30 发送" in (await boss.get("/digest")).text
    for _ in range(3):
        await digests.once()
    (message,) = await _messages(database)
    assert message.sign_in_name == "chen.zhuguan"
    assert "现已超期" in message.body

    clock.advance(timedelta(days=1))  # a holiday
    await digests.once()
    assert len(await _messages(database)) == 1
    reply.unavailable = True  # then Monday to Friday: the 13th is a Tuesday
    await digests.once()
    assert len(await _messages(database)) == 2

    signed_in_again = await signed_in("chen.zhuguan")
    assert (await signed_in_again.post("/digest/message", data={})).status_code == 303
    clock.advance(timedelta(days=1))
    await digests.once()
    assert len(await _messages(database)) == 2
    await facts.close()

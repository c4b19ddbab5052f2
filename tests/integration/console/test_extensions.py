"""More time, from the request to the platform's answer, with the real reply behind the console."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from services.dispatch.models import ExtensionView
from services.reply import service as reply_service
from services.reply.models import Complaint, Deadline
from services.reply.settings import ReplySettings
from shared.bulk_insert import new_row
from shared.bus.embedded import EmbeddedBus
from shared.clock import SHANGHAI, ManualClock
from shared.db import Database
from tests.integration.console.conftest import SECRET, Reachable, SignedIn
from tests.integration.console.county import COUNTY

ABOUT = "complaint-01"
PAGE = f"/complaints/{ABOUT}/extensions"


@pytest.fixture
async def reply_database(
    new_database: Callable[[str], Awaitable[Database]], clock: ManualClock
) -> Database:
    """The complaint's reply is due tomorrow; one extension is allowed."""
    database = await new_database("reply")
    now = clock.now()
    complaint = new_row(
        Complaint,
        id=ABOUT,
        county=COUNTY,
        platform="hotline_12345",
        external_id="T1",
        sent_at=now,
        received_at=now,
        time_limit=None,
        limit_unreadable=False,
        category="outage",
        urgent=False,
        village=None,
        is_ours=True,
        needs_human=False,
        decision_sequence=1,
        counted_by="",
    )
    deadline = new_row(
        Deadline,
        complaint_id=ABOUT,
        stage="reply",
        county=COUNTY,
        due_at=now + timedelta(days=1),
        warn_at=now + timedelta(hours=20),
        provisional=False,
        source="printed",
        unverified=False,
        next_at=now + timedelta(hours=20),
        ladder="standard",
        length_seconds=36_000,
        in_office_time=False,
        extensions_allowed=1,
    )
    async with database.work() as (session, _):
        session.add(complaint)
        await session.flush()
        session.add(deadline)
    return database


@pytest.fixture
def reply(reply_database: Database) -> Reachable:
    bus = EmbeddedBus("postgresql:///none")  # nothing here publishes or consumes
    return Reachable(reply_service.build(ReplySettings(), reply_database, bus, secret=SECRET).app)


async def _deadline(database: Database) -> Deadline:
    async with database.reading() as session:
        return (
            await session.exec(select(Deadline).where(col(Deadline.complaint_id) == ABOUT))
        ).one()


async def test_more_time_is_asked_for_and_granted_once(
    signed_in: SignedIn, reply_database: Database, clock: ManualClock
) -> None:
    desk = await signed_in("wang.diaodu")
    assert PAGE in (await desk.get(f"/complaints/{ABOUT}")).text
    until = (clock.now() + timedelta(days=3)).astimezone(SHANGHAI).replace(second=0, microsecond=0)
    typed = {"new_due_at": until.strftime("%Y-%m-%dT%H:%M"), "reason": "等水泵配件"}

    asked = await desk.post(f"{PAGE}/reply", data=typed)
    assert asked.headers["location"] == f"{PAGE}?done=extension_asked"
    assert (await _deadline(reply_database)).due_at < until, "the old limit counts still"
    assert "平台已同意" in (await desk.get(PAGE)).text
    assert (await desk.post(f"{PAGE}/reply", data=typed)).status_code == 409

    await desk.post(f"{PAGE}/reply/answer", data={"granted": "true"})
    granted = await _deadline(reply_database)
    assert (granted.due_at, granted.extensions_granted) == (until, 1)
    page = (await desk.get(PAGE)).text
    assert "已延 1 次，可延 1 次" in page
    assert "申请延期</button>" not in page


async def test_a_declined_request_leaves_the_old_limit(
    signed_in: SignedIn, reply_database: Database, clock: ManualClock
) -> None:
    desk = await signed_in("wang.diaodu")
    before = (await _deadline(reply_database)).due_at
    until = (clock.now() + timedelta(days=3)).astimezone(SHANGHAI)
    typed = {"new_due_at": until.strftime("%Y-%m-%dT%H:%M"), "reason": "等水泵配件"}
    await desk.post(f"{PAGE}/reply", data=typed)
    await desk.post(f"{PAGE}/reply/answer", data={"granted": "false"})
    declined = await _deadline(reply_database)
    assert (declined.due_at, declined.extension_asked_until) == (before, None)
    assert "申请延期</button>" in (await desk.get(PAGE)).text


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({"new_due_at": "soon", "reason": "等配件"}, 422),
        ({"new_due_at": "2020-01-01T08:00", "reason": "等配件"}, 422),
        ({"new_due_at": "2030-01-01T08:00", "reason": " "}, 422),
    ],
)
async def test_a_request_that_cannot_be_is_refused_in_words(
    signed_in: SignedIn, reply_database: Database, typed: dict[str, str], status: int
) -> None:
    answer = await (await signed_in("wang.diaodu")).post(f"{PAGE}/reply", data=typed)
    assert answer.status_code == status, answer.text
    assert (await _deadline(reply_database)).extension_asked_until is None


async def test_a_platform_may_grant_another_time_than_asked_for(
    signed_in: SignedIn, reply_database: Database, clock: ManualClock
) -> None:
    desk = await signed_in("wang.diaodu")
    until = (clock.now() + timedelta(days=3)).astimezone(SHANGHAI).replace(second=0, microsecond=0)
    typed = {"new_due_at": until.strftime("%Y-%m-%dT%H:%M"), "reason": "等水泵配件"}
    await desk.post(f"{PAGE}/reply", data=typed)
    granted = until - timedelta(days=1)
    answer = {"granted": "true", "granted_until": granted.strftime("%Y-%m-%dT%H:%M")}
    await desk.post(f"{PAGE}/reply/answer", data=answer)
    assert (await _deadline(reply_database)).due_at == granted


async def _is_asked(database: Database, clock: ManualClock, **news: Any) -> None:
    """What reply told of a request on the reply to `complaint-01`, and on every other stage."""
    async with database.work() as (session, _):
        for number, stage in enumerate(("accept", "first_contact", "resolve", "reply")):
            values: dict[str, Any] = {
                "state": "asked",
                "resident": "none",
                "request_id": f"x{number}",
                "complaint_id": ABOUT,
                "county": COUNTY,
                "stage": stage,
                "round": 1,
                "until": clock.now() + timedelta(days=3),
                "asked_by": "wang.diaodu",
                "asked_at": clock.now(),
                "sequence": 1,
            }
            session.add(ExtensionView(**values | news))


async def test_a_request_that_is_not_answered_is_marked_on_the_list_of_what_is_due(
    signed_in: SignedIn, database: Database, clock: ManualClock
) -> None:
    desk = await signed_in("wang.diaodu")
    assert "延期申请" not in (await desk.get("/due")).text
    await _is_asked(database, clock)
    assert "延期申请仍未答复" in (await desk.get("/due")).text
    assert "平台已收到，待答复" in (await desk.get(f"/complaints/{ABOUT}")).text


async def test_whom_nobody_told_of_a_new_limit_stands_on_the_call_sheet(
    signed_in: SignedIn, database: Database, clock: ManualClock
) -> None:
    granted = {"state": "granted", "granted_until": clock.now() + timedelta(days=2)}
    await _is_asked(database, clock, **granted, resident="by_hand")
    desk = await signed_in("wang.diaodu")
    assert "因故需要更多时间" in (await desk.get("/replies/call-sheet")).text
    assert "延期申请" not in (await desk.get("/due")).text

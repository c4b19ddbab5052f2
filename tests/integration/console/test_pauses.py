"""Clocks are stopped and let go on in the console, with the real reply behind it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from services.reply import service as reply_service
from services.reply.context import Context
from services.reply.models import Deadline
from services.reply.rules.deadlines import Stage
from services.reply.settings import ReplySettings
from services.reply.subscriptions import handle_batch
from shared.bus.embedded import EmbeddedBus
from shared.clock import ManualClock
from shared.db import Database
from tests.integration.console.conftest import SECRET, Reachable, SignedIn
from tests.integration.console.county import COUNTY, IDS
from tests.integration.reply.events import envelope, received
from tests.integration.reply.harness import config_with

ABOUT = "complaint-04"


@pytest.fixture
async def reply_database(
    new_database: Callable[[str], Awaitable[Database]], clock: ManualClock
) -> Database:
    database = await new_database("reply")
    sent = clock.now() - timedelta(hours=1)
    event = envelope(received(ABOUT, county=COUNTY, sent_at=sent, received_at=sent))
    async with database.work() as (session, outbox):
        await handle_batch(Context(config_with(clock), session, outbox, clock.now()), [event])
    return database


@pytest.fixture
def reply(reply_database: Database) -> Reachable:
    bus = EmbeddedBus("postgresql:///none")  # nothing here publishes or consumes
    return Reachable(reply_service.build(ReplySettings(), reply_database, bus, secret=SECRET).app)


async def _resolve(database: Database) -> Deadline:
    async with database.reading() as session:
        found = await session.execute(
            select(Deadline).where(
                col(Deadline.complaint_id) == ABOUT, col(Deadline.stage) == Stage.RESOLVE.value
            )
        )
        return found.scalar_one()


async def test_the_page_tells_the_arithmetic_and_the_clocks_are_stopped_and_go_on(
    signed_in: SignedIn, reply_database: Database
) -> None:
    dispatcher = await signed_in("wang.diaodu")
    page = (await dispatcher.get(f"/complaints/{ABOUT}")).text
    assert "5 个工作日中已用 0 个" in page
    assert "0 of 5 working days used" in (await dispatcher.get(f"/complaints/{ABOUT}?lang=en")).text
    wanted = {"kind": "parts", "reason": "等水泵到货"}
    done = await dispatcher.post(f"/complaints/{ABOUT}/pause", data=wanted)
    assert done.headers["location"] == f"/complaints/{ABOUT}?done=paused"
    assert (await _resolve(reply_database)).paused_for == "parts"
    page = (await dispatcher.get(f"/complaints/{ABOUT}?lang=zh")).text
    assert "已暂停" in page
    assert "“等水泵到货”" in page
    await dispatcher.post(f"/complaints/{ABOUT}/resume")
    assert (await _resolve(reply_database)).paused_since is None
    assert (await dispatcher.post(f"/complaints/{ABOUT}/resume")).status_code == 409


@pytest.mark.parametrize(
    "wanted",
    [
        {"kind": "holiday", "reason": "等水泵到货"},
        {"kind": "parts", "reason": " "},
        {"kind": "parts", "reason": "等水泵到货", "until": "soon"},
        {"kind": "parts", "reason": "等水泵到货", "until": "2020-01-01T08:00"},
    ],
)
async def test_a_pause_without_kind_reason_or_a_time_to_come_is_refused(
    signed_in: SignedIn, reply_database: Database, wanted: dict[str, str]
) -> None:
    answer = await (await signed_in("wang.diaodu")).post(f"/complaints/{ABOUT}/pause", data=wanted)
    assert answer.status_code == 422, answer.text
    assert (await _resolve(reply_database)).paused_since is None


async def test_a_crew_stops_no_clock(signed_in: SignedIn, reply_database: Database) -> None:
    crew = await signed_in("li.weixiu")
    data = {"kind": "parts", "reason": "等水泵到货"}
    assert (await crew.post(f"/work-orders/{IDS.on_site}/pause", data=data)).status_code == 403

"""Two at once with the same: whoever commits first stores it, the other finds it stored."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import text

from services.intake.context import Context
from services.intake.handlers.ingest import ingest
from services.intake.models import Complaint, DeliveryResult, RawMessage, Words
from services.intake.platforms.incoming import Incoming, Platform
from shared.bus.tables import outbox as outbox_table
from shared.db import Database
from tests.conftest import NOW
from tests.integration.intake.deliveries import COUNTY, SENT, chase, message, ticket
from tests.integration.intake.steps import count, ingest_fully, the_complaint

Together = Callable[
    [Sequence[Incoming], Sequence[Incoming], Platform], Awaitable[list[list[DeliveryResult]]]
]


@pytest.fixture
def together(database: Database, context: Context) -> Together:
    """Ingest the second batch while the first is written but not committed."""

    async def one_in_the_other(
        first: Sequence[Incoming], second: Sequence[Incoming], platform: Platform
    ) -> list[list[DeliveryResult]]:
        async with database.work() as (session, outbox):
            ingested = await ingest(
                session,
                outbox,
                first,
                database.clock.now(),
                platform=platform,
                county=COUNTY,
                context=context,
            )
            other = asyncio.create_task(ingest_fully(database, context, second, platform))
            await _somebody_waits_for_a_lock(database, other)
        late, _ = await other
        return [[one.result for one in ingested], [one.result for one in late]]

    return one_in_the_other


async def _somebody_waits_for_a_lock(database: Database, other: asyncio.Task[object]) -> None:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with database.engine.connect() as connection:
        connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
        for _ in range(1000):
            if await connection.scalar(waiting):
                return
            assert not other.done(), "it did not wait: the race was not run"
            await asyncio.sleep(0.01)
    raise AssertionError("nobody ever waited")


HOTLINE, WECHAT = Platform.HOTLINE_12345, Platform.WECHAT
RECEIVED, CHASED, DUPLICATE = (
    DeliveryResult.RECEIVED,
    DeliveryResult.CHASED,
    DeliveryResult.DUPLICATE,
)


async def test_two_replicas_with_the_same_page(database: Database, together: Together) -> None:
    page = [ticket(f"XA-{number}") for number in range(20)]

    outcomes = await together(page, page, HOTLINE)
    assert outcomes == [[RECEIVED] * 20, [DUPLICATE] * 20]
    for table in (Complaint, RawMessage, Words, outbox_table):
        assert await count(database, table) == 20


async def test_two_replicas_with_overlapping_pages_in_opposite_order(
    database: Database, together: Together
) -> None:
    first = [ticket(f"XA-{number}") for number in range(15)]
    second = [ticket(f"XA-{number}") for number in reversed(range(5, 20))]

    outcomes = await together(first, second, HOTLINE)
    assert outcomes == [[RECEIVED] * 15, [RECEIVED] * 5 + [DUPLICATE] * 10]
    assert await count(database, Complaint) == 20


async def test_the_webhook_and_the_poller_bring_one_ticket_at_once(
    database: Database, together: Together
) -> None:
    outcomes = await together([ticket()], [ticket()], HOTLINE)

    assert outcomes == [[RECEIVED], [DUPLICATE]]
    assert await count(database, outbox_table) == 1


async def test_a_ticket_and_its_edit_at_once_leave_the_newer_words(
    database: Database, together: Together
) -> None:
    edit = ticket(change="e-1", changed_at=SENT + timedelta(hours=1), time_limit="24小时")

    assert await together([edit], [ticket()], HOTLINE) == [[RECEIVED], [DeliveryResult.OUTDATED]]
    assert (await the_complaint(database)).time_limit == "24小时"


async def test_the_same_chase_at_once_is_counted_once(
    database: Database, context: Context, together: Together
) -> None:
    await ingest_fully(database, context, [ticket()])

    assert await together([chase()], [chase()], HOTLINE) == [[CHASED], [DUPLICATE]]
    assert (await the_complaint(database)).chases == 1


async def test_different_chases_at_once_are_both_counted(
    database: Database, context: Context, together: Together
) -> None:
    await ingest_fully(database, context, [ticket()])

    await together([chase(change="c-1")], [chase(change="c-2")], HOTLINE)
    assert (await the_complaint(database)).chases == 2


async def test_a_follower_who_writes_twice_in_one_breath_has_one_complaint(
    database: Database, together: Together
) -> None:
    dry = message("w-1", "三里镇樊家村三组停水了，一滴水都没有")
    when = message("w-2", "什么时候能来水？", stated_at=NOW + timedelta(seconds=1))

    assert await together([dry], [when], WECHAT) == [[RECEIVED], [CHASED]]
    assert await count(database, Complaint) == 1


async def test_wechats_impatient_second_delivery_is_a_duplicate(
    database: Database, together: Together
) -> None:
    dry = message("w-1", "三里镇樊家村三组停水了，一滴水都没有")

    assert await together([dry], [dry], WECHAT) == [[RECEIVED], [DUPLICATE]]
    assert (await the_complaint(database)).chases == 0


async def test_many_single_pushes_at_once_are_each_ingested_once(
    database: Database, context: Context
) -> None:
    pushes = [ticket(f"XA-{number % 30}", f"XA-{number % 30}/new") for number in range(90)]
    taken = await asyncio.gather(*(ingest_fully(database, context, [push]) for push in pushes))

    outcomes = [one.result for batch, _ in taken for one in batch]
    assert (outcomes.count(RECEIVED), outcomes.count(DUPLICATE)) == (30, 60)
    assert await count(database, Complaint) == await count(database, outbox_table) == 30
